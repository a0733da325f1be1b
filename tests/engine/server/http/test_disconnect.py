"""A client that leaves takes its request with it."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from fieldstone.engine.server.http.errors import ClientGone
from fieldstone.engine.server.http.requests.disconnect import CancelOnDisconnect
from fieldstone.sql.concurrency.deadlines import Overdue
from tests.waiting import until

if TYPE_CHECKING:
    from starlette.types import Message

SOON = 0.001
"""Seconds before a request is watched here."""


class Channel:
    """An ASGI receive channel of a client that leaves when `leave` is called."""

    def __init__(self) -> None:
        self._left = asyncio.Event()

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> "Message":
        await self._left.wait()
        return {"type": "http.disconnect"}


async def test_the_work_is_cancelled_when_the_client_leaves() -> None:
    channel = Channel()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def request() -> None:
        async with CancelOnDisconnect(channel.receive, Overdue(SOON)):
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    task = asyncio.create_task(request())
    await begun.wait()
    channel.leave()
    with pytest.raises(ClientGone):
        await task
    assert ended.is_set()
    assert task.cancelling() == 0


async def test_work_that_ends_first_is_left_alone() -> None:
    channel = Channel()
    for is_slow in (False, True):
        async with CancelOnDisconnect(channel.receive, Overdue(SOON)) as watch:
            await until(lambda: not is_slow or watch._watcher is not None)  # noqa: B023 - awaited at once
    channel.leave()
    await asyncio.sleep(0)


async def test_a_cancellation_from_elsewhere_gets_through() -> None:
    channel = Channel()
    begun = asyncio.Event()

    async def request() -> None:
        async with CancelOnDisconnect(channel.receive, Overdue(SOON)) as watch:
            await until(lambda: watch._watcher is not None)
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_work_is_its_own() -> None:
    channel = Channel()

    async def work() -> None:
        async with CancelOnDisconnect(channel.receive, Overdue(SOON)) as watch:
            await until(lambda: watch._watcher is not None)
            raise LookupError

    with pytest.raises(LookupError):
        await work()


async def test_a_client_that_leaves_at_the_very_end_breaks_nothing() -> None:
    async def work() -> None:
        async with CancelOnDisconnect(Channel().receive, Overdue(SOON)) as watch:
            await until(lambda: watch._watcher is not None)
            # The watcher does this at a moment after which the block awaits nothing.
            watch._gone = True
            watch._task.cancel()

    with pytest.raises(ClientGone):
        await work()
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
