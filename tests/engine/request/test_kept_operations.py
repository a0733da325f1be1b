"""Valid operations are kept without their documents: the collector of garbage looks at every object that is kept."""

import gc

import pytest

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.request.compile import plan_operation, validate_text
from fieldstone.engine.request.plan_cache import OperationKey, PlanCache
from fieldstone.engine.schema.lazy import lazy_schema
from tests.apis import LIMITS
from tests.models import standard_snapshot

pytestmark = pytest.mark.long

FIELDS = " ".join(f"f{n}: firstName c{n}: company {{ id name }}" for n in range(40))
COUNT = 40
"""Documents of 2,000 characters, of which the last ten are kept parsed: each is more than 1,000 objects."""


def test_an_operation_that_is_kept_is_few_objects() -> None:
    snapshot, plans, recent = standard_snapshot(), PlanCache(1_000), RecentOperations(DocumentLimits())
    schema = lazy_schema(snapshot)

    def keep(number: int) -> None:
        text = f"query {{ a{number}: people {{ edges {{ node {{ {FIELDS} }} }} }} }}"
        key = OperationKey(snapshot.workspace.id.int, text, None)
        operation = validate_text(key, snapshot, schema, recent)
        plan = plan_operation(operation, snapshot, schema, LIMITS, {})
        plans.keep_operation(key, operation)
        plans.keep_plan(operation, "shape", plan, None)

    # As many are kept parsed before as after.
    for number in range(COUNT):
        keep(number)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(COUNT, 2 * COUNT):
        keep(number)
    gc.collect()
    assert len(plans) == 2 * COUNT
    assert (len(gc.get_objects()) - before) / COUNT < 150
