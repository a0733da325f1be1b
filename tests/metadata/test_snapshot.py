"""The model that changes make is the one that the catalog loads: any changes, in any order."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.changes import (
    Change,
    CreateField,
    CreateObject,
    DeleteField,
    DeleteObject,
    NewRelation,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model.shared_parts import find_moved
from fieldstone.metadata.snapshot import carry_look_ups
from tests.metadata.desk import columns_of
from tests.metadata.drawn_changes import new_fields, new_objects
from tests.metadata.workbench import Workbench
from tests.models import apply_all, standard_snapshot

pytestmark = pytest.mark.long


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_the_model_that_changes_make_is_the_one_that_is_loaded(bench: Workbench, data: st.DataObject) -> None:
    snapshot = behind = bench.new_workspace()
    made = 0
    for _ in range(data.draw(st.integers(1, 12))):
        objects = tuple(snapshot.objects.values())
        change: Change = data.draw(new_objects() | new_fields(objects)) if objects else data.draw(new_objects())
        try:
            snapshot = bench.change(snapshot, [change])
        except InvalidChange:
            continue
        made += 1
        if data.draw(st.booleans()):
            behind = bench.follow(behind)
            assert behind == snapshot
    assert snapshot.version == made
    assert bench.follow(behind) == snapshot
    assert bench.run(bench.desk.reload(snapshot.workspace.id)) == snapshot
    for object_ in snapshot.objects.values():
        columns = columns_of(bench.dsn, object_.table.schema, object_.table.name)
        assert list(columns) == [part.column.name for field in object_.fields for part in field.parts]


BOAT = CreateObject(name_singular="boat", name_plural="boats", label_singular="Boat", label_plural="Boats")
SAIL = CreateField(object_id=BOAT.id, name="sail", label="Sail", type=FieldType.TEXT)
STANDARD = apply_all(standard_snapshot(), [BOAT, SAIL])
PERSON, COMPANY = (STANDARD.by_singular[name].id for name in ("person", "company"))
EMAIL = STANDARD.by_singular["person"].by_name["email"].id
NICK = CreateField(object_id=PERSON, name="nick", label="Nick", type=FieldType.TEXT)
TIED = CreateField(
    object_id=PERSON,
    name="tied",
    label="Tied",
    type=FieldType.RELATION,
    relation=NewRelation(target_object_id=COMPANY, target_field_label="Ties"),
)
SHIP = CreateObject(name_singular="ship", name_plural="ships", label_singular="Ship", label_plural="Ships")
CASES: dict[str, tuple[list[Change], bool]] = {
    "a field": ([NICK], True),
    "a unique field": ([replace(NICK, is_unique=True)], True),
    "a relation": ([TIED], True),
    "a changed field": ([UpdateField(field_id=EMAIL, label="Other")], True),
    "a deleted field": ([DeleteField(field_id=SAIL.id)], True),
    "a label": ([UpdateObject(object_id=PERSON, label_plural="Others")], True),
    "a name": ([UpdateObject(object_id=PERSON, name_singular="human", name_plural="humans")], False),
    "no longer active": ([UpdateObject(object_id=PERSON, is_active=False)], False),
    "an object": ([SHIP], False),
    "an object in another's place": ([DeleteObject(object_id=BOAT.id), SHIP], False),
}


@pytest.mark.parametrize(("changes", "is_carried"), CASES.values(), ids=CASES)
def test_look_up_tables_are_carried_on(changes: list[Change], is_carried: bool) -> None:
    before, fresh = replace(STANDARD), apply_all(STANDARD, changes)
    tables = ("by_singular", "by_plural", "by_type_name", "weight", "indexes_of", "constraints")
    assert all(getattr(before, name) for name in tables)
    after = replace(fresh)
    carry_look_ups(before, after, find_moved(before, after))
    assert ("by_singular" in vars(after)) is is_carried
    assert ("indexes_of" in vars(after)) is (before.indexes is after.indexes)
    made = replace(fresh)
    for name in tables:
        assert getattr(after, name) == getattr(made, name)
    assert list(after.by_singular) == list(made.by_singular)


def test_what_makes_no_index_leaves_the_mapping_of_indexes_as_it_is() -> None:
    for change in (NICK, UpdateField(field_id=EMAIL, label="Other"), UpdateObject(object_id=PERSON, label_plural="X")):
        assert apply_all(STANDARD, [change]).indexes is STANDARD.indexes
    assert apply_all(STANDARD, [TIED]).indexes is not STANDARD.indexes
