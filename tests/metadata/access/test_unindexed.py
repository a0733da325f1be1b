"""The fields that a rule finds records by without an index."""

from dataclasses import replace
from uuid import uuid4

import pytest

from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.access.unindexed import find_unindexed
from fieldstone.metadata.changes.access_changes import find_access_changes
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import Action, Grant, Role, Way
from tests.models import standard_snapshot

SNAPSHOT = standard_snapshot()
OPPORTUNITY = SNAPSHOT.by_singular["opportunity"]
ME: JsonValue = {"eq": "$principal.me"}


def role(rule: JsonValue, snapshot: Snapshot = SNAPSHOT) -> Role:
    way = Way(rule=store_filter(snapshot, snapshot.objects[OPPORTUNITY.id], rule))
    grant = Grant(object_id=OPPORTUNITY.id, action=Action.READ, ways=(way,))
    return Role(id=uuid4(), name="rep", label="Rep", grants=(grant,))


def without_index(singular: str, name: str) -> Snapshot:
    """The snapshot without the indexes that begin with this field."""
    field = SNAPSHOT.by_singular[singular].by_name[name]
    left = {id_: index for id_, index in SNAPSHOT.indexes.items() if index.field_ids[0] != field.id}
    return replace(SNAPSHOT, indexes=left)


RULES: dict[str, tuple[JsonValue, list[str]]] = {
    "a key": ({"personId": ME}, []),
    "an indexed field": ({"name": ME}, []),
    "a field without an index": ({"amount": ME}, ["opportunity.amount"]),
    "a list": ({"stage": {"in": ["$principal.me"]}}, ["opportunity.stage"]),
    "a constant": ({"amount": {"eq": 1}}, []),
    "a range": ({"amount": {"gt": "$principal.me"}}, []),
    "in an OR": ({"or": [{"personId": ME}, {"amount": ME}]}, ["opportunity.amount"]),
    "of another record": ({"person": {"city": ME}}, ["person.city"]),
    "of other records": ({"company": {"people": {"some": {"city": ME}}}}, ["person.city"]),
    "an aggregate": ({"company": {"peopleAggregate": {"count": {"gt": 1}}}}, []),
}


@pytest.mark.parametrize("name", RULES)
def test_the_fields_without_an_index(name: str) -> None:
    rule, expected = RULES[name]
    assert find_unindexed(SNAPSHOT, role(rule)) == expected


def test_the_keys_of_the_relations_that_lead_to_a_principals_value() -> None:
    rule = {"company": {"people": {"some": {"email": ME}}}}
    assert find_unindexed(without_index("opportunity", "company"), role(rule)) == ["opportunity.company"]
    assert find_unindexed(without_index("person", "company"), role(rule)) == ["person.company"]
    assert find_unindexed(without_index("person", "email"), role(rule)) == ["person.email"]


def test_a_plan_tells_of_new_ones_alone() -> None:
    rep = role({"amount": ME})
    saved = replace(SNAPSHOT, roles={rep.id: rep})
    kinds = [(one["kind"], one["name"]) for one in find_access_changes(SNAPSHOT, saved)]
    assert ("UNINDEXED", "opportunity.amount") in kinds
    renamed = replace(saved, roles={rep.id: replace(rep, label="Seller")})
    assert find_access_changes(saved, renamed) == []


def test_a_plan_tells_of_an_index_that_goes() -> None:
    rep = role({"name": ME})
    saved = replace(SNAPSHOT, roles={rep.id: rep})
    (found,) = find_access_changes(saved, replace(without_index("opportunity", "name"), roles=saved.roles))
    assert found["roles"] == ["rep"]
    assert found["message"] == (
        "a rule of rep finds records by opportunity.name, which no index serves: createIndex would help"
    )
