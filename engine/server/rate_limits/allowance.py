"""An allowance: the operations that are left in a window, and the headers that tell it."""

import math
from typing import NamedTuple

_HEADERS = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")
_LINES = b"%b: %%d\r\n%b: %%%%d\r\n%b: %%d\r\n" % _HEADERS


class Allowance(NamedTuple):
    """The operations left in a window.

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
        return begin_lines(self.limit, self.reset) % self.remaining

    def _values(self) -> tuple[int, int, int]:
        return self.limit, self.remaining, math.ceil(self.reset)


def begin_lines(limit: int, reset: float) -> bytes:
    """Return the lines of the headers, with `%d` for the operations that remain."""
    return _LINES % (limit, math.ceil(reset))
