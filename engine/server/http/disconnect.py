"""Cancels a request whose client has gone, so that the database stops working for nobody."""

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fieldstone.engine.server.http.errors import ClientGone
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Receive

PATIENCE = 0.25
"""Seconds before a request is watched: most are answered by then and never pay for it."""


class CancelOnDisconnect:
    """A block that is left with ClientGone when the client closes the connection.

    The body must have been read: what `receive` gives within the block is thrown away.

    Args:
        receive: the ASGI channel.
        patience: tells when to begin to watch.
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
        if self._watcher is None:
            return
        self._watcher.cancel()
        if self._gone:
            if kind is None:
                await self._swallow_cancellation()
            # Somebody else may have cancelled the task too: that one must get through.
            if self._task.uncancel() == 0 and (kind is None or kind is asyncio.CancelledError):
                raise ClientGone from error
        else:
            await asyncio.wait([self._watcher])

    @staticmethod
    async def _swallow_cancellation() -> None:
        """Let the cancellation arrive that was asked for when the block had just ended."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return
