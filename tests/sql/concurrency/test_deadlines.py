"""Callbacks whose time is up are called, in their order, and no others."""

import asyncio

import pytest

from fieldstone.sql.concurrency.deadlines import DEADLINE, Overdue, under_deadline
from fieldstone.sql.concurrency.tasks import start_reported
from tests.waiting import until


async def test_who_stays_is_called_once_and_who_leaves_is_not() -> None:
    overdue, called = Overdue(0.01), list[str]()
    overdue.enter(lambda: called.append("first"))
    left = overdue.enter(lambda: called.append("left"))
    overdue.enter(lambda: called.append("last"))
    overdue.leave(left)
    await until(lambda: len(called) == 2)
    overdue.enter(lambda: called.append("later"))
    await until(lambda: len(called) == 3)
    assert called == ["first", "last", "later"]


async def test_nobody_is_called_before_the_time_is_up() -> None:
    overdue, loop = Overdue(0.05), asyncio.get_running_loop()
    waited = list[float]()

    def wait() -> None:
        begun = loop.time()
        overdue.enter(lambda: waited.append(loop.time() - begun))

    wait()
    # The timer that was set for the first must not be that of the second.
    loop.call_later(0.03, wait)
    await until(lambda: len(waited) == 2)
    assert min(waited) >= 0.05 - 0.001


async def test_to_leave_late_does_nothing() -> None:
    overdue, called = Overdue(0.001), list[int]()
    place = overdue.enter(lambda: called.append(1))
    await until(lambda: called == [1])
    overdue.leave(place)
    overdue.leave(place)


async def test_one_that_fails_keeps_no_other_from_being_called(caplog: pytest.LogCaptureFixture) -> None:
    overdue, called = Overdue(0.005), list[str]()

    def fail() -> None:
        raise LookupError("none")

    overdue.enter(fail)
    overdue.enter(lambda: called.append("beside"))
    await until(lambda: called == ["beside"])
    overdue.enter(lambda: called.append("later"))
    await until(lambda: called == ["beside", "later"])
    assert "LookupError: none" in caplog.text


def test_another_loop_has_a_timer_of_its_own() -> None:
    overdue, called = Overdue(0.005), list[str]()

    async def leave_behind() -> None:
        overdue.enter(lambda: called.append("of the loop before"))

    async def wait() -> None:
        overdue.enter(lambda: called.append("of this loop"))
        await until(lambda: bool(called))

    asyncio.run(leave_behind())
    asyncio.run(wait())
    assert called == ["of this loop"]


async def test_a_deadline_is_that_of_one_request_and_of_no_task_beside_it() -> None:
    async def look() -> float | None:
        return DEADLINE.get()

    with under_deadline(60_000):
        assert await asyncio.create_task(look()) is not None
        assert await start_reported(look()) is None
        with under_deadline(None):
            assert DEADLINE.get() is None
        assert DEADLINE.get() is not None
    assert DEADLINE.get() is None
