"""Waiting for what is about to happen: for the condition, never for the clock."""

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds.

    Raises:
        TimeoutError: it does not within half a minute.
    """
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


def eventually(condition: Callable[[], bool], what: str, limit: float = 30) -> None:
    """Return when the condition holds; for tests that are not coroutines.

    Raises:
        AssertionError: it does not within `limit` seconds; `what` says so.
    """
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.002)
