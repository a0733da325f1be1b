"""The fields that hold labels bring the indexes for their order; other types take them away."""

import pytest

from fieldstone.metadata.changes import Change, CreateIndex, DeleteField, DeleteIndex, UpdateField, always, apply
from fieldstone.metadata.changes.kinds.renew_texts import find_missing
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.dry_run import Preview, preview
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object, person
from tests.metadata.online_ddl.building import definition
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
    given_up = r"comes with name; updateField with settings: \{ skipLabelIndex: true \} gives it up"
    with pytest.raises(InvalidChange, match=given_up):
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


async def test_a_field_gives_the_index_of_its_label_up_and_takes_it_back(desk: Desk, model_dsn: str) -> None:
    await change(desk, lambda _: [new_object("project")])
    skip = update("project", "name", settings={"skipLabelIndex": True, "keepAccents": True})

    async def look(transaction: ModelTransaction) -> Preview:
        return await preview(transaction, map(always, skip(transaction.snapshot)))

    tried = await desk.writer.run((await desk.default()).workspace.id, look, actor="test")
    assert tried.plan["sql"] == ['DROP INDEX IF EXISTS "workspace_default"."project_name_sort"']
    assert sorted_names(await desk.default(), "project") == {"project_name_sort"}
    after = await change(desk, skip)
    assert sorted_names(after, "project") == set()
    assert definition(model_dsn, "project_name_sort") is None
    renamed = await change(desk, update("project", "name", name="title", label="Title"))
    assert sorted_names(renamed, "project") == set()
    other = await change(desk, update("project", "title", settings={"keepAccents": None}))
    assert sorted_names(other, "project") == set()
    assert list(find_missing(other, other.by_singular["project"], with_trigram=True)) == []
    back = await change(desk, update("project", "title", settings={"skipLabelIndex": None}))
    assert sorted_names(back, "project") == {"project_name_sort"}
    assert definition(model_dsn, "project_name_sort") is not None


async def test_an_index_that_was_made_in_the_place_of_the_label_s_can_go(desk: Desk) -> None:
    await change(desk, lambda _: [new_object("project")])
    skipped = await change(desk, update("project", "name", settings={"skipLabelIndex": True}))
    name = field_of(skipped, "project", "name")
    own = CreateIndex(object_id=name.object_id, field_ids=(name.id,))
    assert sorted_names(await change(desk, lambda _: [own]), "project") == {"project_name_sort"}
    # It becomes the label's, and a second one is not made.
    taken = await change(desk, update("project", "name", settings={"skipLabelIndex": False}))
    assert taken.constraints["project_name_sort"].id == own.id
    with pytest.raises(InvalidChange, match="comes with name"):
        await desk.change(lambda _: [DeleteIndex(index_id=own.id)])

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, taken.version - 1)

    await desk.writer.run(taken.workspace.id, back, actor="test")
    await desk.change(lambda _: [DeleteIndex(index_id=own.id)])
    assert sorted_names(await desk.default(), "project") == set()


async def test_a_new_field_without_indexes_of_its_labels_brings_them_with_another_type(desk: Desk) -> None:
    before = sorted_names(await desk.default(), "person")
    skip = {"skipLabelIndex": True}
    made = await change(desk, lambda snapshot: [new_field(person(snapshot), "mails", T.EMAILS, settings=skip)])
    assert sorted_names(made, "person") == before
    text = await change(desk, update("person", "mails", type=T.TEXT))
    assert sorted_names(text, "person") == before
    again = await change(desk, update("person", "mails", type=T.EMAILS))
    (name,) = sorted_names(again, "person") - before
    assert again.constraints[name].sub_field == "primaryEmail"


async def test_an_update_without_new_settings_looks_at_no_index(desk: Desk) -> None:
    """A change of 1,000 labels looked through all indexes of a model 1,000 times."""
    before = await desk.default()
    after = apply(before, UpdateField(field_id=field_of(before, "person", "city").id, label="Town")).snapshot
    assert after is not before
    assert "indexes_of" not in vars(after)
