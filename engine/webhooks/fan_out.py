"""The fan-out: turns the log's events into deliveries, one for each matching webhook.

It is one consumer of the log for all processes: each reads on from its position, and one statement makes deliveries and
moves the position, if that is still where it was. So each event becomes one delivery of each webhook, exactly once, the
log keeps the events that have not been read yet, and no lock is held between two statements.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from fieldstone.engine.events.log.batch_size import BatchSize
from fieldstone.engine.events.log.partitions import REGISTER_CONSUMER
from fieldstone.engine.events.log.standstill import Standstill
from fieldstone.engine.webhooks.payloads.payloads import NewEvent, RecordReader, build_payload, read_event
from fieldstone.engine.webhooks.payloads.shown_events import show_events
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.backoff import EVEN, Backoff
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError, ResponseTooLarge, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

CONSUMER = "webhooks"
"""The consumer's name in the log."""
BATCH = 500
"""The most events that one tick reads."""
INTERVAL = 1.0
"""Seconds between ticks that no wakeup asks for."""
MOST_CHARACTERS = 32 << 20
"""Characters of the payloads of the deliveries that one statement makes; a single payload may have more."""
_FIRST_PAUSE = 0.01
"""Seconds of the first backoff while another process is ahead or has the lock, and there are new events."""

_BEGIN = named_statement(__name__, "begin_fan_out")
_MATCH = named_statement(__name__, "match_events")
_INSERT = named_statement(__name__, "insert_deliveries")


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
        interval: float = INTERVAL,
        batch: int = BATCH,
    ) -> None:
        self._database = database
        self._current = current
        self._records = RecordReader(database, limit=batch)
        self._wake = wake
        self._made = made
        self._interval = interval
        self._batch = BatchSize(batch)
        self._is_awaited = True
        self._webhook = Wake()
        self._standstill = Standstill(database, "events for webhooks", consumer=CONSUMER)

    def notice_webhook(self) -> None:
        """Check whether there are webhooks now: one was made or activated."""
        self._webhook()

    async def run(self) -> None:
        """Read until cancelled: at each call of `wake` while there are webhooks, and by the timer."""
        await self._database.write(*REGISTER_CONSUMER.bind(name=CONSUMER))
        backoff = Backoff(_FIRST_PAUSE, longest=self._interval, spread=EVEN)
        while True:
            called = self._wake.forget()
            try:
                more = await self.tick()
            except StaleSchema as error:
                _LOG.info("the model has changed, events are read again: %s", error)
                await asyncio.sleep(_FIRST_PAUSE)
                continue
            except DatabaseError as error:
                _LOG.warning("events wait to be sent to webhooks: %s", error)
                await self._standstill.go_on()
                await asyncio.sleep(self._interval)
                continue
            if more is None and called:
                await self._standstill.go_on()
                await backoff.wait()
                self._wake()
                continue
            self._standstill.end()
            backoff.reset()
            if not more and self._is_awaited:
                await self._wake.wait(self._interval)
            elif not more:
                self._webhook.forget()
                await self._webhook.wait(self._interval)

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
        rows = await self._database.read(*_BEGIN.bind(name=CONSUMER, batch=size))
        if not rows:
            return None
        after, upto = int(rows[0][0] or 0), int(rows[0][1] or 0)
        self._is_awaited = rows[0][2] == b"t"
        if upto <= after:
            return False
        events = await self._match(after, upto) if self._is_awaited else []
        made = await self._deliver(events, after, upto)
        if made is None:
            return None
        if made:
            self._made()
        return upto - after == size

    async def _match(self, after: int, upto: int) -> list[NewEvent]:
        statement, parameters = _MATCH.bind(after=after, upto=upto)
        rows = await self._database.read(statement if upto - after > 1 else statement.unlimited(), parameters)
        return [read_event(row) for row in rows]

    async def _deliver(self, events: Sequence[NewEvent], after: int, upto: int) -> int | None:
        """Make the deliveries of events; return how many, None where the consumer is not at `after`, or is locked."""
        snapshots = await self._find_snapshots(events)
        by_position = await show_events(self._records, snapshots, events)
        made, begun, piece = 0, after, _Piece()
        for event in events:
            shown = by_position.get(event.position)
            snapshot = snapshots[event.workspace_id]
            if shown is None or snapshot is None:
                _LOG.warning("event %d is of an object that was deleted: no webhook gets it", event.position)
                continue
            for variant, one in enumerate(shown):
                payload = build_payload(one, event, snapshot.workspace)
                described = {
                    "position": event.position,
                    "variant": variant,
                    "workspace_id": str(event.workspace_id),
                    "object_id": str(event.object_id),
                    "record_id": str(event.record_id),
                    "event": f"{one.object_.name_singular}.{event.action}",
                    "payload": payload,
                }
                for id_, rights in one.webhooks.items():
                    if not piece.has_room(payload):
                        # The event is not passed yet: if this is the last statement, it is read again for the rest.
                        inserted = await self._insert(piece, after, event.position - 1)
                        if inserted is None:
                            return None
                        made, after, piece = made + inserted, event.position - 1, _Piece()
                    link = {"id": str(new_id()), "webhook_id": str(id_), "position": event.position, "variant": variant}
                    piece.add(described, {**link, "rights": rights}, payload)
        inserted = await self._insert(piece, after, upto)
        if after > begun:
            # It was more than one statement should take, and more than should be in memory.
            self._batch.halve()
        return None if inserted is None else made + inserted

    async def _insert(self, piece: "_Piece", after: int, upto: int) -> int | None:
        events, links = dumps([*piece.events.values()]), dumps(piece.links)
        bound = _INSERT.bind(events=events, links=links, name=CONSUMER, after=after, upto=upto)
        rows = await self._database.write(*bound)
        return int(rows[0][0] or 0) if rows else None

    async def _find_snapshots(self, events: Sequence[NewEvent]) -> Mapping[UUID, Snapshot | None]:
        """Return the newest snapshots of the workspaces of events, None for one that is gone."""
        return {id_: await self._find_snapshot(id_) for id_ in {event.workspace_id: None for event in events}}

    async def _find_snapshot(self, workspace_id: UUID) -> Snapshot | None:
        try:
            return await self._current.refresh(workspace_id)
        except UnknownObject:
            return None


class _Piece:
    """The deliveries that one statement makes.

    Attributes:
        events: those that the deliveries are of, as some webhooks get them, by their positions and variants.
        links: the webhooks that get them.
    """

    def __init__(self) -> None:
        self.events: dict[tuple[JsonValue, JsonValue], dict[str, JsonValue]] = {}
        self.links: list[dict[str, JsonValue]] = []
        self._characters = 0

    def has_room(self, payload: str) -> bool:
        """Return whether it takes another delivery with this payload."""
        return not self.links or self._characters + len(payload) <= MOST_CHARACTERS

    def add(self, event: dict[str, JsonValue], link: dict[str, JsonValue], payload: str) -> None:
        """Add the delivery of an event to a webhook."""
        self.events[event["position"], event["variant"]] = event
        self.links.append(link)
        self._characters += len(payload)
