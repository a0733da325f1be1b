"""The counts and times of the requests."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from fieldstone.engine.server.sampled_numbers import Totals

_APIS = ("/graphql", "/metadata", "/rest")
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


@dataclass(slots=True)
class _Times:
    """How often a request took how long; the last of the counts is of those beyond all buckets."""

    counts: list[int]
    total: float = 0.0


class Requests(Collector):
    """Counts requests in plain numbers: the library's own counters, made for threads, take five times as long."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, int], int] = {}
        self._times: dict[str, _Times] = {}
        self._created = time.time()
        self.warm = 0

    def count(self, endpoint: str, status: int, seconds: float, *, is_warm: bool = False) -> None:
        """Count one answered request; `endpoint` is one of a few, and `is_warm` says that the fast path answered it."""
        self.warm += is_warm
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
