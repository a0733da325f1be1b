"""A client of an app's WebSocket and event stream in this process: it speaks ASGI."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fieldstone.engine.server.app import Fieldstone
from fieldstone.metadata.json_text import dumps, loads

PROTOCOL = "graphql-transport-ws"


class Closed(Exception):
    """The server has closed the socket."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass(slots=True)
class Socket:
    """The client's end; the server can send while `reads` is set."""

    incoming: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    outgoing: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    subprotocol: str | None = None

    async def send(self, **message: Any) -> None:
        await self.incoming.put({"type": "websocket.receive", "text": dumps(message)})

    async def send_raw(self, **event: Any) -> None:
        await self.incoming.put({"type": "websocket.receive", **event})

    async def receive(self) -> dict[str, Any]:
        """Return the next message.

        Raises:
            Closed: there is none.
        """
        async with asyncio.timeout(60):
            event = await self.outgoing.get()
        if event["type"] == "websocket.close":
            raise Closed(event["code"], event.get("reason", ""))
        assert event["type"] == "websocket.send"
        return dict(loads(event["text"]))

    async def next_of(self, id_: str) -> Any:
        """Return the next result of an operation; the next message must be one."""
        message = await self.receive()
        assert (message["id"], message["type"]) == (id_, "next"), message
        return message["payload"]

    async def closed(self) -> Closed:
        """Return how the server closes the socket, whatever it says before."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed

    async def initialise(self, key: str | None) -> None:
        await self.send(type="connection_init", payload={"authorization": f"Bearer {key}"} if key else None)
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        await self.send(id=id_, type="subscribe", payload={"query": query, "variables": variables})


@asynccontextmanager
async def connected(
    app: Fieldstone,
    *,
    path: str = "/graphql",
    protocols: tuple[str, ...] = (PROTOCOL,),
    headers: Mapping[str, str] = {},
) -> AsyncIterator[Socket]:
    """Hold a socket to the app."""
    socket = Socket()
    socket.reads.set()

    async def send(event: Any) -> None:
        await socket.reads.wait()
        if event["type"] == "websocket.accept":
            socket.subprotocol = event["subprotocol"]
        else:
            await socket.outgoing.put(event)

    scope = {
        "type": "websocket",
        "path": path,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "subprotocols": list(protocols),
    }
    await socket.incoming.put({"type": "websocket.connect"})
    serving = asyncio.create_task(app(scope, socket.incoming.get, send))
    try:
        yield socket
    finally:
        socket.reads.set()
        await socket.incoming.put({"type": "websocket.disconnect", "code": 1001})
        async with asyncio.timeout(60):
            await serving


@dataclass(slots=True)
class Stream:
    """An event stream as it comes in."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_over: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def blocks(self, count: int) -> list[str]:
        """Return the first blocks, without data too, as soon as there are so many."""
        async with asyncio.timeout(60):
            while len(found := self.body.decode().split("\n\n")[:-1]) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return found[:count]

    async def events(self, count: int) -> list[dict[str, str]]:
        """Return the first events, as soon as there are so many."""
        async with asyncio.timeout(60):
            while len(found := self._events()) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return found

    def _events(self) -> list[dict[str, str]]:
        # A block without data is no event.
        blocks = [block for block in self.body.decode().split("\n\n")[:-1] if "data:" in block]
        return [
            {name: value.removeprefix(" ") for name, _, value in (line.partition(":") for line in block.split("\n"))}
            for block in blocks
        ]

    async def over(self) -> None:
        """Return when the response is complete."""
        async with asyncio.timeout(60):
            while not self.is_over:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def streamed(
    app: Fieldstone,
    body: Any = None,
    *,
    method: str = "POST",
    query: bytes = b"",
    headers: Mapping[str, str],
    path: str = "/graphql/stream",
) -> AsyncIterator[Stream]:
    """Hold a request to the event stream."""
    stream = Stream()
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(event: Any) -> None:
        if event["type"] == "http.response.start":
            stream.status = event["status"]
            stream.headers = {name.decode(): value.decode() for name, value in event["headers"]}
        else:
            stream.body += event["body"]
            stream.is_over = not event.get("more_body", False)
        stream.arrived.set()

    given = {"accept": "text/event-stream", "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    await incoming.put({"type": "http.request", "body": dumps(body).encode(), "more_body": False})
    serving = asyncio.create_task(app(scope, incoming.get, send))
    try:
        yield stream
    finally:
        await incoming.put({"type": "http.disconnect"})
        async with asyncio.timeout(60):
            await serving
