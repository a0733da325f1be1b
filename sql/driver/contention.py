"""Contention for the database's processors, and the restraint of the shares that make the short reads of others late.

The operating system shares the processors among PostgreSQL's backends, so a read of some microseconds waits for
statements of some milliseconds. How many processors there are is not known here, and they may have other work. So the
round trips of short reads are compared with the usual one, and those are summed up that are late beside several
statements of another share (a CUSUM chart). Where there are too many, these statements run one at a time for a while.
The reads behind that are its trial: if they take hardly less, the reason was another one, such as other work of the
machine, and the share is left alone.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.pace import approach
from fieldstone.sql.driver.sharing.share import Share, expect
from fieldstone.sql.driver.sharing.shares import Shares

W = TypeVar("W")

RESTRAINT: Final = 60.0
"""Seconds for which a share is restrained, since it sends as much as before."""

LONGEST_RESTRAINT: Final = 600.0
"""Seconds for which it is restrained at most, as each end of a restraint costs the short reads of others a moment.

A share whose restraint was of no use is left alone for as long.
"""

_LONGEST_DRAIN: Final = 1.0
"""Seconds for which those that wait already run one at a time at most: short statements of the share are among them."""

_MARGIN: Final = 0.0005
"""Seconds beyond twice the usual round trip after which one is late."""

_APART: Final = 0.01
"""Seconds between two late ones that count: a turn of the event loop can delay several, which end together."""

_LATE: Final = 32
"""The weight of a late round trip, where each that is not late takes 1 away: a few of a hundred always are."""

_TOO_MANY: Final = 96
"""The sum that tells of contention."""

_TRIAL: Final = 128
"""The round trips by which a restraint is judged."""

_OF_USE: Final = 9 / 10
"""The part of the mean time before a restraint that the mean time behind it may be."""

_MOST: Final = 16
"""The times the usual round trip that one counts for at most in a mean: a single pause decides nothing."""


class LateReads:
    """A cumulative sum of the late round trips of one pool's short reads.

    Attributes:
        seen: the number of the round trips of `mean`.
    """

    __slots__ = ("_counted_at", "_newest", "_spent", "_sum", "_usual", "seen")

    def __init__(self) -> None:
        self._sum = 0
        self._usual = 0.0
        self._counted_at = 0.0
        self.begin_mean()

    @property
    def mean(self) -> float:
        """The mean seconds of the round trips since `begin_mean`, or since the first late one of the sum."""
        return self._spent / max(1, self.seen)

    def begin_mean(self) -> None:
        """Begin a new mean."""
        self.seen = 0
        self._spent = self._newest = 0.0

    def note(self, seconds: float, now: float) -> bool:
        """Note a round trip that has ended, and return whether it counts as late."""
        usual = self._usual or seconds
        self._usual = approach(usual, min(seconds, 2 * usual))
        self.seen += 1
        self._newest = min(seconds, _MOST * usual)
        self._spent += self._newest
        if seconds <= 2 * usual + _MARGIN:
            self._sum -= self._sum > 0
            return False
        if now - self._counted_at < _APART:
            return False
        self._counted_at = now
        return True

    def add(self) -> bool:
        """Add the one that was noted last, and return whether there are too many by now. Too many begin a new sum."""
        if not self._sum:
            self.seen, self._spent = 1, self._newest
        self._sum += _LATE
        if self._sum < _TOO_MANY:
            return False
        self._sum = 0
        return True


@dataclass(frozen=True, slots=True)
class _Trial(Generic[W]):
    """Restraints that began together.

    Attributes:
        shares: the restrained ones.
        most: the mean seconds of round trips with which it was of use.
        begins: the time from which round trips count, as those that waited at first have run.
        ends: the time at which the first of the restraints ends, and the trial with it.
    """

    shares: Collection[Share[W]]
    most: float
    begins: float
    ends: float


class Contention(Generic[W]):
    """Finds the shares of one pool that make the short reads of others late, and restrains them.

    Args:
        shares: those of the pool.
        connections: all of the pool.
        clock: yields seconds.
    """

    def __init__(
        self,
        shares: Shares[W],
        connections: Collection[DriverConnection],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shares = shares
        self._connections = connections
        self._clock = clock
        self._late_reads = LateReads()
        self._trial: _Trial[W] | None = None

    def note(self, seconds: float, share: Share[W]) -> bool:
        """Note a round trip of a short read of a share; return whether others are restrained because of it."""
        now = self._clock()
        self._shares.note_short_read(share, now)
        is_late = self._late_reads.note(seconds, now)
        if self._trial is not None:
            self._judge(self._trial, now)
        crowd = self._find_crowd(share, now) if is_late else ()
        if not crowd or not self._late_reads.add():
            return False
        for crowding in crowd:
            self._restrain(crowding, now)
        begins = max(crowding.drained_at for crowding in crowd)
        ends = min(crowding.restrained_until for crowding in crowd)
        self._trial = _Trial(crowd, self._late_reads.mean * _OF_USE, begins, ends)
        self._late_reads.begin_mean()
        return True

    def _find_crowd(self, share: Share[W], now: float) -> Collection[Share[W]]:
        """Return the other shares with several statements running that a restraint would have run one at a time."""
        found: dict[Share[W], int] = {}
        for one in self._connections:
            if one.share is None or one.pace is None or not one.share.is_limited:
                continue
            whole = one.share.whole
            if whole is not share and now >= whole.settled_until and expect(whole, one.pace) > self._shares.least_long:
                found[whole] = found.get(whole, 0) + 1
        return [crowding for crowding, count in found.items() if count > 1]

    def _restrain(self, share: Share[W], now: float) -> None:
        """Restrain a share, for longer again and again."""
        again = now - share.restrained_until < share.restrained_for
        share.restrained_for = min(2 * share.restrained_for, LONGEST_RESTRAINT) if again else RESTRAINT
        share.restrained_until = share.settled_until = now + share.restrained_for
        share.drained_at = now + min(_LONGEST_DRAIN, share.queued * share.mean / self._shares.most_long)

    def _judge(self, trial: _Trial[W], now: float) -> None:
        if now >= trial.ends:
            self._trial = None
        elif now < trial.begins:
            self._late_reads.begin_mean()
        elif self._late_reads.seen >= _TRIAL:
            self._trial = None
            if self._late_reads.mean > trial.most:
                for share in trial.shares:
                    share.restrained_until = share.drained_at = now
                    share.settled_until = now + LONGEST_RESTRAINT
