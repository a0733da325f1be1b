"""`position` of objects and fields, and the fields that people know a record by."""

from typing import Any

import pytest

from fieldstone.metadata.changes.rules.indexes.searched import label_fields
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object
from tests.apis import Apis
from tests.engine.metadata_api.changing import refused

ORDERED = (
    "{ objects(orderBy: [{ position: ASC }, { nameSingular: ASC }]) { edges { node { nameSingular position } } } }"
)
FIELDS = """{ fields(filter: { object: { nameSingular: { eq: "person" } }, position: { is: NOT_NULL } },
  orderBy: { position: ASC }) { edges { node { name position } } } }"""


async def apply(apis: Apis, *changes: dict[str, Any]) -> None:
    text = "mutation ($changes: [Change!]!) { applyChanges(changes: $changes) { version } }"
    await apis.change(text, changes=list(changes))


def placed(name: str, position: float | None) -> dict[str, Any]:
    kind = "updateField" if "." in name else "updateObject"
    return {kind: {"id": name, "update": {"position": position}}}


def nodes(found: Any) -> list[tuple[Any, ...]]:
    (connection,) = found.values()
    return [tuple(edge["node"].values()) for edge in connection["edges"]]


async def test_objects_and_fields_have_places(apis: Apis) -> None:
    await apply(apis, placed("person", 2), placed("company", 1.5))
    # A system field has a place, too.
    await apply(apis, placed("person.email", -1), placed("person.createdAt", 0), placed("person.city", 3))
    assert nodes(await apis.change(ORDERED))[:3] == [("company", 1.5), ("person", 2), ("activity", None)]
    assert nodes(await apis.change(FIELDS)) == [("email", -1), ("createdAt", 0), ("city", 3)]
    await apply(apis, placed("person.email", None), placed("person.city", 0.25))
    assert nodes(await apis.change(FIELDS)) == [("createdAt", 0), ("city", 0.25)]


async def test_a_created_object_and_field_may_have_a_place(apis: Apis) -> None:
    created = {"nameSingular": "note", "namePlural": "notes", "labelSingular": "Note", "labelPlural": "Notes"}
    field = {"objectMetadataId": "person", "name": "nick", "label": "Nick", "type": "TEXT", "position": 7.5}
    await apply(apis, {"createObject": {**created, "position": -3}}, {"createField": field})
    assert nodes(await apis.change(ORDERED))[0] == ("note", -3)
    assert nodes(await apis.change(FIELDS)) == [("nick", 7.5)]


async def test_a_place_is_part_of_the_model_and_comes_back_with_a_rollback(apis: Apis) -> None:
    await apply(apis, placed("person.city", 1.25))
    version = (await apis.snapshot()).version
    before = await apis.snapshot()
    await apply(apis, placed("person.city", 2), placed("person", 5))
    (plan,) = (
        await apis.change("query ($to: Int!) { planRollback(to: $to) { changes breaking } }", to=version)
    ).values()
    assert plan["breaking"] == []
    await apis.change("mutation ($to: Int!) { rollback(to: $to) { version } }", to=version)
    after = await apis.snapshot()
    assert after.objects == before.objects
    assert nodes(await apis.change(FIELDS)) == [("city", 1.25)]


async def test_a_change_of_places_changes_no_table(apis: Apis) -> None:
    text = "query ($changes: [Change!]!) { planChanges(changes: $changes) { sql locks { table } breaking } }"
    plan = await apis.change(text, changes=[placed("person.city", 1), placed("person", 1)])
    assert plan["planChanges"] == {"sql": [], "locks": [], "breaking": []}


@pytest.mark.parametrize("value", ['"first"', "true", "[1]"])
async def test_a_place_is_a_number(value: str, apis: Apis) -> None:
    change = f'{{ updateObject: {{ id: "person" update: {{ position: {value} }} }} }}'
    text = f"{{ planChanges(changes: [{change}]) {{ sql }} }}"
    answer = loads((await apis.send(text, api=apis.metadata)).body)
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_place_given_as_json_is_a_number(apis: Apis) -> None:
    text = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }"
    error = await refused(apis, text, changes=[placed("person", "first")])  # type: ignore[arg-type]  # the fault
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


LABELS = "{ objects { edges { node { nameSingular labelFields } } } }"


def labels_of(object_: Object) -> list[str]:
    """The fields whose texts the search takes for labels."""
    return [str(field.id) for field in label_fields(object_)]


async def test_label_fields_are_those_that_the_search_takes(apis: Apis) -> None:
    note = {"nameSingular": "note", "namePlural": "notes", "labelSingular": "Note", "labelPlural": "Notes"}
    bare = {"nameSingular": "slip", "namePlural": "slips", "labelSingular": "Slip", "labelPlural": "Slips"}
    await apply(
        apis,
        {"createObject": note},
        {"createObject": {**bare, "skipNameField": True}},
        {"createObject": {**note, "nameSingular": "leaf", "namePlural": "leaves", "skipNameField": True}},
        *(
            {"createField": {"objectMetadataId": of, "name": name, "label": name, "type": type_}}
            for of, name, type_ in (
                ("note", "contact", "EMAILS"),
                ("note", "email", "TEXT"),
                ("slip", "size", "NUMBER"),
                ("slip", "title", "TEXT"),
                ("slip", "site", "LINKS"),
                ("person", "nick", "TEXT"),
                ("company", "owner", "FULL_NAME"),
            )
        ),
        {"updateField": {"id": "note.name", "update": {"name": "heading"}}},
    )
    model = await apis.snapshot()
    found = dict(nodes(await apis.change(LABELS)))
    assert found == {object_.name_singular: labels_of(object_) for object_ in model.objects.values()}
    slip = next(object_ for object_ in model.objects.values() if object_.name_singular == "slip")
    assert found["slip"] == [str(slip.by_name["title"].id)]
    assert found["leaf"] == []
    assert len(found["person"]) > 1
