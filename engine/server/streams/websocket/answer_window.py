"""The window of a socket: how many of its operations go on before their answers have room in the send queue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from fieldstone.engine.server.streams.send_queue import CHARACTERS, SendQueue

AT_ONCE: Final = 4
"""Operations: as many answers are in memory when a client stops to read."""

_LONG: Final = 0.1
"""Seconds after which the next operation need not wait for those before it, as long as the client reads."""


class AnswerWindow:
    """Lets the operations of one socket go on in their order: a few at once, and none while answers wait for room.

    Args:
        queue: takes the answers.
    """

    def __init__(self, queue: SendQueue) -> None:
        self._queue = queue
        self._first = asyncio.Lock()
        self._left = asyncio.Event()
        self._width = AT_ONCE
        self._busy = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the operation's turn; the block ends when its answer is in the queue."""
        async with self._first:
            await self._queue.wait_for_room()
            if self._busy >= self._width:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LONG):
                        await self._wait_for_place()
                await self._queue.wait_for_room()
            self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._left.set()

    def adapt(self, characters: int) -> None:
        """Note the length of an answer that is in the queue: behind one that fills it, operations go on singly."""
        self._width = 1 if characters > CHARACTERS else min(self._width + 1, AT_ONCE)

    async def _wait_for_place(self) -> None:
        while self._busy >= self._width:
            self._left.clear()
            await self._left.wait()
