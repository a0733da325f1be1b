"""Every rule that refuses a change of an existing definition; a refused change leaves no trace."""

import psycopg
import pytest

from fieldstone.metadata.field_types import FieldType
from tests.metadata.changes.refusal import Refusal, State, check_refused
from tests.metadata.changes.refused_updates import REFUSALS, ROWS, field_deletion
from tests.metadata.desk import Desk, new_field, person, whole_state
from tests.metadata.workbench import Workbench


@pytest.fixture(scope="module")
def before(bench: Workbench) -> State:
    with psycopg.connect(bench.dsn, autocommit=True) as connection:
        connection.execute(ROWS)
    return whole_state(bench.dsn)


@pytest.mark.parametrize("refusal", [pytest.param(one, id=name) for name, one in REFUSALS.items()])
def test_what_is_refused_leaves_nothing_behind(refusal: Refusal, bench: Workbench, before: State) -> None:
    bench.run(check_refused(refusal, bench.desk, bench.dsn, before))


async def test_a_custom_field_of_a_standard_object_can_go(desk: Desk) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), "badge", FieldType.TEXT)])
    after = await desk.change(field_deletion("person", "badge"))
    assert "badge" not in person(after).by_name
