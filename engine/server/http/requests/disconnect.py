"""Cancels a request whose client has disconnected, so that the database does not work in vain."""

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fieldstone.engine.server.http.errors import ClientGone
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Receive

PATIENCE = 0.25
"""Seconds before a request is watched: most requests are answered by then and never pay for the watcher."""


class CancelOnDisconnect:
    """A block that is left with ClientGone when the client closes the connection.

    The body must have been read: messages that `receive` returns within the block are dropped.

    Args:
        receive: the ASGI channel.
        patience: the time after which the watch begins.
    """

    __slots__ = ("_gone", "_patience", "_place", "_receive", "_task", "_watcher")

    def __init__(self, receive: "Receive", patience: Overdue) -> None:
        self._receive = receive
        self._patience = patience
        self._watcher: asyncio.Task[None] | None = None
        self._gone = False

    async def __aenter__(self) -> Self:
        self._place, self._task = self._patience.enter_task(self._begin)
        return self

    def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patience.leave(self._place)
        # The watcher's cancellation keeps its frame, whose block would keep the watcher: garbage in a cycle.
        watcher, self._watcher = self._watcher, None
        if watcher is None:
            return
        watcher.cancel()
        if self._gone:
            if kind is None:
                await self._swallow_cancellation()
            # Other code may have cancelled the task too: its cancellation must get through.
            if self._task.uncancel() == 0 and (kind is None or kind is asyncio.CancelledError):
                raise ClientGone from error
        else:
            await asyncio.wait([watcher])

    @staticmethod
    async def _swallow_cancellation() -> None:
        """Absorb the cancellation that was requested just as the block ended."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return
