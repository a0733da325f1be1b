"""The fan-out: turns the log's events into deliveries, one for each matching webhook.

It is one consumer of the log for all processes: each reads on from its position, and one statement makes deliveries and
moves the position, if that is still where it was. So each event becomes one delivery of each webhook, exactly once, the
log keeps the events that have not been read yet, and no lock is held between two statements. A workspace whose events
would hold those of others up gets a consumer of its own, see `apart`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from fieldstone.engine.events.log.batch_size import BatchSize
from fieldstone.engine.events.log.partitions import REGISTER_CONSUMER
from fieldstone.engine.events.log.standstill import Standstill
from fieldstone.engine.webhooks.apart import (
    CONSUMER,
    FIRST_PAUSE,
    INTERVAL,
    PATIENCE,
    PREFIX,
    Apart,
    match_events,
    name_of,
    show_workspace,
    workspace_of,
)
from fieldstone.engine.webhooks.deliveries import Move, ShownEvent, make_deliveries
from fieldstone.engine.webhooks.payloads.payloads import NewEvent, RecordReader
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.backoff import EVEN, Backoff
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError, ResponseTooLarge, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

_BATCH = 500
"""The most events that one tick reads."""
_SHARE = 100
"""Deliveries of one workspace in a batch, beyond which it has a consumer of its own for them."""

_BEGIN = named_statement(__name__, "begin_fan_out")


class FanOut:
    """One process's share of the fan-out.

    Args:
        database: where the log is.
        current: the snapshots by which payloads are written.
        wake: to be called when there are new events.
        made: called after deliveries were made.
    """

    def __init__(
        self,
        database: Database,
        current: CurrentSnapshots,
        *,
        wake: Wake,
        made: Callable[[], None],
    ) -> None:
        self._database = database
        self._current = current
        self._records = RecordReader(database, limit=_BATCH)
        self._apart = Apart(database, current, made=made, batch=_BATCH)
        self._wake = wake
        self._made = made
        self._batch = BatchSize(_BATCH)
        self._is_awaited = True
        self._webhook = Wake()
        self._standstill = Standstill(database, "events for webhooks", consumer=CONSUMER)

    def notice_webhook(self) -> None:
        """Check whether there are webhooks now: one was made or activated."""
        self._webhook()

    async def run(self) -> None:
        """Read until cancelled: at each call of `wake` while there are webhooks, and by the timer."""
        try:
            await self._run()
        finally:
            await self._apart.close()

    async def _run(self) -> None:
        await self._database.write(*REGISTER_CONSUMER.bind(name=CONSUMER), share=None)
        backoff, pause = Backoff(FIRST_PAUSE, longest=INTERVAL, spread=EVEN), LogPause()
        while True:
            called = self._wake.forget()
            try:
                more = await self.tick()
            except StaleSchema as error:
                _LOG.info("the model has changed, events are read again: %s", error)
                await asyncio.sleep(FIRST_PAUSE)
                continue
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.warning("events wait to be sent to webhooks: %s", error)
                await self._standstill.go_on()
                await asyncio.sleep(INTERVAL)
                continue
            if more is None and called:
                await self._standstill.go_on()
                await backoff.wait()
                self._wake()
                continue
            self._standstill.end()
            backoff.reset()
            if not more and self._is_awaited:
                await self._wake.wait(INTERVAL)
            elif not more:
                self._webhook.forget()
                await self._webhook.wait(INTERVAL)

    async def tick(self) -> bool | None:
        """Read a batch of events; return whether there may be more, None if another process is ahead or has a lock.

        Raises:
            DatabaseError: the next batch is smaller.
        """
        size = self._batch.now
        try:
            with self._batch.tried():
                return await self._move(size)
        except ResponseTooLarge:
            if size == 1:
                raise
            return True

    async def _move(self, size: int) -> bool | None:
        rows = await self._database.read(*_BEGIN.bind(name=CONSUMER, apart=PREFIX, batch=size), share=None)
        if not rows:
            return None
        position, since, farthest, is_awaited, consumers = rows[0]
        after, upto = int(position or 0), int(farthest or 0)
        self._is_awaited = is_awaited == b"t"
        apart = loads(consumers or b"{}")
        behind = [name for name, position in apart.items() if position < after]
        self._apart.go_on(behind)
        if upto <= after:
            return False
        events: list[NewEvent] = []
        if self._is_awaited:
            events = await match_events(self._database, after, upto, without=list(map(workspace_of, behind)))
        shown, large = await self._show(events)
        names = list(map(name_of, large))
        move = Move(
            consumer=CONSUMER,
            after=after,
            since=(since or b"").decode(),
            upto=upto,
            apart=names,
            joined=[name for name in apart if name not in behind and name not in names],
        )
        made = await make_deliveries(self._database, shown, move, self._batch)
        if made is None:
            return None
        self._apart.go_on(names)
        if made:
            self._made()
        return upto - after == size

    async def _show(self, events: Sequence[NewEvent]) -> tuple[list[ShownEvent], list[UUID]]:
        """Return the events as webhooks get them, in their order, and the workspaces for which others do not wait."""
        by_workspace: dict[UUID, list[NewEvent]] = {}
        for event in events:
            by_workspace.setdefault(event.workspace_id, []).append(event)
        found: list[ShownEvent] = []
        large: list[UUID] = []
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        for workspace_id, own in by_workspace.items():
            is_large = sum(len(event.webhooks) for event in own) > _SHARE
            if is_large or self._apart.is_slow(workspace_id) or clock() >= until:
                large.append(workspace_id)
                continue
            try:
                async with asyncio.timeout_at(until):
                    found += await show_workspace(self._records, self._current, workspace_id, own)
            except (DatabaseError, TimeoutError) as error:
                reason = str(error) or "it takes long"
                _LOG.info("the events of the workspace %s are read apart from others: %s", workspace_id, reason)
                large.append(workspace_id)
        return sorted(found, key=lambda one: one.event.position), large
