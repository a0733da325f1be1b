"""The effects of a change on roles, as its plan names them."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.metadata.changes import (
    Change,
    CreateField,
    CreateRole,
    NewRelation,
    UpdateField,
    UpdateObject,
    UpdateRole,
    apply,
)
from fieldstone.metadata.changes.access_changes import find_access_changes
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Snapshot
from tests.metadata.desk import role_named
from tests.models import add_object, empty_snapshot, standard_snapshot

STANDARD = standard_snapshot()


def field(snapshot: Snapshot, path: str) -> Field:
    object_, name = path.split(".")
    found = snapshot.named(object_)
    assert found is not None
    return next(one for one in found.fields if one.name == name)


def with_role(snapshot: Snapshot, *grants: JsonValue, name: str = "clerk", **values: Any) -> Snapshot:
    return apply(snapshot, CreateRole(name=name, grants=list(grants), **values)).snapshot


def differ(before: Snapshot, after: Snapshot) -> list[tuple[str, str, list[str]]]:
    return [(one["kind"], one["name"], one["roles"]) for one in find_access_changes(before, after)]


def effects(before: Snapshot, change: Change) -> list[tuple[str, str, list[str]]]:
    return differ(before, apply(before, change).snapshot)


def active(path: str, *, is_active: bool) -> Change:
    if "." in path:
        return UpdateField(field_id=field(STANDARD, path).id, is_active=is_active)
    return UpdateObject(object_id=STANDARD.by_singular[path].id, is_active=is_active)


def hidden(snapshot: Snapshot, path: str) -> Snapshot:
    return apply(snapshot, active(path, is_active=False)).snapshot


def relation(source: Any, name: str, target: Any, **values: Any) -> CreateField:
    end = NewRelation(target_object_id=target, target_field_label=f"Of {name}")
    return CreateField(object_id=source, name=name, label=name, type=FieldType.RELATION, relation=end, **values)


LIMITS: dict[str, tuple[JsonValue, JsonValue, str]] = {
    "a larger one": ({"maxPage": 5}, {"maxPage": 200}, "maxPage"),
    "none of its own": ({"maxPage": 5, "rateLimit": 9}, {}, "maxPage, rateLimit"),
    "a smaller one beside a larger one": ({"maxPage": 5, "maxCost": 9}, {"maxPage": 4, "maxCost": 10}, "maxCost"),
    "smaller ones": ({"maxPage": 5, "maxCost": 9}, {"maxPage": 4, "maxCost": 9, "rateLimit": 1}, ""),
}


@pytest.mark.parametrize(("old", "new", "names"), LIMITS.values(), ids=LIMITS.keys())
def test_limits_that_get_larger_widen_a_role_and_those_that_have_them_from_it(
    old: JsonValue, new: JsonValue, names: str
) -> None:
    before = with_role(with_role(STANDARD, limits=old), name="heir", parents=["clerk"])
    after = apply(before, UpdateRole(role_id=role_named(before, "clerk").id, limits=new)).snapshot
    assert find_access_changes(before, after) == [
        {"kind": "WIDENED", "name": "limits", "roles": [role], "message": f"{role} is limited less by {names}"}
        for role in ("clerk", "heir")
        if names
    ]


def test_a_role_that_comes_back_is_wider_than_none() -> None:
    grants = [{"object": "*", "read": {}}, {"object": "company"}, {"object": "person", "update": {}}]
    whole = with_role(STANDARD, *grants, settings=["HISTORY"], limits={"maxPage": 5})
    assert [name for _, name, _ in differ(replace(whole, roles={}), whole)] == ["person", "*", "settings"]


AGAIN: dict[str, list[tuple[str, list[str]]]] = {
    "person.city": [("person.city", ["all"])],
    # The inverse of a relation is hidden with the field that holds the key, and has none by itself.
    "person.company": [("person.company", ["all"]), ("company.people", ["all"])],
    "company.people": [("company.people", ["all"])],
    "opportunity": [("opportunity", ["all"]), ("company.opportunities", ["all"]), ("person.opportunities", ["all"])],
}


@pytest.mark.parametrize(("path", "names"), AGAIN.items(), ids=AGAIN.keys())
def test_roles_that_read_what_is_active_again(path: str, names: list[tuple[str, list[str]]]) -> None:
    whole = with_role(STANDARD, {"object": "*", "read": {}}, name="all")
    whole = with_role(whole, {"object": "person", "read": {"fields": {"allBut": ["city", "company"]}}}, name="few")
    before = hidden(whole, path)
    assert effects(before, active(path, is_active=True)) == [("READABLE", name, roles) for name, roles in names]
    (first, *_) = find_access_changes(before, whole)
    assert first["message"] == f"{path} is active again, and is read by all"
    assert effects(whole, active(path, is_active=False)) == []


def test_a_relation_to_an_object_that_a_role_does_not_see_is_not_read_by_it() -> None:
    whole = with_role(STANDARD, {"object": "company", "read": {}})
    whole = with_role(whole, {"object": "company", "read": {}}, {"object": "person", "read": {}}, name="both")
    whole = with_role(whole, {"object": "person", "read": {}}, name="person")
    company, person = (STANDARD.by_singular[name].id for name in ("company", "person"))
    assert effects(whole, relation(company, "boss", person)) == [
        ("READABLE", "company.boss", ["both"]),
        ("READABLE", "person.ofBoss", ["both"]),
    ]


def papers() -> tuple[Snapshot, Change]:
    """Papers and companies, and the change by which each paper is of a company."""
    snapshot, company = add_object(empty_snapshot(), "company", "companies")
    snapshot, paper = add_object(snapshot, "paper")
    return snapshot, relation(paper, "company", company, is_nullable=False, settings={"onDelete": "RESTRICT"})


FILLED: dict[str, tuple[list[JsonValue], bool]] = {
    "a hidden object": ([{"object": "paper", "create": {}}], False),
    "an object that is not read": ([{"object": "paper", "create": {}}, {"object": "company", "create": {}}], False),
    "an object that is read": ([{"object": "paper", "create": {}}, {"object": "company", "read": {}}], True),
}


@pytest.mark.parametrize(("grants", "is_filled"), FILLED.values(), ids=FILLED.keys())
def test_a_required_relation_is_given_by_roles_that_read_its_target(grants: list[JsonValue], is_filled: bool) -> None:
    snapshot, required = papers()
    told = [one for one in effects(with_role(snapshot, *grants), required) if one[0] == "CANNOT_CREATE"]
    assert told == ([] if is_filled else [("CANNOT_CREATE", "paper.company", ["clerk"])])
    after = apply(snapshot, required).snapshot
    preset = {"object": "paper", "create": {"preset": {"companyId": str(after.workspace.id)}}}
    with_role(after, preset, *grants[1:])
    if is_filled:
        with_role(after, *grants)
        return
    with pytest.raises(InvalidChange) as refused:
        with_role(after, *grants)
    assert refused.value.message == (
        "grants: no paper could be created without company, which each needs; grant read of company, or preset it"
    )


def test_a_grant_for_all_objects_is_held_to_the_required_relations_of_each() -> None:
    after = apply(*papers()).snapshot
    grants: list[JsonValue] = [{"object": "*", "read": {}, "create": {}}, {"object": "company"}]
    with pytest.raises(InvalidChange, match="grant read of company, or give paper a grant of its own"):
        with_role(after, *grants)
    with_role(after, *grants, {"object": "paper", "read": {}})


def test_a_new_required_field_and_a_default_that_goes() -> None:
    narrow = {"object": "person", "read": {}, "create": {"fields": {"only": ["email"]}}}
    whole = with_role(STANDARD, narrow)
    new = CreateField(
        object_id=STANDARD.by_singular["person"].id,
        name="rank",
        label="Rank",
        type=FieldType.TEXT,
        is_nullable=False,
    )
    told = ("CANNOT_CREATE", "person.rank", ["clerk"])
    assert told in effects(whole, new)
    filled = replace(new, default="low")
    assert told not in effects(whole, filled)
    before = apply(whole, filled).snapshot
    assert effects(before, UpdateField(field_id=field(before, "person.rank").id, default=None)) == [told]
