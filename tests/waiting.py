"""Waiting for an event that is about to happen: for the condition, never for the clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg

_SHORTEST = 0.002
_LONGEST = 0.05
_PART = 50
"""Seconds between two looks of `eventually`: as long as the look, and a fiftieth of the wait, within these bounds."""


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds.

    Raises:
        TimeoutError: it does not within a minute.
    """
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.002)


async def until_found(
    connection: psycopg.AsyncConnection[Any], query: str, parameters: Sequence[object] = ()
) -> tuple[Any, ...]:
    """Return a row of the query as soon as it has one.

    Raises:
        TimeoutError: it has none within a minute.
    """
    async with asyncio.timeout(60):
        while (row := await (await connection.execute(query.encode(), parameters)).fetchone()) is None:
            await asyncio.sleep(0.005)
    found: tuple[Any, ...] = row
    return found


async def until_true(ask: Callable[[], Awaitable[bool]], limit: float = 60) -> None:
    """Return when `ask` answers with True.

    Raises:
        TimeoutError: it does not within `limit` seconds.
    """
    async with asyncio.timeout(limit):
        while not await ask():
            await asyncio.sleep(0.02)


def eventually(condition: Callable[[], bool], failure: str, limit: float = 60) -> None:
    """Return when the condition holds; for tests that are not coroutines.

    A look that takes long is followed by a longer pause, and so is each look after a long wait: the looks would take
    the processor from the program that is waited for.

    Raises:
        AssertionError: it does not within `limit` seconds; its message is `failure`.
    """
    begin = begun = time.monotonic()
    while not condition():
        now = time.monotonic()
        # A process that stood still between the look and this line looks once more.
        assert begun < begin + limit, failure
        time.sleep(max(_SHORTEST, min(_LONGEST, max(now - begun, (now - begin) / _PART))))
        begun = time.monotonic()


def leave_room(seconds: float, *, period: float = 86_400) -> None:
    """Return when no multiple of the period (a day of UTC, a minute, ...) comes within so many seconds.

    For tests whose result differs on both sides of one: it is waited for where it is near.
    """
    left = period - time.time() % period
    if left < seconds:
        time.sleep(left)


async def repeat_during(work: Awaitable[None], *repeated: Callable[[int], Awaitable[None]]) -> int:
    """Await `work` while each of `repeated` is called again and again, with its turn; return how often all were."""
    is_over = asyncio.Event()

    async def repeat(one: Callable[[int], Awaitable[None]]) -> int:
        turn = 0
        while not is_over.is_set():
            await one(turn)
            turn += 1
        return turn

    async with asyncio.TaskGroup() as group:
        repeating = [group.create_task(repeat(one)) for one in repeated]
        await work
        is_over.set()
    return sum(task.result() for task in repeating)
