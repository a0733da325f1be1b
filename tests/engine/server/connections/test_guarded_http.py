"""The limits of a connection, as the protocol holds them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
import uvloop

from fieldstone.engine import create_app
from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.register import Connections
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.engine.server.http.responses import Reply
from tests.waiting import until


@asynccontextmanager
async def opened(limits: ConnectionLimits) -> AsyncIterator[tuple[FieldstoneProtocol, socket.socket, Connections]]:
    """Hold a connection to an app without a database: the protocol's end and the client's."""
    app = create_app(database_url="postgresql://127.0.0.1:9/nothing", log_level="error", startup_timeout=0.1)
    app.connections = connections = Connections(limits)
    server = uvicorn.Server(uvicorn.Config(app, http=FieldstoneProtocol, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server._serve([listener]))
        await until(lambda: server.started)
        with socket.create_connection(listener.getsockname()) as client:
            await until(lambda: connections.stats().open == 1)
            (protocol,) = server.server_state.connections
            assert isinstance(protocol, FieldstoneProtocol)
            yield protocol, client, connections
        server.should_exit = True
        await serving


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_an_answer_of_the_warm_path_that_nobody_reads_is_given_up(loop: object) -> None:
    async def ask() -> None:
        async with opened(ConnectionLimits(unread=0.4)) as (protocol, _, connections):
            protocol.reply(Reply(200, b"x" * 20_000_000), b"")
            assert connections.stats().buffered > 5_000_000
            await until(lambda: connections.stats().ended == {"unread": 1})
            assert connections.stats().buffered == 0

    with asyncio.Runner(loop_factory=loop) as runner:  # type: ignore[arg-type]  # it makes one
        runner.run(ask())


@pytest.mark.long
async def test_an_idle_connection_is_kept_for_its_time_and_then_closed() -> None:
    async with opened(ConnectionLimits(head=0.5)) as (protocol, client, connections):
        looks: list[float] = []
        look = protocol.look

        def noted(now: float) -> None:
            looks.append(now)
            look(now)

        protocol.look = noted  # type: ignore[method-assign]  # it is looked at as before
        protocol.reply(Reply(200, b"answered"), b"")
        # It has been answered, so that it is no silent one.
        await until(lambda: bool(looks) and looks[-1] - looks[0] > 1)
        assert not protocol.transport.is_closing()
        protocol.timeout_keep_alive = 0
        await until(lambda: connections.stats().open == 0)
        assert b"answered" in client.recv(1_000)
        assert connections.stats().ended == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"GET / HTTP/1.1\r\n", b"one Host header"),
        (b"GET /rest/people?filter=a#b HTTP/1.1\r\nHost: a\r\n", b"write %23"),
    ],
    ids=["without Host", "a fragment in the target"],
)
async def test_the_answer_to_a_refused_head_has_the_id_of_the_request(line: bytes, message: bytes) -> None:
    async with opened(ConnectionLimits()) as (_, client, connections):
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, line + b"X-Request-Id: mine-1\r\n\r\n")
        answer = b""
        while part := await loop.sock_recv(client, 65_536):
            answer += part
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"\r\nx-request-id: mine-1\r\n" in answer
        assert message in answer
        assert sum(connections.stats().ended.values()) == 1


@pytest.mark.parametrize("callback", ["on_headers_complete", "on_body"])
async def test_a_request_that_the_server_has_no_memory_for_is_not_called_wrong(
    monkeypatch: pytest.MonkeyPatch, callback: str
) -> None:
    """It was refused with 400, and a client does not send such a request again."""

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(FieldstoneProtocol, callback, fail)
    async with opened(ConnectionLimits()) as (_, client, _connections):
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nhalf of it")
        answer = b""
        while part := await loop.sock_recv(client, 65_536):
            answer += part
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in answer
