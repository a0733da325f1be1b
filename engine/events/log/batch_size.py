"""The size of the batches of a task on the log: one that fails may be too much at once, and is tried again in parts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from fieldstone.sql.errors import DatabaseError

_QUICK = 2.0
"""Seconds of a batch after which the next one is not larger: twice as many events stay far below the time limit."""
_SHORTER = 8
"""A batch that has failed is tried again with this part of it: each failure may take as long as a statement can."""


class BatchSize:
    """A number of events, of which the largest is the usual one.

    Args:
        most: the largest.

    Attributes:
        now: the events of the next batch at most.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = most

    def halve(self) -> None:
        """Have the next batch be half as large; a single event stays one."""
        self.now = max(1, self.now // 2)

    @contextmanager
    def tried(self) -> Iterator[int]:
        """Yield the size for a batch that the block works on: less after a DatabaseError, more after a quick success.

        No kind of error is left out: a server that runs out of memory ends without another word.
        """
        begun = time.monotonic()
        try:
            yield self.now
        except DatabaseError:
            self.now = max(1, self.now // _SHORTER)
            raise
        if time.monotonic() - begun < _QUICK:
            self.now = min(self.most, 2 * self.now)
