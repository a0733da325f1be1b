"""The effective rights of roles: single objects against all, inheritance, circles."""

from dataclasses import replace
from uuid import UUID

import pytest

from fieldstone.metadata.access.effective import effective_rights, lineage
from fieldstone.metadata.roles.object_access import HIDDEN, WHOLE, ObjectAccess
from fieldstone.metadata.roles.role import WHOLLY, Action, Role, Way
from tests.access_roles import ALL, NONE, READ_ONLY, Rights, make_role, only, rule, with_roles
from tests.models import standard_snapshot

SNAPSHOT = standard_snapshot()
PERSON, COMPANY = SNAPSHOT.by_singular["person"], SNAPSHOT.by_singular["company"]
OWN = Way(rule=rule(PERSON, "city", '"Rome"'))


def rights(role: Role, object_id: UUID, *others: Role) -> ObjectAccess:
    return effective_rights(with_roles(SNAPSHOT, role, *others), role).on(object_id)


def test_a_role_without_grants_has_no_rights() -> None:
    assert rights(make_role(SNAPSHOT, "none", {}), PERSON.id) is HIDDEN


def test_a_role_with_all_rights_is_known_by_one_instance() -> None:
    role = make_role(SNAPSHOT, "all", {"*": ALL})
    assert rights(role, PERSON.id) is WHOLE


@pytest.mark.parametrize(
    ("single", "expected"),
    [
        pytest.param(NONE, HIDDEN, id="a grant of nothing counts, too"),
        pytest.param({Action.READ: [OWN]}, replace(WHOLE, read=(OWN,)), id="it counts for its own action alone"),
    ],
)
def test_the_grant_for_an_object_counts_before_the_one_for_all(single: Rights, expected: ObjectAccess) -> None:
    role = make_role(SNAPSHOT, "rep", {"*": ALL, "person": single})
    assert rights(role, PERSON.id) == expected
    assert rights(role, COMPANY.id) is WHOLE


def test_inheritance_comes_after_the_objects() -> None:
    """A parent gives all of its objects, also one that the child's own grants leave out."""
    parent = make_role(SNAPSHOT, "parent", {"*": READ_ONLY})
    child = make_role(SNAPSHOT, "child", {"*": {Action.UPDATE: WHOLLY}, "person": NONE}, parents=[parent])
    assert rights(child, PERSON.id, parent) == ObjectAccess(read=WHOLLY, aggregates=True)
    assert rights(child, COMPANY.id, parent) == ObjectAccess(read=WHOLLY, update=WHOLLY, aggregates=True)


def test_a_parent_without_a_grant_takes_nothing_away() -> None:
    parent = make_role(SNAPSHOT, "parent", {})
    child = make_role(SNAPSHOT, "child", {"*": ALL}, parents=[parent])
    assert rights(child, PERSON.id, parent) is WHOLE


def test_ways_stay_apart() -> None:
    """Own records in all fields, and all records in one field, are not all records in all fields."""
    status = Way(fields=only(PERSON, "city"))
    mine = make_role(SNAPSHOT, "mine", {"person": {Action.READ: [OWN]}})
    shown = make_role(SNAPSHOT, "shown", {"person": {Action.READ: [status]}})
    child = make_role(SNAPSHOT, "child", {}, parents=[mine, shown])
    assert rights(child, PERSON.id, mine, shown).read == (OWN, status)


def test_a_way_without_restrictions_makes_the_others_needless() -> None:
    mine = make_role(SNAPSHOT, "mine", {"person": {Action.READ: [OWN]}})
    child = make_role(SNAPSHOT, "child", {"*": ALL}, parents=[mine])
    assert rights(child, PERSON.id, mine) is WHOLE


def test_a_way_of_two_ancestors_counts_once() -> None:
    oldest = make_role(SNAPSHOT, "oldest", {"person": {Action.READ: [OWN]}})
    left = make_role(SNAPSHOT, "left", {}, parents=[oldest])
    right = make_role(SNAPSHOT, "right", {"person": {Action.READ: [OWN]}}, parents=[oldest])
    child = make_role(SNAPSHOT, "child", {}, parents=[left, right])
    assert rights(child, PERSON.id, oldest, left, right).read == (OWN,)


def test_a_circle_of_parents_ends() -> None:
    first = make_role(SNAPSHOT, "first", {"*": READ_ONLY})
    second = replace(make_role(SNAPSHOT, "second", {}), parents=(first.id,))
    first = replace(first, parents=(second.id,))
    snapshot = with_roles(SNAPSHOT, first, second)
    assert {role.name for role in lineage(snapshot, second)} == {"first", "second"}
    assert effective_rights(snapshot, second).on(PERSON.id).read == WHOLLY


@pytest.mark.parametrize(("reads", "aggregates"), [(WHOLLY, True), ((), False)])
def test_aggregates_go_with_a_right_to_read(reads: tuple[Way, ...], aggregates: bool) -> None:
    role = make_role(SNAPSHOT, "rep", {"person": {Action.READ: reads, Action.CREATE: WHOLLY}})
    assert rights(role, PERSON.id).aggregates is aggregates


def test_aggregates_may_be_left_out() -> None:
    role = make_role(SNAPSHOT, "rep", {"*": ALL}, aggregates=False)
    assert rights(role, PERSON.id) == replace(WHOLE, aggregates=False)
