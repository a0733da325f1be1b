"""metadata/schema_file/role_plan.py: roles are freed of their rights only where a change is refused otherwise."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.access.role_display import show_role
from fieldstone.metadata.changes import CreateRole, DeleteField, apply, describe
from fieldstone.metadata.errors import InvalidChange, MetadataError
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.schema_file import export_model, plan_document
from fieldstone.metadata.schema_file.roles import export_roles
from tests.metadata.desk import new_field, person, role_named
from tests.metadata.schema_files import carry_out, written
from tests.models import apply_all, standard_snapshot

READS_ALL: JsonValue = {"object": "*", "aggregates": True, "read": {}}
FRESH = replace(standard_snapshot(), roles={role.id: role for role in system_roles()})


def updates_by(name: str) -> JsonValue:
    """A grant for people that needs a field."""
    return {"object": "person", "read": {}, "update": {"rule": {name: {"eq": "x"}}}}


BASE = CreateRole(name="base", settings=["ROLES"], grants=[READS_ALL, updates_by("city")])
MODELER = CreateRole(name="modeler", parents=["base"], settings=["DATA_MODEL", "IMPERSONATE"])
LEAD = CreateRole(name="lead", parents=["modeler"], settings=["IMPERSONATE"])
CLERK = CreateRole(name="clerk", parents=["base"], settings=["HISTORY"], grants=[updates_by("jobTitle")])


def with_roles(*roles: CreateRole) -> Snapshot:
    return apply_all(FRESH, roles)


def steps(model: Snapshot, document: Any, *, prune: bool) -> list[Any]:
    """The changes of a plan as they are shown, with the names of the roles in the place of their ids."""
    names = {str(role.id): role.name for role in model.roles.values()}
    shown = []
    for build in plan_document(model, document, prune=prune):
        change = describe(build(model))
        shown.append((change.pop("action"), names.get(change.pop("id"), ""), change))
        model = apply(model, build(model)).snapshot
    return shown


def roles_of(model: Snapshot) -> dict[str, Any]:
    return {role.name: show_role(model, role) for role in model.roles.values()}


@pytest.mark.parametrize("prune", [False, True])
def test_a_label_is_one_step_though_heirs_need_the_rights(prune: bool) -> None:
    """The role lost its grants for a moment, and the heir was refused, which the file did not change."""
    model = with_roles(BASE, MODELER, LEAD, CLERK)
    document = written(model)
    document["roles"]["base"]["label"] = "All people"
    assert steps(model, document, prune=prune) == [("updateRole", "base", {"label": "All people"})]


@pytest.mark.parametrize(("lists_heirs", "prune"), [(True, True), (True, False), (False, False)])
def test_heirs_of_a_freed_role_are_freed_of_settings_that_they_cannot_keep(*, lists_heirs: bool, prune: bool) -> None:
    model = with_roles(BASE, MODELER, LEAD, CLERK)
    document = written(model)
    document["objects"]["person"]["fields"]["city"]["isActive"] = False
    document["roles"]["base"]["grants"][1] = updates_by("jobTitle")
    if not lists_heirs:
        del document["roles"]["modeler"], document["roles"]["lead"], document["roles"]["clerk"]
    assert steps(model, document, prune=prune) == [
        ("updateRole", "lead", {"settings": []}),
        ("updateRole", "modeler", {"settings": []}),
        ("updateRole", "base", {"settings": [], "grants": []}),
        ("updateField", "", {"isActive": False}),
        ("updateRole", "base", {"settings": ["ROLES"], "grants": [READS_ALL, updates_by("jobTitle")]}),
        ("updateRole", "modeler", {"settings": ["DATA_MODEL", "IMPERSONATE"]}),
        ("updateRole", "lead", {"settings": ["IMPERSONATE"]}),
    ]


@pytest.mark.parametrize("prune", [False, True])
def test_a_change_that_no_role_needs_frees_none(prune: bool) -> None:
    model = with_roles(BASE, MODELER)
    document = written(model)
    fields = document["objects"]["person"]["fields"]
    fields["jobTitle"]["isActive"] = False
    fields["town"] = {**fields.pop("city"), "renamedFrom": "city"}
    document["roles"]["base"]["grants"] = [READS_ALL, {**updates_by("town"), "delete": {}}]
    assert [step[:2] for step in steps(model, document, prune=prune)] == [
        ("updateField", ""),
        ("updateField", ""),
        ("updateRole", "base"),
    ]


def test_a_role_that_keeps_its_rights_is_not_freed_of_a_field() -> None:
    model = with_roles(BASE)
    document = written(model)
    document["objects"]["person"]["fields"]["city"]["isActive"] = False
    document["roles"]["base"]["label"] = "All people"
    with pytest.raises(InvalidChange, match=r"person\.city is hidden, and .* of the role base needs it"):
        carry_out(model, document)


def test_a_right_that_an_heir_needs_is_refused_by_the_heir() -> None:
    model = with_roles(BASE, MODELER)
    document = written(model)
    document["roles"]["base"]["grants"] = []
    with pytest.raises(InvalidChange, match="modeler cannot have the setting DATA_MODEL"):
        carry_out(model, document)


@pytest.mark.parametrize("prune", [False, True])
def test_a_parent_and_its_heir_lose_together_what_one_needs_of_the_other(prune: bool) -> None:
    claim = {"name": "city", "type": "TEXT"}
    rule = {"object": "person", "read": {"rule": {"city": {"eq": "$principal.city"}}}}
    model = with_roles(
        BASE, MODELER, CreateRole(name="of", claims=[claim]), CreateRole(name="heir", parents=["of"], grants=[rule])
    )
    document = written(model)
    document["roles"] |= {"base": {}, "modeler": {"parents": ["base"]}, "of": {}, "heir": {"claims": [claim]}}
    after, _ = carry_out(model, document, prune=prune)
    assert roles_of(after)["modeler"]["settings"] == []
    document["roles"]["of"] |= {"claims": [claim]}
    document["roles"]["heir"] = {"parents": ["of"], "grants": [rule]}
    assert roles_of(carry_out(after, document, prune=prune)[0])["heir"] == roles_of(model)["heir"]


def test_a_role_is_deleted_behind_the_heir_that_leaves_it() -> None:
    model = with_roles(BASE, replace(CLERK, settings=[]), CreateRole(name="other"))
    document = written(model)
    del document["roles"]["base"], document["roles"]["other"]
    del document["roles"]["clerk"]["parents"]
    assert steps(model, document, prune=True) == [
        ("deleteRole", "other", {}),
        ("updateRole", "clerk", {"parents": None}),
        ("deleteRole", "base", {}),
    ]


def test_a_role_goes_with_the_field_that_it_needs_and_its_heir_stays() -> None:
    field = new_field(person(FRESH), "level")
    grants = [updates_by("level")]
    middle = CreateRole(name="middle", parents=["base"])
    heir = CreateRole(name="heir", parents=["middle"], grants=[updates_by("jobTitle")])
    model = apply_all(FRESH, [field, CreateRole(name="base", grants=grants), middle, heir])
    document = written(model)
    del document["objects"]["person"]["fields"]["level"]
    document["roles"] = {"heir": {"grants": [updates_by("jobTitle")]}}
    after, _ = carry_out(model, document, prune=True)
    assert roles_of(after).keys() == {"admin", "editor", "viewer", "heir"}
    assert roles_of(after)["heir"]["grants"] == roles_of(model)["heir"]["grants"]


def test_a_renamed_parent_is_no_difference_of_its_heirs() -> None:
    model = with_roles(BASE, MODELER)
    document = written(model)
    document["roles"]["root"] = {**document["roles"].pop("base"), "renamedFrom": "base"}
    document["roles"]["modeler"]["parents"] = ["root"]
    assert steps(model, document, prune=True) == [("updateRole", "base", {"name": "root"})]


@pytest.mark.parametrize("names", [("base", "root"), ("root", "base")])
def test_the_old_name_of_a_role_may_be_a_new_one(names: tuple[str, str]) -> None:
    model = with_roles(BASE)
    document = written(model)
    given = {"root": {**document["roles"]["base"], "renamedFrom": "base"}, "base": {}}
    document["roles"] = {name: given[name] for name in names}
    assert steps(model, document, prune=True) == [
        ("updateRole", "base", {"name": "root"}),
        ("createRole", "", {"name": "base"}),
    ]


def test_a_label_keeps_the_ids_of_deleted_fields() -> None:
    """A field that comes back by undoing stays hidden from the role."""
    field = new_field(person(FRESH), "salary")
    role = CreateRole(name="clerk", grants=[{"object": "person", "read": {"fields": {"allBut": ["salary"]}}}])
    model = apply_all(FRESH, [field, role, DeleteField(field_id=field.id)])
    document = written(model)
    document["roles"]["clerk"]["label"] = "Clerks"
    after, _ = carry_out(model, document)
    assert role_named(after, "clerk") == replace(role_named(model, "clerk"), label="Clerks")


NAMES = ("a", "b", "c", "d")
GRANTS = (READS_ALL, updates_by("city"), updates_by("jobTitle"))
SETTINGS = ("ROLES", "IMPERSONATE", "DATA_MODEL")


@st.composite
def role_sets(draw: st.DrawFn, *, settings: tuple[str, ...] = ()) -> Snapshot:
    """A model with some roles, each of which may inherit those before it in an order of its own."""
    model, made = FRESH, list[str]()
    for name in draw(st.permutations(NAMES)):
        role = CreateRole(
            name=name,
            label=draw(st.sampled_from(["x", "y"])),
            parents=draw(st.lists(st.sampled_from(made), unique=True)) if made else [],
            grants=draw(st.lists(st.sampled_from(GRANTS), max_size=2, unique_by=lambda grant: grant["object"])),
            settings=draw(st.lists(st.sampled_from(settings), unique=True)) if settings else [],
        )
        if draw(st.booleans()):
            try:
                model = apply(model, role).snapshot
            except MetadataError:
                continue
            made.append(name)
    return model


@pytest.mark.long
@given(before=role_sets(), wanted=role_sets())
def test_files_that_differ_only_in_roles_have_one_step_for_each(before: Snapshot, wanted: Snapshot) -> None:
    document: Any = {**export_model(before), "roles": export_roles(wanted)}
    after, count = carry_out(before, document, prune=True)
    assert roles_of(after) == roles_of(wanted)
    old, new = roles_of(before), roles_of(wanted)
    assert count == sum(old.get(name) != new.get(name) for name in NAMES)


@pytest.mark.long
@given(before=role_sets(settings=SETTINGS), wanted=role_sets(settings=SETTINGS), hides=st.booleans())
def test_any_roles_become_any_others(before: Snapshot, wanted: Snapshot, *, hides: bool) -> None:
    document: Any = {**export_model(before), "roles": export_roles(wanted)}
    needs_city = any(
        grant.get("update", {}).get("rule") == {"city": {"eq": "x"}}
        for role in roles_of(wanted).values()
        for grant in role["grants"]
    )
    if hides and not needs_city:
        document["objects"]["person"]["fields"]["city"]["isActive"] = False
    after, _ = carry_out(before, document, prune=True)
    assert roles_of(after) == roles_of(wanted)
    assert carry_out(after, document, prune=True)[1] == 0
