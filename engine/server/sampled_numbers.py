"""The numbers of a process that are sampled, from its metrics and its services."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from fieldstone.engine.process_samples.sampler import Sampler, keep_trimmed
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.parts import Parts
from fieldstone.engine.server.runtime import Assemble
from fieldstone.engine.settings import Settings
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.concurrency.tasks import running


class Totals(NamedTuple):
    """The requests of the APIs since the start of the process, and the connections of its clients.

    Attributes:
        errors: those with a status from 500 up.
        refused: those that were refused with 429.
        warm: those that the fast path answered.
        buckets: the requests by their duration, between `bounds`.
        bounds: seconds.
        seconds: of all requests together.
    """

    requests: int
    errors: int
    refused: int
    warm: int
    buckets: Sequence[int]
    bounds: Sequence[float]
    seconds: float
    connections: int


def numbers_of(services: Services, totals: Totals) -> Mapping[str, JsonValue]:
    """Return the numbers of the moment; see `engine/process_samples/series.py`."""
    pool = services.foundation.database.stats()
    hub, deliveries, builds = services.events.hub, services.webhooks.dispatcher.counters, services.builder.counters
    return {
        **totals._asdict(),
        "seconds": round(totals.seconds, 6),
        "poolInUse": pool.in_use,
        "poolLimit": pool.limit,
        "poolWaiting": pool.waiting,
        "inProgress": services.core.slots.in_progress,
        "waiting": services.core.slots.waiting,
        "events": services.events.sequencer.counters.moved,
        "eventLag": round(services.events.sequencer.counters.lag, 4),
        "subscribers": hub.members,
        "liveQueries": len(hub.live.registry),
        "delivered": deliveries.delivered,
        "deliveriesFailed": deliveries.failed + deliveries.retried,
        "webhooksPending": services.webhooks.backlog.pending,
        "webhookLag": round(services.webhooks.backlog.lag, 3),
        "builds": builds.building_indexes + builds.building_fields,
    }


@asynccontextmanager
async def assemble_sampled(
    settings: Settings, parts: Parts, *, assembly: Assemble, worker: int | None, read_totals: Callable[[], Totals]
) -> AsyncIterator[Services]:
    """Open everything that the endpoints need, as `assembly` does, and sample the numbers of the process."""
    async with assembly(settings, parts) as services:
        database = services.foundation.database
        sampler = Sampler(database, lambda: numbers_of(services, read_totals()), worker=worker)
        async with running({"samples": sampler.run, "old samples": lambda: keep_trimmed(database)}):
            yield services
