"""The criteria by which records are duplicates, as a member of an object."""

import pytest

from fieldstone.metadata.changes import Change, DeleteField, DeleteObject, UpdateField, UpdateObject, apply
from fieldstone.metadata.changes.duplicates import duplicate_criteria
from fieldstone.metadata.changes.history.inverse import invert
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from tests.metadata.desk import Desk, new_field, new_object, person
from tests.metadata.schema_files import carry_out, written
from tests.models import apply_all, standard_snapshot


def names(object_: Object) -> list[list[str]]:
    return [[field.name for field in criterion] for criterion in duplicate_criteria(object_)]


def choose(snapshot: Snapshot, criteria: JsonValue) -> Snapshot:
    return apply(snapshot, UpdateObject(object_id=person(snapshot).id, duplicate_criteria=criteria)).snapshot


def test_the_usual_criteria() -> None:
    snapshot = standard_snapshot()
    found = {name: names(object_) for name, object_ in snapshot.by_singular.items()}
    assert found == {
        "company": [["name"], ["website"]],
        "person": [["firstName", "lastName"], ["email"], ["phone"]],
        "opportunity": [["name"]],
        "activity": [],
    }
    made = new_object("contact", skip_name_field=True)
    fields = [
        new_field(made.id, "fullName", FieldType.FULL_NAME),
        new_field(made.id, "emails", FieldType.EMAILS),
        new_field(made.id, "phone"),
        new_field(made.id, "code", FieldType.NUMBER, is_unique=True),
    ]
    contact = apply_all(snapshot, [made, *fields]).by_singular["contact"]
    assert names(contact) == [["fullName"], ["emails"], ["code"]]


def test_chosen_criteria_follow_names_and_fields() -> None:
    snapshot = standard_snapshot()
    city, phone = person(snapshot).by_name["city"], person(snapshot).by_name["phone"]
    chosen = choose(snapshot, [["city", "lastName"], [str(phone.id)], ["phone", "phone"]])
    assert names(person(chosen)) == [["city", "lastName"], ["phone"], ["phone"]]
    renamed = apply(chosen, UpdateField(field_id=city.id, name="town")).snapshot
    assert names(person(renamed)) == [["town", "lastName"], ["phone"], ["phone"]]
    hidden = apply(renamed, UpdateField(field_id=city.id, is_active=False)).snapshot
    assert names(person(hidden)) == [["phone"], ["phone"]]
    typed = apply(renamed, UpdateField(field_id=phone.id, type=FieldType.RAW_JSON)).snapshot
    assert names(person(typed)) == [["town", "lastName"]]
    assert names(person(choose(typed, []))) == []
    assert names(person(choose(typed, None))) == [["firstName", "lastName"], ["email"]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("email", "duplicateCriteria must be a list of lists of fields"),
        (["email"], "duplicateCriteria must be a list of lists of fields"),
        ([[]], "duplicateCriteria must be a list of lists of fields"),
        ([["nothing"]], 'person has no field "nothing", which duplicateCriteria names'),
        ([[1]], "person has no field 1, which duplicateCriteria names"),
        ([["company"]], "duplicateCriteria cannot name company: "),
        ([["createdBy"]], "duplicateCriteria cannot name createdBy: "),
        ([["email"]] * 21, "duplicateCriteria must have at most 20 criteria of at most 20 fields"),
    ],
)
def test_refusals(given: JsonValue, message: str) -> None:
    with pytest.raises(InvalidChange) as refused:
        choose(standard_snapshot(), given)
    assert str(refused.value).startswith(message)
    assert refused.value.field == "duplicateCriteria"


def test_an_inverse_has_the_criteria_before() -> None:
    snapshot = standard_snapshot()
    code = new_field(person(snapshot), "code")
    before = choose(apply(snapshot, code).snapshot, [["code"], ["phone"]])
    change = UpdateObject(object_id=person(before).id, duplicate_criteria=None)
    after = apply(before, change).snapshot
    (inverse,) = invert(before, change, after)
    assert apply(after, inverse).snapshot == before
    # A field that is gone is not in the inverse, which would be refused.
    without = apply(before, DeleteField(field_id=code.id)).snapshot
    assert names(person(without)) == [["phone"]]
    after = apply(without, change).snapshot
    (inverse,) = invert(without, change, after)
    assert names(person(apply(after, inverse).snapshot)) == [["phone"]]


async def test_it_is_kept_shown_and_rolled_back(desk: Desk) -> None:
    made = new_object("contact")
    town = new_field(made.id, "town")

    def build(_: Snapshot) -> list[Change]:
        return [made, town, UpdateObject(object_id=made.id, duplicate_criteria=[["town"]])]

    after = await desk.change(build)
    loaded = await desk.reload(after.workspace.id)
    assert names(loaded.by_singular["contact"]) == [["town"]]
    deletion = DeleteObject(object_id=made.id)
    gone = apply(loaded, deletion).snapshot
    again = apply_all(gone, invert(loaded, deletion, gone))
    assert names(again.by_singular["contact"]) == [["town"]]


def test_a_model_file_has_the_names() -> None:
    base = choose(standard_snapshot(), [["city"], ["phone", "lastName"]])
    document = written(base)
    assert document["objects"]["person"]["duplicateCriteria"] == [["city"], ["phone", "lastName"]]
    made, _ = carry_out(standard_snapshot(), document)
    assert names(person(made)) == [["city"], ["phone", "lastName"]]
    assert carry_out(made, document, prune=True) == (made, 0)
    del document["objects"]["person"]["duplicateCriteria"]
    usual, _ = carry_out(made, document)
    assert person(usual).duplicate_criteria is None
