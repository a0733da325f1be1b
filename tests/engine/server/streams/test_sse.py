"""The event stream: graphql-sse's distinct connections mode, with Last-Event-ID.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from fieldstone.engine.server.streams.sse import StreamLimits
from tests.engine.events.conftest import Running, StartApp
from tests.engine.server.streams.sockets import streamed
from tests.waiting import until

CREATED = "subscription ($after: String) { personCreated(after: $after) { email } }"


def event(email: str, position: int) -> dict[str, str]:
    data = {"data": {"personCreated": {"email": email}}, "extensions": {"position": str(position)}}
    return {"event": "next", "id": str(position), "data": json.dumps(data, separators=(",", ":"))}


def authorized(running: Running, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {running.key}", **headers}


async def test_a_subscription_by_post(running: Running) -> None:
    async with streamed(running.app, {"query": CREATED}, headers=authorized(running)) as stream:
        await until(lambda: running.services.events.hub.members == 1)
        await running.create("1@example.com", "2@example.com")
        assert await stream.events(2) == [event("1@example.com", 1), event("2@example.com", 2)]
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert running.services.events.hub.members == 0


async def test_the_last_event_id_is_where_it_goes_on(running: Running) -> None:
    await running.create("1@example.com", "2@example.com", "3@example.com")
    query = urlencode({"query": CREATED, "variables": json.dumps({"after": "0"})}).encode()
    headers = authorized(running)
    async with streamed(running.app, method="GET", query=query, headers=headers) as stream:
        assert (await stream.events(3))[0] == event("1@example.com", 1)
    headers = authorized(running, **{"last-event-id": "2"})
    async with streamed(running.app, method="GET", query=query, headers=headers) as stream:
        assert await stream.events(1) == [event("3@example.com", 3)]


async def test_the_position_is_told_at_the_begin_and_while_no_event_comes(running: Running) -> None:
    quiet = "subscription { personDestroyed { id } }"
    for endpoint in running.app._streams.values():
        endpoint._limits = StreamLimits(keep_alive=0.1)
    async with streamed(running.app, {"query": quiet}, headers=authorized(running)) as stream:
        assert await stream.blocks(1) == ["id: 0"]
        await running.create(*(f"{number}@example.com" for number in range(12)))
        await until(lambda: stream.body.endswith(b"id: 12\n\n"))
        assert await stream.events(0) == []
    async with streamed(
        running.app, {"query": "subscription { people { totalCount } }"}, headers=authorized(running)
    ) as live:
        await until(lambda: live.body.count(b":\n\n") > 2)
        assert live.body.count(b"id: ") == 1


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_address_of_operations_streams_for_a_client_that_takes_nothing_else(
    running: Running, method: str
) -> None:
    query = urlencode({"query": CREATED}).encode() if method == "GET" else b""
    body = {"query": CREATED} if method == "POST" else None
    headers = authorized(running)
    async with streamed(running.app, body, method=method, query=query, headers=headers, path="/graphql") as stream:
        await until(lambda: running.services.events.hub.members == 1)
        await running.create("1@example.com")
        assert await stream.events(1) == [event("1@example.com", 1)]
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
async def test_a_head_is_answered_as_a_get_without_its_stream(running: Running, path: str) -> None:
    """It was refused with 405. https://www.rfc-editor.org/rfc/rfc9110#name-head"""
    refused = "mutation { destroyPeople(filter: {}) { id } }"
    for text in (CREATED, "{ people { totalCount } }", "{ nope }", refused):
        query = urlencode({"query": text}).encode()
        async with streamed(running.app, method="HEAD", query=query, headers=authorized(running), path=path) as stream:
            await stream.over()
            assert (stream.status, stream.body) == (200, b"")
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert running.services.events.hub.members == 0
    query = urlencode({"query": CREATED}).encode()
    async with streamed(running.app, method="HEAD", query=query, headers={}, path=path) as stream:
        await stream.over()
        assert (stream.status, stream.body) == (401, b"")
    for method in ("OPTIONS", "PUT"):
        async with streamed(running.app, method=method, headers=authorized(running), path=path) as stream:
            await stream.over()
            assert stream.headers["allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize(
    ("path", "accept", "status", "content_type"),
    [
        ("/graphql", "application/json, text/event-stream", 200, "application/json; charset=utf-8"),
        ("/graphql", "*/*", 200, "application/json; charset=utf-8"),
        ("/graphql", "text/plain", 406, "application/json; charset=utf-8"),
        ("/graphql", "text/event-stream;q=0", 406, "application/json; charset=utf-8"),
        ("/metadata", "text/plain", 406, "application/json; charset=utf-8"),
        ("/metadata", "text/event-stream", 200, "text/event-stream; charset=utf-8"),
    ],
)
async def test_every_other_client_gets_json(
    running: Running, path: str, accept: str, status: int, content_type: str
) -> None:
    headers = authorized(running, accept=accept)
    async with streamed(running.app, {"query": "{ __typename }"}, headers=headers, path=path) as stream:
        await stream.over()
        assert (stream.status, stream.headers["content-type"]) == (status, content_type)


async def test_a_query_is_one_result(running: Running) -> None:
    async with streamed(running.app, {"query": "{ people { totalCount } }"}, headers=authorized(running)) as stream:
        await stream.over()
        assert await stream.events(2) == [
            {"event": "next", "data": '{"data":{"people":{"totalCount":0}}}'},
            {"event": "complete", "data": ""},
        ]


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
async def test_the_wishes_of_a_head_count_as_in_other_answers(running: Running, path: str) -> None:
    body = {"query": 'mutation { createPerson(data: { email: "once@example.com" }) { id } }'}
    wishes = {"idempotency-key": "one", "x-fieldstone-cost": "1"}
    told = []
    for _ in range(2):
        async with streamed(running.app, body, headers=authorized(running, **wishes), path=path) as stream:
            await stream.over()
            told.append(json.loads((await stream.events(2))[0]["data"]))
    assert told[0] == told[1]
    assert "cost" in told[0]["extensions"]
    for wrong in ({"idempotency-key": "\xe4"}, {"x-fieldstone-timeout": "soon"}):
        async with streamed(running.app, body, headers=authorized(running, **wrong), path=path) as stream:
            await stream.over()
            assert stream.status == 400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ('subscription { personCreated(after: "99") { id } }', "BAD_USER_INPUT"),
    ],
)
async def test_what_is_wrong_with_an_operation_is_told_in_the_stream(running: Running, query: str, code: str) -> None:
    async with streamed(running.app, {"query": query}, headers=authorized(running)) as stream:
        await stream.over()
        told, complete = await stream.events(2)
        assert json.loads(told["data"])["errors"][0]["extensions"]["code"] == code
        assert complete["event"] == "complete"


async def test_a_last_event_id_that_is_none_is_told_in_the_stream(running: Running) -> None:
    """A client that retries a failed request would come again and again."""
    headers = authorized(running, **{"last-event-id": "x"})
    async with streamed(running.app, {"query": CREATED}, headers=headers) as stream:
        await stream.over()
        told, complete = await stream.events(2)
        assert json.loads(told["data"])["errors"][0]["extensions"]["reason"] == "POSITION_UNKNOWN"
        assert (stream.status, complete["event"]) == (200, "complete")


@pytest.mark.parametrize(
    ("body", "method", "headers", "status"),
    [
        ({"query": CREATED}, "POST", {"authorization": "Bearer no"}, 401),
        ({"query": CREATED}, "POST", {"accept": "application/json"}, 406),
        ({"query": CREATED}, "POST", {"content-type": "text/plain"}, 415),
        ({"query": 1}, "POST", {}, 400),
        ([{"query": CREATED}], "POST", {}, 400),
        ({"query": CREATED}, "PUT", {}, 405),
    ],
)
async def test_a_request_that_is_none_is_refused(
    running: Running, body: Any, method: str, headers: dict[str, str], status: int
) -> None:
    async with streamed(running.app, body, method=method, headers=authorized(running, **headers)) as stream:
        await stream.over()
        assert stream.status == status


async def test_a_mutation_by_get_is_refused(running: Running) -> None:
    query = urlencode({"query": 'mutation { createPerson(data: { email: "a@b" }) { id } }'}).encode()
    async with streamed(running.app, method="GET", query=query, headers=authorized(running)) as stream:
        await stream.over()
        assert "must be sent by POST" in stream.body.decode()


async def test_a_stream_counts_against_the_rate_limit(start_app: StartApp) -> None:
    async with start_app(rate_limit=1) as running:
        async with streamed(running.app, {"query": "{ __typename }"}, headers=authorized(running)) as stream:
            await stream.over()
            assert (stream.status, stream.headers["x-ratelimit-remaining"]) == (200, "0")
        async with streamed(running.app, {"query": CREATED}, headers=authorized(running)) as stream:
            await stream.over()
            assert stream.status == 429


async def test_a_revoked_key_ends_its_stream_with_the_reason(running: Running) -> None:
    async with streamed(running.app, {"query": CREATED}, headers=authorized(running)) as stream:
        await until(lambda: running.services.events.hub.members == 1)
        await running.services.keys.revoke(running.services.foundation.default.workspace.id, running.key_id)
        await stream.over()
        told, complete = await stream.events(2)
        assert json.loads(told["data"])["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert complete["event"] == "complete"


async def test_streams_end_when_the_server_stops(running: Running) -> None:
    async with streamed(running.app, {"query": CREATED}, headers=authorized(running)) as stream:
        await until(lambda: running.services.events.hub.members == 1)
        running.app.end_streams()
        await stream.over()
        assert b"complete" not in stream.body
        assert running.services.events.hub.members == 0
