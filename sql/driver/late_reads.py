"""Short reads that come back late beside longer statements, which tell of contention for the database's processors.

The operating system shares the processors among PostgreSQL's backends, so a read of some microseconds waits for
statements of some milliseconds. How many processors there are is not known here, and they may have other work. So the
round trips of short reads are compared with the usual one, and late ones are summed up (a CUSUM chart).
"""

from typing import Final

from fieldstone.sql.driver.pace import approach

_MARGIN: Final = 0.0005
"""Seconds beyond twice the usual round trip after which one is late."""

_LATE: Final = 32
"""The weight of a late round trip, where each that is not late takes 1 away: a few of a hundred always are."""

_TOO_MANY: Final = 128
"""The sum that tells of contention."""


class LateReads:
    """A cumulative sum of the late round trips of one pool's short reads."""

    __slots__ = ("_sum", "_usual", "_was_late")

    def __init__(self) -> None:
        self._sum = 0
        self._usual = 0.0
        self._was_late = False

    def note(self, seconds: float) -> bool:
        """Note a round trip, and return whether it is late, and the one before was not.

        Late ones in succession are one, because a turn of the event loop can delay several.
        """
        usual = self._usual or seconds
        self._usual = approach(usual, min(seconds, 2 * usual))
        was_late, self._was_late = self._was_late, seconds > 2 * usual + _MARGIN
        if not self._was_late and self._sum:
            self._sum -= 1
        return self._was_late and not was_late

    def add(self) -> bool:
        """Count a late one that others' statements may be the reason for; return whether there are too many by now."""
        self._sum += _LATE
        if self._sum < _TOO_MANY:
            return False
        self._sum = 0
        return True
