"""graphql-transport-ws, as its protocol has it, and the codes that a socket is closed with.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from typing import Any

import pytest

from fieldstone.engine.server.log import flush_log
from fieldstone.engine.server.streams.send_queue import QueueLimits
from fieldstone.engine.server.streams.websocket.socket import SocketLimits
from tests.engine.events.conftest import Running, StartApp
from tests.engine.server.streams.sockets import Closed, connected
from tests.waiting import until

CREATED = "subscription ($after: String) { personCreated(after: $after) { email } }"


def result(id_: str, email: str, position: int) -> dict[str, Any]:
    payload = {"data": {"personCreated": {"email": email}}, "extensions": {"position": str(position)}}
    return {"id": id_, "type": "next", "payload": payload}


async def subscribers(running: Running, count: int) -> None:
    await until(lambda: running.services.events.hub.members == count)


async def test_a_subscription_from_its_beginning_to_its_end(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        assert socket.subprotocol == "graphql-transport-ws"
        await socket.subscribe("a", CREATED)
        await subscribers(running, 1)
        await running.create("1@example.com", "2@example.com")
        assert await socket.receive() == result("a", "1@example.com", 1)
        assert await socket.receive() == result("a", "2@example.com", 2)
        await socket.send(id="a", type="complete")
        await subscribers(running, 0)
        await running.create("3@example.com")
        await socket.subscribe("a", CREATED, after="1")
        assert await socket.receive() == result("a", "2@example.com", 2)
        assert await socket.receive() == result("a", "3@example.com", 3)
    assert running.services.events.hub.members == 0


async def test_queries_and_mutations_are_answered_once(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("m", 'mutation { createPerson(data: { email: "a@example.com" }) { email } }')
        data = {"createPerson": {"email": "a@example.com"}}
        assert await socket.receive() == {"id": "m", "type": "next", "payload": {"data": data}}
        assert await socket.receive() == {"id": "m", "type": "complete"}
        await socket.subscribe("m", "{ people { totalCount } }")
        assert await socket.receive() == {"id": "m", "type": "next", "payload": {"data": {"people": {"totalCount": 1}}}}
        assert await socket.receive() == {"id": "m", "type": "complete"}


async def test_an_error_of_execution_is_a_result(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        id_ = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
        await socket.subscribe("q", "mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=id_)
        answer = await socket.receive()
        assert answer["type"] == "next"
        assert answer["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert answer["payload"]["data"] is None
        assert await socket.receive() == {"id": "q", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { personCreated { nope } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { personCreated { id } personDeleted { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ('subscription { personCreated(after: "99") { id } }', "BAD_USER_INPUT"),
        ("subscription { personUpdated(changed: [nope]) { id } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_begun_is_an_error_and_no_more(running: Running, query: str, code: str) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("a", query)
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("a", "error")
        assert answer["payload"][0]["extensions"]["code"] == code
        await socket.subscribe("a", "{ __typename }")
        assert (await socket.receive())["type"] == "next"


async def test_a_ping_is_answered_with_its_payload(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
        await socket.send(type="ping", payload={"n": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"n": 1}}
        await socket.send(type="pong", payload={"unasked": True})
        await socket.initialise(running.key)


async def test_the_key_may_come_in_the_header(running: Running) -> None:
    async with connected(running.app, headers={"Authorization": f"Bearer {running.key}"}) as socket:
        await socket.initialise(None)


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("is_nested", [False, True])
async def test_the_key_may_come_in_the_first_message(running: Running, name: str, is_nested: bool) -> None:
    given = {name: f"Bearer {running.key}"}
    async with connected(running.app) as socket:
        await socket.send(type="connection_init", payload={"headers": given} if is_nested else given)
        assert (await socket.receive())["type"] == "connection_ack"


@pytest.mark.parametrize("is_spread", [False, True])
async def test_a_socket_that_is_opened_while_the_server_stops_is_closed_at_once(
    running: Running, *, is_spread: bool
) -> None:
    if is_spread:
        running.app.spread_streams(3_600)
    else:
        running.app.end_streams()
    async with connected(running.app) as socket:
        closed = await socket.closed()
        assert (closed.code, closed.args[1]) == (1012, "Service restart")


async def test_a_key_without_its_scheme_is_4403_with_the_reason(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.send(type="connection_init", payload={"authorization": running.key})
        closed = await socket.closed()
        assert (closed.code, closed.args[1]) == (
            4403,
            "Forbidden: The key in 'Authorization' has no 'Bearer' before it: write 'Authorization: Bearer KEY'.",
        )


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}], ids=str)
async def test_no_key_is_4403_and_tells_where_it_goes(running: Running, payload: Any) -> None:
    async with connected(running.app) as socket:
        await socket.send(type="connection_init", **({} if payload is None else {"payload": payload}))
        closed = await socket.closed()
    assert closed.code == 4403
    assert closed.args[1] == (
        "Forbidden: An API key is needed: give { authorization: 'Bearer KEY' } in connectionParams."
    )


@pytest.mark.parametrize("headers", [None, 1, "Bearer x", [], {"authorization": 1}, {"other": "x"}], ids=str)
async def test_headers_without_a_key_are_none(running: Running, headers: Any) -> None:
    async with connected(running.app) as socket:
        await socket.send(type="connection_init", payload={"headers": headers})
        assert (await socket.closed()).code == 4403


async def test_another_subprotocol_is_4406(running: Running) -> None:
    async with connected(running.app, protocols=("graphql-ws",)) as socket:
        assert (await socket.closed()).code == 4406


async def test_another_path_has_no_socket(running: Running) -> None:
    async with connected(running.app, path="/nothing") as socket:
        assert (await socket.closed()).code == 1000


@pytest.mark.parametrize(
    "event",
    [
        {"bytes": b"{}"},
        {"text": "no json"},
        {"text": "[]"},
        {"text": "{}"},
        {"text": '{"type":"nope"}'},
        {"text": '{"type":"connection_init","payload":1}'},
        {"text": '{"type":"subscribe","id":"1"}'},
        {"text": '{"type":"subscribe","payload":{"query":"{ a }"}}'},
        {"text": '{"type":"complete"}'},
        {"text": '{"type":"subscribe","id":"","payload":{"query":"{ a }"}}'},
        {"text": '{"type":"ping","payload":"\\ud800"}'},
    ],
    ids=str,
)
async def test_what_is_no_message_is_4400(running: Running, event: dict[str, Any]) -> None:
    async with connected(running.app) as socket:
        await socket.send_raw(**event)
        assert (await socket.closed()).code == 4400


async def test_to_subscribe_before_the_acknowledgement_is_4401(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.subscribe("a", CREATED)
        assert (await socket.closed()).code == 4401


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer fs_no"}, {"authorization": 1}], ids=str)
async def test_without_a_valid_key_it_is_4403(running: Running, payload: Any) -> None:
    async with connected(running.app) as socket:
        await socket.send(type="connection_init", payload=payload)
        closed = await socket.closed()
        assert closed.code == 4403
        assert "API key" in closed.args[1]


async def test_no_initialisation_in_time_is_4408(start_app: StartApp) -> None:
    async with start_app(SocketLimits(initialisation=0.05)) as running, connected(running.app) as socket:
        assert (await socket.closed()).code == 4408


async def test_an_id_in_use_is_4409(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("a", CREATED)
        await socket.subscribe("a", CREATED)
        assert (await socket.closed()).code == 4409
    assert running.services.events.hub.members == 0


async def test_a_second_initialisation_is_4429(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.send(type="connection_init")
        assert (await socket.closed()).code == 4429


async def test_a_fault_of_ours_is_4500_and_logged(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        assert running.services.foundation.database is not None
        await running.services.foundation.database.close()
        object.__setattr__(running.services, "core", None)
        await socket.subscribe("a", CREATED)
        closed = await socket.closed()
        assert closed.code == 4500
    flush_log()
    assert "unexpected error" in capsys.readouterr().err


async def test_a_revoked_key_ends_its_sockets_and_no_others(running: Running) -> None:
    other = await running.services.keys.create(running.services.foundation.default.workspace.id, "other")
    async with connected(running.app) as socket, connected(running.app) as stays:
        await socket.initialise(running.key)
        await stays.initialise(other.token)
        await socket.subscribe("a", CREATED)
        await running.services.keys.revoke(running.services.foundation.default.workspace.id, running.key_id)
        closed = await socket.closed()
        assert (closed.code, "not valid any more" in closed.args[1]) == (4403, True)
        await stays.subscribe("a", "{ __typename }")
        assert (await stays.receive())["type"] == "next"


async def test_each_operation_counts_against_the_rate_limit(start_app: StartApp) -> None:
    async with start_app(rate_limit=2) as running, connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("a", CREATED)
        await socket.subscribe("b", "{ __typename }")
        assert (await socket.receive())["type"] == "next"
        assert (await socket.receive())["type"] == "complete"
        await socket.subscribe("c", "{ __typename }")
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("c", "error")
        assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMIT_EXCEEDED"
        assert answer["payload"][0]["extensions"]["resetAt"] > 0


async def test_refusals_have_the_pace_of_the_process_and_hold_up_no_other_socket(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app(rate_limit=1) as running, connected(running.app) as held, connected(running.app) as other:
        answered, asked = asyncio.Event(), 0

        async def wait() -> None:
            nonlocal asked
            asked += 1
            if asked == 1:
                await answered.wait()

        assert running.app.warm is not None
        monkeypatch.setattr(running.app.warm.refusals, "wait", wait)
        for socket in (held, other):
            await socket.initialise(running.key)
        await held.subscribe("a", "{ __typename }")
        assert [(await held.receive())["type"] for _ in range(2)] == ["next", "complete"]
        await held.subscribe("b", "{ __typename }")
        await until(lambda: asked == 1)
        await other.subscribe("c", "{ __typename }")
        assert (await other.receive())["type"] == "error"
        # So has the close of a socket whose key is refused.
        async with connected(running.app) as stranger:
            await stranger.send(type="connection_init", payload={"authorization": "Bearer fs_no"})
            assert (await stranger.closed()).code == 4403
        assert (asked, held.outgoing.empty()) == (3, True)
        answered.set()
        assert (await held.receive())["type"] == "error"


async def test_a_socket_has_so_many_operations(start_app: StartApp) -> None:
    async with start_app(SocketLimits(operations=2)) as running, connected(running.app) as socket:
        await socket.initialise(running.key)
        for id_ in "abc":
            await socket.subscribe(id_, CREATED)
        answer = await socket.receive()
        assert (answer["id"], answer["payload"][0]["extensions"]["code"]) == ("c", "QUERY_TOO_COMPLEX")


async def test_who_does_not_read_is_closed_with_4410_and_resumes(start_app: StartApp) -> None:
    limits = SocketLimits(slow=0.2, queue=QueueLimits(messages=5))
    people = [f"{number}@example.com" for number in range(30)]
    async with start_app(limits) as running:
        got = []
        async with connected(running.app) as socket:
            await socket.initialise(running.key)
            await socket.subscribe("a", CREATED)
            await subscribers(running, 1)
            socket.reads.clear()
            await running.create(*people)
            await subscribers(running, 0)
            socket.reads.set()
            try:
                while True:
                    got.append(await socket.receive())
            except Closed as closed:
                assert closed.code == 4410
        assert len(got) < len(people)
        after = got[-1]["payload"]["extensions"]["position"] if got else "0"
        async with connected(running.app) as socket:
            await socket.initialise(running.key)
            await socket.subscribe("a", CREATED, after=after)
            got += [await socket.receive() for _ in range(len(people) - len(got))]
        assert [one["payload"]["data"]["personCreated"]["email"] for one in got] == people


FAILING = {
    "refused": {"query": "{ __typename }", "extensions": {"begin": 1}},
    "invalid": {"query": "subscription { nope }"},
    "cannot begin": {"query": CREATED, "variables": {"after": "99"}},
}


@pytest.mark.parametrize("payload", FAILING.values(), ids=FAILING)
async def test_errors_that_are_not_read_keep_the_next_operations_waiting(
    start_app: StartApp, payload: dict[str, Any]
) -> None:
    limits = SocketLimits(queue=QueueLimits(messages=5))
    ids = [f"{number}" + "\x01" * 250 for number in range(100)]
    async with start_app(limits) as running, connected(running.app) as socket:
        await socket.initialise(running.key)
        socket.reads.clear()
        for id_ in ids:
            await socket.send(type="subscribe", id=id_, payload=payload)
        await until(lambda: limits.queue.total.taken > 5_000)
        for _ in range(100):
            await asyncio.sleep(0.005)
            assert limits.queue.total.taken < 15_000
        socket.reads.set()
        got = [await socket.receive() for _ in ids]
        assert sorted(one["id"] for one in got) == sorted(ids)
        assert {one["type"] for one in got} == {"error"}
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_who_reads_slowly_gets_all(start_app: StartApp) -> None:
    limits = SocketLimits(queue=QueueLimits(messages=5))
    people = [f"{number}@example.com" for number in range(100)]
    async with start_app(limits) as running, connected(running.app) as socket:
        await socket.initialise(running.key)
        await socket.subscribe("a", CREATED)
        await subscribers(running, 1)
        socket.reads.clear()
        await running.create(*people)
        await until(lambda: running.services.events.hub.counters.demoted == 1)
        socket.reads.set()
        got = [await socket.receive() for _ in people]
        assert [one["payload"]["data"]["personCreated"]["email"] for one in got] == people
        await asyncio.sleep(0)
