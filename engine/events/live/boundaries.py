"""The boundaries of relative dates: answers that change when a minute, an hour or a day begins, without an event.

The database computes relative dates, so its clock says when a boundary has passed. Each day, week and hour of every
time zone begins with a quarter of an hour of UTC.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from fieldstone.engine.events.live.group import LiveGroup
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.plan.operands import TimeUnit

_LOG = logging.getLogger(__name__)

MINUTE = 60
_QUARTER = 900
_PAUSE = 1.0
"""Seconds until the clock is read again after a failure."""
_LATE = 0.01
"""Seconds that are waited beyond a boundary, so that the database's clock has passed it."""
_UNSEEN = 5
"""Seconds before the first look at the clock in which a statement may have run."""

ReadClock = Callable[[], Awaitable[float]]
"""Returns the database's time in seconds since the Unix epoch; raises DatabaseError."""


def period_of(unit: TimeUnit) -> int:
    """Return the seconds, counted from the Unix epoch, in whose multiples lies every start of a unit."""
    return MINUTE if unit is TimeUnit.MINUTE else _QUARTER


class Boundaries:
    """Has the groups with relative dates run when a boundary has passed.

    Args:
        groups: returns all groups.
        read_clock: returns the database's time.
    """

    def __init__(self, groups: Callable[[], Iterable[LiveGroup]], read_clock: ReadClock) -> None:
        self.wake = Wake()
        self._groups = groups
        self._read_clock = read_clock

    async def run(self) -> None:
        """Watch the clock while there are such groups, until cancelled."""
        last: float | None = None
        pause = LogPause()
        while True:
            self.wake.forget()
            if not any(group.changes_each for group in self._groups()):
                last = None
                await self.wake.wait()
                continue
            try:
                now = await self._read_clock()
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.info("relative dates of live queries are looked at later: %s", error)
                await asyncio.sleep(_PAUSE)
                continue
            self._pass(now - _UNSEEN if last is None else last, now)
            last = now
            await asyncio.sleep(MINUTE - now % MINUTE + _LATE)

    def _pass(self, last: float, now: float) -> None:
        """Have the groups run for which a boundary lies behind `last`, up to `now`."""
        for group in self._groups():
            if group.changes_each is not None:
                period = period_of(group.changes_each)
                if now // period > last // period:
                    group.run_soon(group)
