"""Live queries over the WebSocket and the event stream."""

import asyncio
import json
from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from tests.apis import PRINCIPAL
from tests.engine.events.conftest import Running
from tests.engine.server.streams.sockets import Closed, connected, streamed

LIVE = "subscription ($city: String) { people(filter: { city: { eq: $city } }, interval: 100) { totalCount } }"
ALL = "subscription { all: people(interval: 100, orderBy: { email: ASC }) { edges { node { email } } } }"


def counted(count: int, position: int) -> dict[str, Any]:
    return {"data": {"people": {"totalCount": count}}, "extensions": {"position": str(position)}}


async def test_a_socket_gets_the_answer_at_once_and_again(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", LIVE)
        assert await socket.next_of("1") == counted(0, 0)
        await running.create("1@example.com", "2@example.com")
        assert await socket.next_of("1") == counted(2, 2)
        await socket.subscribe("2", ALL)
        people = {"edges": [{"node": {"email": f"{number}@example.com"}} for number in (1, 2)]}
        assert (await socket.next_of("2"))["data"] == {"all": people}
        await socket.send(id="1", type="complete")
        await running.create("3@example.com")
        assert len((await socket.next_of("2"))["data"]["all"]["edges"]) == 3
        assert running.services.events.hub.members == 1
    assert running.services.events.hub.members == 0


async def test_who_reads_slowly_gets_the_newest_answer_alone(running: Running) -> None:
    async with connected(running.app) as slow, connected(running.app) as quick:
        for socket in (slow, quick):
            await socket.initialise(running.key)
            await socket.subscribe("1", ALL)
            assert (await socket.next_of("1"))["data"] == {"all": {"edges": []}}
        slow.reads.clear()
        for number in range(1, 6):
            await running.create(f"{number}@example.com")
            assert len((await quick.next_of("1"))["data"]["all"]["edges"]) == number
        slow.reads.set()
        # One answer was under way when the client ceased to read; all others but the last are never sent.
        sizes = [len((await slow.next_of("1"))["data"]["all"]["edges"]) for _ in range(2)]
        assert sizes == [1, 5]


async def test_an_event_stream_gets_the_same(running: Running) -> None:
    headers = {"authorization": f"Bearer {running.key}", "last-event-id": "99"}
    async with streamed(running.app, {"query": LIVE, "variables": {"city": None}}, headers=headers) as stream:
        assert (await stream.events(1))[0] == {
            "event": "next",
            "id": "0",
            "data": json.dumps(counted(0, 0), separators=(",", ":")),
        }
        await running.create("1@example.com")
        assert json.loads((await stream.events(2))[1]["data"]) == counted(1, 1)
    assert running.services.events.hub.members == 0


async def test_a_refused_argument_is_a_result_and_the_end(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", "subscription { people(interval: 99) { totalCount } }")
        answer = await socket.next_of("1")
        assert (answer["data"], answer["errors"][0]["path"]) == (None, ["people"])
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "interval"}
        assert (await socket.receive())["type"] == "complete"
        assert running.services.events.hub.members == 0


REFUSED = {
    "unknown time zone": (
        'activities(filter: { dueAt: { within: { this: true, unit: DAY, timeZone: "Nowhere/Land" } } }) { totalCount }',
        "BAD_USER_INPUT",
    ),
    "validation": ("people { nope }", "GRAPHQL_VALIDATION_FAILED"),
}


@pytest.mark.parametrize(("root", "code"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_served_is_an_error(running: Running, root: str, code: str) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", f"subscription {{ {root} }}")
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["extensions"]["code"] == code
        assert running.services.events.hub.members == 0


async def test_it_is_no_request(running: Running) -> None:
    request = GraphQLRequest(query=ALL, operation_name=None, variables={})
    answer = await running.services.core.execute(PRINCIPAL, request, allow_mutation=True)
    assert b"served over WebSocket, or as an event stream" in answer.body


async def test_a_revoked_key_ends_it(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", ALL)
        await socket.next_of("1")
        await running.services.keys.revoke(PRINCIPAL.workspace_id, running.key_id)
        with pytest.raises(Closed) as closed:
            async with asyncio.timeout(60):
                await socket.receive()
        assert closed.value.code == 4403
    assert running.services.events.hub.members == 0
