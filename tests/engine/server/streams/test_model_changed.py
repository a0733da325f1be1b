"""`modelChanged` on /metadata: the version of the model over the WebSocket and the event stream."""

import json
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.events.quotas import QuotaLimits
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.streams.websocket.messages import Close
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.conftest import Running
from tests.engine.server.streams.sockets import Socket, connected, streamed
from tests.waiting import until

CHANGED = "subscription Watch { seen: modelChanged { __typename version objects rights } }"


async def change(running: Running, change: dict[str, Any]) -> int:
    """Make a change of the model, and return the version that it made."""
    text = "mutation ($change: Change!) { applyChanges(changes: [$change]) { version } }"
    request = GraphQLRequest(query=text, operation_name=None, variables={"change": change})
    answer = loads((await running.services.metadata.execute(PRINCIPAL, request, allow_mutation=True)).body)
    assert "errors" not in answer, answer
    return int(answer["data"]["applyChanges"]["version"])


async def icon(running: Running, name: str, icon: str) -> int:
    return await change(running, {"updateObject": {"id": name, "update": {"icon": icon}}})


async def ids(running: Running) -> dict[str, str]:
    model = await running.services.foundation.current.get(WORKSPACE_ID)
    return {object_.name_singular: str(object_.id) for object_ in model.objects.values()}


async def next_of(socket: Socket) -> Any:
    message = await socket.receive()
    assert (message["id"], message["type"]) == ("1", "next"), message
    assert message["payload"].keys() == {"data"}
    return message["payload"]["data"]["seen"]


def told(version: int, *objects: str, rights: bool = False) -> dict[str, Any]:
    return {"__typename": "ModelChange", "version": str(version), "objects": sorted(objects), "rights": rights}


async def test_a_socket_gets_the_version_at_once_and_after_each_change(running: Running) -> None:
    version, known = (await running.services.foundation.current.get(WORKSPACE_ID)).version, await ids(running)
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", CHANGED)
        assert await next_of(socket) == told(version)
        assert running.services.events.hub.members == 1
        assert await icon(running, "person", "x") == version + 1
        assert await next_of(socket) == told(version + 1, known["person"])
        await change(running, {"createRole": {"name": "clerk", "grants": []}})
        assert await next_of(socket) == told(version + 2, rights=True)
        await socket.send(id="1", type="complete")
        await until(lambda: running.services.events.hub.members == 0)
        await icon(running, "person", "y")
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
    assert not running.services.events.hub.serves(WORKSPACE_ID)


async def test_a_client_that_reads_slowly_gets_all_changes_as_one_message(running: Running) -> None:
    known = await ids(running)
    async with connected(running.app, path="/metadata") as slow, connected(running.app, path="/metadata") as quick:
        for socket in (slow, quick):
            await socket.initialise(running.key)
            await socket.subscribe("1", CHANGED)
            await next_of(socket)
        slow.reads.clear()
        for number in range(4):
            version = await icon(running, "company" if number % 2 else "person", f"x{number}")
            assert (await next_of(quick))["version"] == str(version)
        slow.reads.set()
        # One message was under way when the client ceased to read.
        assert (await next_of(slow))["version"] == str(version - 3)
        assert await next_of(slow) == told(version, known["company"], known["person"])


async def test_an_event_stream_gets_the_same_without_positions(running: Running) -> None:
    headers = {"authorization": f"Bearer {running.key}"}
    for path in ("/metadata/stream", "/metadata"):
        async with streamed(running.app, {"query": CHANGED}, headers=headers, path=path) as stream:
            await stream.events(1)
            version = await icon(running, "person", path)
            _, second = await stream.events(2)
            assert second.keys() == {"event", "data"}
            assert json.loads(second["data"])["data"]["seen"]["version"] == str(version)
    assert running.services.events.hub.members == 0


async def test_a_restricted_role_is_told_of_the_objects_that_it_sees(running: Running) -> None:
    known = await ids(running)
    await change(running, {"createRole": {"name": "clerk", "grants": [{"object": "person", "read": {}}]}})
    made = await running.services.keys.create(WORKSPACE_ID, "clerk's", role="clerk")
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(made.token)
        await socket.subscribe("1", CHANGED)
        await next_of(socket)
        version = await icon(running, "company", "x")
        assert await next_of(socket) == told(version)
        version = await icon(running, "person", "x")
        assert await next_of(socket) == told(version, known["person"])


async def test_a_revoked_key_ends_it(running: Running) -> None:
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", CHANGED)
        await next_of(socket)
        await running.services.keys.revoke(WORKSPACE_ID, running.key_id)
        assert (await socket.closed()).code == Close.FORBIDDEN
    assert running.services.events.hub.members == 0


async def test_it_counts_among_the_subscriptions_of_the_workspace(running: Running) -> None:
    hub = running.services.events.hub
    hub.quotas.limits = replace(QuotaLimits(), subscriptions=1)
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", CHANGED)
        await next_of(socket)
        await socket.subscribe("2", CHANGED)
        message = await socket.receive()
        assert (message["id"], message["type"]) == ("2", "error")
        assert message["payload"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert hub.members == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("subscription { personCreated { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { objects { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { modelChanged { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { modelChanged { version } b: modelChanged { version } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_nothing_else_is_subscribed_to_on_metadata(text: str, code: str, running: Running) -> None:
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", text)
        message = await socket.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code


async def test_queries_and_mutations_of_the_model_go_over_the_socket_too(running: Running) -> None:
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(running.key)
        await socket.subscribe("1", "{ seen: modelVersion }")
        assert (await next_of(socket)).isdigit()
        assert (await socket.receive())["type"] == "complete"


async def test_it_is_no_request(running: Running) -> None:
    request = GraphQLRequest(query=CHANGED, operation_name=None, variables={})
    answer = loads((await running.services.metadata.execute(PRINCIPAL, request, allow_mutation=True)).body)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
