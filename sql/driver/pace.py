"""The times of statements: only a short one may share a connection with others, and long ones have a line of their own.

From outside, an answer's time is that of the machine: under load, 20 µs of work are answered after milliseconds. So in
some runs of a statement that may be short PostgreSQL itself tells the time, by a second statement in the same
transaction. Whether a statement is long, the time tells for which it keeps a connection.
"""

import math
from typing import Final

from psycopg.pq.abc import PGresult

from fieldstone.sql.statement import Statement

SHORT: Final = 100
"""Microseconds up to which a run is short: in longer ones, to wake PostgreSQL is too small a part of the work."""
LONGEST: Final = 1_000
"""Microseconds that a busy machine may make of a short run; a longer one is slow by itself."""
SLOW: Final = 0.02
"""Seconds without an answer after which a statement is taken for slow without PostgreSQL's word."""
CLOCK: Final = Statement(
    text="SELECT (extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000000)::int8"
)
"""Tells the microseconds since its transaction began. It is prepared: to be planned would take it longer than that."""

_NEEDED: Final = 4
_BETWEEN: Final = 64
_LEAST_PAUSE, _LONGEST_PAUSE = 16, 1024
_SLOWER: Final = 1 / 16
_FASTER: Final = 1 / 4
"""The weights of a run that took longer than is expected, and of one that did not: a busy machine adds to times."""
_MOST_PACES: Final = 4_096
_UNMEASURED: Final = 8
"""Runs between two whose time on a processor is measured."""
_MOSTLY: Final = 0.5
"""The part of its time for which a statement that keeps a processor uses one, or waits for it."""


class Pace:
    """The times of one statement, or of several that are not told apart, as far as they are known.

    Args:
        is_timed: whether PostgreSQL ever tells the time of a run.

    Attributes:
        is_short: several runs that were timed were short, and none was slow since.
        seconds: the time for which the next run is expected to keep its connection. It begins at 0.0, so that the first
            runs, for which all is cold, do not make it too long.
        keeps_processor: it uses a processor for most of that time, or waits for one, as far as that was measured.
    """

    __slots__ = (
        "_brief_runs",
        "_microseconds",
        "_pause",
        "_short_runs",
        "_unmeasured",
        "_untimed",
        "is_short",
        "keeps_processor",
        "seconds",
    )

    def __init__(self, *, is_timed: bool = True) -> None:
        self.is_short = False
        self.seconds = 0.0
        self.keeps_processor = False
        self._unmeasured = 0
        self._microseconds = 0.0
        self._brief_runs = 0
        self._short_runs = 0
        self._untimed: float = 0 if is_timed else math.inf  # runs until the next that is timed
        self._pause = _LEAST_PAUSE

    @property
    def is_brief(self) -> bool:
        """Whether PostgreSQL has told a time below `LONGEST` of more runs than not, of the last few that it timed.

        A write is never brief: it may wait for a lock or a disk.
        """
        return self._brief_runs > 0

    def note_kept(self, seconds: float) -> None:
        """Note for how long a run has kept its connection."""
        self.seconds = approach(self.seconds, seconds)

    def is_next_measured(self) -> bool:
        """Return whether the time on a processor is to be measured of the run that begins: not of a short one."""
        if self.seconds * 1_000_000 < LONGEST:
            return False
        self._unmeasured -= 1
        if self._unmeasured >= 0:
            return False
        self._unmeasured = _UNMEASURED
        return True

    def note_processor(self, seconds: float, kept: float) -> None:
        """Note the seconds on a processor of a run, of those for which it has kept its connection."""
        self.keeps_processor = seconds > _MOSTLY * kept

    def is_next_timed(self) -> bool:
        """Return whether the run that begins is to be timed; its time decides about the next ones."""
        self._untimed -= 1
        if self._untimed >= 0:
            return False
        self._untimed = _BETWEEN
        return True

    def note_answer(self, result: PGresult) -> None:
        """Note the answer to CLOCK."""
        text = result.get_value(0, 0)
        if text is not None:
            self.note(int(text))

    def note(self, time: int) -> None:
        """Note the microseconds of a run; one that is not short may be the machine's, and many are the statement's."""
        self._microseconds = approach(self._microseconds, min(time, LONGEST))
        self._brief_runs = min(_NEEDED, self._brief_runs + 1) if time < LONGEST else max(0, self._brief_runs - 1)
        if time >= LONGEST or (time >= SHORT and self._microseconds >= SHORT):
            self.note_slow()
            return
        self._short_runs += time < SHORT
        self._untimed = 0
        if self._short_runs >= _NEEDED:
            self.is_short = True
            self._untimed = _BETWEEN
            self._pause = max(_LEAST_PAUSE, self._pause // 2)

    def note_slow(self) -> None:
        """Note that a run was slow: after a pause, which is longer each time, several short ones are needed again."""
        self.is_short = False
        self._short_runs = 0
        self._untimed = self._pause
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause)


def approach(expected: float, time: float) -> float:
    """Return the time that is expected behind this one: it falls faster than it rises."""
    return expected + (time - expected) * (_SLOWER if time > expected else _FASTER)


class Paces:
    """The paces of the statements that ran last.

    Args:
        are_timed: whether reads have lanes, for which PostgreSQL tells their times.
    """

    def __init__(self, *, are_timed: bool) -> None:
        self._known: dict[bytes, Pace] = {}
        self._are_timed = are_timed

    def find(self, statement: Statement) -> Pace:
        """Return the pace of a statement."""
        return self._known.get(statement.name) or self._begin(statement.name)

    def _begin(self, name: bytes) -> Pace:
        if len(self._known) >= _MOST_PACES:
            del self._known[next(iter(self._known))]
        pace = self._known[name] = Pace(is_timed=self._are_timed)
        return pace
