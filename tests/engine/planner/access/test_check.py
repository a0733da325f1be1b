"""A rule is held against the schema and planned once when its role is saved; presets against their fields' types."""

from decimal import Decimal

import pytest

from fieldstone.engine.planner.access.check import check_data, check_rule
from fieldstone.metadata import scalars
from fieldstone.metadata.access.rules import store_data, store_filter
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.role import Claim
from tests.models import all_types_snapshot, standard_snapshot

STANDARD, TYPES = standard_snapshot(), all_types_snapshot()
CLAIMS = (
    Claim(name="userId", scalar=scalars.UUID),
    Claim(name="teams", scalar=scalars.UUID, is_list=True),
    Claim(name="name", scalar=scalars.STRING),
    Claim(name="names", scalar=scalars.STRING, is_list=True),
    Claim(name="size", scalar=scalars.INT),
    Claim(name="share", scalar=scalars.DECIMAL),
    Claim(name="day", scalar=scalars.DATE),
    Claim(name="isChief", scalar=scalars.BOOLEAN),
)

PASSING: dict[str, JsonValue] = {
    "all": {},
    "a key": {"companyId": {"eq": "$principal.userId"}},
    "a list": {"companyId": {"in": "$principal.teams"}},
    "a value in a list": {"companyId": {"in": ["$principal.userId"]}},
    "an option": {"stage": {"in": ["NEW", "MEETING"]}},
    "a text for an option": {"stage": {"eq": "$principal.name"}},
    "texts for options": {"stage": {"in": "$principal.names"}},
    "a whole number for a decimal one": {"amount": {"gt": "$principal.size"}},
    "a pattern": {"name": {"like": "$principal.name"}},
    "a date for a time": {"createdAt": {"gte": "$principal.day"}},
    "across relations": {"company": {"people": {"some": {"id": {"eq": "$principal.userId"}}}}},
    "totals": {"company": {"peopleAggregate": {"count": {"gt": "$principal.size"}}}},
    "a period": {"closeDate": {"within": {"next": 3, "unit": "WEEK"}}},
    "a number with a point": {"amount": {"gt": Decimal("10.5")}},
    "numbers with points": {"amount": {"in": [Decimal("10.5"), 3]}, "or": [{"amount": {"lt": Decimal("0.1")}}]},
    "a number that no double has": {"amount": {"lte": 9_007_199_254_740_993}},
    "a whole number with a point": {"company": {"employees": {"eq": Decimal("10.0")}}},
    "a range": {"amount": {"between": ["$principal.share", 100]}},
}


@pytest.mark.parametrize("name", PASSING)
def test_a_rule_that_can_be_planned(name: str) -> None:
    object_ = STANDARD.by_singular["opportunity"]
    check_rule(STANDARD, object_, store_filter(STANDARD, object_, PASSING[name]), CLAIMS)


REFUSED: dict[str, tuple[JsonValue, str]] = {
    "an undeclared value": ({"name": {"eq": "$principal.nobody"}}, "'nobody'.*they declare userId: UUID, teams:"),
    "a text for a key": ({"companyId": {"eq": "$principal.name"}}, "must be a UUID"),
    "a list for one value": ({"companyId": {"eq": "$principal.teams"}}, "must be a UUID"),
    "a list in a list": ({"companyId": {"in": ["$principal.teams"]}}, "must be a UUID"),
    "a decimal number for a whole one": ({"company": {"employees": {"eq": "$principal.share"}}}, "whole number"),
    "a time for a date": ({"closeDate": {"eq": "$principal.name"}}, "must be a date"),
    "a truth for a number": ({"amount": {"eq": "$principal.isChief"}}, "must be a number"),
    "an unknown option": ({"stage": {"eq": "OLD"}}, "rule.stage.eq.*OLD"),
    "a constant of a wrong type": ({"amount": {"eq": "many"}}, "rule.amount.eq"),
    "a number with a point for a whole one": ({"company": {"employees": {"eq": Decimal("1.5")}}}, "employees.eq.*Int"),
    "a number with a point for a text": ({"name": {"eq": Decimal("1.5")}}, "rule.name.eq"),
    "a list of numbers for one": ({"amount": {"eq": [Decimal("1.5")]}}, "rule.amount.eq"),
    "a list for a constant": ({"name": {"eq": ["x"]}}, "rule.name.eq"),
    "an unknown unit": ({"closeDate": {"within": {"last": 1, "unit": "EON"}}}, "EON"),
    "an ending that escapes nothing": ({"name": {"like": "x\\"}}, "backslash"),
    "null where it is refused": ({"name": {"gt": None}}, "must not be null"),
    "a range of one": ({"amount": {"between": [1]}}, "two values"),
    "nothing in a list": ({"or": [{}]}, "says nothing"),
    "nothing of a relation": ({"company": {}}, "says nothing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_rule_that_cannot_be_planned(name: str) -> None:
    given, message = REFUSED[name]
    object_ = STANDARD.by_singular["opportunity"]
    stored = store_filter(STANDARD, object_, given)
    with pytest.raises(InvalidChange, match=message) as caught:
        check_rule(STANDARD, object_, stored, CLAIMS)
    assert (caught.value.field or "").startswith("rule")


def test_presets_of_declared_values() -> None:
    object_ = STANDARD.by_singular["opportunity"]
    given = {"companyId": "$principal.userId", "name": "$principal.name", "amount": "$principal.size", "stage": "NEW"}
    check_data(STANDARD, object_, store_data(STANDARD, object_, given), CLAIMS)
    thing = TYPES.by_singular["thing"]
    composite = {"fullnameField": {"firstName": "$principal.name"}, "arrayField": "$principal.names"}
    check_data(TYPES, thing, store_data(TYPES, thing, composite), CLAIMS)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"companyId": "$principal.name"}, "preset.companyId"),
        ({"amount": "$principal.isChief"}, "preset.amount"),
        ({"name": "$principal.names"}, "preset.name"),
        ({"name": "$principal.nobody"}, "preset"),
    ],
    ids=str,
)
def test_presets_of_wrong_values(given: JsonValue, place: str) -> None:
    object_ = STANDARD.by_singular["opportunity"]
    with pytest.raises(InvalidChange) as caught:
        check_data(STANDARD, object_, store_data(STANDARD, object_, given), CLAIMS)
    assert caught.value.field == place
