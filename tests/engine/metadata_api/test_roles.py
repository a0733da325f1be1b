"""Roles in the Metadata API: each is shown as it was given, and a wrong one is refused at its place."""

from typing import Any

import pytest

from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.role import find_role
from fieldstone.metadata.workspaces.key_store import KeyStore
from tests.apis import Apis
from tests.engine.metadata_api.changing import APPLY, refused
from tests.engine.metadata_api.roles import CREATE, DELETE, OWN, REP, UPDATE, add_owner, create_role, show

READ_ALL = [{"object": "*", "read": {}}]


async def test_a_role_is_shown_as_it_was_given(apis: Apis) -> None:
    await add_owner(apis)
    id_ = await create_role(apis, **REP)
    shown = await show(apis, "rep")
    opportunity = {name: value for name, value in REP["grants"][1].items() if value is not None}
    assert shown == {
        "id": id_,
        "name": "rep",
        "label": "Sales rep",
        "description": None,
        "parents": ["viewer"],
        "claims": [{"name": "userId", "type": "UUID"}],
        "limits": REP["limits"],
        "settings": ["API_KEYS"],
        "grants": [{"object": "*", "read": {}, "aggregates": True}, opportunity],
        "isSystem": False,
    }


async def test_the_example_of_the_documentation_is_accepted(apis: Apis) -> None:
    await add_owner(apis)
    made = await apis.change(
        """mutation { createRole(input: { name: "rep" label: "Sales rep" parents: ["viewer"]
          claims: [{ name: "userId" type: UUID }]  limits: { maxPage: 100 maxCost: 100000 rateLimit: 600 }
          settings: [API_KEYS]
          grants: [{ object: "*" read: { fields: { allBut: [] } } }
                   { object: "opportunity" aggregates: true
                     read:   { rule: { ownerId: { eq: "$principal.userId" } } fields: { allBut: ["closeDate"] } }
                     create: { fields: { only: ["name" "amount"] } preset: { ownerId: "$principal.userId" } }
                     update: { rule: { ownerId: { eq: "$principal.userId" } } check: { amount: { lte: 1000000 } }
                               fields: { only: ["amount" "stage"] } }
                     delete: null restore: null destroy: null }] }) { id name grants } }"""
    )
    assert made["createRole"]["name"] == "rep"
    assert (await show(apis, "rep"))["grants"] == made["createRole"]["grants"]


async def test_a_role_is_found_by_its_id_and_by_its_name(apis: Apis) -> None:
    id_ = await create_role(apis, name="clerk")
    text = "query ($id: UUID, $name: String) { role(id: $id, name: $name) { name label } }"
    assert (await apis.change(text, id=id_))["role"] == {"name": "clerk", "label": "Clerk"}
    assert (await apis.change(text, name="clerk"))["role"] == {"name": "clerk", "label": "Clerk"}
    assert (await apis.change(text, name="boss"))["role"] is None
    assert "'id', 'name' or 'filter'" in (await refused_query(apis, text))["message"]


async def refused_query(apis: Apis, text: str) -> Any:
    (error,) = loads((await apis.send(text, {}, api=apis.metadata)).body)["errors"]
    return error


async def test_every_workspace_lists_its_first_roles(apis: Apis) -> None:
    found = await apis.change("{ roles(orderBy: { name: ASC }) { edges { node { name isSystem grants } } } }")
    nodes = [edge["node"] for edge in found["roles"]["edges"]]
    assert [(node["name"], node["isSystem"]) for node in nodes] == [("admin", True), ("editor", True), ("viewer", True)]
    assert nodes[2]["grants"] == [{"object": "*", "read": {}, "aggregates": True}]


async def test_several_ways_stand_in_a_list(apis: Apis) -> None:
    ways = [{"rule": {"name": {"eq": "a"}}}, {"fields": {"only": ["name"]}}]
    grants = [{"object": "company", "read": ways, "delete": {}, "destroy": {"rule": {"name": {"eq": "b"}}}}]
    await create_role(apis, name="clerk", grants=grants)
    assert (await show(apis, "clerk"))["grants"] == [{**grants[0], "aggregates": True}]


async def test_an_update_gives_whole_members_and_keeps_the_others(apis: Apis) -> None:
    await add_owner(apis)
    id_ = await create_role(apis, **REP)
    before = await show(apis, "rep")
    await apis.change(UPDATE, id=id_, input={"name": "seller", "settings": [], "description": "Sells."})
    after = await show(apis, "seller")
    assert after == {**before, "name": "seller", "settings": [], "description": "Sells."}
    await apis.change(UPDATE, id=id_, input={"label": None, "limits": {}, "parents": "editor"})
    assert await show(apis, "seller") == {**after, "label": "Seller", "limits": {}, "parents": ["editor"]}


async def test_the_model_has_a_role_at_once_and_each_process_loads_it(apis: Apis) -> None:
    before = await apis.snapshot()
    await add_owner(apis)
    await create_role(apis, **REP)
    now = await apis.snapshot()
    async with apis.database.session() as session:
        followed = await read_snapshot(session, now.workspace.id, before)
        loaded = await read_snapshot(session, now.workspace.id)
    assert loaded == followed == now
    assert find_role(now.roles, "rep") is not None
    assert followed.roles[next(iter(before.roles))] is next(iter(before.roles.values()))


async def test_a_role_is_changed_in_a_list_by_its_name(apis: Apis) -> None:
    await apis.change(
        APPLY,
        changes=[
            {"createRole": {"name": "clerk", "grants": READ_ALL}},
            {"createRole": {"name": "chief", "parents": ["clerk"]}},
            {"updateRole": {"id": "clerk", "update": {"label": "The clerk"}}},
            {"deleteRole": {"id": "chief"}},
        ],
    )
    assert (await show(apis, "clerk"))["label"] == "The clerk"
    assert await show(apis, "chief") is None


async def test_a_role_that_is_deleted_is_shown_once_more(apis: Apis) -> None:
    id_ = await create_role(apis, name="clerk", label="Clerk")
    assert (await apis.change(DELETE, id=id_))["deleteRole"] == {"id": id_, "name": "clerk", "label": "Clerk"}
    assert await show(apis, "clerk") is None


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a taken name": ({"name": "viewer"}, "name", "already"),
    "a bad name": ({"name": "sales rep"}, "name", "letters"),
    "a blank label": ({"label": " "}, "label", "blank"),
    "an unknown parent": ({"parents": ["boss"]}, "parents", 'no role "boss"'),
    "a claim twice": (
        {"claims": [{"name": "a", "type": "UUID"}, {"name": "a", "type": "TEXT"}]}, "claims", "twice",
    ),
    "a bad claim's name": ({"claims": [{"name": "a b", "type": "UUID"}]}, "claims[0]", "letters"),
    "a single value that may lack": (
        {"claims": [{"name": "a", "type": "UUID", "mayLack": True}]}, "claims[0]", "isList: true",
    ),
    "a limit of nothing": ({"limits": {"maxPage": 0}}, "limits.maxPage", "from 1"),
    "an unknown object": ({"grants": [{"object": "persn", "read": {}}]}, "grants[0].object", "person"),
    "an object twice": (
        {"grants": [{"object": "person", "read": {}}, {"object": "person"}]}, "grants[1].object", "before it",
    ),
    "an unknown field": (
        {"grants": [{"object": "person", "read": {"fields": {"only": ["emial"]}}}]},
        "grants[0].read.fields.only[0]", "email",
    ),
    "both kinds of fields": (
        {"grants": [{"object": "person", "read": {"fields": {"only": [], "allBut": []}}}]},
        "grants[0].read.fields", "one of them",
    ),
    "fields of all objects": (
        {"grants": [{"object": "*", "read": {"fields": {"allBut": ["name"]}}}]},
        "grants[0].read.fields", "all objects",
    ),
    "a rule on all objects": (
        {"grants": [{"object": "*", "read": {"rule": {"name": {"eq": "a"}}}}]}, "grants[0].read", "one object",
    ),
    "an unknown field in a rule": (
        {"grants": [{"object": "person", "read": [{}, {"rule": {"emial": {"eq": "a"}}}]}]},
        "grants[0].read[1].rule", "emial",
    ),
    "an unknown operator": (
        {"grants": [{"object": "person", "update": {"rule": {"email": {"equals": "a"}}}}]},
        "grants[0].update.rule.email", "equals",
    ),
    "a value of the wrong type": (
        {"grants": [{"object": "person"}, {"object": "company", "read": {"rule": {"employees": {"eq": "x"}}}}]},
        "grants[1].read.rule.employees.eq", "Int",
    ),
    "a claim of the wrong type in a check": (
        {
            "claims": [{"name": "on", "type": "BOOLEAN"}],
            "grants": [{"object": "company", "update": {"check": {"employees": {"eq": "$principal.on"}}}}],
        },
        "grants[0].update.check", "employees",
    ),
    "a claim of the wrong type in a preset": (
        {
            "claims": [{"name": "on", "type": "BOOLEAN"}],
            "grants": [{"object": "company", "create": {"preset": {"employees": "$principal.on"}}}],
        },
        "grants[0].create.preset.employees", "number",
    ),
    "a preset of the wrong type": (
        {"grants": [{"object": "company", "create": {"preset": {"employees": "many"}}}]},
        "grants[0].create.preset.employees", "must be a number",
    ),
    "a claim that is not declared": (
        {"grants": [{"object": "person", "read": {"rule": {"id": {"eq": "$principal.userId"}}}}]},
        "claims", "userId",
    ),
    "two presets of one field": (
        {"grants": [{"object": "company", "create": [{"preset": {"name": "a"}}, {"preset": {"name": "b"}}]}]},
        "grants", "company preset name",
    ),
    "a required field out of reach": (
        {"grants": [{"object": "person", "create": {"fields": {"only": ["firstName"]}}}]}, "grants", "email",
    ),
    "acting as others without ROLES": ({"settings": ["IMPERSONATE", "API_KEYS"]}, "settings", "without ROLES"),
    "the model without all records": (
        {"settings": ["DATA_MODEL"], "grants": [{"object": "person", "read": {}}]}, "settings", "DATA_MODEL",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("values", "field", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_role_is_refused(apis: Apis, values: dict[str, Any], field: str, words: str) -> None:
    before = await apis.snapshot()
    error = await refused(apis, CREATE, input={"name": "clerk", **values})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (
        "CONFLICT" if "already" in words else "NOT_FOUND" if "no role" in words else "BAD_USER_INPUT",
        field,
    )
    assert words in error["message"]
    assert await apis.snapshot() is before


async def test_a_role_inherits_no_circle(apis: Apis) -> None:
    first = await create_role(apis, name="first")
    await create_role(apis, name="second", parents=["first"])
    error = await refused(apis, UPDATE, id=first, input={"parents": ["second"]})
    assert (error["extensions"]["field"], error["message"]) == ("parents", "first would inherit itself.")
    assert "inherit itself" in (await refused(apis, UPDATE, id=first, input={"parents": ["first"]}))["message"]


async def test_a_parents_claim_is_declared_for_its_heirs_and_has_one_type(apis: Apis) -> None:
    await add_owner(apis)
    await create_role(apis, name="base", claims=[{"name": "userId", "type": "UUID"}])
    rule = [{"object": "opportunity", "read": {"rule": OWN}}]
    heir = await create_role(apis, name="heir", parents=["base"], grants=rule)
    error = await refused(apis, UPDATE, id=heir, input={"claims": [{"name": "userId", "type": "TEXT"}]})
    assert "another type in base" in error["message"]
    error = await refused(apis, UPDATE, id=heir, input={"parents": []})
    assert error["extensions"]["field"] == "claims"


async def test_a_change_of_a_parent_that_breaks_an_heir_is_refused(apis: Apis) -> None:
    base = await create_role(apis, name="base", grants=[{"object": "company", "create": {"preset": {"name": "a"}}}])
    other = [{"object": "company", "create": {"preset": {"name": "a"}}}]
    await create_role(apis, name="heir", parents=["base"], grants=other)
    changed = [{"object": "company", "create": {"preset": {"name": "b"}}}]
    assert "preset name" in (await refused(apis, UPDATE, id=base, input={"grants": changed}))["message"]


@pytest.mark.long
async def test_a_parents_claim_keeps_the_type_that_rules_of_heirs_need(apis: Apis) -> None:
    base = await create_role(apis, name="base", claims=[{"name": "u", "type": "UUID"}])
    rule, preset = {"rule": {"id": {"eq": "$principal.u"}}}, {"preset": {"id": "$principal.u"}}
    await create_role(apis, name="heir", parents=["base"], grants=[{"object": "company", "read": rule}])
    heir = await create_role(apis, name="other", parents=["heir"], grants=[{"object": "company", "create": preset}])
    for claim in ({"type": "UUID", "isList": True}, {"type": "BOOLEAN"}):
        error = await refused(apis, UPDATE, id=base, input={"claims": [{"name": "u", **claim}]})
        assert error["extensions"]["field"] == "claims"
        assert "the role heir inherits them; its grants[0].read.rule" in error["message"]
    mended = {"updateRole": {"id": "heir", "update": {"grants": []}}}
    changed = {"updateRole": {"id": "base", "update": {"claims": [{"name": "u", "type": "BOOLEAN"}]}}}
    error = await refused(apis, APPLY, changes=[mended, changed])
    assert "the role other inherits them; its grants[0].create.preset.id" in error["message"]
    await apis.change(UPDATE, id=heir, input={"grants": []})
    await apis.change(APPLY, changes=[mended, changed])


async def test_admin_cannot_be_changed_or_deleted(apis: Apis) -> None:
    id_ = (await show(apis, "admin"))["id"]
    for error in (
        await refused(apis, UPDATE, id=id_, input={"settings": []}),
        await refused(apis, DELETE, id=id_),
    ):
        assert (error["extensions"]["code"], "cannot be changed" in error["message"]) == ("BAD_USER_INPUT", True)


async def test_an_unknown_role_is_not_found(apis: Apis) -> None:
    stranger = "00000000-0000-0000-0000-000000000000"
    assert (await refused(apis, DELETE, id=stranger))["extensions"]["code"] == "NOT_FOUND"
    assert (await refused(apis, UPDATE, id=stranger, input={}))["extensions"]["code"] == "NOT_FOUND"


async def test_a_role_that_others_inherit_is_not_deleted(apis: Apis) -> None:
    id_ = await create_role(apis, name="base")
    await create_role(apis, name="heir", parents=["base"])
    assert "heir inherits it" in (await refused(apis, DELETE, id=id_))["message"]


async def test_a_role_that_keys_have_is_not_deleted_until_they_are_revoked(apis: Apis) -> None:
    id_ = await create_role(apis, name="clerk")
    workspace_id = (await apis.snapshot()).workspace.id
    keys = KeyStore(apis.database)
    made = await keys.create(workspace_id, "report", role="clerk")
    error = await refused(apis, DELETE, id=id_)
    assert error["message"] == 'clerk cannot be deleted: the API key "report" has this role.'
    plan = (await apis.change(APPLY, changes=[{"createRole": {"name": "x"}}], dryRun=True))["applyChanges"]
    assert plan["problems"] == []
    dry = await refused(apis, APPLY, changes=[{"deleteRole": {"id": "clerk"}}], dryRun=True)
    assert dry["message"] == error["message"]
    await keys.revoke(workspace_id, made.key.id)
    await apis.change(DELETE, id=id_)
    (key,) = await keys.list(workspace_id)
    assert key.role is None
