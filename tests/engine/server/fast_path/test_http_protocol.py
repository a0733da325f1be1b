"""The bytes on the wire are those of uvicorn itself; an answer that is there as a whole goes in one write."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fieldstone.engine.server.browsers.security_headers import SECURITY_LINES
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from tests.waiting import until

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LARGE = b"x" * 1_000_000


async def app(scope: "Scope", receive: "Receive", send: "Send") -> None:
    """Answer as the path says, with the request's method and body in the answer."""
    if scope["path"] == "/unread":
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no"})
        return
    given = b""
    while (message := await receive())["type"] == "http.request":
        given += message["body"]
        if not message["more_body"]:
            break
    body = LARGE if scope["path"] == "/large" else scope["method"].encode() + b" " + given
    length = (b"content-length", b"%d" % len(body))
    start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [length]}
    match scope["path"]:
        case "/chunked":
            await send({**start, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b"!"})
        case "/parts":
            await send(start)
            await send({"type": "http.response.body", "body": body[:3], "more_body": True})
            await send({"type": "http.response.body", "body": body[3:]})
        case "/empty":
            await send({**start, "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        case "/close":
            await send({**start, "headers": [length, (b"connection", b"close")]})
            await send({"type": "http.response.body", "body": body})
        case "/injected":
            await send({**start, "headers": [length, (b"x-given", b"a\r\nx-made: up")]})
            await send({"type": "http.response.body", "body": body})
        case "/too-long":
            await send({**start, "headers": [(b"content-length", b"1")]})
            await send({"type": "http.response.body", "body": body})
        case "/nothing":
            return
        case _:
            await send({**start, "status": 404 if scope["path"] == "/404" else 200})
            await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def listening(protocol: type[HttpToolsProtocol]) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """Run uvicorn with a protocol, as the command does, and give its port."""
    config = uvicorn.Config(
        app, http=protocol, proxy_headers=False, lifespan="off", log_config=None, access_log=False, date_header=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server._serve([listener]))
        await until(lambda: server.started)
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            await serving


async def exchange(protocol: type[HttpToolsProtocol], *sent: bytes) -> bytes:
    """Return all that comes back for these pieces until the server closes the connection."""
    async with listening(protocol) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in sent:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        answer = await reader.read()
        writer.close()
        return answer


def request(path: str, *, method: str = "POST", body: bytes = b"abc", last: bool = False, more: bytes = b"") -> bytes:
    close = b"Connection: close\r\n" if last else b""
    length = b"Content-Length: %d\r\n" % len(body)
    return b"%s %s HTTP/1.1\r\nHost: a\r\n%s%s%s\r\n%s" % (method.encode(), path.encode(), length, close, more, body)


LAST = request("/", last=True)


@pytest.mark.parametrize(
    "sent",
    [
        (request("/"), request("/404"), LAST),
        (request("/") + request("/parts") + request("/") + LAST,),
        (request("/", method="HEAD", body=b"") + LAST,),
        (request("/", method="GET", body=b"") + LAST,),
        (request("/empty") + LAST,),
        (request("/chunked") + LAST,),
        (request("/parts") + LAST,),
        (request("/large") + LAST,),
        (request("/close"),),
        (request("/unread") + LAST,),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"1\r\nd\r\n0\r\n\r\n", LAST),
        (request("/", more=b"Expect: 100-continue\r\n") + LAST,),
        (request("/unread", more=b"Expect: 100-continue\r\n") + LAST,),
        (b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",),
        (LAST,),
        (b"nonsense\r\n\r\n",),
    ],
    ids=[
        "kept alive", "pipelined", "HEAD", "GET", "no content", "chunked answer", "in parts", "large",
        "closed by the app", "body not read", "chunked request", "100-continue", "100-continue refused", "HTTP/1.0",
        "closed by the client", "no request",
    ],
)  # fmt: skip
async def test_the_wire_carries_what_uvicorn_sends(sent: tuple[bytes, ...]) -> None:
    answer = await exchange(FieldstoneProtocol, *sent)
    # A refusal is an answer of the protocol itself, and has the security headers and an id.
    plain = re.sub(rb"x-request-id: \w+\r\n", b"", answer.replace(SECURITY_LINES, b""))
    assert plain == await exchange(HttpToolsProtocol, *sent)
    assert answer.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("path", ["/chunked", "/parts", "/empty", "/"])
@pytest.mark.parametrize("method", ["POST", "HEAD"])
async def test_a_client_of_http_1_0_gets_no_chunks(path: str, method: str) -> None:
    asked = request(path, method=method).replace(b"HTTP/1.1", b"HTTP/1.0")
    head, _, body = (await exchange(FieldstoneProtocol, asked)).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    told = b"" if method == "HEAD" or path == "/empty" else b"POST abc"
    assert body == told + (b"!" if told and path == "/chunked" else b"")


@pytest.mark.parametrize("path", ["/injected", "/too-long", "/nothing"])
async def test_a_fault_of_the_app_makes_no_answer_of_it(path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = await exchange(FieldstoneProtocol, request(path, last=True))
    assert b"x-made" not in answer
    assert b"POST abc" not in answer
    assert [record.name for record in caplog.records] == ["uvicorn.error"]


class Counting(FieldstoneProtocol):
    """Counts its writes."""

    written: list[bytes]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin a connection."""
        Counting.written = []

        class Transport:
            def __getattr__(self, name: str) -> Any:
                return getattr(transport, name)

            def write(self, data: bytes) -> None:
                Counting.written.append(data)
                transport.write(data)

        super().connection_made(Transport())  # type: ignore[arg-type]  # it is one in all but name


async def test_a_whole_answer_is_one_write() -> None:
    answer = await exchange(Counting, request("/") + request("/404") + LAST)
    assert b"".join(Counting.written) == answer
    assert [piece[:12] for piece in Counting.written[:2]] == [b"HTTP/1.1 200", b"HTTP/1.1 404"]
    assert all(piece.endswith(b"POST abc") for piece in Counting.written[:2])


async def test_a_connection_is_kept_until_the_server_ends() -> None:
    async with listening(FieldstoneProtocol) as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(request("/"))
            assert await reader.readuntil(b"POST abc") != b""
        server.should_exit = True
        assert await reader.read() == b""
        writer.close()


class Late(FieldstoneProtocol):
    """Writes when its client has gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Write an answer for the next turn of the loop, and in that turn one that is due at once."""
        self.transport.write(b"too late")
        self.loop.call_soon(self.transport.write, b"too late")
        self.loop.call_soon(self.transport.write, b"by far")
        super().connection_lost(exc)


def test_what_is_written_to_a_client_that_has_reset_is_dropped() -> None:
    """uvloop's transport takes nothing any more by then; it failed, with a traceback in the log."""
    found: list[object] = []

    async def leave() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
        async with listening(Late) as (port, server):
            with socket.create_connection(("127.0.0.1", port)) as client:
                await until(lambda: len(server.server_state.connections) == 1)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await until(lambda: not server.server_state.connections)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(leave())
    assert found == []
