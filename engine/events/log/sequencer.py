"""The sequencer: moves staged events into the log, in one process at a time, and gives them their positions.

A tick is one statement: it locks the log's head, which has the newest position, moves the staged events behind it, and
leaves the next position there. So a process that is paused, or whose host vanishes, holds no lock: PostgreSQL ends its
statement. Positions have no gaps. The staged events of a long transaction are not visible and wait for its end, as no
other event does. Staged rows carry numbers taken under the record's row lock, so that the visible numbers are in the
right order for every record.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fieldstone.engine.events.log.batch_size import BatchSize
from fieldstone.engine.events.log.history import end_slow_partition, forget_positions, index_partitions, trim_history
from fieldstone.engine.events.log.partitions import Partitions, Retention
from fieldstone.engine.events.log.standstill import Standstill
from fieldstone.sql.concurrency.backoff import EVEN, Backoff
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

BATCH = 5_000
"""The most events that one tick moves."""
INTERVAL = 0.5
"""Seconds between ticks that no wakeup asks for: another process takes over after as many."""
_GATHER_EACH = 0.001
_GATHER_LEAST, _GATHER_MOST = 0.004, 0.05
_FIRST_PAUSE = 0.01
"""Seconds of the first backoff of a tick while another process moves events."""

_MOVE = named_statement(__name__, "move_events")


@frozen
class Tick:
    """The result of a tick: `moved` events, up to the position `last`; with `more` some may be left."""

    moved: int
    last: int
    more: bool


@dataclass(slots=True, kw_only=True)
class SequencerCounters:
    """The counts of this process's sequencer.

    Attributes:
        lag: the seconds that the oldest event of the last move had waited.
    """

    ticks: int = 0
    moved: int = 0
    lag: float = 0.0


class Sequencer:
    """One process's sequencer.

    Args:
        database: where the log is.
        partitions: the log's.
        wake: called by writes.
        moved: called with the newest position after each move.
    """

    def __init__(
        self,
        database: Database,
        partitions: Partitions,
        *,
        wake: Wake,
        moved: Callable[[int], None],
        batch: int = BATCH,
    ) -> None:
        self.counters = SequencerCounters()
        self._database = database
        self._partitions = partitions
        self._wake = wake
        self._moved = moved
        self._batch = BatchSize(batch)
        self._covered = 0
        self._standstill = Standstill(database, "events")

    async def run(self) -> None:
        """Tick until cancelled: at each call of `wake`, and by the timer."""
        backoff = Backoff(_FIRST_PAUSE, longest=INTERVAL, spread=EVEN)
        pause = LogPause()
        while True:
            self._wake.forget()
            try:
                done = await self.tick()
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.warning("events wait: %s", error)
                await self._standstill.go_on()
                await asyncio.sleep(INTERVAL)
                continue
            if done is None:
                # The statement of the other process may be older than the events that wait here.
                await self._standstill.go_on()
                await backoff.wait()
                continue
            self._standstill.end()
            backoff.reset()
            if not done.more:
                await asyncio.sleep(gather_time(done.moved))
                await self._wake.wait(INTERVAL)

    async def tick(self) -> Tick | None:
        """Move the visible events, a batch at most; return None where another process is moving some.

        Raises:
            DatabaseError: nothing was moved, and the next batch is smaller; or no partition could be made for the next
                events.
        """
        with self._batch.tried() as batch:
            rows = await self._database.write(*_MOVE.bind(batch=batch, covered=self._covered), share=None)
        ((last, moved, lag, is_busy),) = rows
        if is_busy == b"t":
            return None
        covered = self._covered
        done = Tick(
            moved=int(moved or 0),
            last=int(last or 0),
            more=int(moved or 0) == batch or int(last or 0) >= covered,
        )
        self.counters.ticks += 1
        self.counters.moved += done.moved
        self.counters.lag = max(0.0, float(lag or 0))
        if done.moved:
            self._moved(done.last)
        ahead = min(self._batch.most, self._partitions.least)
        if covered - done.last < ahead:
            self._covered = await self._partitions.cover(done.last + ahead)
        return done


def gather_time(moved: int) -> float:
    """Return the seconds between a tick that moved so many events and the next, for which writes gather.

    A tick costs PostgreSQL as much as sixty events do: many events share it.
    """
    return min(_GATHER_MOST, max(_GATHER_LEAST, moved * _GATHER_EACH))


async def keep_trimmed(partitions: Partitions, retention: Retention, *, interval: float = 60.0) -> None:
    """End slow partitions and drop those past their retention, at every interval (seconds), until cancelled.

    A part of that work which fails keeps none of the others back, and is logged as a warning where it fails again.
    """

    async def trim_log() -> None:
        for one in await partitions.trim(retention):
            _LOG.info("events %d to %d have left the log", one.start, one.end - 1)

    async def trim_old() -> None:
        for name in await trim_history(partitions.database, retention.history):
            _LOG.info("dropped %s", name)

    works: Mapping[str, Callable[[], Awaitable[object]]] = {
        "a partition of the event log is ended": lambda: end_slow_partition(partitions.database, retention),
        "the event log is indexed": lambda: index_partitions(partitions.database),
        "the event log is trimmed": trim_log,
        "the history of records is trimmed": trim_old,
        "the positions of other cells are forgotten": lambda: forget_positions(partitions.database),
    }
    failed: set[str] = set()
    while True:
        await asyncio.sleep(interval)
        for work, run in works.items():
            try:
                await run()
            except DatabaseError as error:
                _LOG.log(logging.WARNING if work in failed else logging.INFO, "%s later: %s", work, error)
                failed.add(work)
            else:
                failed.discard(work)
