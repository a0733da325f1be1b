"""Roles while the model changes: names may change, fields of rules may not go, and a rollback brings rights back."""

from typing import Any

import pytest

from fieldstone.metadata.roles.role import find_role
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.changing import APPLY, refused
from tests.engine.metadata_api.roles import (
    DELETE,
    OWN,
    READ_ALL,
    REP,
    UPDATE,
    add_owner,
    create_role,
    data,
    of_role,
    show,
)

pytestmark = pytest.mark.long

ROLLBACK = "mutation ($to: BigInt!) { rollback(to: $to) }"


async def apply(apis: Apis, *changes: dict[str, Any], dry_run: bool = False) -> Any:
    return (await apis.change(APPLY, changes=list(changes), dryRun=dry_run))["applyChanges"]


async def refusal(apis: Apis, *changes: dict[str, Any], dry_run: bool = False) -> str:
    return str((await refused(apis, APPLY, changes=list(changes), dryRun=dry_run))["message"])


async def test_a_rename_changes_nothing_but_the_shown_names(apis: Apis) -> None:
    await add_owner(apis)
    await create_role(apis, **REP)
    before = dict((await apis.snapshot()).roles)
    await apply(
        apis,
        {"updateField": {"id": "opportunity.owner", "update": {"name": "seller"}}},
        {"updateField": {"id": "opportunity.closeDate", "update": {"name": "due"}}},
        {"updateObject": {"id": "opportunity", "update": {"nameSingular": "deal", "namePlural": "deals"}}},
    )
    after = (await apis.snapshot()).roles
    assert after == before
    assert all(after[id_] is role for id_, role in before.items())
    _, deal = (await show(apis, "rep"))["grants"]
    assert deal["object"] == "deal"
    assert deal["read"] == {"rule": {"sellerId": {"eq": "$principal.userId"}}, "fields": {"allBut": ["due"]}}
    assert deal["create"]["preset"] == {"sellerId": "$principal.userId"}


NEEDS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "deleted": ({"rule": {"score": {"gt": 1}}}, {"deleteField": {"id": "company.score"}}, "company.score goes"),
    "hidden": (
        {"rule": {"score": {"gt": 1}}},
        {"updateField": {"id": "company.score", "update": {"isActive": False}}},
        "company.score is hidden",
    ),
    "retyped": (
        {"rule": {"score": {"gt": 1}}},
        {"updateField": {"id": "company.score", "update": {"type": "TEXT"}}},
        "company.score gets another type",
    ),
    "of another kind of number": (
        {"rule": {"score": {"gt": 1}}},
        {"updateField": {"id": "company.score", "update": {"settings": {"dataType": "int"}}}},
        "company.score gets another type",
    ),
    "with its object hidden": (
        {"rule": {"opportunities": {"some": {"name": {"eq": "a"}}}}},
        {"updateObject": {"id": "opportunity", "update": {"isActive": False}}},
        "opportunity.name",
    ),
    "a relation that a rule hops over": (
        {"rule": {"tasks": {"some": {"done": {"eq": "YES"}}}}},
        {"deleteField": {"id": "task.company"}},
        "company.tasks goes",
    ),
    "the object that a rule hops to": (
        {"rule": {"tasks": {"some": {"done": {"eq": "YES"}}}}}, {"deleteObject": {"id": "task"}}, "task.done",
    ),
    "an option that a rule names": (
        {"rule": {"tasks": {"some": {"done": {"eq": "YES"}}}}},
        {"updateField": {"id": "task.done", "update": {"options": [{"value": "NO", "label": "No", "position": 0}]}}},
        "task.done loses the options YES",
    ),
    "a relation that leads to one record afterwards": (
        {"rule": {"tasks": {"some": {"done": {"eq": "YES"}}}}},
        {"updateField": {"id": "task.company", "update": {"isUnique": True}}},
        "company.tasks leads to another number of records",
    ),
}  # fmt: skip

PREPARED = (
    {"createField": {"objectMetadataId": "company", "name": "score", "label": "Score", "type": "NUMBER"}},
    {
        "createObject": {
            "nameSingular": "task", "namePlural": "tasks", "labelSingular": "Task", "labelPlural": "Tasks",
        }
    },
    {
        "createField": {
            "objectMetadataId": "task", "name": "done", "label": "Done", "type": "SELECT",
            "options": [
                {"value": "NO", "label": "No", "position": 0}, {"value": "YES", "label": "Yes", "position": 1},
            ],
        }
    },
    {
        "createField": {
            "objectMetadataId": "task", "name": "company", "label": "Company", "type": "RELATION",
            "relationCreationPayload": {"targetObjectMetadataId": "company", "targetFieldLabel": "Tasks"},
        }
    },
)  # fmt: skip


@pytest.mark.parametrize(("way", "change", "words"), NEEDS.values(), ids=NEEDS.keys())
async def test_what_a_rule_needs_does_not_go(apis: Apis, way: Any, change: dict[str, Any], words: str) -> None:
    await apply(apis, *PREPARED)
    id_ = await create_role(apis, name="clerk", grants=[{"object": "company", "read": way}])
    message = await refusal(apis, change)
    assert words in message
    assert "the role clerk needs it" in message
    assert await refusal(apis, change, dry_run=True) == message
    mended = {"updateRole": {"id": "clerk", "update": {"grants": [{"object": "company", "read": {}}]}}}
    assert words in await refusal(apis, change, mended)
    await apply(apis, mended, change)
    assert (await show(apis, "clerk"))["id"] == id_


async def test_a_check_and_a_preset_need_their_fields_too(apis: Apis) -> None:
    await apply(apis, *PREPARED)
    delete = {"deleteField": {"id": "company.score"}}
    for name, way in (("checking", {"check": {"score": {"gt": 1}}}), ("presetting", {"preset": {"score": 1}})):
        id_ = await create_role(apis, name=name, grants=[{"object": "company", "create": way}])
        assert f"the role {name} needs it" in await refusal(apis, delete)
        await apis.change(DELETE, id=id_)
    await apply(apis, delete)


async def test_a_list_of_fields_and_a_grant_need_none_of_them_and_keep_the_ids_of_deleted_ones(apis: Apis) -> None:
    await apply(apis, *PREPARED)
    grants = [
        {"object": "*", "read": {}},
        {"object": "company", "read": {"fields": {"allBut": ["score", "website"]}}},
        {"object": "task", "read": {"fields": {"only": ["done"]}}},
    ]
    await create_role(apis, name="clerk", grants=grants)
    kept, version = await show(apis, "clerk"), (await apis.snapshot()).version
    (before,) = [role for role in (await apis.snapshot()).roles.values() if role.name == "clerk"]
    await apply(apis, {"deleteField": {"id": "company.score"}}, {"deleteObject": {"id": "task"}})
    _, shown = (await show(apis, "clerk"))["grants"]
    assert shown["read"] == {"fields": {"allBut": ["website"]}}
    assert (await apis.snapshot()).roles[before.id] is before
    plan = await apis.change(f"{{ planRollback(to: {version}) {{ roles {{ kind name roles }} }} }}")
    assert {one["name"]: one["roles"] for one in plan["planRollback"]["roles"]} == {
        "task": ["admin", "editor", "viewer", "clerk"],
        "company.score": ["admin", "editor", "viewer"],
        "company.tasks": ["admin", "editor", "viewer"],
    }
    await apis.change(ROLLBACK, to=str(version))
    assert await show(apis, "clerk") == kept


async def test_a_rollback_brings_roles_back_as_they_were(apis: Apis) -> None:
    await add_owner(apis)
    first = (await apis.snapshot()).version
    id_ = await create_role(apis, **REP)
    kept, version = await show(apis, "rep"), (await apis.snapshot()).version
    role = find_role((await apis.snapshot()).roles, "rep")
    assert role is not None
    await apis.change(UPDATE, id=id_, input={"name": "seller", "label": "x", "grants": [], "claims": [], "limits": {}})
    await apply(apis, {"updateField": {"id": "opportunity.owner", "update": {"name": "keeper"}}})
    await apis.change(DELETE, id=id_)
    await apis.change(ROLLBACK, to=str(version))
    assert await show(apis, "rep") == kept
    assert (await apis.snapshot()).roles[role.id] == role
    await apis.change(ROLLBACK, to=str(first))
    assert await show(apis, "rep") is None


async def test_a_system_role_that_was_deleted_comes_back_as_one(apis: Apis) -> None:
    kept, version = await show(apis, "editor"), (await apis.snapshot()).version
    await apis.change(DELETE, id=kept["id"])
    await apis.change(ROLLBACK, to=str(version))
    assert await show(apis, "editor") == kept


async def test_the_history_shows_a_role_before_and_after(apis: Apis) -> None:
    await add_owner(apis)
    id_ = await create_role(apis, **REP)
    await apis.change(UPDATE, id=id_, input={"limits": {"maxPage": 5}})
    found = await apis.change(
        "{ metadataHistory(first: 1, orderBy: { version: DESC }) { edges { node { changes } } } }"
    )
    (change,) = found["metadataHistory"]["edges"][0]["node"]["changes"]
    assert (change["action"], change["id"], change["limits"]) == ("updateRole", id_, {"maxPage": 5})
    (before,), (after,) = change["before"], change["after"]
    assert (before["kind"], before["limits"], after["limits"]) == ("role", REP["limits"], {"maxPage": 5})
    assert before["grants"] == after["grants"]
    assert before["grants"][1]["read"]["rule"] == OWN


SHOWN = {
    "a role that does not read all": ([], [{"object": "company", "read": {}}], []),
    "one that reads all": ([], [READ_ALL], ["updateObject"]),
    "one that changes the model": (["DATA_MODEL"], [READ_ALL], ["updateObject"]),
    "one that may bind roles": (["ROLES"], [], ["createRole", "updateObject"]),
}


@pytest.mark.parametrize(("settings", "grants", "shown"), SHOWN.values(), ids=SHOWN.keys())
async def test_the_history_shows_no_more_of_roles_and_the_model_than_its_reader_sees(
    apis: Apis, settings: list[str], grants: list[Any], shown: list[str]
) -> None:
    clerk = await of_role(apis, "clerk", "HISTORY", *settings, grants=grants)
    version = (await apis.snapshot()).version
    await apply(apis, {"updateObject": {"id": "person", "update": {"icon": "x"}}})
    await apply(apis, {"createRole": {"name": "x", "grants": [READ_ALL]}})
    query = (
        "query ($v: BigInt!) { metadataHistory(filter: { version: { gt: $v } }) { edges { node { actor changes } } } }"
    )
    entries = [edge["node"] for edge in (await data(apis, clerk, query, v=version))["metadataHistory"]["edges"]]
    assert [entry["actor"] for entry in entries] == [PRINCIPAL.name] * 2
    assert sorted(change["action"] for entry in entries for change in entry["changes"] or ()) == shown


async def test_a_change_of_a_role_locks_no_table_and_changes_no_statement(apis: Apis) -> None:
    plan = await apply(apis, {"createRole": {"name": "clerk"}}, dry_run=True)
    assert (plan["sql"], plan["locks"], plan["appears"], plan["breaking"]) == ([], [], [], [])
    before = await apis.snapshot()
    await apply(apis, {"createRole": {"name": "clerk"}})
    after = await apis.snapshot()
    assert after.version == before.version + 1
    assert all(after.objects[id_] is object_ for id_, object_ in before.objects.items())


async def effects(apis: Apis, *changes: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    plan = await apply(apis, *changes, dry_run=True)
    return [(one["kind"], one["name"], one["roles"]) for one in plan["roles"]]


async def test_a_dry_run_names_the_roles_that_read_what_is_new(apis: Apis) -> None:
    everything = {"object": "company", "read": {"fields": {"allBut": ["website"]}}}
    await create_role(apis, name="wide", grants=[everything])
    await create_role(apis, name="narrow", grants=[{"object": "company", "read": {"fields": {"only": ["name"]}}}])
    field = {"createField": {"objectMetadataId": "company", "name": "size", "label": "Size", "type": "TEXT"}}
    built_in = ["admin", "editor", "viewer"]
    assert await effects(apis, field) == [("READABLE", "company.size", [*built_in, "wide"])]
    project = {
        "createObject": {"nameSingular": "a", "namePlural": "as", "labelSingular": "A", "labelPlural": "As"},
    }
    assert await effects(apis, project) == [("READABLE", "a", built_in)]
    assert await effects(apis, {"updateField": {"id": "company.name", "update": {"label": "x"}}}) == []


async def test_a_dry_run_names_the_roles_that_can_create_no_more(apis: Apis) -> None:
    only = {"fields": {"only": ["name"]}}
    await create_role(apis, name="narrow", grants=[{"object": "company", "read": {}, "create": only}])
    ways = [only, {"preset": {"website": "x"}}]
    await create_role(apis, name="setting", grants=[{"object": "company", "create": ways}])
    required = {"updateField": {"id": "company.website", "update": {"isNullable": False}}}
    assert await effects(apis, required) == [("CANNOT_CREATE", "company.website", ["narrow"])]


GRANT = {"object": "company", "read": {"rule": {"name": {"eq": "a"}}, "fields": {"allBut": ["website"]}}}
WIDER: dict[str, tuple[Any, Any, list[str]]] = {
    "nothing": (GRANT, GRANT, []),
    "another rule": (
        GRANT, {**GRANT, "read": {"rule": {"name": {"eq": "b"}}, "fields": {"allBut": ["website"]}}}, ["company"],
    ),
    "no rule": (GRANT, {**GRANT, "read": {"fields": {"allBut": ["website"]}}}, ["company"]),
    "a rule": ({"object": "company", "read": {}}, GRANT, []),
    "more fields": (GRANT, {**GRANT, "read": {"rule": {"name": {"eq": "a"}}}}, ["company"]),
    "fewer fields": (GRANT, {**GRANT, "read": {"rule": {"name": {"eq": "a"}}, "fields": {"only": ["name"]}}}, []),
    "another action": (GRANT, {**GRANT, "delete": {}}, ["company"]),
    "an action less": ({**GRANT, "delete": {}}, GRANT, []),
    "aggregates": ({**GRANT, "aggregates": False}, GRANT, ["company"]),
    "no check": (
        {"object": "company", "update": {"check": {"name": {"eq": "a"}}}},
        {"object": "company", "update": {}},
        ["company"],
    ),
    "a lifted check": (
        {"object": "company", "update": {"rule": {"name": {"eq": "a"}}}},
        {"object": "company", "update": {"rule": {"name": {"eq": "a"}}, "check": {}}},
        ["company"],
    ),
    "no preset": (
        {"object": "company", "create": {"preset": {"name": "a"}}}, {"object": "company", "create": {}}, ["company"],
    ),
    "all objects": (GRANT, [GRANT, {"object": "*", "read": {}}], ["*"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "names"), WIDER.values(), ids=WIDER.keys())
async def test_a_dry_run_names_the_roles_that_get_wider(apis: Apis, old: Any, new: Any, names: list[str]) -> None:
    await create_role(apis, name="clerk", grants=[old])
    await create_role(apis, name="heir", parents=["clerk"])
    change = {"updateRole": {"id": "clerk", "update": {"grants": new if isinstance(new, list) else [new]}}}
    found = await effects(apis, change)
    assert found == [("WIDENED", name, [role]) for role in ("clerk", "heir") for name in names]


async def test_a_rollback_that_widens_a_role_says_so(apis: Apis) -> None:
    id_ = await create_role(apis, name="clerk", settings=["HISTORY"], grants=[{"object": "company", "read": {}}])
    version = (await apis.snapshot()).version
    await apis.change(UPDATE, id=id_, input={"grants": [], "settings": []})
    text = f"{{ planRollback(to: {version}) {{ roles {{ kind name roles message }} }} }}"
    assert (await apis.change(text))["planRollback"]["roles"] == [
        {
            "kind": "WIDENED",
            "name": "company",
            "roles": ["clerk"],
            "message": "clerk may do more with company than before",
        },
        {"kind": "WIDENED", "name": "settings", "roles": ["clerk"], "message": "clerk gets the settings HISTORY"},
    ]


async def test_a_field_that_becomes_required_refuses_new_grants_alone(apis: Apis) -> None:
    create = {"object": "company", "read": {}, "create": {"fields": {"only": ["name"]}}}
    id_ = await create_role(apis, name="clerk", grants=[create])
    await apply(apis, {"updateField": {"id": "company.website", "update": {"isNullable": False}}})
    version = (await apis.snapshot()).version
    await apis.change(UPDATE, id=id_, input={"label": "Other"})
    error = await refused(apis, UPDATE, id=id_, input={"grants": [{**create, "delete": {}}]})
    assert "without website" in error["message"]
    await apis.change(UPDATE, id=id_, input={"grants": []})
    await apis.change(ROLLBACK, to=str(version))
    assert (await show(apis, "clerk"))["grants"][0]["create"] == {"fields": {"only": ["name"]}}
