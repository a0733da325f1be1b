"""The measurements that Prometheus collects, in a registry of this app's own.

https://prometheus.io/docs/practices/naming/
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.connections.register import ConnectionStats
from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.server.sampled_numbers import Totals

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4.encode()

_APIS = ("/graphql", "/metadata", "/rest")
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

ReadServices = Callable[[], Mapping[str, Services | None]]


class Metrics:
    """The counters of one app.

    Args:
        read_services: gives the parts that count by themselves, by cell; None for those that are not there.
        read_connections: gives the state of the clients' connections.
    """

    def __init__(
        self,
        read_services: Callable[[], Mapping[str, Services | None]],
        read_connections: Callable[[], ConnectionStats],
    ) -> None:
        self._read_connections = read_connections
        self._registry = CollectorRegistry()
        self._requests = _Requests()
        self._registry.register(self._requests)
        self._sockets = Gauge("fieldstone_sockets", "Open WebSockets.", registry=self._registry)
        self._closes = Counter(
            "fieldstone_socket_closes", "Closed WebSockets, by close code.", ("code",), registry=self._registry
        )
        self._registry.register(_StatsCollector(read_services, read_connections))
        self._names = CollectorRegistry()
        self._names.register(_NamesCollector(read_services))

    def count_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answered request; `endpoint` is one of a few."""
        self._requests.count(endpoint, status, seconds)

    def count_warm_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one that the warm path answered."""
        self._requests.warm += 1
        self._requests.count(endpoint, status, seconds)

    def totals(self) -> Totals:
        """Return the requests of the APIs so far, and the connections of the clients."""
        return self._requests.totals(self._read_connections().open)

    def open_socket(self) -> None:
        """Count a WebSocket that was opened."""
        self._sockets.inc()

    def close_socket(self, code: int) -> None:
        """Count one that was closed; `code` is one of a few."""
        self._sockets.dec()
        self._closes.labels(str(int(code))).inc()

    def render(self, named: bool = True) -> bytes:
        """Return everything in Prometheus' text format; without metrics that name workspaces unless `named`."""
        return generate_latest(self._registry) + (generate_latest(self._names) if named else b"")


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

    def totals(self, connections: int) -> Totals:
        """Return the counts of the APIs' endpoints together."""
        answered = {key: number for key, number in self._answered.items() if key[0].startswith(_APIS)}
        times = [times for endpoint, times in self._times.items() if endpoint.startswith(_APIS)]
        return Totals(
            requests=sum(answered.values()),
            errors=sum(number for (_, status), number in answered.items() if status >= 500),
            refused=sum(number for (_, status), number in answered.items() if status == 429),
            warm=self.warm,
            buckets=[sum(counts) for counts in zip(*(one.counts for one in times), strict=True)],
            bounds=_BUCKETS,
            seconds=sum(one.total for one in times),
            connections=connections,
        )

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


class _Row(NamedTuple):
    """One metric of the connections, or of the services.

    Attributes:
        read: its value, or the number for each value of its labels.
    """

    family: type[CounterMetricFamily | GaugeMetricFamily]
    name: str
    description: str
    read: Callable[[Any], float | Mapping[tuple[str, ...] | str, float]]
    labels: tuple[str, ...] = ()

    def measure(self, parts: Mapping[str, object]) -> Metric:
        """Return the metric of a part of each cell; the cell is a label unless its name is empty."""
        is_apart = "" not in parts
        labels = (*self.labels, "cell") if is_apart else self.labels
        found = self.family(f"fieldstone_{self.name}", self.description, labels=labels)
        for cell, part in parts.items():
            values = self.read(part)
            for given, value in values.items() if isinstance(values, Mapping) else [((), values)]:
                own = (given,) if isinstance(given, str) else given
                found.add_metric((*own, cell) if is_apart else own, value)
        return found


def _each(counters: object, *names: str) -> Mapping[tuple[str, ...] | str, float]:
    return {name: getattr(counters, name) for name in names}


_COUNTER, _GAUGE = CounterMetricFamily, GaugeMetricFamily
_PLAN_EVENTS = {"hit": "hits", "miss": "misses", "drop": "drops", "renewal": "renewals"}

_Rows: TypeAlias = tuple[tuple[Callable[[Services], object], tuple[_Row, ...]], ...]

# One row a metric.
# fmt: off
_OF_CONNECTIONS = (
    _Row(_GAUGE, "connections", "Open connections of clients.", lambda one: one.open),
    _Row(_GAUGE, "buffered_bytes", "Bytes of unread answers and of requests that are not answered.",
        lambda one: one.buffered),
    _Row(_COUNTER, "connection_ends", "Connections that the server closed or refused, by reason.",
        lambda one: one.ended, ("reason",)),
)
_OF_SERVICES: _Rows = (
    (lambda services: services.core.compiler.plans, (
        _Row(_COUNTER, "plans",
            "Plan cache hits and misses, plans dropped by changes of the model, and plans renewed after them.",
            lambda one: {event: getattr(one.counters, attribute) for event, attribute in _PLAN_EVENTS.items()},
            ("event",)),
        _Row(_GAUGE, "plan_cache_documents", "Operations in the plan cache.", len),
    )),
    (lambda services: services.core.slots, (
        _Row(_GAUGE, "operations_in_progress", "Operations in progress.", lambda one: one.in_progress),
        _Row(_GAUGE, "operations_waiting", "Operations that wait for a slot of their key or workspace.",
            lambda one: one.waiting),
        _Row(_COUNTER, "slot_waits", "Operations that had to wait for a slot, and those refused after all.",
            lambda one: _each(one.counters, "waited", "refused"), ("outcome",)),
    )),
    (lambda services: services.overload.shedding, (
        _Row(_COUNTER, "overload_refused", "Operations refused unread, as they would have waited too long.",
            lambda one: one.count),
    )),
    (lambda services: services.limiter, (
        _Row(_COUNTER, "rate_limit_leases",
            "Leases of shared rate limits: granted, of windows that were used up, and failed as the counts were away.",
            lambda one: _each(one.leases.counters, "granted", "empty", "failed") if one.leases else {}, ("outcome",)),
        _Row(_GAUGE, "rate_limits_apart", "1 while rate limits are counted in this process as shared counts are away.",
            lambda one: one.leases is not None and one.leases.is_away),
    )),
    (lambda services: services.core.documents and services.core.documents.counters, (
        _Row(_COUNTER, "stored_documents",
            "Requests that named a stored document that was found or unknown, or sent one that is not trusted.",
            lambda one: _each(one, "found", "unknown", "untrusted"), ("outcome",)),
    )),
    (lambda services: services.foundation.database.stats(), (
        _Row(_GAUGE, "pool_connections", "Database connections of the request pool, by state.",
            lambda one: _each(one, "in_use", "idle", "opening"), ("state",)),
        _Row(_GAUGE, "pool_limit", "Limit of the request pool's connections.", lambda one: one.limit),
        _Row(_GAUGE, "pool_waiting", "Requests waiting for a database connection.", lambda one: one.waiting),
        _Row(_COUNTER, "pool_refused",
            "Requests refused because no database connection became free in time, or too many requests waited.",
            lambda one: one.refused),
        _Row(_COUNTER, "pool_events", "Events of database connections and their statements.",
            lambda one: _each(one, "opened", "lost", "recycled", "prepared", "evicted", "cancelled", "retried",
                "joined", "moved"),
            ("event",)),
    )),
    (lambda services: services.core.reads.replicas, (
        _Row(_GAUGE, "replicas_in_use", "Read replicas that answer reads.",
            lambda one: sum(replica.position is not None for replica in one)),
        _Row(_COUNTER, "replica_reads",
            "Reads that replicas have answered, and those that the primary answered after a replica had failed.",
            lambda one: {name: sum(getattr(replica.counters, name) for replica in one)
                for name in ("answered", "passed_on")}, ("outcome",)),
    )),
    (lambda services: services.events, (
        _Row(_GAUGE, "event_log_position", "The position of the newest event.", lambda one: one.bounds.last),
        _Row(_GAUGE, "event_log_events", "Events kept in the log.",
            lambda one: one.bounds.last - one.bounds.first + 1),
        _Row(_GAUGE, "event_lag_seconds",
            "Seconds that the oldest event of the last move had waited for its position in the log.",
            lambda one: one.sequencer.counters.lag),
        _Row(_COUNTER, "events_logged", "Events that this process moved to the log.",
            lambda one: one.sequencer.counters.moved),
    )),
    (lambda services: services.events.hub, (
        _Row(_GAUGE, "subscribers", "Active subscriptions.", lambda one: one.members),
        _Row(_GAUGE, "subscription_groups", "Groups of subscriptions that share a statement.",
            lambda one: one.groups),
        _Row(_GAUGE, "live_queries", "Groups of equal live queries, each of which has one answer.",
            lambda one: len(one.live.registry)),
        _Row(_COUNTER, "live_statements", "Statements that answered a group of live queries.",
            lambda one: one.counters.live_statements),
        _Row(_COUNTER, "live_answers", "Answers handed to live queries.", lambda one: one.counters.live_answers),
        _Row(_COUNTER, "live_statements_stretched",
            "Statements of live queries that waited longer for a slot than their interval.",
            lambda one: one.counters.live_stretched),
        _Row(_COUNTER, "event_statements", "Statements that read events for a group of subscriptions.",
            lambda one: one.counters.statements),
        _Row(_COUNTER, "events_delivered", "Results handed to subscribers.", lambda one: one.counters.delivered),
        _Row(_COUNTER, "full_outboxes", "Number of times that a subscriber's queue was full.",
            lambda one: one.counters.demoted),
        _Row(_COUNTER, "event_statements_overdue",
            "Statements reading events that were ended or moved to the slow slots for taking too long.",
            lambda one: one.counters.overdue),
        _Row(_GAUGE, "subscription_bytes", "Bytes of documents, variables and filters kept for subscriptions.",
            lambda one: one.quotas.kept_bytes),
    )),
    (lambda services: services.webhooks.dispatcher.counters, (
        _Row(_COUNTER, "webhook_deliveries", "Attempts to deliver an event to a webhook, by outcome.",
            lambda one: _each(one, "delivered", "retried", "failed"), ("outcome",)),
        _Row(_COUNTER, "webhooks_disabled", "Webhooks disabled because they failed for too long.",
            lambda one: one.disabled),
    )),
    (lambda services: services.webhooks.backlog, (
        _Row(_GAUGE, "webhook_pending", "Deliveries waiting to be sent.", lambda one: one.pending),
        _Row(_GAUGE, "webhook_lag_seconds", "Seconds that the oldest waiting delivery has waited.",
            lambda one: one.lag),
    )),
    (lambda services: services.broadcast, (
        _Row(_GAUGE, "broadcast_connected", "1 while messages of other processes are received.",
            lambda one: one.is_connected),
        _Row(_COUNTER, "broadcast_events",
            "Messages sent to and received from other processes, and connections made.",
            lambda one: _each(one.counters, "sent", "received", "failed", "connections"), ("event",)),
    )),
    (lambda services: services.builder.counters, (
        _Row(_GAUGE, "builds", "Builds of indexes and fields of big tables, in the whole database, by status.",
            lambda one: {
                ("index", "building"): one.building_indexes, ("field", "building"): one.building_fields,
                ("index", "failed"): one.failed_indexes, ("field", "failed"): one.failed_fields,
            }, ("of", "status")),
        _Row(_COUNTER, "build_events", "Builds that this process settled, and interruptions of its builds.",
            lambda one: _each(one, "settled", "interrupted"), ("event",)),
    )),
    (lambda services: services.foundation.current, (
        _Row(_GAUGE, "model_bytes", "Approximate memory of the loaded models in bytes.", lambda one: one.bytes),
        _Row(_COUNTER, "model_events", "Models loaded, and models evicted to free memory.",
            lambda one: {"load": one.counters.loads, "eviction": one.counters.evictions}, ("event",)),
    )),
)
_NAMING: _Rows = (
    (lambda services: services.core.compiler.plans, (
        _Row(_COUNTER, "unserved_orders",
            "Requests for a search or the order of a text that no index serves; createIndex makes one.",
            lambda one: one.counters.unserved, ("object", "field")),
    )),
    (lambda services: services.foundation.current, (
        _Row(_GAUGE, "model_version", "The version of a loaded workspace's model.",
            lambda one: {loaded.workspace.name: loaded.version for loaded in one.loaded()}, ("workspace",)),
    )),
)
# fmt: on


class _StatsCollector(Collector):
    """Reads the counts of the parts at the moment of each scrape."""

    def __init__(
        self,
        read_services: Callable[[], Mapping[str, Services | None]],
        read_connections: Callable[[], ConnectionStats],
    ) -> None:
        self._read_services = read_services
        self._read_connections = read_connections

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; those of the process alone while there is nothing behind the app."""
        cells, connections = self._read_services(), self._read_connections()
        services = _present(cells)
        yield from (row.measure({"": connections}) for row in _OF_CONNECTIONS)
        yield CounterMetricFamily(
            "fieldstone_log_lines_lost",
            "Log lines dropped because standard error was not read in time.",
            value=LOG_QUEUE.dropped,
        )
        yield GaugeMetricFamily("fieldstone_ready", "1 while operations can be served.", value=bool(services))
        if "" not in cells:
            ready = GaugeMetricFamily("fieldstone_cell_ready", "1 while a cell is open.", labels=("cell",))
            for cell in cells:
                ready.add_metric((cell,), cell in services)
            yield ready
        if services:
            yield from _measure(_OF_SERVICES, services)


class _NamesCollector(Collector):
    """Reads the metrics whose labels are names of workspaces, objects and fields."""

    def __init__(self, read_services: ReadServices) -> None:
        self._read_services = read_services

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; none while there is nothing behind the app."""
        if services := _present(self._read_services()):
            yield from _measure(_NAMING, services)


def _present(cells: Mapping[str, Services | None]) -> Mapping[str, Services]:
    return {cell: services for cell, services in cells.items() if services is not None}


def _measure(table: _Rows, cells: Mapping[str, Services]) -> Iterator[Metric]:
    for find, rows in table:
        parts = {cell: find(services) for cell, services in cells.items()}
        yield from (row.measure(parts) for row in rows)
