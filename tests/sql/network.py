"""A network between the program and the server that can be made to stop carrying anything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_PORT = "5432"


class Network:
    """Passes bytes on in both directions while `carries` is set, otherwise not even the end of a stream.

    A new connection is let in while `admits` is set, and counted in `admitted`.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.carries = asyncio.Event()
        self.carries.set()
        self.admits = asyncio.Event()
        self.admits.set()
        self.admitted = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a caller with the server."""
        await self.admits.wait()
        self.admitted += 1
        onward = await connect_onward(self._dsn)
        for source, sink in ((reader, onward[1]), (onward[0], writer)):
            self._writers.add(sink)
            self._tasks.add(asyncio.create_task(self._carry(source, sink)))

    async def close(self) -> None:
        """Cut every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def reset(self) -> None:
        """End every connection at once, whatever is on its way, as a server does that dies."""
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while True:
            try:
                data = await source.read(65536)
            except ConnectionError:
                # It was closed with bytes that nobody had read, or while bytes were written to it.
                data = b""
            await self.carries.wait()
            if not data:
                sink.close()
                return
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def network(dsn: str, folder: Path) -> AsyncIterator[tuple[Network, str]]:
    """A network to the database, with the address of its near end, a socket in `folder`."""
    made = Network(dsn)
    async with near_end(made, dsn, folder) as near:
        yield made, near


class Way(Protocol):
    """A relay between a client and the server."""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    async def close(self) -> None: ...


async def connect_onward(dsn: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection to the server, of which nothing has been sent yet."""
    server = conninfo_to_dict(dsn)
    host, port = str(server.get("host") or "localhost"), int(server.get("port") or _PORT)
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)


@asynccontextmanager
async def near_end(way: Way, dsn: str, folder: Path) -> AsyncIterator[str]:
    """The address by which clients come to the database through `way`, a socket in `folder`."""
    listener = await asyncio.start_unix_server(way.accept, folder / f".s.PGSQL.{_PORT}")
    try:
        yield make_conninfo(dsn, host=str(folder), port=_PORT)
    finally:
        listener.close()
        await way.close()
