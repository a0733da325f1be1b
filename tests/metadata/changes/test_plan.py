"""metadata/changes/plan.py: the plan of a change by the sizes of its tables, without a database."""

import pytest

from fieldstone.metadata.changes import Change, CreateField, CreateIndex, UpdateField, UpdateObject
from fieldstone.metadata.changes.locks import TableLock, find_locks, later_work, locked_tables
from fieldstone.metadata.changes.plan import (
    BIG_TABLE,
    LARGEST_REWRITE,
    MAXIMUM_COLUMNS,
    Bounds,
    ChangePlan,
    Draft,
    TableSize,
    draft_change,
    plan_change,
)
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Snapshot, Status
from tests.models import standard_snapshot

BOUNDS = Bounds(trigram=None)
SMALL, BIG = TableSize(0, 20, 0), TableSize(BIG_TABLE + 1, 20, 0)


@pytest.fixture(scope="module")
def before() -> Snapshot:
    return standard_snapshot()


def person(before: Snapshot) -> Object:
    return before.by_singular["person"]


def drafted(before: Snapshot, change: Change) -> Draft:
    draft = draft_change(before, change)
    assert draft is not None
    return draft


def planned(before: Snapshot, change: Change, size: TableSize, bounds: Bounds = BOUNDS) -> ChangePlan:
    return plan_change(drafted(before, change), dict.fromkeys(before.objects, size), bounds)


def index_on(before: Snapshot) -> CreateIndex:
    return CreateIndex(object_id=person(before).id, field_ids=(person(before).by_name["city"].id,))


def test_an_index_of_a_small_table_is_built_at_once(before: Snapshot) -> None:
    plan = planned(before, index_on(before), SMALL)
    assert [one.as_string().split(" ON ")[0] for one in plan.statements] == ['CREATE INDEX "person_city_sort"']
    assert list(find_locks(plan)) == [TableLock(person(before).id, "SHARE")]
    assert (list(later_work(plan, None)), plan.leaves_work) == ([], False)


def test_an_index_of_a_big_table_is_left_for_after_the_commit(before: Snapshot) -> None:
    change = index_on(before)
    plan = planned(before, change, BIG)
    assert plan.statements == ()
    assert list(find_locks(plan)) == [TableLock(person(before).id, "SHARE UPDATE EXCLUSIVE", is_later=True)]
    (later,) = later_work(plan, None)
    assert later.statement.startswith("CREATE INDEX CONCURRENTLY")
    assert (later.kind, [field.name for field in later.fields]) == ("INDEX", ["city"])
    assert plan.leaves_work
    assert plan.applied.snapshot.indexes[change.id].status is Status.BUILDING


def test_a_table_that_is_not_there_is_not_big(before: Snapshot) -> None:
    plan = planned(before, index_on(before), TableSize(None, 0, 0), Bounds(trigram=None, big_table=-1))
    assert len(plan.statements) == 1


def test_only_the_tables_of_slow_changes_are_weighed(before: Snapshot) -> None:
    object_ = person(before)
    plain = drafted(before, CreateField(object_id=object_.id, name="nick", label="Nick", type=FieldType.LINKS))
    assert (plain.weighed, plain.added) == (frozenset(), {object_.id: 3})
    renamed = drafted(before, UpdateField(field_id=object_.by_name["city"].id, name="town"))
    assert (renamed.weighed, renamed.added) == (frozenset(), {})
    assert drafted(before, index_on(before)).weighed == {object_.id}


def test_a_change_of_nothing_has_no_plan(before: Snapshot) -> None:
    assert draft_change(before, UpdateObject(object_id=person(before).id, icon=person(before).icon)) is None


def test_a_new_column_names_its_table_and_its_lock(before: Snapshot) -> None:
    object_ = person(before)
    field = CreateField(object_id=object_.id, name="key", label="Key", type=FieldType.UUID, default="uuid")
    plan = planned(before, field, SMALL)
    assert locked_tables(plan) == [f'"{object_.table.schema}"."{object_.table.name}"']
    assert list(find_locks(plan)) == [
        TableLock(object_.id, "ACCESS EXCLUSIVE"),
        TableLock(object_.id, "ACCESS EXCLUSIVE", writes_rows=True),
    ]
    with pytest.raises(InvalidChange, match="a value that is computed for each record would rewrite every record"):
        planned(before, field, TableSize(LARGEST_REWRITE + 1, 20, 0))


def test_a_table_without_room_takes_no_column(before: Snapshot) -> None:
    field = CreateField(object_id=person(before).id, name="nick", label="Nick", type=FieldType.TEXT)
    assert planned(before, field, TableSize(None, MAXIMUM_COLUMNS - 1, 0)).statements
    with pytest.raises(InvalidChange, match="has used 1,600 columns, 7 of them of deleted fields"):
        planned(before, field, TableSize(None, MAXIMUM_COLUMNS, 7))
