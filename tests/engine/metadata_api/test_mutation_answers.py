"""The answer of each mutation of the Metadata API, with its relations, to a role with the setting for it alone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLSchema, get_named_type, is_required_argument

from fieldstone.engine.metadata_api.roles.rights import may_ask_for
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Status
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.roles.role import Setting, find_role
from fieldstone.metadata.workspaces.sessions import UserFacts, create_session
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.changing import APPLY
from tests.engine.metadata_api.roles import HOOK, KEY, READ_ALL, create_role, data, of_role
from tests.engine.rest.exports.exporting import key_of_role

NAMES = {"nameSingular": "gadget", "namePlural": "gadgets", "labelSingular": "Gadget", "labelPlural": "Gadgets"}
RELATION = {
    "objectMetadataId": "$object",
    "name": "boss",
    "label": "Boss",
    "type": "RELATION",
    "relationCreationPayload": {
        "targetObjectMetadataId": "$person",
        "targetFieldLabel": "Team",
        "targetFieldName": "$end",
    },
}
INDEX = {"objectMetadataId": "$object", "fieldMetadataIds": ["$field", "$link"]}
LABEL = {"label": "Other"}
VIEW = {"object": "person", "name": "mine", "columns": []}
DENIED = {"issuer": "https://i.example", "subject": "s"}

GIVEN: Mapping[str, Mapping[str, JsonValue]] = {
    "createObject": {"input": NAMES},
    "createOneObject": {"input": {"object": NAMES}},
    "createField": {"input": RELATION},
    "createOneField": {"input": {"field": RELATION}},
    "createIndex": {"input": INDEX},
    "createOneIndex": {"input": {"index": INDEX}},
    "updateObject": {"id": "$object", "input": {"icon": "x"}},
    "updateOneObject": {"input": {"id": "$object", "update": {"icon": "x"}}},
    "updateField": {"id": "$link", "input": LABEL},
    "updateOneField": {"input": {"id": "$link", "update": LABEL}},
    "deleteObject": {"id": "$object"},
    "deleteOneObject": {"input": {"id": "$object"}},
    "deleteField": {"id": "$link"},
    "deleteOneField": {"input": {"id": "$link"}},
    "deleteIndex": {"id": "$index"},
    "deleteOneIndex": {"input": {"id": "$index"}},
    "createRole": {"input": {"name": "made"}},
    "createOneRole": {"input": {"role": {"name": "made"}}},
    "updateRole": {"id": "$role", "input": LABEL},
    "updateOneRole": {"input": {"id": "$role", "update": LABEL}},
    "deleteRole": {"id": "$role"},
    "deleteOneRole": {"input": {"id": "$role"}},
    "applyChanges": {"changes": [{"updateObject": {"id": "person", "update": {"icon": "x"}}}]},
    "rollback": {"to": "$version"},
    "retryBuild": {"id": "$failed"},
    "createApiKey": {"input": {"name": "k"}},
    "revokeApiKey": {"id": "$key"},
    "rotateApiKey": {"id": "$key"},
    "importDocuments": {"input": {"client": "web", "manifest": {"a": "{ __typename }"}}},
    "removeDocuments": {"client": "web"},
    "denyTokens": {"input": DENIED},
    "allowTokens": {"input": DENIED},
    "revokeSession": {"id": "$session"},
    "createView": {"input": VIEW},
    "updateView": {"id": "$view", "input": {"name": "ours"}},
    "deleteView": {"id": "$view"},
    "setPreferences": {"patch": {"a": 1}},
    "createWebhook": {"input": {"targetUrl": "https://example.com/x", "operations": ["person.*"]}},
    "updateWebhook": {"id": "$webhook", "input": {"description": "d"}},
    "deleteWebhook": {"id": "$webhook"},
    "testWebhook": {"id": "$webhook"},
    "redeliver": {"id": "$delivery"},
    "redeliverFailed": {"webhookId": "$webhook"},
}
"""The arguments of each mutation; a text `$name` stands for the id, or another value, of this name."""

FAILED = """UPDATE fieldstone.index SET status = 'FAILED'
    WHERE id = (SELECT id FROM fieldstone.index ORDER BY seq DESC LIMIT 1)"""
GIZMO = [
    {
        "createObject": {
            "nameSingular": "gizmo",
            "namePlural": "gizmos",
            "labelSingular": "Gizmo",
            "labelPlural": "Gizmos",
        }
    },
    {"createField": {"objectMetadataId": "gizmo", "name": "size", "label": "Size", "type": "TEXT"}},
    {"createField": {**RELATION, "objectMetadataId": "gizmo", "name": "link", "label": "Link"}},
    {"createIndex": {"objectMetadataId": "gizmo", "fieldMetadataIds": ["gizmo.size"]}},
]
DELIVERY = """WITH there AS (UPDATE fieldstone.webhook SET target_url = 'http://127.0.0.1:9/' RETURNING *)
    INSERT INTO fieldstone.webhook_delivery
        (id, workspace_id, webhook_id, position, event, record_id, payload, status, finished_at)
    SELECT %(id)s, workspace_id, id, 1, 'person.created', %(id)s, '{}', 'FAILED', now() FROM there"""


def select_all(type_: GraphQLOutputType, depth: int = 2) -> str:
    """The selection of all fields of a type, and of those of the records that `depth` relations lead to."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLObjectType):
        return ""
    return f"{{ {' '.join(_members(named, depth))} }}"


def _members(type_: GraphQLObjectType, depth: int) -> Iterator[str]:
    for name, field in type_.fields.items():
        below = get_named_type(field.type)
        is_page = name in {"edges", "node", "pageInfo"}
        if isinstance(below, GraphQLObjectType) and not (is_page or depth):
            continue
        if not any(map(is_required_argument, field.args.values())):
            paging = "(first: 5)" if "first" in field.args and not is_page else ""
            yield f"{name}{paging} {select_all(below, depth - (not is_page))}"


def document_of(schema: GraphQLSchema, name: str) -> str:
    """The mutation with all its arguments as variables and all of its answer."""
    assert schema.mutation_type
    root = schema.mutation_type.fields[name]
    given = {argument: root.args[argument].type for argument in GIVEN[name]}
    declared = ", ".join(f"${argument}: {type_}" for argument, type_ in given.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in given)
    return f"mutation ({declared}) {{ {name}({passed}) {select_all(root.type)} }}"


def fill(value: JsonValue, known: Mapping[str, str]) -> JsonValue:
    """The arguments with ids in the place of their names."""
    match value:
        case dict():
            return {name: fill(member, known) for name, member in value.items()}
        case list():
            return [fill(item, known) for item in value]
        case str() if value.startswith("$"):
            return known[value[1:]]
        case _:
            return value


async def run(apis: Apis, sql: str, **values: Any) -> None:
    async with apis.database.session() as connection:
        await connection.execute(sql.encode(), values)


async def make_clerk(apis: Apis, name: str) -> tuple[Principal, Setting | None]:
    """A principal whose role has no setting but the one that a mutation needs, and the setting."""
    for place, setting in enumerate((None, *(one for one in Setting if one is not Setting.IMPERSONATE))):
        grants = [READ_ALL if setting is Setting.DATA_MODEL else {"object": "person", "read": {}}]
        settings = [] if setting is None else [setting.value]
        clerk = await of_role(apis, f"clerk{place}", *settings, grants=grants)
        catalog = await apis.metadata.source.get(PRINCIPAL.workspace_id)
        if may_ask_for(await apis.snapshot(), catalog, clerk, name):
            return replace(clerk, kind=SubjectKind.USER), setting
    raise AssertionError(name)


async def make_subjects(apis: Apis, clerk: Principal, setting: Setting | None) -> Mapping[str, str]:
    """The ids of the records that mutations are about; keys and webhooks are of the clerk's role."""
    person = str((await apis.snapshot()).by_singular["person"].id)
    await apis.change(APPLY, changes=fill(GIZMO, {"person": person, "end": "gizmos"}))
    await apis.change("mutation ($input: DenyTokensInput!) { denyTokens(input: $input) { issuer } }", input=DENIED)
    model = await apis.snapshot()
    gizmo, size = model.by_singular["gizmo"], model.by_singular["gizmo"].by_name["size"]
    view = "mutation ($v: CreateViewInput!) { createView(input: $v) { id } }"
    known = {
        "person": person,
        "end": "team",
        "object": str(gizmo.id),
        "field": str(size.id),
        "link": str(gizmo.by_name["link"].id),
        "index": next(str(index.id) for index in model.indexes.values() if size.id in index.field_ids),
        "failed": next(str(index.id) for index in model.indexes.values() if index.status is Status.FAILED),
        "role": await create_role(apis, name="spare"),
        "view": (await data(apis, clerk, view, v={**VIEW, "name": "known"}))["createView"]["id"],
    }
    if setting is Setting.API_KEYS:
        known["key"] = (await data(apis, clerk, KEY))["createApiKey"]["id"]
    if setting is Setting.WEBHOOKS:
        hook = (await data(apis, clerk, HOOK.replace("*.*", "person.*")))["createWebhook"]["id"]
        known |= {"webhook": hook, "delivery": str(new_id())}
        await run(apis, DELIVERY, id=known["delivery"])
    user = UserFacts(user_id=new_id(), issuer="i", subject="s", name="n", role=str(clerk.role), claims={})
    async with apis.database.session() as connection, connection.transaction():
        made = await create_session(
            connection, workspace_id=PRINCIPAL.workspace_id, seconds=60, address=None, user=user
        )
    return known | {"session": str(made[0]), "version": str((await apis.snapshot()).version)}


@pytest.mark.long
@pytest.mark.parametrize("name", GIVEN)
async def test_the_answer_has_its_relations(apis: Apis, name: str) -> None:
    await run(apis, FAILED)
    clerk, setting = await make_clerk(apis, name)
    given = fill(GIVEN[name], await make_subjects(apis, clerk, setting))
    view = (await apis.metadata.look(await apis.metadata.source.get(PRINCIPAL.workspace_id), clerk)).view
    text = document_of(apis.metadata.compiler.schemas.get(view), name)
    assert (await data(apis, clerk, text, **given))[name] is not None


async def test_a_new_object_is_answered_with_its_new_fields(apis: Apis) -> None:
    clerk = await of_role(apis, "clerk", "DATA_MODEL")
    text = """mutation ($input: CreateObjectInput!) {
        createObject(input: $input) { nameSingular fields { edges { node { name object { nameSingular } } } } } }"""
    shown = (await data(apis, clerk, text, input=NAMES))["createObject"]
    assert {"node": {"name": "name", "object": {"nameSingular": "gadget"}}} in shown["fields"]["edges"]


async def test_a_delivery_that_its_role_may_not_read_whole_is_answered_as_it_is_read(apis: Apis) -> None:
    await run(apis, FAILED)
    clerk = await of_role(apis, "clerk", "WEBHOOKS", grants=[{"object": "person", "read": {}}])
    known = await make_subjects(apis, clerk, Setting.WEBHOOKS)
    text = "mutation ($id: UUID!) { redeliver(id: $id) { id position request event } }"
    shown = (await data(apis, clerk, text, id=known["delivery"]))["redeliver"]
    assert shown == {"id": known["delivery"], "position": None, "request": None, "event": "person.created"}


async def test_a_role_that_gives_itself_a_value_which_its_principal_lacks_is_answered(apis: Apis) -> None:
    boss = await of_role(apis, "boss", "ROLES")
    own = find_role((await apis.snapshot()).roles, "boss")
    assert own
    text = "mutation ($id: UUID!, $i: UpdateRoleInput!) { updateRole(id: $id, input: $i) { name } }"
    given = {"claims": [{"name": "userId", "type": "UUID"}]}
    assert (await data(apis, boss, text, id=str(own.id), i=given))["updateRole"] == {"name": "boss"}


async def test_rest_answers_writes_of_the_model(client: httpx.AsyncClient) -> None:
    headers = await key_of_role(client, settings=["DATA_MODEL"], grants=[READ_ALL])
    made = await client.post("/rest/metadata/objects", json=NAMES, headers=headers)
    assert made.status_code == 201, made.text
    field = {
        "objectMetadataId": made.json()["data"]["createOneObject"]["id"],
        "name": "size",
        "label": "S",
        "type": "TEXT",
    }
    sized = await client.post("/rest/metadata/fields", json=field, headers=headers)
    assert sized.status_code == 201, sized.text
    path = f"/rest/metadata/objects/{field['objectMetadataId']}"
    changed = await client.patch(path, json={"icon": "x"}, headers=headers)
    assert changed.status_code == 200, changed.text


def test_each_mutation_is_tried() -> None:
    assert set(GIVEN) == set(METADATA_MUTATIONS.fields)
