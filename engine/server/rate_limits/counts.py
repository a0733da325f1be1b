"""The counts of leased operations, which several processes share."""

from typing import Protocol


class CountsAway(Exception):
    """The counts cannot be had at the moment."""


class Counts(Protocol):
    """Where the leased operations are counted."""

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count, which begins with 0 and ends after so many seconds; return its new value.

        Raises:
            CountsAway: it cannot be had.
            TimeoutError: likewise.
        """
        ...
