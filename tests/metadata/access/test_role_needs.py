"""The changes of the model that a rule, a check or a preset of a role does not allow."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from fieldstone.metadata.access.rules import store_data, store_filter
from fieldstone.metadata.changes import Change, UpdateField, UpdateObject, apply
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Snapshot
from fieldstone.metadata.roles.role import Action, Grant, Role, Way
from tests.models import standard_snapshot

STANDARD = standard_snapshot()
STAGES = ["NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER"]


def field(path: str) -> Field:
    object_, name = path.split(".")
    return STANDARD.by_singular[object_].by_name[name]


def model(object_: str, *ways: Way, names: tuple[str, ...] = ("clerk",)) -> Snapshot:
    """The standard model with roles of these names, which read an object in these ways."""
    grant = Grant(object_id=STANDARD.by_singular[object_].id, action=Action.UPDATE, ways=ways)
    roles = [Role(id=uuid4(), name=name, label=name, grants=(grant,)) for name in names]
    return replace(STANDARD, roles={role.id: role for role in roles})


def ruled(object_: str, rule: JsonValue) -> Snapshot:
    return model(object_, Way(rule=store_filter(STANDARD, STANDARD.by_singular[object_], rule)))


def checked(object_: str, check: JsonValue) -> Snapshot:
    return model(object_, Way(check=store_filter(STANDARD, STANDARD.by_singular[object_], check)))


def preset(object_: str, data: JsonValue) -> Snapshot:
    return model(object_, Way(presets=store_data(STANDARD, STANDARD.by_singular[object_], data)))


def hide_object(name: str) -> Change:
    return UpdateObject(object_id=STANDARD.by_singular[name].id, is_active=False)


def hide_field(path: str) -> Change:
    return UpdateField(field_id=field(path).id, is_active=False)


def retype(path: str) -> Change:
    return UpdateField(field_id=field(path).id, type=FieldType.NUMBER, allow_data_loss=True)


def stages(*values: str) -> Change:
    options = [{"value": value, "label": value.title(), "position": at} for at, value in enumerate(values)]
    return UpdateField(field_id=field("opportunity.stage").id, options=options)


def moved(*places: int) -> Change:
    return stages(*(STAGES[place] for place in places))


def refusal(snapshot: Snapshot, change: Change) -> str:
    with pytest.raises(InvalidChange) as refused:
        apply(snapshot, change)
    return refused.value.message


ID = str(uuid4())
LATER = {"stage": {"gte": "MEETING"}}
Build = Callable[[str, JsonValue], Snapshot]

REFUSED: dict[str, tuple[Build, str, JsonValue, Change, str]] = {
    "no records of a hidden object": (
        ruled, "company", {"opportunities": {"isEmpty": True}}, hide_object("opportunity"),
        "company.opportunities loses its other end",
    ),
    "some records of a hidden object": (
        ruled, "company", {"opportunities": {"some": {}}}, hide_object("opportunity"), "company.opportunities loses",
    ),
    "none of the records of a hidden object": (
        ruled, "company", {"opportunities": {"none": {}}}, hide_object("opportunity"), "company.opportunities loses",
    ),
    "the number of records of a hidden object": (
        ruled, "company", {"opportunitiesAggregate": {"count": {"gte": 0}}}, hide_object("opportunity"),
        "company.opportunities loses",
    ),
    "a record of a hidden object": (
        ruled, "person", {"company": {"is": "NOT_NULL"}}, hide_object("company"), "person.company loses its other end",
    ),
    "the inverse of a hidden relation": (
        ruled, "company", {"people": {"some": {"email": {"eq": "a"}}}}, hide_field("person.company"),
        "company.people loses its other end, and a rule, check or preset of the role clerk needs it",
    ),
    "a relation whose inverse is hidden": (
        ruled, "person", {"company": {"name": {"eq": "a"}}}, hide_field("company.people"), "person.company loses",
    ),
    "a preset key of a hidden object": (
        preset, "person", {"companyId": ID}, hide_object("company"), "person.company loses its other end",
    ),
    "a check over a hidden object": (
        checked, "person", {"company": {"is": "NOT_NULL"}}, hide_object("company"), "person.company loses",
    ),
    "a hidden field of a check": (checked, "person", {"city": {"eq": "a"}}, hide_field("person.city"), "is hidden"),
    "a hidden preset field": (preset, "person", {"city": "a"}, hide_field("person.city"), "person.city is hidden"),
    "a retyped field of a check": (
        checked, "person", {"city": {"eq": "a"}}, retype("person.city"), "person.city gets another type",
    ),
    "a retyped preset field": (preset, "person", {"city": "a"}, retype("person.city"), "person.city gets another type"),
    "null as the preset of a field that becomes required": (
        preset, "person", {"city": None}, UpdateField(field_id=field("person.city").id, is_nullable=False),
        "person.city becomes required",
    ),
    "a preset option that goes": (
        preset, "opportunity", {"stage": "MEETING"}, moved(0, 1, 3, 4), "loses the options MEETING",
    ),
    "an option of a check that goes": (
        checked, "opportunity", {"stage": {"in": ["NEW", "MEETING"]}}, moved(0, 1, 3, 4), "loses the options MEETING",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("build", "object_", "given", "change", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_change_that_takes_something_from_a_rule(
    build: Build, object_: str, given: JsonValue, change: Change, words: str
) -> None:
    message = refusal(build(object_, given), change)
    assert words in message
    assert "the role clerk needs it" in message


ACCEPTED: dict[str, tuple[Build, str, JsonValue, Change]] = {
    # The key is there whether its record is or not.
    "the key of a hidden record": (ruled, "person", {"companyId": {"eq": ID}}, hide_object("company")),
    "another object": (ruled, "company", {"people": {"isEmpty": True}}, hide_object("opportunity")),
    "a label": (ruled, "person", {"city": {"eq": "a"}}, UpdateField(field_id=field("person.city").id, label="x")),
    "another option": (ruled, "opportunity", {"stage": {"in": ["NEW"]}}, moved(0, 1, 3, 4)),
    "the same text in another field": (
        ruled, "opportunity", {"name": {"eq": "MEETING"}, "stage": {"neq": "NEW"}}, moved(0, 1, 3, 4),
    ),
    "the preset of a field that becomes required": (
        preset, "person", {"city": "a"}, UpdateField(field_id=field("person.city").id, is_nullable=False),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("build", "object_", "given", "change"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_change_that_takes_nothing_from_a_rule(build: Build, object_: str, given: JsonValue, change: Change) -> None:
    before = build(object_, given)
    assert apply(before, change).snapshot.roles == before.roles


def test_a_refusal_names_all_roles_and_fields() -> None:
    person = STANDARD.by_singular["person"]
    rule = store_filter(STANDARD, person, {"city": {"eq": "a"}, "company": {"name": {"eq": "a"}}})
    snapshot = model("person", Way(rule=rule), names=("clerk", "boss"))
    assert refusal(snapshot, hide_object("person")) == (
        "person.city, person.company is hidden, and a rule, check or preset of the role clerk, boss needs it;"
        " updateRole first, which may stand before it in applyChanges"
    )


REORDERED: dict[str, tuple[JsonValue, Change]] = {
    "less than": ({"stage": {"lt": "SCREENING"}}, moved(1, 0, 2, 3, 4)),
    "more than": ({"stage": {"gt": "MEETING"}}, moved(0, 1, 3, 2, 4)),
    "between": ({"stage": {"between": ["SCREENING", "PROPOSAL"]}}, moved(0, 1, 3, 2, 4)),
    "a principal's value": ({"stage": {"lte": "$principal.stage"}}, moved(1, 0, 2, 3, 4)),
    "from a principal's value": ({"stage": {"between": ["$principal.stage", "MEETING"]}}, moved(1, 0, 2, 3, 4)),
    "of other records": ({"company": {"opportunities": {"some": {"stage": {"lt": "MEETING"}}}}}, moved(2, 0, 1, 3, 4)),
    "the least": ({"company": {"opportunitiesAggregate": {"min": {"stage": {"eq": "NEW"}}}}}, moved(1, 0, 2, 3, 4)),
    "one between": ({"stage": {"lt": "SCREENING"}}, stages("NEW", "LEAD", *STAGES[1:])),
    "one behind, which is more": ({"stage": {"gte": "MEETING"}}, stages(*STAGES, "LOST")),
    "one before, which is less": ({"stage": {"lte": "$principal.stage"}}, stages("LEAD", *STAGES)),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "change"), REORDERED.values(), ids=REORDERED.keys())
def test_an_order_of_options_by_which_a_rule_takes_in_others(rule: JsonValue, change: Change) -> None:
    for build in (ruled, checked):
        assert refusal(build("opportunity", rule), change).startswith(
            "opportunity.stage gets an order of options by which a comparison takes in others, and a rule, check or"
            " preset of the role clerk needs it"
        )


KEPT: dict[str, tuple[JsonValue, Change]] = {
    "a list": ({"stage": {"in": ["NEW", "SCREENING"]}}, moved(4, 3, 2, 1, 0)),
    "the others on either side": ({"stage": {"lt": "MEETING"}}, moved(1, 0, 2, 4, 3)),
    "the same between": ({"stage": {"between": ["SCREENING", "PROPOSAL"]}}, moved(4, 1, 2, 3, 0)),
    "one behind, which is not less": ({"stage": {"lt": "SCREENING"}}, stages(*STAGES, "LOST")),
    "one behind a range": ({"stage": {"between": ["SCREENING", "PROPOSAL"]}}, stages(*STAGES, "LOST")),
    "one behind the largest of others": (
        {"company": {"opportunitiesAggregate": {"max": {"stage": {"eq": "CUSTOMER"}}}}}, stages(*STAGES, "LOST"),
    ),
    "one that goes": ({"stage": {"lt": "MEETING"}}, moved(0, 2, 3, 4)),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "change"), KEPT.values(), ids=KEPT.keys())
def test_an_order_of_options_by_which_a_rule_takes_in_the_same(rule: JsonValue, change: Change) -> None:
    before = ruled("opportunity", rule)
    assert apply(before, change).snapshot.roles == before.roles
