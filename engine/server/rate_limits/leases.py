"""Windows that all processes share: each process leases shares of a window and takes from them.

They are counted in Redis, where a lease is one INCRBY, by `limits`, or in memory that the workers of one machine share.
The count is that of the leased operations. The share shrinks with the rest
of the window, so that near its end each operation is leased by itself, and a process keeps few operations that another
one needs. The windows of all processes begin at multiples of their length, so that none has to ask for their end. While
Redis is away each process counts in its own windows: requests are answered, and the limit holds for each `fieldstone
serve`, of whose workers each has its share.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from fieldstone.engine.server.rate_limits.allowance import Allowance
from fieldstone.engine.server.rate_limits.counts import Counts, CountsAway
from fieldstone.engine.server.rate_limits.windows import Windows

_LOG = logging.getLogger(__name__)

SHARES: Final = 20
"""A lease has at most a twentieth of the rest of a window, unless one request needs more."""

AWAY_FOR: Final = 1.0
"""Seconds for which Redis is not asked again after it did not answer."""

_TIMEOUT = 0.5
_MOST = 50_000
"""Leases that are kept; beyond it the oldest one is dropped, with its rest."""


@dataclass(slots=True, kw_only=True)
class LeaseCounters:
    """Leases that Redis granted, that found the window used up, and that failed because Redis was away."""

    granted: int = 0
    empty: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Lease:
    """The operations that this process may still use, and those that no process had leased when it last asked."""

    end: float
    held: int
    rest: int


class Leases:
    """The shared windows as one process sees them.

    Args:
        storage: counts the leased operations.
        length: seconds of a window.
        workers: the workers of this machine, which share a limit while the storage is away.
        clock: Unix time in seconds.

    Attributes:
        is_away: whether Redis did not answer a moment ago, so that the windows of this process count.
    """

    def __init__(
        self, storage: Counts, *, length: float, workers: int = 1, clock: Callable[[], float] = time.time
    ) -> None:
        self.counters = LeaseCounters()
        self._storage = storage
        self._length = length
        self._workers = workers
        self._clock = clock
        self._own = Windows(length=length, clock=clock)
        self._leases: dict[int, _Lease] = {}
        self._asking: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._away_until = 0.0

    @property
    def is_away(self) -> bool:
        """Whether Redis is not asked for the time being."""
        return time.monotonic() < self._away_until

    def take_held(self, number: int, limit: int, operations: int = 1) -> Allowance | None:
        """Use up `operations` of a lease, all of them or none; None if Redis has to be asked."""
        if self.is_away:
            return self._take_alone(number, limit, operations)
        lease = self._leases.get(number)
        if lease is None or not lease.end - self._length <= self._clock() < lease.end:
            return None
        if lease.held < operations:
            return None if lease.rest else self._allowance(lease, limit, granted=False)
        lease.held -= operations
        return self._allowance(lease, limit, granted=True)

    async def take(self, number: int, limit: int, operations: int = 1) -> Allowance:
        """Use up `operations`, all of them or none, and return the allowance left."""
        # One request asks for all that wait; each then takes its own.
        async with self._asking.setdefault(number, asyncio.Lock()):
            found = self.take_held(number, limit, operations)
            if found is not None:
                return found
            try:
                lease = await self._extend(number, limit, operations)
            except (CountsAway, TimeoutError) as error:
                self.counters.failed += 1
                self._away_until = time.monotonic() + AWAY_FOR
                _LOG.info("rate limits are counted in this process, as their storage does not answer: %r", error)
                return self._take_alone(number, limit, operations)
            granted = lease.held >= operations
            if granted:
                lease.held -= operations
            return self._allowance(lease, limit, granted=granted)

    def give_back(self, number: int, operations: int = 1) -> None:
        """Undo a `take` that was granted."""
        if self.is_away:
            self._own.give_back(number, operations)
        elif lease := self._leases.get(number):
            lease.held += operations

    def _take_alone(self, number: int, limit: int, operations: int) -> Allowance:
        return self._own.take(number, max(1, limit // self._workers), operations)

    async def _extend(self, number: int, limit: int, operations: int) -> _Lease:
        """Lease operations beside those that are held, and return the lease."""
        now = self._clock()
        place = math.floor(now / self._length)
        lease = self._leases.get(number)
        if lease is None or not lease.end - self._length <= now < lease.end:
            self._leases.pop(number, None)
            lease = self._leases[number] = _Lease(end=(place + 1) * self._length, held=0, rest=limit)
            while len(self._leases) > _MOST:
                del self._leases[next(iter(self._leases))]
        share = max(operations - lease.held, min(lease.rest, limit) // SHARES)
        # The count outlives its window by a little, for processes whose clocks differ.
        key, expiry = f"fieldstone/{number:x}/{place}", math.ceil(self._length) + 2
        async with asyncio.timeout(_TIMEOUT):
            leased = await self._storage.incr(key, expiry, share)
            got = max(0, min(share, limit - (leased - share)))
            if lease.held + got < operations:
                # Other processes may use that which is too little here.
                leased, got = await self._storage.incr(key, expiry, -share), 0
        self.counters.granted += got > 0
        self.counters.empty += not got
        lease.held += got
        lease.rest = max(0, limit - leased)
        return lease

    @staticmethod
    def _allowance(lease: _Lease, limit: int, *, granted: bool) -> Allowance:
        return Allowance(limit=limit, remaining=min(limit, lease.held + lease.rest), reset=lease.end, granted=granted)


@asynccontextmanager
async def open_leases(
    url: str | None, *, length: float, counts: Counts | None = None, workers: int = 1
) -> AsyncIterator[Leases | None]:
    """Hold the windows that processes share by a Redis, or those of a machine by its counts; None without either."""
    if url is None:
        yield None if counts is None else Leases(counts, length=length, workers=workers)
        return
    # The library takes its time to import, and most servers count in their own memory.
    from fieldstone.engine.server.rate_limits.redis_counts import open_redis_counts  # noqa: PLC0415

    async with open_redis_counts(url, time_limit=_TIMEOUT) as storage:
        yield Leases(storage, length=length, workers=workers)
