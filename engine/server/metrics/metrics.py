"""The measurements that Prometheus collects, in a registry of this app's own.

https://prometheus.io/docs/practices/naming/
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.connections.register import ConnectionStats
from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.server.metrics.requests import Requests
from fieldstone.engine.server.metrics.table import NAMING, OF_CONNECTIONS, OF_SERVICES, measure
from fieldstone.engine.server.sampled_numbers import Totals

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4.encode()


ReadServices = Callable[[], Mapping[str, Services | None]]


class Metrics:
    """The counters of one app.

    Args:
        read_services: gives the parts that count by themselves, by cell; None for those that are not there.
        read_connections: gives the state of the clients' connections.

    Attributes:
        requests: counts the answered requests.
    """

    def __init__(
        self,
        read_services: Callable[[], Mapping[str, Services | None]],
        read_connections: Callable[[], ConnectionStats],
    ) -> None:
        self._read_connections = read_connections
        self._registry = CollectorRegistry()
        self.requests = Requests()
        self._registry.register(self.requests)
        self._sockets = Gauge("fieldstone_sockets", "Open WebSockets.", registry=self._registry)
        self._closes = Counter(
            "fieldstone_socket_closes", "Closed WebSockets, by close code.", ("code",), registry=self._registry
        )
        self._registry.register(_StatsCollector(read_services, read_connections))
        self._names = CollectorRegistry()
        self._names.register(_NamesCollector(read_services))

    def totals(self) -> Totals:
        """Return the requests of the APIs so far, and the connections of the clients."""
        return self.requests.totals(self._read_connections().open)

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
        yield from (row.measure({"": connections}) for row in OF_CONNECTIONS)
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
            yield from measure(OF_SERVICES, services)


class _NamesCollector(Collector):
    """Reads the metrics whose labels are names of workspaces, objects and fields."""

    def __init__(self, read_services: ReadServices) -> None:
        self._read_services = read_services

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; none while there is nothing behind the app."""
        if services := _present(self._read_services()):
            yield from measure(NAMING, services)


def _present(cells: Mapping[str, Services | None]) -> Mapping[str, Services]:
    return {cell: services for cell, services in cells.items() if services is not None}
