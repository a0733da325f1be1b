"""A socket at /metadata serves the Core API, too, where an operation names it; one at /graphql serves no other."""

from typing import Any

import pytest

from tests.engine.events.conftest import Running
from tests.engine.server.streams.sockets import Socket, connected
from tests.waiting import until

CHANGED = "subscription { personChanged { action record { email } } }"


async def subscribe(socket: Socket, id_: str, query: str, extensions: Any) -> None:
    await socket.send(id=id_, type="subscribe", payload={"query": query, "extensions": extensions})


async def test_one_socket_follows_the_model_and_records(running: Running) -> None:
    async with connected(running.app, path="/metadata") as socket:
        await socket.initialise(running.key)
        await subscribe(socket, "m", "subscription { modelChanged { version } }", {"endpoint": "/metadata"})
        assert (await socket.receive())["id"] == "m"
        await subscribe(socket, "r", CHANGED, {"endpoint": "/graphql"})
        await until(lambda: running.services.events.hub.members == 2)
        await running.create("a@x.org")
        assert await socket.receive() == {
            "id": "r",
            "type": "next",
            "payload": {
                "data": {"personChanged": {"action": "CREATED", "record": {"email": "a@x.org"}}},
                "extensions": {"position": "1"},
            },
        }
        await subscribe(socket, "q", "{ people { totalCount } }", {"endpoint": "/graphql"})
        assert (await socket.receive())["payload"] == {"data": {"people": {"totalCount": 1}}}
    assert running.services.events.hub.members == 0


@pytest.mark.parametrize("extensions", [None, {}, {"endpoint": None}], ids=str)
async def test_without_a_name_it_is_the_api_of_the_socket(running: Running, extensions: Any) -> None:
    for path, query in (("/graphql", "{ people { totalCount } }"), ("/metadata", "{ modelVersion }")):
        async with connected(running.app, path=path) as socket:
            await socket.initialise(running.key)
            await subscribe(socket, "q", query, extensions)
            assert (await socket.receive())["type"] == "next"


@pytest.mark.parametrize(
    ("path", "endpoint", "served"),
    [
        ("/graphql", "/metadata", "/graphql"),
        ("/metadata", "/rest", "/metadata or /graphql"),
        ("/metadata", ["/graphql"], "/metadata or /graphql"),
        ("/metadata", "", "/metadata or /graphql"),
    ],
)
async def test_another_api_is_refused(running: Running, path: str, endpoint: Any, served: str) -> None:
    async with connected(running.app, path=path) as socket:
        await socket.initialise(running.key)
        await subscribe(socket, "q", "{ __typename }", {"endpoint": endpoint})
        message = await socket.receive()
        assert message["type"] == "error"
        (error,) = message["payload"]
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "endpoint")
        assert f"must be {served}:" in error["message"]
        await subscribe(socket, "q", "{ __typename }", None)
        assert (await socket.receive())["type"] == "next"
