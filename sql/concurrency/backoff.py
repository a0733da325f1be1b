"""Backoff: pauses between retries, twice as long each time, with jitter so that processes do not retry in step."""

import asyncio
import math
import random

_MOST_DOUBLINGS = 30

Spread = tuple[float, float]
"""The bounds of the jitter: a pause is multiplied by a random number between them."""
EVEN: Spread = (1.0, 1.0)
"""No jitter."""


def pause_after(failures: int, *, first: float, longest: float = math.inf, spread: Spread = (0.5, 1.5)) -> float:
    """Return the seconds to wait after so many failures in a row, of which there is at least one."""
    return min(longest, first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)) * random.uniform(*spread)  # noqa: S311 - jitter


class Backoff:
    """The pauses of one loop.

    Args:
        first: seconds of the first pause, before jitter.
        longest: seconds of the longest, before jitter.
        spread: the jitter.

    Attributes:
        failures: the failures since the last success.
    """

    def __init__(self, first: float, *, longest: float = math.inf, spread: Spread = (0.5, 1.5)) -> None:
        self.failures = 0
        self._first = first
        self._longest = longest
        self._spread = spread

    async def wait(self) -> None:
        """Count a failure and wait for the pause behind it."""
        self.failures += 1
        await asyncio.sleep(pause_after(self.failures, first=self._first, longest=self._longest, spread=self._spread))

    def reset(self) -> None:
        """Note a success: the next pause is the first again."""
        self.failures = 0
