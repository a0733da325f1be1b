"""The numbers that an app counts by itself: requests, with their times, and WebSockets."""

import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from fieldstone.engine.server.sampled_numbers import Totals

_APIS = ("/graphql", "/metadata", "/rest")
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


@dataclass(slots=True)
class Times:
    """The histogram of the times of some requests.

    Attributes:
        counts: the requests of each bucket alone; the last one is of those beyond all buckets.
        total: seconds of all of them.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0


class Requests:
    """Counts requests in plain numbers: the counters of Prometheus' library, made for threads, take five times as long.

    Attributes:
        created: when counting began, in seconds since 1970.
        answered: the requests of each endpoint with each status.
        times: the times of each endpoint's requests.
        warm: the requests that the fast path answered.
    """

    def __init__(self) -> None:
        self.created = time.time()
        self.answered: dict[tuple[str, int], int] = {}
        self.times: dict[str, Times] = {}
        self.warm = 0

    def count(self, endpoint: str, status: int, seconds: float, *, is_warm: bool = False) -> None:
        """Count one answered request; `endpoint` is one of a few, and `is_warm` says that the fast path answered it."""
        self.warm += is_warm
        key = (endpoint, status)
        self.answered[key] = self.answered.get(key, 0) + 1
        times = self.times.get(endpoint)
        if times is None:
            times = self.times[endpoint] = Times()
        times.counts[bisect_left(BUCKETS, seconds)] += 1
        times.total += seconds

    def totals(self, connections: int) -> Totals:
        """Return the counts of the APIs' endpoints together."""
        answered = {key: number for key, number in self.answered.items() if key[0].startswith(_APIS)}
        times = [times for endpoint, times in self.times.items() if endpoint.startswith(_APIS)]
        return Totals(
            requests=sum(answered.values()),
            errors=sum(number for (_, status), number in answered.items() if status >= 500),
            refused=sum(number for (_, status), number in answered.items() if status == 429),
            warm=self.warm,
            buckets=[sum(counts) for counts in zip(*(one.counts for one in times), strict=True)],
            bounds=BUCKETS,
            seconds=sum(one.total for one in times),
            connections=connections,
        )


class Sockets:
    """Counts WebSockets.

    Attributes:
        open: the number of open ones.
        closes: the closed ones, by close code.
    """

    def __init__(self) -> None:
        self.open = 0
        self.closes: Counter[int] = Counter()

    def begin(self) -> None:
        """Count one that was opened."""
        self.open += 1

    def end(self, code: int) -> None:
        """Count one that was closed; `code` is one of a few."""
        self.open -= 1
        self.closes[int(code)] += 1
