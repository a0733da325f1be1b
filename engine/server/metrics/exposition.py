"""The metrics of an app in Prometheus' text format, read at the moment of each scrape.

https://prometheus.io/docs/practices/naming/
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.connections.register import ConnectionStats
from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.server.metrics.counts import BUCKETS, Requests, Sockets
from fieldstone.engine.server.metrics.table import NAMING, OF_CONNECTIONS, OF_SERVICES, measure

ReadServices = Callable[[], Mapping[str, Services | None]]


def expose(
    requests: Requests,
    sockets: Sockets,
    read_services: ReadServices,
    read_connections: Callable[[], ConnectionStats],
    *,
    named: bool,
) -> bytes:
    """Return the metrics of one app as text; see `Metrics` for the arguments."""
    registry = CollectorRegistry()
    registry.register(_CountsCollector(requests, sockets))
    registry.register(_StatsCollector(read_services, read_connections))
    if named:
        registry.register(_NamesCollector(read_services))
    return generate_latest(registry)


def expose_restarts(restarts: Mapping[str, int]) -> bytes:
    """Return the metric of a supervisor as text, from the numbers of its replaced workers by reason."""
    registry = CollectorRegistry()
    registry.register(_RestartsCollector(restarts))
    return generate_latest(registry)


class _CountsCollector(Collector):
    """Reads the counts of the app."""

    def __init__(self, requests: Requests, sockets: Sockets) -> None:
        self._requests = requests
        self._sockets = sockets

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of requests and of WebSockets."""
        requests, created = self._requests, self._requests.created
        answered = CounterMetricFamily(
            "fieldstone_requests", "HTTP requests by endpoint and status.", labels=("endpoint", "status")
        )
        for (endpoint, status), number in requests.answered.items():
            answered.add_metric((endpoint, str(status)), number, created=created)
        yield answered
        yield CounterMetricFamily(
            "fieldstone_warm_requests", "HTTP requests that the fast path answered.", value=requests.warm
        )
        seconds = HistogramMetricFamily(
            "fieldstone_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            labels=("endpoint",),
        )
        bounds = (*map(floatToGoString, BUCKETS), "+Inf")
        for endpoint, times in requests.times.items():
            seconds.add_metric((endpoint,), list(zip(bounds, accumulate(times.counts), strict=True)), times.total)
        yield seconds
        yield GaugeMetricFamily("fieldstone_sockets", "Open WebSockets.", value=self._sockets.open)
        closes = CounterMetricFamily("fieldstone_socket_closes", "Closed WebSockets, by close code.", labels=("code",))
        for code, number in self._sockets.closes.items():
            closes.add_metric((str(code),), number, created=created)
        yield closes


class _StatsCollector(Collector):
    """Reads the counts of the app's parts."""

    def __init__(self, read_services: ReadServices, read_connections: Callable[[], ConnectionStats]) -> None:
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


class _RestartsCollector(Collector):
    """Shows the numbers of replaced workers."""

    def __init__(self, restarts: Mapping[str, int]) -> None:
        self._restarts = restarts

    def collect(self) -> Iterator[Metric]:
        """Yield their metric."""
        restarts = CounterMetricFamily(
            "fieldstone_worker_restarts",
            "Workers that the supervisor replaced, by the reason of their end.",
            labels=("reason",),
        )
        for reason, number in self._restarts.items():
            restarts.add_metric((reason,), number)
        yield restarts


def _present(cells: Mapping[str, Services | None]) -> Mapping[str, Services]:
    return {cell: services for cell, services in cells.items() if services is not None}
