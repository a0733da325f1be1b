"""The fields that hold labels bring the indexes for their order; other types take them away."""

import pytest

from fieldstone.metadata.changes import Change, CreateIndex, DeleteField, DeleteIndex
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object, person
from tests.metadata.updates import change, field_of, update


def sorted_names(snapshot: Snapshot, singular: str) -> set[str]:
    """The indexes in the order of texts of an object, by their names."""
    indexes = snapshot.indexes_of[snapshot.by_singular[singular].id]
    return {index.name for index in indexes if index.name.endswith("_sort")}


async def test_an_object_is_in_the_order_of_its_name(desk: Desk) -> None:
    after = await change(desk, lambda _: [new_object("project"), new_object("task", skip_name_field=True)])
    assert sorted_names(after, "project") == {"project_name_sort"}
    assert sorted_names(after, "task") == set()
    index = after.constraints["project_name_sort"]
    with pytest.raises(InvalidChange, match="the engine needs"):
        await desk.change(lambda _: [DeleteIndex(index_id=index.id)])
    again = CreateIndex(object_id=index.object_id, field_ids=index.field_ids)
    with pytest.raises(InvalidChange, match="there is such an index already: project_name_sort"):
        await desk.change(lambda _: [again])


async def test_composites_with_labels_bring_theirs(desk: Desk) -> None:
    before = sorted_names(await desk.default(), "person")

    def make(snapshot: Snapshot) -> list[Change]:
        types = {"born": T.FULL_NAME, "mails": T.EMAILS, "home": T.ADDRESS, "nick": T.TEXT}
        return [new_field(person(snapshot), name, type_) for name, type_ in types.items()]

    after = await change(desk, make)
    assert sorted_names(after, "person") - before == {
        "person_bornFirstName_sort", "person_bornLastName_sort", "person_mailsPrimaryEmail_sort",
    }  # fmt: skip
    mails = field_of(after, "person", "mails")
    gone = await change(desk, lambda _: [DeleteField(field_id=mails.id)])
    assert "person_mailsPrimaryEmail_sort" not in gone.constraints


async def test_another_type_takes_the_index_away_and_a_rollback_brings_it_back(desk: Desk) -> None:
    made = await change(desk, lambda _: [new_object("project")])
    number = await change(desk, update("project", "name", type=T.NUMBER))
    assert sorted_names(number, "project") == set()
    text = await change(desk, update("project", "name", type=T.TEXT))
    assert len(sorted_names(text, "project")) == 1
    mails = await change(desk, update("project", "name", type=T.EMAILS))
    (name,) = sorted_names(mails, "project")
    assert mails.constraints[name].sub_field == "primaryEmail"

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, made.version)

    await desk.writer.run(made.workspace.id, back, actor="test")
    after = await desk.default()
    (name,) = sorted_names(after, "project")
    assert after.constraints[name].sub_field is None


async def test_indexes_of_texts_go_with_the_type_and_others_stay(desk: Desk) -> None:
    made = await change(
        desk,
        lambda snapshot: [
            CreateIndex(object_id=person(snapshot).id, field_ids=(person(snapshot).by_name["phone"].id,)),
            CreateIndex(object_id=person(snapshot).id, field_ids=(person(snapshot).by_name["position"].id,)),
        ],
    )
    assert {"person_phone_sort", "person_position_idx"} <= made.constraints.keys()
    after = await change(desk, update("person", "phone", type=T.NUMBER))
    assert "person_phone_sort" not in after.constraints
    assert "person_position_idx" in after.constraints
