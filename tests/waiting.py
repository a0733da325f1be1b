"""Waiting for what is about to happen: for the condition, never for the clock."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds.

    Raises:
        TimeoutError: it does not within half a minute.
    """
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)
