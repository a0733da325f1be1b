"""Workspaces apart: those whose events take longer than others should wait for have a consumer of the log each.

Such a consumer begins where that of all others is, follows it, and ends when it has caught up (see `fan_out`). So
neither a workspace with many deliveries nor one whose rules are slow holds the events of another one up.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from fieldstone.engine.events.log.batch_size import BatchSize
from fieldstone.engine.webhooks.deliveries import Move, ShownEvent, make_deliveries
from fieldstone.engine.webhooks.payloads.payloads import NewEvent, RecordReader, read_event
from fieldstone.engine.webhooks.payloads.shown_events import show_events
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.backoff import EVEN, Backoff
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.tasks import end_tasks, report_failure
from fieldstone.sql.errors import DatabaseError, ResponseTooLarge, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

CONSUMER: Final = "webhooks"
"""The name of the consumer of all workspaces but those apart."""
PREFIX: Final = f"{CONSUMER} "
"""The beginning of the name of a workspace's own consumer; its id follows."""
INTERVAL: Final = 1.0
"""Seconds between ticks that no wakeup asks for, and of the longest backoff."""
FIRST_PAUSE: Final = 0.01
"""Seconds of the first backoff while another process is ahead or has the lock, and there are new events."""
PATIENCE: Final = 0.5
"""Seconds for reading the records of one batch, after which other workspaces wait no longer for them."""
_AT_ONCE = 4
"""Workspaces of which a process makes deliveries at once; further ones take turns with them."""
_SLOW_AT_ONCE = 2
"""The same of slow workspaces, for which no others wait."""
_SLOW_FOR = 60.0
"""Seconds for which a workspace is slow after a batch has taken longer than `PATIENCE`."""
_LOOK_AHEAD = 1.0
"""Seconds between two looks at the events of a workspace's quiet webhooks behind the batch."""
_PART = 10
"""Times that a look took, for which there is no other one at least."""
_FARTHEST = 100_000
"""Events that a look passes."""

_BEGIN = named_statement(__name__, "begin_apart")
_MATCH = named_statement(__name__, "match_events")
_MATCH_QUIET = named_statement(__name__, "match_quiet")


def name_of(workspace_id: UUID) -> str:
    """Return the name of a workspace's own consumer."""
    return f"{PREFIX}{workspace_id}"


def workspace_of(name: str) -> UUID:
    """Return the id of the workspace whose own consumer has this name."""
    return UUID(name.removeprefix(PREFIX))


async def match_events(
    database: Database, after: int, upto: int, *, only: UUID | None = None, without: Sequence[UUID] = ()
) -> list[NewEvent]:
    """Return the events between two positions that match webhooks, of one workspace or without those of some."""
    statement, parameters = _MATCH.bind(after=after, upto=upto, only=only, without=without)
    rows = await database.read(statement if upto - after > 1 else statement.unlimited(), parameters, share=None)
    return [read_event(row) for row in rows]


async def show_workspace(
    records: RecordReader, current: CurrentSnapshots, workspace_id: UUID, events: Sequence[NewEvent]
) -> list[ShownEvent]:
    """Return the events of a workspace as its webhooks get them.

    Raises:
        DatabaseError: they cannot be read now, or not so many at once.
    """
    try:
        snapshot = await current.refresh(workspace_id)
    except UnknownObject:
        return []
    shown = await show_events(records, snapshot, events)
    for event in events:
        if event.position not in shown:
            _LOG.warning("event %d is of an object that was deleted: no webhook gets it", event.position)
    return [ShownEvent(event, snapshot.workspace, shown[event.position]) for event in events if event.position in shown]


@dataclass(slots=True)
class _Look:
    """The looks of a workspace's own consumer behind its batch: their size, the next one, and their failures."""

    batch: BatchSize
    next: float = 0.0
    pause: LogPause = field(default_factory=LogPause)


class Apart:
    """One process's share of the fan-out of workspaces apart.

    Args:
        database: where the log is.
        current: the snapshots by which payloads are written.
        made: called after deliveries were made.
        batch: the most events that one tick reads.
    """

    def __init__(self, database: Database, current: CurrentSnapshots, *, made: Callable[[], None], batch: int) -> None:
        self._database = database
        self._current = current
        self._records = RecordReader(database, limit=batch)
        self._made = made
        self._batch = batch
        self._turns, self._slow_turns = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_SLOW_AT_ONCE)
        self._slow_until: dict[UUID, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._looks: dict[str, _Look] = {}

    def go_on(self, consumers: Iterable[str]) -> None:
        """Have these workspaces' own consumers follow that of all others."""
        for name in consumers:
            if name not in self._tasks:
                task = asyncio.create_task(self._follow(name), name=f"fieldstone {name}")
                report_failure(task)
                self._tasks[name] = task
                task.add_done_callback(partial(self._forget, name))

    def is_slow(self, workspace_id: UUID) -> bool:
        """Return whether this process has lately waited long for the records of a workspace."""
        is_slow = self._slow_until.get(workspace_id, 0.0) > time.monotonic()
        if not is_slow:
            self._slow_until.pop(workspace_id, None)
        return is_slow

    async def close(self) -> None:
        """End the work of this process."""
        await end_tasks(*self._tasks.values())

    def _forget(self, name: str, _: "asyncio.Task[None]") -> None:
        del self._tasks[name]
        self._looks.pop(name, None)

    async def _follow(self, name: str) -> None:
        """Make the deliveries of a workspace's events until its own consumer has caught up."""
        batch, backoff = BatchSize(self._batch), Backoff(FIRST_PAUSE, longest=INTERVAL, spread=EVEN)
        pause = LogPause()
        more: bool | None = True
        while more is not False:
            is_slow = self.is_slow(workspace_of(name))
            try:
                async with self._slow_turns if is_slow else self._turns:
                    more = await self._tick(name, batch, None if is_slow else PATIENCE)
            except StaleSchema as error:
                _LOG.info("the model has changed, events are read again: %s", error)
                await asyncio.sleep(FIRST_PAUSE)
            except DatabaseError as error:
                if pause.begin(error):
                    waiting = workspace_of(name)
                    _LOG.warning("events wait to be sent to webhooks of the workspace %s: %s", waiting, error)
                await asyncio.sleep(INTERVAL)
            else:
                if more is None:
                    await backoff.wait()
                else:
                    backoff.reset()

    async def _tick(self, name: str, batch: BatchSize, patience: float | None) -> bool | None:
        """Read a batch of a workspace's events; return whether there are more, None if another process is ahead.

        The events stay where they are if their records take longer than `patience`.

        Raises:
            DatabaseError: the next batch is smaller.
        """
        size = batch.now
        try:
            with batch.tried():
                return await self._move(name, batch, patience)
        except ResponseTooLarge:
            if size == 1:
                raise
            return True

    async def _move(self, name: str, batch: BatchSize, patience: float | None) -> bool | None:
        rows = await self._database.read(*_BEGIN.bind(name=CONSUMER, apart=name, batch=batch.now), share=None)
        if not rows:
            return False
        position, written, *rest = rows[0]
        since = (written or b"").decode()
        after, upto, last = (int(value or 0) for value in (position, *rest))
        if upto <= after:
            return False
        if upto < last and (name not in self._looks or time.monotonic() >= self._looks[name].next):
            await self._look_ahead(Move(consumer=name, after=after, since=since, upto=after), last, patience)
            return True
        workspace_id = workspace_of(name)
        events = await match_events(self._database, after, upto, only=workspace_id)
        shown = await self._show(workspace_id, events, patience)
        if shown is None:
            return True
        made = await make_deliveries(
            self._database, shown, Move(consumer=name, after=after, since=since, upto=upto), batch
        )
        if made is None:
            return None
        if made:
            self._made()
        return True

    async def _look_ahead(self, move: Move, last: int, patience: float | None) -> None:
        """Make the deliveries of webhooks that match few of the events, so that they do not wait for those of others.

        The consumer stays where it is, and makes no second delivery of an event later. A look has a batch size of its
        own: its records may be larger than those of others, and the next look takes fewer if they are too large.
        """
        name, began = move.consumer, time.monotonic()
        workspace_id, look = workspace_of(name), self._looks.setdefault(name, _Look(BatchSize(self._batch)))
        upto = min(last, move.after + _FARTHEST)
        try:
            with look.batch.tried() as size:
                step = _MATCH_QUIET.bind(after=move.after, upto=upto, only=workspace_id, few=self._batch, batch=size)
                rows = await self._database.read(*step, share=None)
                shown = await self._show(workspace_id, [read_event(row) for row in rows], patience)
                if shown and await make_deliveries(self._database, shown, move, look.batch):
                    self._made()
        except DatabaseError as error:
            if look.pause.begin(error):
                _LOG.info("the quiet webhooks of the workspace %s wait for the others: %s", workspace_id, error)
        now = time.monotonic()
        look.next = now + max(_LOOK_AHEAD, _PART * (now - began))

    async def _show(
        self, workspace_id: UUID, events: Sequence[NewEvent], patience: float | None
    ) -> list[ShownEvent] | None:
        """Return events as their webhooks get them; None if their records take longer than `patience`."""
        began, limit = time.monotonic(), asyncio.timeout(patience)
        try:
            async with limit:
                return await show_workspace(self._records, self._current, workspace_id, events)
        except TimeoutError:
            return None
        finally:
            if limit.expired() or time.monotonic() - began >= PATIENCE:
                self._slow_until[workspace_id] = time.monotonic() + _SLOW_FOR
