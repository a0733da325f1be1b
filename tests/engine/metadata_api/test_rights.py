"""Rights in the Metadata API: settings guard root fields, a role is shown its part of the model."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import FieldNode, NameNode

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.errors import Forbidden
from fieldstone.engine.metadata_api.roles.rights import require, require_root
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.metadata.api_names import all_query_names
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Setting
from tests.access_roles import READ_ONLY, make_role, with_roles
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.changing import APPLY
from tests.engine.metadata_api.roles import HOOK, KEY, add_owner, ask, create_role, data, forbidden, of_role

FIELD = """mutation ($of: UUID!) {
    createField(input: { objectMetadataId: $of name: "size" label: "Size" type: TEXT }) { id } }"""

GUARDED = {
    "keys": ("{ apiKeys { edges { node { id } } } }", "API_KEYS"),
    "the number of keys": ("{ apiKeysAggregate { count } }", "API_KEYS"),
    "a new key": (KEY, "API_KEYS"),
    "webhooks": ("{ webhooks { edges { node { id } } } }", "WEBHOOKS"),
    "deliveries": ("{ mine: webhookDeliveries { edges { node { id } } } }", "WEBHOOKS"),
    "a new webhook": (HOOK, "WEBHOOKS"),
    "the audit log": ("{ auditLog { edges { node { id } } } }", "AUDIT"),
    "the history": ("{ metadataHistory { edges { node { changes } } } }", "HISTORY"),
    "roles": ("{ roles { edges { node { grants } } } }", "ROLES"),
    "a role": ('{ role(name: "viewer") { grants } }', "ROLES"),
    "a new role": ('mutation { createRole(input: { name: "x" }) { id } }', "ROLES"),
    "a new role by its other name": ('mutation { createOneRole(input: { role: { name: "x" } }) { id } }', "ROLES"),
    "a new object": (
        """mutation { createObject(input: { nameSingular: "a" namePlural: "as" labelSingular: "A" labelPlural: "As" })
        { id } }""",
        "DATA_MODEL",
    ),
    "a list of changes": (
        'mutation { applyChanges(changes: [{ updateObject: { id: "person", update: { icon: "x" } } }]) { version } }',
        "DATA_MODEL",
    ),
    "a list of roles": ('mutation { applyChanges(changes: [{ createRole: { name: "x" } }]) { version } }', "ROLES"),
    "a plan": ('{ planChanges(changes: [{ updateObject: { id: "person", update: {} } }]) { sql } }', "DATA_MODEL"),
    "a rollback": ("mutation { rollback(to: 1) { version } }", "DATA_MODEL"),
    "a plan of a rollback": ("{ planRollback(to: 1) { sql } }", "DATA_MODEL"),
}


@pytest.mark.parametrize(("text", "setting"), GUARDED.values(), ids=GUARDED.keys())
async def test_a_root_field_needs_its_setting(apis: Apis, text: str, setting: str) -> None:
    clerk = await of_role(apis)
    message = await forbidden(apis, clerk, text)
    assert message.startswith(f"The role 'clerk' lacks the setting {setting}, which ")
    # A rollback goes over the roles that this test makes.
    boss = await of_role(apis, "boss", setting, *(["ROLES"] if "ollback" in text else []))
    answer = await ask(apis, boss, text)
    assert all(error["extensions"]["code"] != "FORBIDDEN" for error in answer.get("errors", ())), answer


async def test_one_forbidden_root_field_of_several_stops_all(apis: Apis) -> None:
    clerk = await of_role(apis, "clerk", "API_KEYS")
    text = """mutation { createApiKey(input: { name: "k" }) { id } createRole(input: { name: "x" }) { id } }"""
    assert "lacks the setting ROLES, which createRole needs" in await forbidden(apis, clerk, text)
    assert (await data(apis, clerk, "{ apiKeys { edges { node { id } } } }"))["apiKeys"]["edges"] == []
    text = """query ($all: Boolean!) { apiKeys { edges { node { id } } }
        roles @include(if: $all) { edges { node { id } } } }"""
    assert "lacks the setting ROLES" in await forbidden(apis, clerk, text, all=True)
    assert "apiKeys" in await data(apis, clerk, text, all=False)


async def test_a_setting_is_inherited(apis: Apis) -> None:
    await create_role(apis, name="base", settings=["HISTORY"])
    heir = await of_role(apis, "heir", parents=["base"])
    assert (await data(apis, heir, "{ metadataHistory(first: 1) { edges { node { version } } } }"))["metadataHistory"]


async def test_me_tells_every_role_about_itself(apis: Apis) -> None:
    clerk = await of_role(apis, "clerk", "HISTORY", "API_KEYS", grants=())
    text = "{ __typename self: me { __typename kind id name role workspace settings } }"
    assert await data(apis, clerk, text) == {
        "__typename": "Query",
        "self": {
            "__typename": "Me",
            "kind": "API_KEY",
            "id": str(PRINCIPAL.subject_id),
            "name": "tester",
            "role": "clerk",
            "workspace": "default",
            "settings": ["API_KEYS", "HISTORY"],
        },
    }
    assert (await data(apis, PRINCIPAL, "{ me { role } objects(first: 1) { edges { node { id } } } }"))["me"] == {
        "role": "admin"
    }


async def test_a_deleted_role_may_nothing(apis: Apis) -> None:
    gone = replace(PRINCIPAL, role="gone")
    for text in ("{ me { role } }", KEY, "{ objects { edges { node { id } } } }"):
        assert "does not exist" in await forbidden(apis, gone, text)


MODEL = """{
    objects(first: 100, orderBy: { nameSingular: ASC }) { edges { node { nameSingular
        fields(first: 100) { edges { node { name relation { targetObject { nameSingular } targetField { name } } } } }
        indexes(first: 100) { edges { node { fieldMetadataIds } } } } } }
    fields(first: 200) { edges { node { id name object { nameSingular } } } }
    indexes(first: 200) { edges { node { id object { nameSingular } fieldMetadataIds } } }
    objectsAggregate { count }
}"""


async def test_a_role_is_shown_the_model_of_its_schema(apis: Apis) -> None:
    await add_owner(apis)
    grants = [
        {
            "object": "company",
            "read": {"fields": {"only": ["name", "people"]}},
            "create": {"fields": {"only": ["website"]}},
        },
        {"object": "person", "read": {"fields": {"allBut": ["phone"]}}},
    ]
    clerk = await of_role(apis, grants=grants)
    shown = await data(apis, clerk, MODEL)
    objects = {edge["node"]["nameSingular"]: edge["node"] for edge in shown["objects"]["edges"]}
    assert list(objects) == ["company", "person"]
    assert shown["objectsAggregate"] == {"count": 2}
    names = {name: [edge["node"]["name"] for edge in node["fields"]["edges"]] for name, node in objects.items()}
    assert sorted(names["company"]) == ["id", "name", "people", "website"]
    assert {"phone", "opportunities", "activities", "owned"}.isdisjoint(names["person"])
    assert {"email", "company"} <= set(names["person"])
    everything = [edge["node"] for edge in shown["fields"]["edges"]]
    assert sorted(field["name"] for field in everything if field["object"]["nameSingular"] == "company") == sorted(
        names["company"]
    )
    assert {field["object"]["nameSingular"] for field in everything} == {"company", "person"}
    ids = {field["id"] for field in everything}
    listed = await data(
        apis,
        clerk,
        """{ objects(paging: { first: 1000 }) { edges { node { nameSingular fieldsList { name relation {
          sourceObjectMetadata { nameSingular } targetObjectMetadata { nameSingular } } }
          indexMetadataList { id } } } } }""",
    )
    for node in (edge["node"] for edge in listed["objects"]["edges"]):
        assert sorted(field["name"] for field in node["fieldsList"]) == sorted(names[node["nameSingular"]])
        relations = [field["relation"] for field in node["fieldsList"] if field["relation"]]
        assert {one["sourceObjectMetadata"]["nameSingular"] for one in relations} == {node["nameSingular"]}
        assert {one["targetObjectMetadata"]["nameSingular"] for one in relations} <= set(objects)
        count = len(objects[node["nameSingular"]]["indexes"]["edges"])
        assert len(node["indexMetadataList"]) == count
    indexes = [edge["node"] for edge in shown["indexes"]["edges"]]
    assert indexes
    assert all(ids.issuperset(index["fieldMetadataIds"]) for index in indexes)


async def test_two_roles_share_the_plans_of_the_model_and_see_their_own_parts(apis: Apis) -> None:
    first = await of_role(apis, "first", grants=[{"object": "company", "read": {}}])
    second = await of_role(apis, "second", grants=[{"object": "person", "read": {}}])
    text = "{ objects { edges { node { nameSingular } } } }"
    made = []
    for principal in (first, second, first, PRINCIPAL, second):
        edges = (await data(apis, principal, text))["objects"]["edges"]
        made.append([edge["node"]["nameSingular"] for edge in edges])
    assert [len(names) for names in made] == [1, 1, 1, 4, 1]
    assert [made[0], made[1], made[2], made[4]] == [["company"], ["person"], ["company"], ["person"]]


async def test_the_model_changes_and_so_does_its_shown_part(apis: Apis) -> None:
    clerk = await of_role(apis, grants=[{"object": "company", "read": {}}])
    text = '{ fields(filter: { name: { eq: "size" } }) { edges { node { name } } } }'
    assert (await data(apis, clerk, text))["fields"]["edges"] == []
    await apis.change(
        APPLY,
        changes=[{"createField": {"objectMetadataId": "company", "name": "size", "label": "Size", "type": "TEXT"}}],
    )
    assert (await data(apis, clerk, text))["fields"]["edges"] == [{"node": {"name": "size"}}]


async def test_the_data_model_needs_unconditional_read(apis: Apis) -> None:
    boss = await of_role(apis, "boss", "DATA_MODEL")
    assert (await data(apis, boss, MODEL))["objectsAggregate"] == {"count": 4}
    of = await data(apis, boss, '{ objects(filter: { nameSingular: { eq: "company" } }) { edges { node { id } } } }')
    await data(apis, boss, FIELD, of=of["objects"]["edges"][0]["node"]["id"])


async def test_the_data_model_is_refused_to_a_role_that_reads_less_by_now(apis: Apis) -> None:
    """A role cannot be saved so, but another version of the server may have written it."""
    model = await apis.snapshot()
    role = make_role(model, "boss", {"person": READ_ONLY})
    narrow = with_roles(model, replace(role, settings=frozenset({Setting.DATA_MODEL})))
    with pytest.raises(Forbidden, match="'boss' may not use its setting DATA_MODEL, which rollback needs"):
        require(narrow, replace(PRINCIPAL, role="boss"), Setting.DATA_MODEL, "rollback")


async def test_a_rollback_over_roles_needs_the_setting_for_roles(apis: Apis) -> None:
    boss = await of_role(apis, "boss", "DATA_MODEL")
    version = (await apis.snapshot()).version
    await create_role(apis, name="other")
    for text in (
        f"mutation {{ rollback(to: {version}) {{ version }} }}",
        f"mutation {{ rollback(to: {version}, dryRun: true) {{ version }} }}",
        f"{{ planRollback(to: {version}) {{ version }} }}",
    ):
        assert "lacks the setting ROLES, which a rollback over changes of roles needs" in await forbidden(
            apis, boss, text
        )
    assert len((await apis.snapshot()).roles) == 5


async def test_few_root_fields_are_open_to_a_role_without_settings(apis: Apis) -> None:
    """Each field needs a right, also one that is added later: a field that no table names needs ROLES."""
    clerk = await of_role(apis)
    model, catalog = await apis.snapshot(), await apis.metadata.source.get(PRINCIPAL.workspace_id)
    queries = [name for object_ in catalog.by_singular.values() for name in all_query_names(object_)]
    own = (METADATA_MUTATIONS.fields, METADATA_MUTATIONS.queries, METADATA_MUTATIONS.subscriptions)
    names = [*(name for roots in own for name in roots), *queries, "madeLater"]
    is_open = [name for name in names if is_permitted(model, catalog, clerk, name)]
    of_the_model = [
        name
        for singular in ("object", "field", "relation", "index")
        for name in all_query_names(catalog.by_singular[singular])
    ]
    open_to_all = ["me", "modelVersion", "fieldTypes", "objectStats", "modelChanged", "events", "fieldRights"]
    kept_by_all = ["views", "createView", "updateView", "deleteView", "preferences", "setPreferences"]
    assert sorted(is_open) == sorted([*open_to_all, *kept_by_all, *of_the_model])


def is_permitted(model: Snapshot, catalog: Snapshot, principal: Principal, name: str) -> bool:
    root = Selected(key=name, nodes=(FieldNode(name=NameNode(value=name)),))
    try:
        require_root(model, catalog, principal, root, {})
    except Forbidden:
        return False
    return True


async def test_the_schema_of_metadata_is_the_same_for_every_role(apis: Apis) -> None:
    clerk = await of_role(apis)
    text = """{ __schema { queryType { name } mutationType { name } types { name } }
        __type(name: "Mutation") { fields { name args { name } } } }"""
    assert await data(apis, clerk, text) == await data(apis, PRINCIPAL, text)


async def test_an_object_does_not_tell_the_ids_of_fields_that_its_role_does_not_see(apis: Apis) -> None:
    compare = """mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }"""
    criteria = {"person": [["city"], ["firstName", "phone"]], "company": [["name"]]}
    changes = [{"updateObject": {"id": name, "update": {"duplicateCriteria": of}}} for name, of in criteria.items()]
    await apis.change(compare, changes=changes)
    text = "{ objects { edges { node { nameSingular labelFields duplicateCriteria } } } }"

    async def told(principal: Principal) -> dict[str, tuple[bool, bool]]:
        edges = (await data(apis, principal, text))["objects"]["edges"]
        return {
            edge["node"]["nameSingular"]: (
                edge["node"]["labelFields"] is not None,
                edge["node"]["duplicateCriteria"] is not None,
            )
            for edge in edges
        }

    people = {
        "phone": (True, False),
        "email": (False, True),
        "city": (True, False),
        "jobTitle": (True, True),
    }
    for hidden, expected in people.items():
        grants = [{"object": "company", "read": {}}, {"object": "person", "read": {"fields": {"allBut": [hidden]}}}]
        clerk = await of_role(apis, f"lacks{hidden}", grants=grants)
        assert await told(clerk) == {"company": (True, True), "person": expected}
    modeller = await of_role(apis, "modeller", "DATA_MODEL", grants=[{"object": "*", "read": {}}])
    assert (await told(modeller))["person"] == (True, True)


UNSHOWN_ENDS: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "the key is hidden": (
        [{"object": "company", "read": {}}, {"object": "person", "read": {"fields": {"allBut": ["company"]}}}],
        set(),
    ),
    "the records with the key are not read": (
        [{"object": "company", "read": {}, "create": {}}, {"object": "person", "create": {}}],
        {"person.company"},
    ),
    "the records that the key leads to are not read": (
        # In the schema, the field is `companyId`.
        [{"object": "company", "create": {}}, {"object": "person", "read": {}}],
        {"person.company", "company.people"},
    ),
}


@pytest.mark.parametrize(("grants", "shown"), UNSHOWN_ENDS.values(), ids=UNSHOWN_ENDS.keys())
async def test_a_relation_that_the_schema_leaves_out_is_not_shown(
    apis: Apis, grants: list[dict[str, Any]], shown: set[str]
) -> None:
    clerk = await of_role(apis, grants=grants)
    text = """{ fields(first: 200, filter: { type: { eq: RELATION } }) {
        edges { node { name object { nameSingular } } } } }"""
    nodes = [edge["node"] for edge in (await data(apis, clerk, text))["fields"]["edges"]]
    assert {f"{node['object']['nameSingular']}.{node['name']}" for node in nodes} == shown
