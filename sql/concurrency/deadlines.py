"""The ends of operations: the deadline of a request, and one timer for all operations with the same limit."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from fieldstone.sql.errors import StatementTimeout

_LOG = logging.getLogger(__name__)

DEADLINE: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)
"""The event loop's time at which the client of the running task's request gives up; None where it has said none."""

_ROUNDING: Final = 0.002
"""Seconds by which a timer may end early: uvloop counts in milliseconds."""

TIME_IS_UP: Final = "the client's time was up before the statement began"


def time_left(limit: float | None) -> float | None:
    """Return the seconds that a statement may take: the limit, and no longer than the deadline of its request.

    Raises:
        StatementTimeout: the deadline is over.
    """
    deadline = DEADLINE.get()
    if deadline is None:
        return limit
    left = deadline - asyncio.get_running_loop().time()
    if left <= 0:
        raise StatementTimeout(TIME_IS_UP)
    return left if limit is None else min(left, limit)


def is_time_up() -> bool:
    """Return whether the deadline of the running task's request is over, or so near that its timer may have ended."""
    deadline = DEADLINE.get()
    return deadline is not None and asyncio.get_running_loop().time() >= deadline - _ROUNDING


@contextmanager
def under_deadline(milliseconds: int | None) -> Iterator[None]:
    """Have `DEADLINE` be so many milliseconds from now within the block, and None without a number.

    A task begins with the context of its maker, which may be the callback of another request.
    """
    token = DEADLINE.set(None if milliseconds is None else asyncio.get_running_loop().time() + milliseconds / 1000)
    try:
        yield
    finally:
        DEADLINE.reset(token)


class Overdue:
    """Calls back each entry that has not left within the limit: nearly all leave long before, and need no timer.

    Args:
        seconds: the time, the same for all.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}  # in the order in which their time is up
        self._places = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_armed = False

    def enter(self, act: Callable[[], None]) -> int:
        """Have `act` called in `seconds` unless the place that is returned was left by then."""
        loop = self._loop
        if loop is None or not self._is_armed or loop.is_closed():
            loop = self._begin()
        self._places += 1
        self._waiting[self._places] = (loop.time() + self.seconds, act)
        return self._places

    def leave(self, place: int) -> None:
        """Take back an `enter`, which may have been acted upon."""
        self._waiting.pop(place, None)

    def enter_task(self, act: Callable[[], None]) -> tuple[int, asyncio.Task[object]]:
        """Return the place as `enter` does, and the running task, which is cheap to find when the loop is known."""
        place = self.enter(act)
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError("only a task can be called off")
        return place, task

    def _begin(self) -> asyncio.AbstractEventLoop:
        """Set the timer, on the loop that runs now: entries of another loop are gone."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._waiting.clear()
        self._is_armed = True
        loop.call_later(self.seconds, self._sweep, loop)
        return loop

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        now = loop.time()
        while self._waiting:
            place, (due, act) = next(iter(self._waiting.items()))
            if due > now:
                loop.call_later(due - now, self._sweep, loop)
                return
            del self._waiting[place]
            try:
                act()
            except Exception:  # noqa: BLE001 - the edge of a timer, which all other entries have in common
                _LOG.exception("an end whose time is up has failed")
        self._is_armed = False
