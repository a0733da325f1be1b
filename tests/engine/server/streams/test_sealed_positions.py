"""A role with restrictions resumes over real sockets: a WebSocket, and both addresses of Server-Sent Events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.conftest import Running
from tests.engine.metadata_api.roles import CREATE
from tests.engine.server.listening import listening

CREATED = "subscription ($after: String) { personCreated(after: $after) { email } }"
TAIL = "subscription ($after: String) { events(after: $after) { record } }"
SEEN = 8


@pytest.fixture
async def key(running: Running) -> str:
    """A key whose role reads the people in Berlin."""
    grants = [{"object": "person", "read": {"rule": {"city": {"eq": "Berlin"}}, "fields": {"only": ["email"]}}}]
    request = GraphQLRequest(
        query=CREATE, operation_name=None, variables={"input": {"name": "rep", "label": "Rep", "grants": grants}}
    )
    answer = await running.services.metadata.execute(PRINCIPAL, request, allow_mutation=True)
    assert b'"errors"' not in answer.body, answer.body
    return (await running.services.keys.create(WORKSPACE_ID, "rep", role="rep")).token


async def write(running: Running) -> None:
    """Create people of which the role reads the half, and the other half between them."""
    for number in range(2 * SEEN):
        city = "Berlin" if number % 2 else "Rome"
        request = GraphQLRequest(
            query="mutation ($data: PersonInput!) { createPerson(data: $data) { id } }",
            operation_name=None,
            variables={"data": {"email": f"{number}@x.org", "city": city}},
        )
        answer = await running.services.core.execute(PRINCIPAL, request, allow_mutation=True)
        assert b'"errors"' not in answer.body, answer.body


EXPECTED = [f"{number}@x.org" for number in range(1, 2 * SEEN, 2)]


def email_of(data: Any) -> str:
    (event,) = data.values()
    return str(event.get("record", event)["email"])


@asynccontextmanager
async def socket_at(address: str, key: str, query: str, after: str | None) -> AsyncIterator[ClientConnection]:
    url = address.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        payload = {"query": query, "variables": {"after": after}, "extensions": {"begin": True}}
        await socket.send(json.dumps({"id": "a", "type": "subscribe", "payload": payload}))
        yield socket


async def receive(socket: ClientConnection) -> Any:
    async with asyncio.timeout(60):
        return json.loads(await socket.recv())["payload"]


@pytest.mark.parametrize("query", [CREATED, TAIL], ids=["one object", "all objects"])
async def test_a_websocket_that_breaks_after_each_result(running: Running, key: str, query: str) -> None:
    """A client that is cut off after its begin, and then after each result, gets every event once."""
    told: list[str | None] = [None]
    found: list[str] = []
    async with listening(running.app) as address:
        for number in range(SEEN + 1):
            async with socket_at(address, key, query, told[-1]) as socket:
                begun = await receive(socket)
                assert (begun["data"], begun["extensions"]["begun"]) == (None, True)
                told.append(begun["extensions"]["position"])
                if number == 0:
                    await write(running)
                    continue
                result = await receive(socket)
                found.append(email_of(result["data"]))
                told.append(result["extensions"]["position"])
        async with socket_at(address, key, query, "x" * 44) as socket:
            (refused,) = await receive(socket)
    assert found == EXPECTED
    assert len(set(told[1:])) == len(told[1:]), "the begin of a resumed one is another text for the same position"
    assert {len(one or "") for one in told[1:]} == {44}
    assert (refused["extensions"]["code"], refused["extensions"]["reason"]) == ("BAD_USER_INPUT", "POSITION_UNKNOWN")


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
@pytest.mark.parametrize("query", [CREATED, TAIL], ids=["one object", "all objects"])
async def test_a_stream_that_breaks_after_each_event(running: Running, key: str, query: str, path: str) -> None:
    found: list[str] = []
    headers = {"authorization": f"Bearer {key}", "accept": "text/event-stream"}
    async with listening(running.app) as address, httpx.AsyncClient(base_url=address, headers=headers) as client:
        async with socket_at(address, key, query, None) as socket:
            last = (await receive(socket))["extensions"]["position"]
        await write(running)
        body = {"query": query, "variables": {"after": last}}
        for number in range(SEEN):
            # The header takes precedence over the address that the client began with.
            resumed = {"last-event-id": last} if number else {}
            async with client.stream("POST", path, json=body, headers=resumed) as stream, asyncio.timeout(60):
                async for line in stream.aiter_lines():
                    if line.startswith("id: "):
                        last = line.removeprefix("id: ")
                    if line.startswith("data: "):
                        result = json.loads(line.removeprefix("data: "))
                        break
            found.append(email_of(result["data"]))
            assert result["extensions"] == {"position": last}
            assert len(last) == 44
        for foreign in ("0", "A" * 44):
            text = (await client.post(path, json=body, headers={"last-event-id": foreign})).text
            refused = json.loads(text.split("data: ")[1].split("\n")[0])["errors"][0]["extensions"]
            assert (refused["field"], refused["reason"]) == ("after", "POSITION_UNKNOWN")
    assert found == EXPECTED
