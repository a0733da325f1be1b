"""The measurements that Prometheus collects, in a registry of this app's own.

https://prometheus.io/docs/practices/naming/
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from fieldstone.engine.broadcast import BroadcastStats
from fieldstone.engine.events.counters import EventStats
from fieldstone.engine.request.plan_cache import PlanCounters
from fieldstone.engine.server.connections.register import ConnectionStats
from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.webhooks.service import WebhookStats
from fieldstone.metadata.online_ddl.builder import BuildCounters
from fieldstone.sql.pool_settings import PoolStats

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4.encode()

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStats:
    """The bytes of the loaded models, and how often one was loaded and was forgotten to make room."""

    bytes: int
    loads: int
    evictions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeStats:
    """The counters of the parts behind an app.

    Attributes:
        cached_documents: operations that the plan cache holds.
        versions: the version of each loaded workspace's model, by the workspace's name.
        models: the models' memory.
        events: the state of the event log and of its readers.
        webhooks: the deliveries that were made, and those that wait.
        broadcast: the messages to and from other processes.
        builds: the work on big tables after a change's commit.
    """

    pool: PoolStats
    plans: PlanCounters
    cached_documents: int
    versions: Mapping[str, int]
    models: ModelStats
    events: EventStats
    webhooks: WebhookStats
    broadcast: BroadcastStats
    builds: BuildCounters


class Metrics:
    """The counters of one app.

    Args:
        read_stats: gives the state of the parts that count by themselves; None while they are not there.
        read_connections: gives the state of the clients' connections.
    """

    def __init__(
        self, read_stats: Callable[[], RuntimeStats | None], read_connections: Callable[[], ConnectionStats]
    ) -> None:
        self._registry = CollectorRegistry()
        self._requests = _Requests()
        self._registry.register(self._requests)
        self._sockets = Gauge("fieldstone_sockets", "Open WebSockets.", registry=self._registry)
        self._closes = Counter(
            "fieldstone_socket_closes", "Closed WebSockets, by close code.", ("code",), registry=self._registry
        )
        self._registry.register(_StatsCollector(read_stats, read_connections))

    def count_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answered request; `endpoint` is one of a few."""
        self._requests.count(endpoint, status, seconds)

    def count_warm_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one that the warm path answered."""
        self._requests.warm += 1
        self._requests.count(endpoint, status, seconds)

    def open_socket(self) -> None:
        """Count a WebSocket that was opened."""
        self._sockets.inc()

    def close_socket(self, code: int) -> None:
        """Count one that was closed; `code` is one of a few."""
        self._sockets.dec()
        self._closes.labels(str(int(code))).inc()

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


@dataclass(slots=True)
class _Times:
    """How often a request took how long; the last of the counts is of those beyond all buckets."""

    counts: list[int]
    total: float = 0.0


class _Requests(Collector):
    """Counts requests in plain numbers: the library's own counters, made for threads, take five times as long."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, int], int] = {}
        self._times: dict[str, _Times] = {}
        self._created = time.time()
        self.warm = 0

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (endpoint, status)
        self._answered[key] = self._answered.get(key, 0) + 1
        times = self._times.get(endpoint)
        if times is None:
            times = self._times[endpoint] = _Times([0] * (len(_BUCKETS) + 1))
        times.counts[bisect_left(_BUCKETS, seconds)] += 1
        times.total += seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the counts and the times."""
        answered = CounterMetricFamily(
            "fieldstone_requests", "HTTP requests by endpoint and status.", labels=("endpoint", "status")
        )
        for (endpoint, status), number in self._answered.items():
            answered.add_metric((endpoint, str(status)), number, created=self._created)
        yield answered
        yield CounterMetricFamily(
            "fieldstone_warm_requests", "HTTP requests that the fast path answered.", value=self.warm
        )
        seconds = HistogramMetricFamily(
            "fieldstone_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            labels=("endpoint",),
        )
        for endpoint, times in self._times.items():
            bounds = (*map(floatToGoString, _BUCKETS), "+Inf")
            seconds.add_metric((endpoint,), list(zip(bounds, accumulate(times.counts), strict=True)), times.total)
        yield seconds


class _StatsCollector(Collector):
    """Reads the state of the runtime at the moment of each scrape."""

    def __init__(
        self, read_stats: Callable[[], RuntimeStats | None], read_connections: Callable[[], ConnectionStats]
    ) -> None:
        self._read_stats = read_stats
        self._read_connections = read_connections

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; those of the process alone while there is nothing behind the app."""
        stats = self._read_stats()
        yield from _connection_metrics(self._read_connections())
        yield CounterMetricFamily(
            "fieldstone_log_lines_lost",
            "Log lines dropped because standard error was not read in time.",
            value=LOG_QUEUE.dropped,
        )
        yield GaugeMetricFamily("fieldstone_ready", "1 while operations can be served.", value=stats is not None)
        if stats is not None:
            yield from _plan_metrics(stats)
            yield from _pool_metrics(stats.pool)
            yield from _event_metrics(stats.events)
            yield from _webhook_metrics(stats.webhooks)
            yield from _broadcast_metrics(stats.broadcast)
            yield from _build_metrics(stats.builds)
            versions = GaugeMetricFamily(
                "fieldstone_model_version", "The version of a loaded workspace's model.", labels=("workspace",)
            )
            for workspace, version in stats.versions.items():
                versions.add_metric((workspace,), version)
            yield versions
            yield GaugeMetricFamily(
                "fieldstone_model_bytes", "Approximate memory of the loaded models in bytes.", value=stats.models.bytes
            )
            events = CounterMetricFamily(
                "fieldstone_model_events", "Models loaded, and models evicted to free memory.", labels=("event",)
            )
            events.add_metric(("load",), stats.models.loads)
            events.add_metric(("eviction",), stats.models.evictions)
            yield events


def _connection_metrics(connections: ConnectionStats) -> Iterator[Metric]:
    yield GaugeMetricFamily("fieldstone_connections", "Open connections of clients.", value=connections.open)
    yield GaugeMetricFamily(
        "fieldstone_buffered_bytes",
        "Bytes of unread answers and of requests that are not answered.",
        value=connections.buffered,
    )
    ended = CounterMetricFamily(
        "fieldstone_connection_ends", "Connections that the server closed or refused, by reason.", labels=("reason",)
    )
    for reason, number in connections.ended.items():
        ended.add_metric((reason,), number)
    yield ended


def _plan_metrics(stats: RuntimeStats) -> Iterator[Metric]:
    plans = CounterMetricFamily(
        "fieldstone_plans",
        "Plan cache hits and misses, plans dropped by changes of the model, and plans renewed after them.",
        labels=("event",),
    )
    plans.add_metric(("hit",), stats.plans.hits)
    plans.add_metric(("miss",), stats.plans.misses)
    plans.add_metric(("drop",), stats.plans.drops)
    plans.add_metric(("renewal",), stats.plans.renewals)
    yield plans
    yield GaugeMetricFamily(
        "fieldstone_plan_cache_documents", "Operations in the plan cache.", value=stats.cached_documents
    )


def _pool_metrics(pool: PoolStats) -> Iterator[Metric]:
    connections = GaugeMetricFamily(
        "fieldstone_pool_connections", "Database connections of the request pool, by state.", labels=("state",)
    )
    connections.add_metric(("in_use",), pool.in_use)
    connections.add_metric(("idle",), pool.idle)
    connections.add_metric(("opening",), pool.opening)
    yield connections
    yield GaugeMetricFamily("fieldstone_pool_limit", "Limit of the request pool's connections.", value=pool.limit)
    yield GaugeMetricFamily(
        "fieldstone_pool_waiting", "Requests waiting for a database connection.", value=pool.waiting
    )
    yield CounterMetricFamily(
        "fieldstone_pool_refused",
        "Requests refused because no database connection became free in time, or too many requests waited.",
        value=pool.refused,
    )
    events = CounterMetricFamily(
        "fieldstone_pool_events", "Events of database connections and their statements.", labels=("event",)
    )
    for name in ("opened", "lost", "recycled", "prepared", "evicted", "cancelled", "retried"):
        events.add_metric((name,), getattr(pool, name))
    yield events


def _event_metrics(events: EventStats) -> Iterator[Metric]:
    yield GaugeMetricFamily("fieldstone_event_log_position", "The position of the newest event.", value=events.last)
    yield GaugeMetricFamily(
        "fieldstone_event_log_events", "Events kept in the log.", value=events.last - events.first + 1
    )
    yield GaugeMetricFamily(
        "fieldstone_event_lag_seconds",
        "Seconds that the oldest event of the last move had waited for its position in the log.",
        value=events.lag,
    )
    yield CounterMetricFamily(
        "fieldstone_events_logged", "Events that this process moved to the log.", value=events.moved
    )
    yield GaugeMetricFamily("fieldstone_subscribers", "Active subscriptions.", value=events.subscribers)
    yield GaugeMetricFamily(
        "fieldstone_subscription_groups", "Groups of subscriptions that share a statement.", value=events.groups
    )
    yield CounterMetricFamily(
        "fieldstone_event_statements",
        "Statements that read events for a group of subscriptions.",
        value=events.hub.statements,
    )
    yield CounterMetricFamily(
        "fieldstone_events_delivered", "Results handed to subscribers.", value=events.hub.delivered
    )
    yield CounterMetricFamily(
        "fieldstone_full_outboxes", "Number of times that a subscriber's queue was full.", value=events.hub.demoted
    )
    yield CounterMetricFamily(
        "fieldstone_event_statements_overdue",
        "Statements reading events that were ended or moved to the slow slots for taking too long.",
        value=events.hub.overdue,
    )
    yield GaugeMetricFamily(
        "fieldstone_subscription_bytes",
        "Bytes of documents, variables and filters kept for subscriptions.",
        value=events.kept_bytes,
    )


def _webhook_metrics(webhooks: WebhookStats) -> Iterator[Metric]:
    outcomes = CounterMetricFamily(
        "fieldstone_webhook_deliveries", "Attempts to deliver an event to a webhook, by outcome.", labels=("outcome",)
    )
    for name in ("delivered", "retried", "failed"):
        outcomes.add_metric((name,), getattr(webhooks.counters, name))
    yield outcomes
    yield CounterMetricFamily(
        "fieldstone_webhooks_disabled",
        "Webhooks disabled because they failed for too long.",
        value=webhooks.counters.disabled,
    )
    yield GaugeMetricFamily(
        "fieldstone_webhook_pending", "Deliveries waiting to be sent.", value=webhooks.backlog.pending
    )
    yield GaugeMetricFamily(
        "fieldstone_webhook_lag_seconds",
        "Seconds that the oldest waiting delivery has waited.",
        value=webhooks.backlog.lag,
    )


def _build_metrics(builds: BuildCounters) -> Iterator[Metric]:
    known = GaugeMetricFamily(
        "fieldstone_builds",
        "Builds of indexes and fields of big tables, in the whole database, by status.",
        labels=("of", "status"),
    )
    for of, status, value in (
        ("index", "building", builds.building_indexes),
        ("field", "building", builds.building_fields),
        ("index", "failed", builds.failed_indexes),
        ("field", "failed", builds.failed_fields),
    ):
        known.add_metric((of, status), value)
    yield known
    events = CounterMetricFamily(
        "fieldstone_build_events",
        "Builds that this process settled, and interruptions of its builds.",
        labels=("event",),
    )
    for name in ("settled", "interrupted"):
        events.add_metric((name,), getattr(builds, name))
    yield events


def _broadcast_metrics(broadcast: BroadcastStats) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "fieldstone_broadcast_connected",
        "1 while messages of other processes are received.",
        value=broadcast.is_connected,
    )
    messages = CounterMetricFamily(
        "fieldstone_broadcast_events",
        "Messages sent to and received from other processes, and connections made.",
        labels=("event",),
    )
    for name in ("sent", "received", "failed", "connections"):
        messages.add_metric((name,), getattr(broadcast, name))
    yield messages
