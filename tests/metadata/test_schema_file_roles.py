"""metadata/schema_file/roles.py: roles in a model file, with names in the place of ids."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.metadata.access.role_display import show_role
from fieldstone.metadata.changes import CreateRole, DeleteField, UpdateField, UpdateRole, apply
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.schema_file.roles import read_roles
from tests.metadata.desk import new_field, person, role_named
from tests.metadata.schema_files import carry_out, written
from tests.models import apply_all, standard_snapshot

RULE = {"city": {"eq": "$principal.city"}}
BASE = CreateRole(name="base", label="Base", claims=[{"name": "city", "type": "TEXT"}], limits={"maxPage": 5})
CLERK = CreateRole(
    name="clerk",
    label="Clerk",
    description="Reads people.",
    parents=["base"],
    settings=["HISTORY"],
    grants=[
        {"object": "*", "read": {}},
        {
            "object": "person",
            "aggregates": False,
            "read": {"rule": RULE, "fields": {"allBut": ["phone"]}},
            "create": {"preset": {"city": "$principal.city"}},
            "delete": [{"rule": {"lastName": {"eq": "x"}}}, {"rule": RULE}],
        },
    ],
)


def fresh() -> Snapshot:
    return replace(standard_snapshot(), roles={role.id: role for role in system_roles()})


def with_roles() -> Snapshot:
    return apply_all(fresh(), [BASE, CLERK])


def shown_roles(snapshot: Snapshot) -> list[Any]:
    return sorted((show_role(snapshot, role) for role in snapshot.roles.values()), key=lambda role: role["name"])


def test_the_first_roles_of_a_workspace_are_left_out() -> None:
    assert "roles" not in written(fresh())


def test_a_changed_first_role_is_written() -> None:
    base = fresh()
    model = apply(base, UpdateRole(role_id=role_named(base, "viewer").id, label="Reader")).snapshot
    assert list(written(model)["roles"]) == ["viewer"]


def test_roles_are_made_in_another_workspace_as_they_are() -> None:
    model = with_roles()
    document = written(model)
    assert list(document["roles"]) == ["base", "clerk"]
    assert carry_out(model, document, prune=True) == (model, 0)
    other, _ = carry_out(fresh(), document)
    assert shown_roles(other) == shown_roles(model)
    assert carry_out(other, document, prune=True)[1] == 0


def test_roles_may_stand_before_their_parents() -> None:
    document = written(with_roles())
    document["roles"] = dict(reversed(document["roles"].items()))
    assert shown_roles(carry_out(fresh(), document)[0]) == shown_roles(with_roles())


def test_a_document_without_roles_leaves_them() -> None:
    model = with_roles()
    document = written(model)
    del document["roles"]
    assert carry_out(model, document, prune=True) == (model, 0)


def test_roles_that_a_document_does_not_have_go_with_prune_alone() -> None:
    model = with_roles()
    document = written(model)
    del document["roles"]["base"], document["roles"]["clerk"]
    assert carry_out(model, document) == (model, 0)
    document["roles"] = {}
    after, _ = carry_out(model, document, prune=True)
    assert {role.name for role in after.roles.values()} == {"admin", "editor", "viewer"}


def test_a_parent_goes_and_its_heir_stays() -> None:
    model = with_roles()
    document = written(model)
    del document["roles"]["base"]
    document["roles"]["clerk"] |= {"parents": [], "claims": [{"name": "city", "type": "TEXT"}]}
    after, _ = carry_out(model, document, prune=True)
    assert {role.name for role in after.roles.values()} == {"admin", "editor", "viewer", "clerk"}


def test_a_renamed_role_keeps_its_id() -> None:
    model = with_roles()
    document = written(model)
    document["roles"]["agent"] = {**document["roles"].pop("clerk"), "renamedFrom": "clerk"}
    after, count = carry_out(model, document, prune=True)
    assert role_named(after, "agent").id == role_named(model, "clerk").id
    assert count == 1
    assert carry_out(after, document, prune=True)[1] == 0


def test_a_role_and_the_field_that_its_rule_needs_change_together() -> None:
    base = fresh()
    field = new_field(person(base), "level")
    grants = [{"object": "person", "read": {"rule": {"level": {"eq": "a"}}}}]
    model = apply_all(base, [field, CreateRole(name="clerk", grants=grants)])
    document = written(model)
    del document["objects"]["person"]["fields"]["level"]
    document["objects"]["person"]["fields"]["rank"] = {"type": "TEXT", "label": "Rank"}
    document["roles"]["clerk"]["grants"][0]["read"] = {"rule": {"rank": {"eq": "a"}}}
    after, _ = carry_out(model, document, prune=True)
    assert "level" not in person(after).by_name
    assert show_role(after, role_named(after, "clerk"))["grants"][0]["read"] == {"rule": {"rank": {"eq": "a"}}}
    with pytest.raises(InvalidChange, match="the role clerk needs it"):
        apply(model, DeleteField(field_id=field.id))


@pytest.mark.parametrize("change", [{"isActive": False}, {"type": "RAW_JSON"}], ids=["hidden", "of another type"])
@pytest.mark.parametrize("prune", [False, True])
def test_a_role_lets_go_of_a_field_that_its_rule_needed(change: dict[str, Any], prune: bool) -> None:
    grants = [{"object": "person", "read": {"rule": {"city": {"eq": "Bonn"}}}}]
    model = apply_all(fresh(), [CreateRole(name="clerk", grants=grants), CreateRole(name="other")])
    document = written(model)
    document["objects"]["person"]["fields"]["city"] |= change
    document["roles"]["clerk"]["grants"][0]["read"] = {"rule": {"jobTitle": {"eq": "x"}}}
    del document["roles"]["other"]
    after, _ = carry_out(model, document, prune=prune)
    assert show_role(after, role_named(after, "clerk"))["grants"][0]["read"] == {"rule": {"jobTitle": {"eq": "x"}}}
    assert ("other" in {role.name for role in after.roles.values()}) is not prune


def test_a_renamed_field_is_no_difference_of_a_role() -> None:
    model = with_roles()
    document = written(model)
    fields = document["objects"]["person"]["fields"]
    fields["town"] = {**fields.pop("city"), "renamedFrom": "city"}
    text = copy.deepcopy(document["roles"]["clerk"]["grants"][1])
    text["read"]["rule"] = {"town": RULE["city"]}
    text["create"]["preset"] = {"town": "$principal.city"}
    text["delete"][1]["rule"] = {"town": RULE["city"]}
    document["roles"]["clerk"]["grants"][1] = text
    after, count = carry_out(model, document)
    assert count == 1
    renamed = apply(model, UpdateField(field_id=person(model).by_name["city"].id, name="town")).snapshot
    assert after.roles == renamed.roles == model.roles


def test_ids_of_deleted_fields_are_no_difference() -> None:
    base = fresh()
    field = new_field(person(base), "salary")
    role = CreateRole(name="clerk", grants=[{"object": "person", "read": {"fields": {"allBut": ["salary"]}}}])
    model = apply_all(base, [field, role, DeleteField(field_id=field.id)])
    assert role_named(model, "clerk").grants[0].ways[0].fields.ids == {field.id}
    assert carry_out(model, written(model), prune=True) == (model, 0)


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"admin": {}}, "admin may do everything"),
        ({"clerk": {"rights": []}}, "has no member"),
        ({"clerk": {"parents": "viewer"}}, "parents must be a list"),
        (["clerk"], "must be a mapping"),
    ],
)
def test_what_is_no_role_is_refused(roles: Any, words: str) -> None:
    with pytest.raises(InvalidChange, match=words):
        read_roles({"version": 1, "roles": roles})


def test_a_circle_is_refused() -> None:
    roles = {"a": {"parents": ["b"]}, "b": {"parents": ["a"]}}
    with pytest.raises(InvalidChange, match="would inherit itself"):
        carry_out(fresh(), {"version": 1, "objects": {}, "roles": roles})
