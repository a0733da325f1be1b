"""The table of the metrics that the parts of a process count by themselves: one row a metric."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from fieldstone.engine.server.composition import Services


class Row(NamedTuple):
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

Rows: TypeAlias = tuple[tuple[Callable[[Services], object], tuple[Row, ...]], ...]


# fmt: off
OF_CONNECTIONS = (
    Row(_GAUGE, "connections", "Open connections of clients.", lambda one: one.open),
    Row(_GAUGE, "buffered_bytes", "Bytes of unread answers and of requests that are not answered.",
        lambda one: one.buffered),
    Row(_COUNTER, "connection_ends", "Connections that the server closed or refused, by reason.",
        lambda one: one.ended, ("reason",)),
)
OF_SERVICES: Rows = (
    (lambda services: services.core.compiler.plans, (
        Row(_COUNTER, "plans",
            "Plan cache hits and misses, plans dropped by changes of the model, and plans renewed after them.",
            lambda one: {event: getattr(one.counters, attribute) for event, attribute in _PLAN_EVENTS.items()},
            ("event",)),
        Row(_GAUGE, "plan_cache_documents", "Operations in the plan cache.", len),
    )),
    (lambda services: services.core.slots, (
        Row(_GAUGE, "operations_in_progress", "Operations in progress.", lambda one: one.in_progress),
        Row(_GAUGE, "operations_waiting", "Operations that wait for a slot of their key or workspace.",
            lambda one: one.waiting),
        Row(_COUNTER, "slot_waits", "Operations that had to wait for a slot, and those refused after all.",
            lambda one: _each(one.counters, "waited", "refused"), ("outcome",)),
    )),
    (lambda services: services.foundation.shedding, (
        Row(_COUNTER, "overload_refused", "Operations refused unread, as they would have waited too long.",
            lambda one: one.count),
    )),
    (lambda services: services.limiter, (
        Row(_COUNTER, "rate_limit_leases",
            "Leases of shared rate limits: granted, of windows that were used up, and failed as the counts were away.",
            lambda one: _each(one.leases.counters, "granted", "empty", "failed") if one.leases else {}, ("outcome",)),
        Row(_GAUGE, "rate_limits_apart", "1 while rate limits are counted in this process as shared counts are away.",
            lambda one: one.leases is not None and one.leases.is_away),
    )),
    (lambda services: services.core.documents and services.core.documents.counters, (
        Row(_COUNTER, "stored_documents",
            "Requests that named a stored document that was found or unknown, or sent one that is not trusted.",
            lambda one: _each(one, "found", "unknown", "untrusted"), ("outcome",)),
    )),
    (lambda services: services.foundation.database.stats(), (
        Row(_GAUGE, "pool_connections", "Database connections of the request pool, by state.",
            lambda one: _each(one, "in_use", "idle", "opening"), ("state",)),
        Row(_GAUGE, "pool_limit", "Limit of the request pool's connections.", lambda one: one.limit),
        Row(_GAUGE, "pool_waiting", "Requests waiting for a database connection.", lambda one: one.waiting),
        Row(_COUNTER, "pool_refused",
            "Requests refused because no database connection became free in time, or too many requests waited.",
            lambda one: one.refused),
        Row(_COUNTER, "pool_contended",
            "Times at which short reads came back late beside longer statements, of which few then run at once.",
            lambda one: one.contended),
        Row(_COUNTER, "pool_events", "Events of database connections and their statements.",
            lambda one: _each(one, "opened", "lost", "recycled", "prepared", "evicted", "cancelled", "retried",
                "joined", "moved"),
            ("event",)),
    )),
    (lambda services: services.core.reads.replicas, (
        Row(_GAUGE, "replicas_in_use", "Read replicas that answer reads.",
            lambda one: sum(replica.position is not None for replica in one)),
        Row(_COUNTER, "replica_reads",
            "Reads that replicas have answered, and those that the primary answered after a replica had failed.",
            lambda one: {name: sum(getattr(replica.counters, name) for replica in one)
                for name in ("answered", "passed_on")}, ("outcome",)),
    )),
    (lambda services: services.events, (
        Row(_GAUGE, "event_log_position", "The position of the newest event.", lambda one: one.bounds.last),
        Row(_GAUGE, "event_log_events", "Events kept in the log.",
            lambda one: one.bounds.last - one.bounds.first + 1),
        Row(_GAUGE, "event_lag_seconds",
            "Seconds that the oldest event of the last move had waited for its position in the log.",
            lambda one: one.sequencer.counters.lag),
        Row(_COUNTER, "events_logged", "Events that this process moved to the log.",
            lambda one: one.sequencer.counters.moved),
    )),
    (lambda services: services.events.hub, (
        Row(_GAUGE, "subscribers", "Active subscriptions.", lambda one: one.members),
        Row(_GAUGE, "subscription_groups", "Groups of subscriptions that share a statement.",
            lambda one: one.groups),
        Row(_GAUGE, "live_queries", "Groups of equal live queries, each of which has one answer.",
            lambda one: len(one.live.registry)),
        Row(_COUNTER, "live_statements", "Statements that answered a group of live queries.",
            lambda one: one.counters.live_statements),
        Row(_COUNTER, "live_answers", "Answers handed to live queries.", lambda one: one.counters.live_answers),
        Row(_COUNTER, "live_statements_stretched",
            "Statements of live queries that waited longer for a ticket than their interval.",
            lambda one: one.counters.live_stretched),
        Row(_COUNTER, "event_statements", "Statements that read events for a group of subscriptions.",
            lambda one: one.counters.statements),
        Row(_COUNTER, "events_delivered", "Results handed to subscribers.", lambda one: one.counters.delivered),
        Row(_COUNTER, "full_outboxes", "Number of times that a subscriber's queue was full.",
            lambda one: one.counters.demoted),
        Row(_COUNTER, "event_statements_overdue",
            "Statements reading events that were ended or moved to the slow tickets for taking too long.",
            lambda one: one.counters.overdue),
        Row(_GAUGE, "subscription_bytes", "Bytes of documents, variables and filters kept for subscriptions.",
            lambda one: one.quotas.kept_bytes),
    )),
    (lambda services: services.webhooks.dispatcher.counters, (
        Row(_COUNTER, "webhook_deliveries", "Attempts to deliver an event to a webhook, by outcome.",
            lambda one: _each(one, "delivered", "retried", "failed"), ("outcome",)),
        Row(_COUNTER, "webhooks_disabled", "Webhooks disabled because they failed for too long.",
            lambda one: one.disabled),
    )),
    (lambda services: services.webhooks.backlog, (
        Row(_GAUGE, "webhook_pending", "Deliveries waiting to be sent.", lambda one: one.pending),
        Row(_GAUGE, "webhook_lag_seconds", "Seconds that the oldest waiting delivery has waited.",
            lambda one: one.lag),
    )),
    (lambda services: services.broadcast, (
        Row(_GAUGE, "broadcast_connected", "1 while messages of other processes are received.",
            lambda one: one.is_connected),
        Row(_COUNTER, "broadcast_events",
            "Messages sent to and received from other processes, and connections made.",
            lambda one: _each(one.counters, "sent", "received", "failed", "connections"), ("event",)),
    )),
    (lambda services: services.builder.counters, (
        Row(_GAUGE, "builds", "Builds of indexes and fields of big tables, in the whole database, by status.",
            lambda one: {
                ("index", "building"): one.building_indexes, ("field", "building"): one.building_fields,
                ("index", "failed"): one.failed_indexes, ("field", "failed"): one.failed_fields,
            }, ("of", "status")),
        Row(_COUNTER, "build_events", "Builds that this process settled, and interruptions of its builds.",
            lambda one: _each(one, "settled", "interrupted"), ("event",)),
    )),
    (lambda services: services.foundation.current, (
        Row(_GAUGE, "model_bytes", "Approximate memory of the loaded models in bytes.", lambda one: one.bytes),
        Row(_COUNTER, "model_events", "Models loaded, and models evicted to free memory.",
            lambda one: {"load": one.counters.loads, "eviction": one.counters.evictions}, ("event",)),
    )),
)
NAMING: Rows = (
    (lambda services: services.core.compiler.plans, (
        Row(_COUNTER, "unserved_orders",
            "Requests for a search or the order of a text that no index serves; createIndex makes one.",
            lambda one: one.counters.unserved, ("object", "field")),
    )),
    (lambda services: services.foundation.current, (
        Row(_GAUGE, "model_version", "The version of a loaded workspace's model.",
            lambda one: {loaded.workspace.name: loaded.version for loaded in one.loaded()}, ("workspace",)),
    )),
)
# fmt: on


def measure(table: Rows, cells: Mapping[str, Services]) -> Iterator[Metric]:
    """Yield the metrics of a table, of the services of each cell."""
    for find, rows in table:
        parts = {cell: find(services) for cell, services in cells.items()}
        yield from (row.measure(parts) for row in rows)
