"""Fixed windows that are counted in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from fieldstone.engine.server.rate_limits.allowance import Allowance, begin_lines

_MOST = 50_000
"""Windows that are open at once; beyond it the oldest one is dropped."""


@dataclass(slots=True)
class _Window:
    """A window.

    Attributes:
        limit: the one that `lines` tell.
        lines: those of the headers about it, see `begin_lines`.
    """

    end: float
    used: int = 0
    limit: int = -1
    lines: bytes = b""


class Windows:
    """Counts operations by a number, such as that of a key's id.

    Args:
        length: seconds of a window; it begins with the first operation.
        clock: Unix time in seconds.
    """

    def __init__(self, *, length: float, clock: Callable[[], float] = time.time) -> None:
        self._length = length
        self._clock = clock
        # In the order of their beginnings; by numbers, whose hashes Python need not compute again each time.
        self._windows: dict[int, _Window] = {}

    def take(self, number: int, limit: int, operations: int = 1) -> Allowance:
        """Use up `operations`, all of them or none, and return the allowance left."""
        window = self._find(number)
        used = window.used + operations
        if used > limit:
            # A limit that was lowered meanwhile may be past already.
            return Allowance(limit, max(0, limit - window.used), window.end, granted=False)
        window.used = used
        return Allowance(limit, limit - used, window.end, granted=True)

    def take_one(self, number: int, limit: int) -> bytes | None:
        """Use up one operation; return the lines of the headers about those left, None where there is none."""
        window = self._find(number)
        used = window.used + 1
        if used > limit:
            return None
        window.used = used
        if window.limit != limit:
            window.limit, window.lines = limit, begin_lines(limit, window.end)
        return window.lines % (limit - used)

    def give_back(self, number: int, operations: int = 1) -> None:
        """Undo a `take` that was granted."""
        window = self._windows.get(number)
        if window is not None and window.used >= operations:
            window.used -= operations

    def _find(self, number: int) -> _Window:
        now = self._clock()
        window = self._windows.get(number)
        # A clock set back would otherwise stretch the window.
        if window is None or not window.end - self._length <= now < window.end:
            window = self._begin(number, now)
        return window

    def _begin(self, number: int, now: float) -> _Window:
        self._windows.pop(number, None)
        while self._windows:
            oldest, window = next(iter(self._windows.items()))
            if window.end > now and len(self._windows) < _MOST:
                break
            del self._windows[oldest]
        self._windows[number] = window = _Window(end=now + self._length)
        return window
