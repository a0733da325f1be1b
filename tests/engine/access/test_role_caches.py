"""The caches by role: schemas are kept for each view, and a document's text counts once, however many roles send it."""

import pytest
from graphql import GraphQLSchema

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.request.compile import Limits, validate_text
from fieldstone.engine.request.plan_cache import ROLES_EACH, OperationKey, PlanCache, key_of
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.schema import cache
from fieldstone.engine.schema.cache import SchemaCache
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.model import Snapshot
from tests.access_roles import ALL, READ_ONLY, make_role, with_roles
from tests.models import standard_snapshot

STANDARD = standard_snapshot()
LIMITS = Limits(document=DocumentLimits(), records=RecordLimits())
TEXT = "{ people { edges { node { city } } } }"


def views(number: int) -> list[Snapshot]:
    """Views of roles that differ, of one snapshot; all of them see people alike."""
    roles = [make_role(STANDARD, f"role{place}", {"*": ALL, "activity": READ_ONLY}) for place in range(number)]
    restricted = [make_role(STANDARD, f"reader{place}", {"*": READ_ONLY}) for place in range(number)]
    snapshot = with_roles(STANDARD, *roles, *restricted)
    return [view_of(snapshot, role.id) for role in restricted]


def test_views_in_turn_keep_their_schemas() -> None:
    built: list[Snapshot] = []

    def build(view: Snapshot) -> GraphQLSchema:
        built.append(view)
        return lazy_schema(view)

    schemas, seen = SchemaCache(build), views(3)
    first = [schemas.get(view) for view in seen]
    assert [schemas.get(view) for view in seen] == first
    assert built == seen
    schemas.forget(STANDARD.workspace.id)
    assert schemas.get(seen[0]) is not first[0]


def test_schemas_are_dropped_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas, seen = SchemaCache(lazy_schema), views(3)
    first = [schemas.get(view) for view in seen]
    for schema in first:
        assert "Person" in schema.type_map
    monkeypatch.setattr(cache, "MOST_TYPES", 1)
    (last,) = views(1)
    kept = schemas.get(last)
    assert schemas.get(last) is kept
    assert schemas.get(seen[0]) is not first[0]


def keep(plans: PlanCache, view: Snapshot, text: str = TEXT) -> OperationKey:
    key = key_of(view, GraphQLRequest(text, None, {}))
    if plans.share_operation(key, view) is None:
        plans.keep_operation(key, validate_text(key, view, lazy_schema(view), RecentOperations(LIMITS.document)))
    return key


def test_a_role_takes_over_the_operation_of_another_one() -> None:
    plans, seen = PlanCache(10), views(3)
    keys = [keep(plans, view) for view in seen]
    assert plans.counters.shared == 2
    assert len({key.role for key in keys}) == 3
    operations = [plans.find_operation(key, view) for key, view in zip(keys, seen, strict=True)]
    assert None not in operations
    assert len({id(one.outline) for one in operations if one is not None}) == 1
    assert len({id(one.depends) for one in operations if one is not None}) == 3, "each notes its own snapshot"


def test_a_document_counts_once_for_all_roles() -> None:
    plans, seen = PlanCache(1), views(ROLES_EACH + 2)
    for view in seen:
        keep(plans, view)
    assert len(plans) == ROLES_EACH, "operations are bounded, too"
    keep(plans, seen[0], "{ companies { edges { node { name } } } }")
    assert len(plans) == 1, "another document takes the place of the first one, for all roles"
    plans.forget(STANDARD.workspace.id)
    assert len(plans) == 0
