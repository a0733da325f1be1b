"""Whether statements contend for the database's processors: short reads that come back late beside them tell.

The operating system shares the processors among PostgreSQL's backends, so a read of some microseconds waits for
statements of some milliseconds. How many processors there are is not known here, and they may have other work. So the
round trips of short reads are compared with the usual one, and late ones are summed up (a CUSUM chart).
"""

from collections.abc import Callable
from typing import Final

SHORT_TRIP: Final = 0.001
"""Seconds up to which a read is expected to keep its connection that can tell of contention."""

SHORTEST: Final = 60.0
"""Seconds for which contention is supposed to last, since its workspaces send as much as before."""

LONGEST: Final = 600.0
"""Seconds for which it is supposed to last if it has come back each time: each trial costs the short reads a moment."""

_MARGIN: Final = 0.0005
"""Seconds beyond twice the usual round trip after which one is late."""

_LATE: Final = 32
"""The weight of late round trips without another one between, which a turn of the event loop can delay together.

Each of the others takes 1 away: without contention, few of a hundred are late.
"""

_TOO_MANY: Final = 128
"""The sum that tells of contention."""

_SLOWER: Final = 1 / 16
_FASTER: Final = 1 / 4
"""The weights of a round trip that took longer than the usual one, and of one that did not."""


class Contention:
    """Contention for the database's processors: present for a time once too many of the last short reads were late.

    Args:
        clock: yields seconds.

    Attributes:
        count: how many times it began, or was found still there.
    """

    __slots__ = ("_clock", "_lasts", "_sum", "_until", "_usual", "_was_late", "count")

    def __init__(self, clock: Callable[[], float]) -> None:
        self.count = 0
        self._clock = clock
        self._lasts = SHORTEST
        self._sum = 0
        self._until = 0.0
        self._usual = 0.0
        self._was_late = False

    @property
    def is_present(self) -> bool:
        """Whether there was contention a moment ago."""
        return self._clock() < self._until

    def note(self, seconds: float, may_be: Callable[[], bool]) -> None:
        """Note the round trip of a short read.

        Args:
            seconds: how long it took.
            may_be: tells whether statements run that could be the reason for a late one.
        """
        usual = self._usual or seconds
        self._usual = usual + (min(seconds, 2 * usual) - usual) * (_SLOWER if seconds > usual else _FASTER)
        was_late, self._was_late = self._was_late, seconds > 2 * usual + _MARGIN
        if not self._was_late:
            if self._sum:
                self._sum -= 1
            return
        now = self._clock()
        if was_late or now < self._until or not may_be():
            return
        self._sum += _LATE
        if self._sum >= _TOO_MANY:
            self._begin(now)

    def _begin(self, now: float) -> None:
        comes_back = self._until and now - self._until < self._lasts
        self._lasts = min(2 * self._lasts, LONGEST) if comes_back else SHORTEST
        self._until = now + self._lasts
        self._sum = 0
        self.count += 1
