"""The time that PostgreSQL takes for a statement: only one that is short may share a connection with others.

From outside, an answer's time is that of the machine: under load, 20 µs of work are answered after milliseconds. So in
some runs PostgreSQL itself tells the time, by a second statement in the same transaction.
"""

from typing import Final

from psycopg.pq.abc import PGresult

SHORT: Final = 100
"""Microseconds up to which a run is short: in longer ones, to wake PostgreSQL is too small a part of the work."""
SLOW: Final = 0.02
"""Seconds without an answer after which a statement is taken for slow without PostgreSQL's word."""
CLOCK: Final = b"SELECT (extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000000)::int8"
"""Tells the microseconds since the beginning of its transaction."""

_NEEDED: Final = 4
_BETWEEN: Final = 64
_LEAST_PAUSE, _LONGEST_PAUSE = 16, 1024


class Pace:
    """The times of one statement, as far as they are known.

    Attributes:
        is_short: the last runs that were timed were short, and none was slow since.
    """

    __slots__ = ("_pause", "_short_runs", "_untimed", "is_short")

    def __init__(self) -> None:
        self.is_short = False
        self._short_runs = 0
        self._untimed = 0  # runs until the next that is timed
        self._pause = _LEAST_PAUSE

    def is_next_timed(self) -> bool:
        """Return whether the run that begins is to be timed."""
        self._untimed -= 1
        return self._untimed < 0

    def note_answer(self, result: PGresult) -> None:
        """Note the answer to CLOCK."""
        text = result.get_value(0, 0)
        if text is not None:
            self.note(int(text))

    def note(self, time: int) -> None:
        """Note the microseconds of a run."""
        if time >= SHORT:
            self.note_slow()
            return
        self._short_runs += 1
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
