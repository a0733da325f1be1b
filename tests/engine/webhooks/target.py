"""A real HTTP server on this machine that takes events, and does with them as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The server's behaviour: `reset` cuts the connection, and a body may be longer than anybody wants to read."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    reset: bool = False


Behaviour = Callable[[Received], Awaitable[Reply]]


async def take(_: Received) -> Reply:
    """Take whatever comes."""
    return Reply()


@dataclass(slots=True, eq=False)
class TargetServer:
    """The server; `behave` may be changed at any time.

    Attributes:
        received: all requests, in the order in which they came.
        taken: the events of those that were answered with 2xx.
        connections: how many there were.
        busiest: the most requests that were being answered at once.
    """

    port: int = 0
    behave: Behaviour = take
    received: list[Received] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    connections: int = 0
    busy: int = 0
    busiest: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until_taken(self, count: int) -> list[Any]:
        """The events taken, as soon as there are so many."""
        while (known := len(self.taken)) < count:
            # The limit of the wait is for the next, however many they are.
            await until(partial(self._has_taken, known + 1))
        return self.taken

    def _has_taken(self, count: int) -> bool:
        return len(self.taken) >= count

    async def until_received(self, count: int) -> list[Received]:
        """The requests, as soon as there were so many."""
        await until(lambda: len(self.received) >= count)
        return self.received

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        self.connections += 1
        try:
            while True:
                request = await _read(reader)
                self.received.append(request)
                self.busy += 1
                self.busiest = max(self.busiest, self.busy)
                try:
                    reply = await self.behave(request)
                finally:
                    self.busy -= 1
                if reply.reset:
                    writer.transport.abort()
                    return
                if 200 <= reply.status < 300:
                    self.taken.append(request.event)
                lines = {"content-length": str(len(reply.body)), **reply.headers}
                head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
                writer.write(f"HTTP/1.1 {reply.status} Said\r\n{head}\r\n".encode() + reply.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    request_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(path=request_line.split()[1], headers=headers, body=body)


@asynccontextmanager
async def target_server(behave: Behaviour = take, *, port: int = 0, **listening: Any) -> AsyncIterator[TargetServer]:
    """Serve on a free port of 127.0.0.1, or on `port`."""
    target = TargetServer(behave=behave)
    server = await asyncio.start_server(target.serve, "127.0.0.1", port, **listening)
    target.port = server.sockets[0].getsockname()[1]
    try:
        yield target
    finally:
        server.close()
