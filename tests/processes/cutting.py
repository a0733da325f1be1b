"""A way to PostgreSQL that ends at a chosen message: that is carried, its answer is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.sql.network import connect_onward, near_end

_HEAD = 5
# Messages with a lasting effect on the server: a simple query, and the end of a prepared statement's messages.
# https://www.postgresql.org/docs/current/protocol-message-formats.html
_STEPS = frozenset(b"QS")


class CuttingWay:
    """Counts the steps of all connections, and cuts them all when it has carried one of them.

    Attributes:
        last: the step that is carried last; None for all.
        steps: how many have been carried.
        was_cut: whether it has come to the last.
        on_cut: is called then, before the connections are cut.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.last: int | None = None
        self.steps = 0
        self.was_cut = False
        self.on_cut: Callable[[], None] | None = None

    def begin(self, last: int | None, on_cut: Callable[[], None] | None = None) -> None:
        """Reset the count, and pass so many messages on, the last of which gets no answer."""
        self.last, self.steps, self.was_cut, self.on_cut = last, 0, False, on_cut

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a caller with the server."""
        if self.was_cut:
            writer.close()
            return
        back, onward = await connect_onward(self._dsn)
        self._writers |= {writer, onward}
        for work in (self._ask(reader, onward), self._answer(back, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cut every connection."""
        self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            # The first message has no letter.
            head = await reader.readexactly(4)
            await self._pass(head + await reader.readexactly(int.from_bytes(head) - 4), onward)
            while True:
                head = await reader.readexactly(_HEAD)
                body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
                if self.was_cut:
                    return
                await self._pass(head + body, onward)
                if head[0] in _STEPS:
                    self.steps += 1
                    if self.steps == self.last:
                        self.was_cut = True
                        if self.on_cut is not None:
                            self.on_cut()
                        self._cut()
                        return
        onward.close()

    async def _answer(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await back.read(65536):
                await self._pass(data, writer)
        writer.close()

    @staticmethod
    async def _pass(data: bytes, sink: asyncio.StreamWriter) -> None:
        sink.write(data)
        await sink.drain()

    def _cut(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()


@asynccontextmanager
async def cutting_way(dsn: str, folder: Path) -> AsyncIterator[tuple[CuttingWay, str]]:
    """A way to the database, with the address of its near end, a socket in `folder`."""
    made = CuttingWay(dsn)
    async with near_end(made, dsn, folder) as near:
        yield made, near
