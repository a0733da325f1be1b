"""The events of one process: its sequencer, its hub, and the tasks that they run in."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from fieldstone.engine.errors import ApiError, InternalServerError
from fieldstone.engine.events.delivery.subscribable import Subscribable
from fieldstone.engine.events.delivery.work import Watch, unwatched
from fieldstone.engine.events.hub import Hub
from fieldstone.engine.events.log.partitions import Partitions, Retention
from fieldstone.engine.events.log.reader import Bounds, EventLog
from fieldstone.engine.events.log.sequencer import Sequencer, keep_trimmed
from fieldstone.engine.events.quotas import QuotaLimits
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.concurrency.tasks import running
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)
_MEASURE = 5.0

TOPIC = "events"
"""The topic of hints about the log: the newest position, in decimal."""


class Hints(Protocol):
    """Carries hints between processes: that the log has something new, and where. A hint may get lost."""

    @property
    def heard(self) -> Mapping[str, Signal[[str]]]:
        """By topic, called with each text that another process publishes."""

    @property
    def gap(self) -> Signal[[]]:
        """Called when texts may have been lost."""

    def publish(self, topic: str, payload: str) -> None:
        """Send a text to the other processes."""


@dataclass(slots=True, kw_only=True)
class Events:
    """The parts that subscriptions and webhooks use.

    Attributes:
        log: the reader.
        written: to be called after each commit of a write.
        bounds: the log's bounds at the last measurement.
        moved: called when the log may have new events, of any process.
    """

    log: EventLog
    partitions: Partitions
    sequencer: Sequencer
    hub: Hub
    written: Wake
    bounds: Bounds
    moved: Signal[[]] = field(default_factory=Signal)


@asynccontextmanager
async def open_events(
    database: Database,
    current: CurrentSnapshots,
    api: Subscribable,
    written: Wake,
    *,
    retention: Retention,
    quotas: QuotaLimits | None = None,
    hints: Hints | None = None,
    partitions: Partitions | None = None,
    live_poll: float = 0,
    watch: Watch = unwatched,
) -> AsyncIterator[Events]:
    """Run the events of a process for the length of the block.

    Args:
        database: where the log is.
        current: the snapshots, whose changes are followed.
        api: makes subscriptions.
        written: called by writes after their commit.
        retention: the retention of the log.
        quotas: the limits of subscribers.
        hints: carries positions to the other processes; without it each looks at the log by itself.
        partitions: the log's; by default of the usual size.
        live_poll: seconds after which live queries are answered again without an event; 0: they are not.
        watch: wraps the steps in which events are delivered.
    """
    parts = partitions or Partitions(database)
    hub = Hub(database, api, report=_report, limits=quotas, live_poll=live_poll, watch=watch)

    def moved(position: int) -> None:
        events.bounds = Bounds(first=events.bounds.first, last=max(position, events.bounds.last))
        events.moved()
        if hints is not None:
            hints.publish(TOPIC, str(position))

    events = Events(
        log=EventLog(database),
        partitions=parts,
        sequencer=Sequencer(database, parts, wake=written, moved=moved),
        hub=hub,
        written=written,
        bounds=Bounds(first=1, last=0),
    )
    events.moved.connect(hub.wake)
    current.swapped.connect(hub.notice_snapshot)
    current.keep_while(hub.serves)
    if hints is not None:
        hints.heard[TOPIC].connect(lambda _: events.moved())
        hints.gap.connect(events.moved)
    works = {
        "sequencer": events.sequencer.run,
        "hub": hub.run,
        "relative dates": hub.live.boundaries.run,
        "retention": lambda: keep_trimmed(parts, retention),
        "log measurement": lambda: _measure(events),
    }
    try:
        async with running(works):
            yield events
    finally:
        await hub.close()


async def _measure(events: Events) -> None:
    while True:
        try:
            events.bounds = await events.log.bounds()
        except DatabaseError as error:
            _LOG.info("the event log is measured later: %s", error)
        await asyncio.sleep(_MEASURE)


def _report(error: BaseException) -> ApiError:
    _LOG.error("a subscription cannot be served", exc_info=error)
    return InternalServerError("The subscription cannot be served; the server's log says why.")
