"""Rules and presets: kept by ids, shown in the names of now, refused with the place and with words that are right."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fieldstone.metadata.access.rules import claims_named, fields_named, show, store_data, store_filter
from fieldstone.metadata.changes import UpdateField
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.role import Stored
from tests.models import all_types_snapshot, apply_all, standard_snapshot

STANDARD = standard_snapshot()
OPPORTUNITY, COMPANY, PERSON = (STANDARD.by_singular[name] for name in ("opportunity", "company", "person"))
TYPES = all_types_snapshot()
THING = TYPES.by_singular["thing"]


def field(object_: Object, name: str) -> Field:
    return object_.by_name[name]


FILTERS: dict[str, tuple[JsonValue, set[str]]] = {
    "nothing": ({}, set()),
    "a value": ({"name": {"eq": "x"}}, {"name"}),
    "a principal's value": ({"name": {"in": "$principal.names"}}, {"name"}),
    "a key": ({"companyId": {"eq": "$principal.company"}}, {"company"}),
    "null": ({"companyId": {"eq": None}, "amount": {"is": "NULL"}}, {"company", "amount"}),
    "junctions": ({"or": [{"name": {"eq": "x"}}, {"and": [], "not": {"stage": {"neq": "NEW"}}}]}, {"name", "stage"}),
    "presence of a record": ({"company": {"is": "NOT_NULL"}}, {"company"}),
    "a period": ({"closeDate": {"within": {"last": 3, "unit": "DAY"}}}, {"closeDate"}),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_rule_is_kept_by_ids_and_shown_as_it_was_given(name: str) -> None:
    given, names = FILTERS[name]
    stored = store_filter(STANDARD, OPPORTUNITY, given)
    assert show(STANDARD, stored) == given
    assert fields_named(stored) == {field(OPPORTUNITY, one).id for one in names}
    for one in names:
        assert f'"{one}' not in stored.text


def test_a_rule_across_relations_names_the_fields_of_all_objects_that_it_hops_over() -> None:
    given = {
        "company": {"name": {"eq": "x"}, "people": {"some": {"email": {"eq": "$principal.email"}}}},
        "person": {"opportunitiesAggregate": {"count": {"gt": 1}, "sum": {"amount": {"gt": 3}}, "filter": {}}},
    }
    stored = store_filter(STANDARD, OPPORTUNITY, given)
    assert show(STANDARD, stored) == given
    assert claims_named(stored) == {"email"}
    assert fields_named(stored) == {
        field(OPPORTUNITY, "company").id,
        field(OPPORTUNITY, "person").id,
        field(OPPORTUNITY, "amount").id,
        field(COMPANY, "name").id,
        field(COMPANY, "people").id,
        field(PERSON, "email").id,
        field(PERSON, "opportunities").id,
    }


def test_a_single_condition_stands_for_a_list_of_one() -> None:
    stored = store_filter(STANDARD, OPPORTUNITY, {"or": {"name": {"eq": "x"}}})
    assert show(STANDARD, stored) == {"or": [{"name": {"eq": "x"}}]}


def test_composites_are_kept_by_their_fields_id_and_their_sub_fields_name() -> None:
    given = {"currencyField": {"amountMicros": {"gt": "5"}}, "fullnameField": {"firstName": {"eq": "$principal.first"}}}
    stored = store_filter(TYPES, THING, given)
    assert show(TYPES, stored) == given
    assert fields_named(stored) == {field(THING, "currencyField").id, field(THING, "fullnameField").id}


def test_a_rename_changes_what_is_shown_and_not_what_is_kept() -> None:
    stored = store_filter(STANDARD, OPPORTUNITY, {"companyId": {"eq": "$principal.x"}, "amount": {"gt": 1}})
    changes = [
        UpdateField(field_id=field(OPPORTUNITY, "company").id, name="account"),
        UpdateField(field_id=field(OPPORTUNITY, "amount").id, name="worth"),
    ]
    renamed = apply_all(STANDARD, changes)
    assert show(renamed, stored) == {"accountId": {"eq": "$principal.x"}, "worth": {"gt": 1}}
    again = store_filter(renamed, renamed.objects[OPPORTUNITY.id], show(renamed, stored))
    assert again == stored


def test_a_field_that_is_gone_cannot_be_shown() -> None:
    unknown = uuid4()
    with pytest.raises(InvalidChange, match=str(unknown)):
        show(STANDARD, Stored(text=f'{{"@{unknown}":{{"eq":1}}}}'))


REFUSED: dict[str, tuple[JsonValue, str, str]] = {
    "no object": (["name"], "rule", "an object of conditions, not a list"),
    "null": (None, "rule", "an object of conditions, not null"),
    "an unknown field": ({"nmae": {"eq": "x"}}, "rule", 'no field "nmae"; close to it: name'),
    "an unknown operator": ({"name": {"eqq": "x"}}, "rule.name", 'no operator "eqq"; close to it: eq, neq'),
    "a value in an operator's place": ({"name": "x"}, "rule.name", "an object of operators"),
    "null in an operator's place": ({"name": None}, "rule.name", "an object of operators, not null"),
    "an unknown quantifier": ({"activities": {"any": {}}}, "rule", "no field"),
    "a quantifier's wrong name": ({"company": {"people": {"any": {}}}}, "rule.company.people", "some, every, none"),
    "a flag": ({"company": {"people": {"isEmpty": 1}}}, "rule.company.people.isEmpty", "true or false"),
    "a presence": ({"company": {"is": "$principal.x"}}, "rule.company.is", "NULL or NOT_NULL"),
    "a claim for a presence": ({"name": {"is": "$principal.x"}}, "rule.name.is", "principal's value"),
    "a claim in a period": (
        {"closeDate": {"within": {"last": "$principal.x", "unit": "DAY"}}},
        "rule.closeDate.within",
        "principal's value",
    ),
    "a claim for a flag of an aggregate": (
        {"company": {"opportunitiesAggregate": {"max": {"closeDate": {"inFuture": "$principal.x"}}}}},
        "rule.company.opportunitiesAggregate.max.closeDate.inFuture",
        "principal's value",
    ),
    "a claim for a presence of an aggregate": (
        {"company": {"opportunitiesAggregate": {"min": {"name": {"is": "$principal.x"}}}}},
        "rule.company.opportunitiesAggregate.min.name.is",
        "principal's value",
    ),
    "a nameless claim": ({"name": {"eq": "$principal."}}, "rule.name.eq", r"as in \$principal.userId"),
    "a claim of a wrong name": ({"or": [{"name": {"in": ["$principal.a b"]}}]}, "rule.or.0.name.in", "userId"),
    "totals of one record": ({"companyAggregate": {"count": {"eq": 1}}}, "rule", "no field"),
    "an unknown total": (
        {"company": {"peopleAggregate": {"total": {"eq": 1}}}},
        "rule.company.peopleAggregate",
        "no aggregate",
    ),
    "too long": ({"name": {"in": ["x" * 30_000]}}, "rule", "at most 20,000 characters"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_rule_is_refused_at_its_place(name: str) -> None:
    given, place, message = REFUSED[name]
    with pytest.raises(InvalidChange, match=message) as caught:
        store_filter(STANDARD, OPPORTUNITY, given)
    assert caught.value.field == place


def test_a_rule_may_not_be_nested_without_end() -> None:
    given: JsonValue = {"name": {"eq": "x"}}
    for _ in range(100):
        given = {"not": given}
    with pytest.raises(InvalidChange, match="nested too deeply"):
        store_filter(STANDARD, OPPORTUNITY, given)


def test_a_value_must_not_look_like_a_fields_id() -> None:
    given = {"rawjsonField": {"contains": {"a": [{f"@{uuid4()}": 1}]}}}
    with pytest.raises(InvalidChange, match="stands for a field"):
        store_filter(TYPES, THING, given)


def test_presets_are_kept_by_ids() -> None:
    given = {"name": "x", "companyId": "$principal.company", "stage": "NEW", "amount": None}
    stored = store_data(STANDARD, OPPORTUNITY, given)
    assert show(STANDARD, stored) == given
    assert claims_named(stored) == {"company"}
    names = ("name", "company", "stage", "amount")
    assert fields_named(stored) == {field(OPPORTUNITY, one).id for one in names}


WRONG_DATA: dict[str, tuple[Snapshot, str, JsonValue, str, str]] = {
    "a relation": (STANDARD, "opportunity", {"company": {"connect": {}}}, "preset.company", "preset companyId"),
    "records": (STANDARD, "company", {"people": []}, "preset.people", "is a relation"),
    "an unknown field": (STANDARD, "company", {"nam": "x"}, "preset", "it takes id, name"),
    "a wrong type": (STANDARD, "company", {"employees": "many"}, "preset.employees", "must be a number"),
    "an unknown option": (STANDARD, "opportunity", {"stage": "OLD"}, "preset.stage", "no option"),
    "null for a required field": (STANDARD, "person", {"email": None}, "preset.email", "must not be null"),
    "a computed field": (TYPES, "thing", {"tsvectorField": "x"}, "preset.tsvectorField", "computed"),
    "an unknown sub-field": (TYPES, "thing", {"fullnameField": {"first": "x"}}, "preset.fullnameField", "firstName"),
    "a sub-field's type": (TYPES, "thing", {"linksField": {"primaryLinkUrl": 1}}, "preset.linksField", "must be text"),
}


@pytest.mark.parametrize("name", WRONG_DATA)
def test_wrong_presets_are_refused_at_their_place(name: str) -> None:
    snapshot, singular, given, place, message = WRONG_DATA[name]
    with pytest.raises(InvalidChange, match=message) as caught:
        store_data(snapshot, snapshot.by_singular[singular], given)
    assert (caught.value.field or "").startswith(place)


def test_a_rule_over_an_inactive_object_is_refused() -> None:
    inactive = replace(COMPANY, is_active=False)
    snapshot = replace(STANDARD, objects={**STANDARD.objects, COMPANY.id: inactive})
    with pytest.raises(InvalidChange, match="not active"):
        store_filter(snapshot, OPPORTUNITY, {"company": {"name": {"eq": "x"}}})
    with pytest.raises(InvalidChange, match="not active"):
        store_data(snapshot, OPPORTUNITY, {"companyId": str(UUID(int=1))})


def test_the_text_is_json_without_blanks() -> None:
    stored = store_filter(STANDARD, OPPORTUNITY, {"amount": {"between": [1, 2]}})
    assert stored.text == f'{{"@{field(OPPORTUNITY, "amount").id}":{{"between":[1,2]}}}}'
    assert loads(stored.text)
