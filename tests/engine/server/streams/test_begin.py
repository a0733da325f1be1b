"""A client that asks for it is told when its subscription has begun: a read behind that misses nothing."""

from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.streams.websocket.socket import SocketLimits
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.conftest import Running, StartApp
from tests.engine.metadata_api.roles import CREATE
from tests.engine.server.streams.sockets import Socket, connected
from tests.waiting import until, until_true

CREATED = "subscription ($after: String) { personCreated(after: $after) { email } }"
BEGIN = {"begin": True}


async def begin(socket: Socket, id_: str, query: str = CREATED, extensions: Any = BEGIN, **variables: Any) -> None:
    payload = {"query": query, "variables": variables, "extensions": extensions}
    await socket.send(id=id_, type="subscribe", payload=payload)


async def test_the_first_message_tells_the_position_and_what_follows_it_comes(running: Running) -> None:
    await running.create("before@x.org")

    async def is_in_the_log() -> bool:
        return (await running.services.events.hub.log.bounds()).last == 1

    await until_true(is_in_the_log)
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await begin(socket, "a")
        begun = await socket.next_of("a")
        assert begun == {"data": None, "extensions": {"begun": True, "position": "1"}}
        await running.create("behind@x.org")
        behind = {"data": {"personCreated": {"email": "behind@x.org"}}, "extensions": {"position": "2"}}
        assert await socket.next_of("a") == behind
        # The position of the begin resumes as that of any result does.
        await begin(socket, "b", after=begun["extensions"]["position"])
        assert await socket.next_of("b") == begun
        assert await socket.next_of("b") == behind
        # All events of the workspace as well.
        await begin(socket, "c", "subscription { events { action } }")
        assert (await socket.next_of("c"))["extensions"] == {"begun": True, "position": "2"}


async def test_the_position_is_told_again_while_no_event_comes(start_app: StartApp) -> None:
    async with start_app(SocketLimits(telling=0.1)) as running, connected(running.app) as socket:
        await socket.initialise(running.key)
        quiet = "subscription ($after: String) { personDestroyed(after: $after) { id } }"
        await begin(socket, "a", quiet)
        assert (await socket.next_of("a"))["extensions"]["position"] == "0"
        await running.create(*(f"{number}@example.com" for number in range(12)))
        told = "0"
        while told != "12":
            result = await socket.next_of("a")
            assert result["data"] is None
            assert int(result["extensions"]["position"]) > int(told)
            told = result["extensions"]["position"]
        await begin(socket, "b", quiet, after=told)
        assert (await socket.next_of("b"))["extensions"] == {"begun": True, "position": "12"}


async def test_a_role_with_restrictions_is_told_whatever_is_written(start_app: StartApp) -> None:
    async with start_app(SocketLimits(telling=0.1)) as running, connected(running.app) as socket:
        grants = [{"object": "person", "read": {"rule": {"city": {"eq": "Berlin"}}}}]
        request = GraphQLRequest(
            query=CREATE, operation_name=None, variables={"input": {"name": "rep", "label": "Rep", "grants": grants}}
        )
        answer = await running.services.metadata.execute(PRINCIPAL, request, allow_mutation=True)
        assert b'"errors"' not in answer.body, answer.body
        await socket.initialise((await running.services.keys.create(WORKSPACE_ID, "rep", role="rep")).token)
        await begin(socket, "a")
        told = [(await socket.next_of("a"))["extensions"] for _ in range(3)]
        assert [one["begun"] for one in told] == [True] * 3
        assert len({one["position"] for one in told}) == 3


async def test_a_live_query_and_a_query_answer_as_ever(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await begin(socket, "a", "subscription { people { totalCount } }")
        assert (await socket.next_of("a"))["data"] == {"people": {"totalCount": 0}}
        await begin(socket, "b", "{ people { totalCount } }")
        assert await socket.next_of("b") == {"data": {"people": {"totalCount": 0}}}


async def test_a_subscription_that_is_refused_does_not_begin(running: Running) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await begin(socket, "a", after="99")
        assert (await socket.receive())["payload"][0]["extensions"]["reason"] == "POSITION_UNKNOWN"


@pytest.mark.parametrize("asked", ["yes", 1, {}, []], ids=str)
async def test_no_boolean_is_refused(running: Running, asked: Any) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await begin(socket, "a", extensions={"begin": asked})
        (error,) = (await socket.receive())["payload"]
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "begin")


@pytest.mark.parametrize("extensions", [None, {}, {"begin": None}, {"begin": False}], ids=str)
async def test_without_the_wish_the_first_message_is_an_event(running: Running, extensions: Any) -> None:
    async with connected(running.app) as socket:
        await socket.initialise(running.key)
        await begin(socket, "a", extensions=extensions)
        await until(lambda: running.services.events.hub.members == 1)
        await running.create("a@x.org")
        assert (await socket.next_of("a"))["data"] == {"personCreated": {"email": "a@x.org"}}
