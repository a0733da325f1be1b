"""The author of a write, an event and a change of the model: kind, id and name."""

from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.identity.anonymous import build_visitor
from fieldstone.engine.identity.tokens import user_id
from fieldstone.metadata.roles.networks import read_address
from fieldstone.metadata.roles.principal import read_actor
from tests.engine.identity.provider import ISSUER, claims, create_open_role, new_key, provide, sign
from tests.engine.server.conftest import StartApp
from tests.waiting import until_found

pytestmark = pytest.mark.long

CREATED = "createdBy { source name context }"
BULK = 'mutation { createCompanies(data: [{ name: "b" }, { name: "c" }]) { createdBy { name context } } }'
NESTED = (
    'mutation { createCompany(data: { name: "d", people: { create: [{ email: "d@example.com" }] } })'
    " { people { edges { node { createdBy { name context } } } } } }"
)
FIELD = (
    'mutation ($id: UUID!) { createField(input: { objectMetadataId: $id name: "extra" label: "Extra" type: TEXT })'
    " { id } }"
)


async def ask(client: httpx.AsyncClient, query: str, path: str = "/graphql", **variables: Any) -> Any:
    answer = await client.post(path, json={"query": query, "variables": variables})
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


async def test_a_record_an_event_and_the_history_say_who_it_was(start_app: StartApp, app_database: str) -> None:
    key = new_key("ES256", "k")
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (app, client):
        services = await app.runtime.ready()
        (api_key,) = await services.keys.list(services.foundation.default.workspace.id)
        authors = {
            client.headers["authorization"]: ("API_KEY", api_key.id, "test"),
            f"Bearer {sign(claims(name='Ada'), key, 'ES256')}": ("USER", user_id(ISSUER, "ada"), "Ada"),
        }
        for authorization, (kind, id_, name) in authors.items():
            client.headers["authorization"] = authorization
            context = {"kind": kind, "id": str(id_)}
            made = await ask(client, f'mutation {{ createCompany(data: {{ name: "a" }}) {{ id {CREATED} }} }}')
            assert made["createCompany"]["createdBy"] == {"source": "API", "name": name, "context": context}
            expected = {"createdBy": {"name": name, "context": context}}
            assert (await ask(client, BULK))["createCompanies"] == [expected, expected]
            async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
                event = await until_found(
                    connection,
                    "SELECT actor_kind, actor_id, actor FROM fieldstone.event_log WHERE record_id = %s",
                    [made["createCompany"]["id"]],
                )
            assert event == (kind, id_, name)
        nested = await ask(client, NESTED.replace("d@", "e@"))
        (edge,) = nested["createCompany"]["people"]["edges"]
        assert edge["node"] == expected
        (company,) = (
            await ask(
                client, '{ objects(filter: {nameSingular: {eq: "company"}}) { edges { node { id } } } }', "/metadata"
            )
        )["objects"]["edges"]
        await ask(client, FIELD, "/metadata", id=company["node"]["id"])
        history = "{ metadataHistory(orderBy: {version: DESC}) { edges { node { actor actorKind actorId } } } }"
        entries = [edge["node"] for edge in (await ask(client, history, "/metadata"))["metadataHistory"]["edges"]]
        assert entries[0] == {"actor": "Ada", "actorKind": "USER", "actorId": str(user_id(ISSUER, "ada"))}
        assert (entries[-1]["actorKind"], entries[-1]["actorId"]) == ("COMMAND", None)


CSV = {"content-type": "text/csv", "apollo-require-preflight": "true"}
OPEN = {"x-fieldstone-role": "open"}
ROWS: dict[str, dict[str, Any]] = {
    "a document": {"url": "/graphql", "json": {"query": 'mutation { createCompany(data: { name: "n" }) { id } }'}},
    "an upsert": {"url": "/graphql", "json": {"query": 'mutation { upsertCompany(data: { name: "n" }) { created } }'}},
    "REST": {"url": "/rest/companies", "json": {"name": "n"}},
    "a batch of REST": {"url": "/rest/batch/companies", "json": [{"name": "n"}]},
    "an import": {"url": "/rest/companies.csv", "content": "name\nn\n", "headers": CSV},
}
"""Requests that create a company."""


@pytest.mark.parametrize("way", ROWS)
async def test_each_way_in_says_who_it_was(start_app: StartApp, app_database: str, way: str) -> None:
    """A key, the key that acts with another role, and a visitor: in the record, its event, and the audit log."""
    async with start_app(anonymous_role="open") as (app, client):
        await create_open_role(client)
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        (api_key,) = await services.keys.list(workspace_id)
        own = client.headers.pop("authorization")
        visitor = build_visitor("open", workspace_id, read_address("127.0.0.1"))
        known = ("API_KEY", str(api_key.id), "test")
        given: dict[str, Any] = ROWS[way]
        for headers, author in (
            ({"authorization": own}, known),
            ({"authorization": own, **OPEN}, known),
            ({}, ("ANONYMOUS", str(visitor.subject_id), "anonymous")),
        ):
            answer = await client.post(**{**given, "headers": {**given.get("headers", {}), **headers}})
            assert answer.status_code < 300, answer.text
            assert not answer.json().get("errors")
            query = (
                "{ companies(last: 1, orderBy: {createdAt: ASC}) { edges { node { id createdBy { name context } } } } }"
            )
            client.headers["authorization"] = own
            (edge,) = (await ask(client, query))["companies"]["edges"]
            del client.headers["authorization"]
            kind, id_, name = author
            assert edge["node"]["createdBy"] == {"name": name, "context": {"kind": kind, "id": id_}}
            async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
                told = "SELECT actor_kind, actor_id::text, actor FROM fieldstone.event_log WHERE record_id = %s"
                assert await until_found(connection, told, [edge["node"]["id"]]) == author
        await services.audit.flush()
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            noted = (
                "SELECT actor_kind, actor_id::text, actor_name FROM fieldstone.audit_log WHERE action = 'IMPERSONATED'"
            )
            assert await until_found(connection, noted) == known


async def test_an_event_of_an_older_process_has_the_name_alone(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (_, client):
        (company,) = (
            await ask(
                client, '{ objects(filter: {nameSingular: {eq: "company"}}) { edges { node { id } } } }', "/metadata"
            )
        )["objects"]["edges"]
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute(
                "INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, actor)"
                " SELECT id, %s, gen_random_uuid(), 'created', 'an old key' FROM fieldstone.workspace",
                [company["node"]["id"]],
            )
            query = "SELECT actor_kind, actor_id, actor FROM fieldstone.event_log WHERE actor = 'an old key'"
            assert await until_found(connection, query) == (None, None, "an old key")


def test_a_name_alone_is_an_author_too() -> None:
    assert read_actor("a key") == (None, None, "a key")
    assert read_actor("USER\x1f1\x1fA\x1fB") == ("USER", "1", "A\x1fB")
