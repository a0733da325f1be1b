"""Documents that the server keeps: trusted ones, and Apollo's automatic persisted queries."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import httpx
import pytest

from fieldstone.engine.request.stored_documents import documents as stored
from fieldstone.engine.server.app import Fieldstone
from fieldstone.metadata.workspaces.trusted_documents import NewDocument, import_documents, remove_documents
from tests.engine.server.conftest import StartApp
from tests.engine.server.streams.sockets import Socket, connected
from tests.waiting import until, until_true

COUNT = "query Count { companies { totalCount } }"
CREATE = "mutation Create($name: String) { createCompany(data: { name: $name }) { name } }"
WITHIN = 3.0
"""Seconds in which a process has learned of a change: one, and some for a slow machine."""


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def persisted(text: str, *, with_text: bool = False, **more: Any) -> dict[str, Any]:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}
    return ({"query": text} if with_text else {}) | {"extensions": extensions} | more


async def trust(app: Fieldstone, *texts: str, ids: Sequence[str] = (), client: str = "web") -> None:
    foundation = (await app.runtime.ready()).foundation
    given = {
        id_: NewDocument(text=text, operation_name=None)
        for id_, text in zip(ids or [digest(text) for text in texts], texts, strict=True)
    }
    async with foundation.database.session() as connection, connection.transaction():
        await import_documents(connection, workspace_id=foundation.default.workspace.id, client=client, documents=given)


def code(response: httpx.Response) -> str:
    body = response.json()
    assert "data" not in body
    (error,) = body["errors"]
    return str(error["extensions"]["code"])


async def test_a_persisted_query_is_asked_for_once_with_its_text(client: httpx.AsyncClient) -> None:
    unknown = await client.post("/graphql", json=persisted(COUNT))
    assert unknown.status_code == 200
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert code(unknown) == "PERSISTED_QUERY_NOT_FOUND"
    assert (await client.post("/graphql", json=persisted(COUNT, with_text=True))).json()["data"]
    for answer in (
        await client.post("/graphql", json=persisted(COUNT)),
        await client.get("/graphql", params={"extensions": json.dumps(persisted(COUNT)["extensions"])}),
        await client.post("/graphql", json={"documentId": f"sha256:{digest(COUNT)}"}),
    ):
        assert answer.json() == {"data": {"companies": {"totalCount": 0}}}


async def test_under_the_media_type_of_graphql_an_unknown_document_is_a_bad_request(client: httpx.AsyncClient) -> None:
    client.headers["accept"] = "application/graphql-response+json"
    assert (await client.post("/graphql", json=persisted(COUNT))).status_code == 400


async def test_a_hash_of_another_text_is_refused_and_stores_nothing(client: httpx.AsyncClient) -> None:
    given = persisted(COUNT) | {"query": "{ __typename }"}
    assert code(await client.post("/graphql", json=given)) == "BAD_USER_INPUT"
    assert code(await client.post("/graphql", json=persisted(COUNT))) == "PERSISTED_QUERY_NOT_FOUND"
    # A stored text does not excuse another one.
    await client.post("/graphql", json=persisted(COUNT, with_text=True))
    assert code(await client.post("/graphql", json=given)) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("{ companies { totalCount } nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")],
)
async def test_an_invalid_document_is_not_stored(client: httpx.AsyncClient, text: str, refusal: str) -> None:
    assert code(await client.post("/graphql", json=persisted(text, with_text=True))) == refusal
    assert code(await client.post("/graphql", json=persisted(text))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"documentId": 5}, "documentId"),
        ({"documentId": ""}, "documentId"),
        ({"documentId": "a b"}, "documentId"),
        ({"documentId": "a" * 257}, "documentId"),
        ({"documentId": "a", "query": COUNT}, "documentId"),
        ({"documentId": None}, "query"),
        ({"extensions": {"persistedQuery": None}}, "query"),
        ({"extensions": {"persistedQuery": "a"}}, "extensions.persistedQuery"),
        ({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}}, "extensions.persistedQuery"),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "extensions.persistedQuery.sha256Hash"),
        ({"documentId": "a", "query": 5}, "documentId"),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a"}}, "query": 5}, "query"),
    ],
)
async def test_a_reference_that_cannot_be_one_is_refused(
    client: httpx.AsyncClient, given: dict[str, Any], field: str
) -> None:
    response = await client.post("/graphql", json=given)
    assert code(response) == "BAD_USER_INPUT"
    assert response.json()["errors"][0]["extensions"]["field"] == field


async def test_an_unknown_document_id_says_how_it_gets_known(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"documentId": "a1"})
    assert code(response) == "PERSISTED_QUERY_NOT_FOUND"
    assert "fieldstone documents import" in response.json()["errors"][0]["message"]


async def test_the_metadata_api_keeps_no_documents(client: httpx.AsyncClient) -> None:
    # Apollo's clients send the text from then on.
    assert code(await client.post("/metadata", json=persisted("{ __typename }"))) == "PERSISTED_QUERY_NOT_SUPPORTED"
    answer = await client.post("/metadata", json=persisted("{ __typename }", with_text=True))
    assert answer.json()["data"] == {"__typename": "Query"}
    assert code(await client.post("/metadata", json={"documentId": "a"})) == "BAD_USER_INPUT"


async def test_persisted_queries_are_shared_by_processes_and_bounded(start_app: StartApp) -> None:
    texts = [f"query Q{n} {{ companies {{ totalCount }} }}" for n in range(4)]
    async with start_app(persisted_queries=3) as (_, one), start_app(persisted_queries=3) as (_, other):
        for text in texts[:3]:
            assert (await one.post("/graphql", json=persisted(text, with_text=True))).json()["data"]
        # The second process reads the first text, which is then the one read last.
        assert (await other.post("/graphql", json=persisted(texts[0]))).json()["data"]
        assert (await one.post("/graphql", json=persisted(texts[3], with_text=True))).json()["data"]
        async with start_app(persisted_queries=3) as (_, third):
            known = ["data" in (await third.post("/graphql", json=persisted(text))).json() for text in texts]
        assert known == [True, False, True, True]


async def test_all_texts_together_are_bounded(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "PERSISTED_BYTES", 16 * 60)
    texts = [f"query Q{n:02} {{ companies {{ totalCount }} }}" for n in range(30)]
    too_long = "query Long { companies { totalCount pageInfo { hasNextPage } } }"
    async with start_app() as (app, client):
        for text in (*texts, too_long):
            assert (await client.post("/graphql", json=persisted(text, with_text=True))).json()["data"]
        database = (await app.runtime.ready()).foundation.database
        async with database.session() as connection:
            cursor = await connection.execute("SELECT sum(bytes), count(*) FROM fieldstone.persisted_query")
            ((size, count),) = await cursor.fetchall()
        assert 900 < size <= 960
        assert count == size // len(texts[0])


async def test_without_room_for_any_clients_send_the_text(start_app: StartApp) -> None:
    async with start_app(persisted_queries=0) as (_, client):
        answer = await client.post("/graphql", json=persisted(COUNT, with_text=True))
        assert code(answer) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert (await client.post("/graphql", json={"query": COUNT})).json()["data"]


async def test_a_batch_names_documents_too_and_keeps_its_order(client: httpx.AsyncClient) -> None:
    await client.post("/graphql", json=persisted(CREATE, with_text=True, variables={"name": "a"}))
    answers = await client.post(
        "/graphql",
        json=[{"query": COUNT}, persisted(CREATE, variables={"name": "b"}), {"query": COUNT}, persisted(COUNT)],
    )
    read = [answer.get("data", {}).get("companies") for answer in answers.json()]
    assert read == [{"totalCount": 1}, None, {"totalCount": 2}, None]
    assert answers.json()[1] == {"data": {"createCompany": {"name": "b"}}}
    assert answers.json()[3]["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_mutation_named_by_a_get_is_refused(client: httpx.AsyncClient) -> None:
    await client.post("/graphql", json=persisted(CREATE, with_text=True))
    refused = await client.get("/graphql", params={"extensions": json.dumps(persisted(CREATE)["extensions"])})
    assert refused.status_code == 405


async def test_an_idempotency_key_holds_for_the_text_and_for_its_hash(client: httpx.AsyncClient) -> None:
    await client.post("/graphql", json=persisted(CREATE, with_text=True))
    for given in (persisted(CREATE), {"query": CREATE}, persisted(CREATE, with_text=True)):
        answer = await client.post(
            "/graphql", json=given | {"variables": {"name": "x"}}, headers={"idempotency-key": "k"}
        )
        assert answer.json() == {"data": {"createCompany": {"name": "x"}}}
    assert (await client.post("/graphql", json={"query": COUNT})).json()["data"]["companies"]["totalCount"] == 2


async def test_in_trusted_mode_only_trusted_documents_are_answered(start_app: StartApp) -> None:
    async with start_app(documents="trusted") as (app, client):
        await trust(app, COUNT, ids=["count-1"])
        for given in (
            {"documentId": "count-1"},
            {"query": COUNT},
            persisted(COUNT),
            persisted(COUNT, with_text=True),
            {"documentId": f"sha256:{digest(COUNT)}"},
        ):
            assert (await client.post("/graphql", json=given)).json() == {"data": {"companies": {"totalCount": 0}}}
        assert (await client.get("/graphql", params={"documentId": "count-1"})).json()["data"]
        for refused in ({"query": COUNT + " "}, {"query": "{ __schema { types { name } } }"}, {"query": "{"}):
            response = await client.post("/graphql", json=refused)
            assert (response.status_code, code(response)) == (403, "DOCUMENT_NOT_TRUSTED")
        other = "{ people { totalCount } }"
        # A client may not make a document trusted by storing it.
        assert code(await client.post("/graphql", json=persisted(other, with_text=True))) == "DOCUMENT_NOT_TRUSTED"
        assert code(await client.post("/graphql", json=persisted(other))) == "PERSISTED_QUERY_NOT_FOUND"
        assert code(await client.post("/graphql", json={"documentId": "count-2"})) == "PERSISTED_QUERY_NOT_FOUND"
        wrong = persisted(other) | {"query": COUNT}
        assert code(await client.post("/graphql", json=wrong)) == "BAD_USER_INPUT"
        assert (await client.post("/metadata", json={"query": "{ __typename }"})).json()["data"]


async def test_a_persisted_query_does_not_become_trusted_when_the_mode_changes(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        assert (await client.post("/graphql", json=persisted(COUNT, with_text=True))).json()["data"]
    async with start_app(documents="trusted") as (_, client):
        assert code(await client.post("/graphql", json=persisted(COUNT))) == "PERSISTED_QUERY_NOT_FOUND"


async def remove(app: Fieldstone, *ids: str) -> None:
    foundation = (await app.runtime.ready()).foundation
    async with foundation.database.session() as connection, connection.transaction():
        workspace_id = foundation.default.workspace.id
        assert await remove_documents(connection, workspace_id=workspace_id, client="web", ids=ids) == len(ids)


async def test_in_trusted_mode_subscriptions_end_with_their_document(start_app: StartApp) -> None:
    created, live = (
        "subscription { companyCreated { name } }",
        "subscription { companies(interval: 100) { totalCount } }",
    )
    removed, stays = f"{created} ", f"{live} "
    async with start_app(documents="trusted") as (app, client), connected(app) as socket:
        ids = {"created": created, "live": live, "removed": removed, "stays": stays}
        await trust(app, *ids.values(), ids=[*ids])
        await socket.initialise(client.headers["authorization"].removeprefix("Bearer "))
        for id_ in ids:
            await socket.send(id=id_, type="subscribe", payload={"documentId": id_})
        hub = (await app.runtime.ready()).events.hub
        assert {(await socket.receive())["id"] for _ in range(2)} == {"live", "stays"}
        await until(lambda: hub.members == 4)
        await remove(app, "removed", "live")
        errors = [await socket.receive(), await socket.receive()]
        assert {error["id"] for error in errors} == {"removed", "live"}
        for error in errors:
            assert error["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        assert hub.members == 2
        answer = await client.post("/graphql", json={"query": CREATE, "variables": {"name": "x"}})
        assert code(answer) == "DOCUMENT_NOT_TRUSTED"
        await trust(app, CREATE, ids=["create"])
        await until_true(lambda: _is_created(client), limit=WITHIN)
        told = [await socket.receive(), await socket.receive()]
        assert {message["id"] for message in told} == {"created", "stays"}


async def _is_created(client: httpx.AsyncClient) -> bool:
    return bool((await client.post("/graphql", json={"documentId": "create"})).json().get("data"))


async def test_where_any_document_is_answered_a_removed_one_goes_on(start_app: StartApp) -> None:
    """Its text may be sent by any client."""
    async with start_app() as (app, client), connected(app) as socket:
        await trust(app, "subscription { companyCreated { name } }", ids=["created"])
        await socket.initialise(client.headers["authorization"].removeprefix("Bearer "))
        await socket.send(id="1", type="subscribe", payload={"documentId": "created"})
        services = await app.runtime.ready()
        await until(lambda: services.events.hub.members == 1)
        await remove(app, "created")
        services.events.hub.renew(services.foundation.default.workspace.id)
        await client.post("/graphql", json={"query": CREATE, "variables": {"name": "x"}})
        assert (await socket.receive())["type"] == "next"


@pytest.mark.long
async def test_a_removed_document_is_refused_within_a_second_everywhere(start_app: StartApp) -> None:
    async with start_app(documents="trusted") as (app, one), start_app(documents="trusted") as (_, other):
        await trust(app, COUNT, ids=["count"])
        for client in (one, other):
            assert (await client.post("/graphql", json={"documentId": "count"})).json()["data"]
            assert (await client.post("/graphql", json={"query": COUNT})).json()["data"]
        await remove(app, "count")
        for client in (one, other):
            await until_true(lambda client=client: is_refused(client), limit=WITHIN)  # type: ignore[misc]  # a default argument
            assert code(await client.post("/graphql", json={"query": COUNT})) == "DOCUMENT_NOT_TRUSTED"


async def is_refused(client: httpx.AsyncClient) -> bool:
    answer = (await client.post("/graphql", json={"documentId": "count"})).json()
    return "errors" in answer and answer["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.long
async def test_another_text_under_an_id_is_served_within_a_second(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        await trust(app, COUNT, ids=["q"])
        assert "companies" in (await client.post("/graphql", json={"documentId": "q"})).json()["data"]
        await trust(app, "{ people { totalCount } }", ids=["q"])

        async def is_new() -> bool:
            return "people" in (await client.post("/graphql", json={"documentId": "q"})).json()["data"]

        await until_true(is_new, limit=WITHIN)


async def test_documents_belong_to_their_workspace(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        other = await services.foundation.workspaces.create("other", actor="test")
        made = await services.keys.create(other.workspace.id, "test")
        await trust(app, COUNT, ids=["count"])
        await client.post("/graphql", json=persisted(COUNT, with_text=True))
        client.headers["Authorization"] = f"Bearer {made.token}"
        assert code(await client.post("/graphql", json={"documentId": "count"})) == "PERSISTED_QUERY_NOT_FOUND"
        assert code(await client.post("/graphql", json=persisted(COUNT))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_sockets_and_streams_name_documents_too(start_app: StartApp) -> None:
    created = "subscription { companyCreated { name } }"
    async with start_app(documents="trusted") as (app, client):
        await trust(app, COUNT, created, ids=["count", "created"])
        key = client.headers["Authorization"].removeprefix("Bearer ")
        async with connected(app) as socket:
            await socket.initialise(key)
            assert await answer(socket, {"documentId": "count"}) == {"data": {"companies": {"totalCount": 0}}}
            assert (await answer(socket, {"query": "{ people { totalCount } }"}))[0]["extensions"]["code"] == (
                "DOCUMENT_NOT_TRUSTED"
            )
            assert (await answer(socket, persisted("{ a }")))[0]["message"] == "PersistedQueryNotFound"
        stream = await client.post("/graphql/stream", json={"documentId": "count"})
        assert '"totalCount":0' in stream.text
        refused = await client.post("/graphql/stream", json={"query": "{ people { totalCount } }"})
        assert "DOCUMENT_NOT_TRUSTED" in refused.text


async def answer(socket: Socket, payload: dict[str, Any]) -> Any:
    await socket.send(type="subscribe", id="1", payload=payload)
    message = await socket.receive()
    if message["type"] == "next":
        assert (await socket.receive())["type"] == "complete"
    return message["payload"]
