"""Counts of rate limits that the workers of one machine share."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from fieldstone.engine.server.rate_limits.count_table import CountTable

_TRIES: Final = 20
_PAUSE: Final = 0.001


class SharedCounts:
    """Counts by a key, each with a time at which it ends.

    A process that is paused while it changes one holds the others up for some 20 ms a second; they count by themselves
    until it goes on.

    Args:
        descriptor: that of the table's file.
        clock: Unix time in seconds.
    """

    def __init__(self, descriptor: int, *, clock: Callable[[], float] = time.time) -> None:
        self._table = CountTable(descriptor, clock=clock)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count, which begins with 0 and ends after so many seconds; return its new value.

        Raises:
            TimeoutError: another process has the lock and stands still.
        """
        for _ in range(_TRIES):
            count = self._table.add(key, expiry, amount)
            if count is not None:
                return count
            await asyncio.sleep(_PAUSE)
        raise TimeoutError("another process holds the counts")
