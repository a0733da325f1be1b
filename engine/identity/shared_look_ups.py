"""Look-ups that share a statement, which is asked now and then for all that have come since the one before."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Generic, TypeVar

T = TypeVar("T")

INTERVAL: Final = 0.05
"""Seconds between two statements."""


class SharedLookUps(Generic[T]):
    """Finds values by the hashes of credentials, at a cost that does not grow with the number of clients.

    Args:
        find_all: returns the values of all hashes that have one, by one statement.
    """

    def __init__(self, find_all: Callable[[Collection[bytes]], Awaitable[Mapping[bytes, T]]]) -> None:
        self._find_all = find_all
        self._turn = asyncio.Lock()
        self._asked: set[bytes] = set()
        self._found: Mapping[bytes, T] = {}
        self._next_at = 0.0

    async def find(self, hash_: bytes) -> T | None:
        """Return the value of a hash; None if there is none, or if the statement that shared it has failed."""
        self._asked.add(hash_)
        # The lock is fair: all that a statement has answered read the answer before the next statement begins.
        async with self._turn:
            if hash_ in self._asked:
                await asyncio.sleep(self._next_at - time.monotonic())
                self._next_at = time.monotonic() + INTERVAL
                asked, self._asked, self._found = self._asked, set(), {}
                try:
                    self._found = await self._find_all(asked)
                except asyncio.CancelledError:
                    # The others, whose client has not gone, are answered by the next statement.
                    self._asked |= asked
                    raise
            return self._found.get(hash_)
