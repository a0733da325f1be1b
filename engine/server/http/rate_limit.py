"""The rate limit: operations of a key and of the keys made by it, in fixed windows, counted in this process."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.errors import RateLimitExceeded

_HEADERS = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")
_LINES = b"".join(name + b": %d\r\n" for name in _HEADERS)

_KEYS = 50_000
"""Keys that are counted at once; beyond it the oldest window is dropped."""


class Allowance(NamedTuple):
    """The operations left to a key.

    Attributes:
        limit: operations in a window.
        remaining: operations until its end.
        reset: the window's end in Unix seconds.
        granted: whether the operations asked for were within it.
    """

    limit: int
    remaining: int
    reset: float
    granted: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the allowance as response headers."""
        return [(name, b"%d" % value) for name, value in zip(_HEADERS, self._values(), strict=True)]

    def lines(self) -> bytes:
        """Return the same headers as the bytes of their lines."""
        return _LINES % self._values()

    def _values(self) -> tuple[int, int, int]:
        return self.limit, self.remaining, math.ceil(self.reset)


@dataclass(slots=True)
class _Window:
    end: float
    used: int


class RateLimiter:
    """Counts operations per key.

    Args:
        limit: operations in a window; 0 counts nothing.
        window: its length in seconds; it begins with the key's first operation.
        clock: Unix time in seconds.
    """

    def __init__(self, *, limit: int, window: float, clock: Callable[[], float] = time.time) -> None:
        self._limit = limit
        self._window = window
        self._clock = clock
        # In the order of their beginnings; by the keys' numbers, whose hashes Python need not compute again each time.
        self._windows: dict[int, _Window] = {}

    def take(self, key: UUID, operations: int = 1) -> Allowance | None:
        """Use up `operations`, all of them or none, and return the allowance left; None where there is no limit."""
        if self._limit == 0:
            return None
        now = self._clock()
        window = self._windows.get(key.int)
        # A clock set back would otherwise stretch the window.
        if window is None or not window.end - self._window <= now < window.end:
            window = self._begin(key, now)
        granted = window.used + operations <= self._limit
        if granted:
            window.used += operations
        return Allowance(limit=self._limit, remaining=self._limit - window.used, reset=window.end, granted=granted)

    def give_back(self, key: UUID) -> None:
        """Undo a `take` of one operation."""
        window = self._windows.get(key.int)
        if window is not None and window.used:
            window.used -= 1

    def count(self, key: UUID, operations: int = 1, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Use up `operations`, all of them or none, and put the headers about the rest into `headers`.

        Raises:
            RateLimitExceeded: they are more than are left.
        """
        allowance = self.take(key, operations)
        if allowance is None:
            return
        if headers is not None:
            headers[:] = allowance.headers()
        if not allowance.granted:
            if headers is not None:
                headers.append((b"retry-after", b"%d" % self.retry_after(allowance)))
            raise self.refusal(allowance)

    def refusal(self, allowance: Allowance) -> RateLimitExceeded:
        """Return the error for operations that were not granted."""
        period = f"{self._window:g} seconds"
        return RateLimitExceeded(
            f"The key has used its {self._limit} operations per {period}: wait until the time in resetAt.",
            extensions={"resetAt": math.ceil(allowance.reset * 1000)},
        )

    def retry_after(self, allowance: Allowance) -> int:
        """Return the whole seconds until the window's end, 1 at least."""
        return max(1, math.ceil(allowance.reset - self._clock()))

    def _begin(self, key: UUID, now: float) -> _Window:
        self._windows.pop(key.int, None)
        while self._windows:
            oldest, window = next(iter(self._windows.items()))
            if window.end > now and len(self._windows) < _KEYS:
                break
            del self._windows[oldest]
        self._windows[key.int] = window = _Window(end=now + self._window, used=0)
        return window
