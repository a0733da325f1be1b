"""Tasks that run beside the requests, and the report of their failures."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any

_LOG = logging.getLogger(__name__)

_PAUSE = 1.0
_AGAIN = 0.1
_FLUSHED_EVERY = 2.0


async def keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever: an unforeseen exception is logged, and the work begins again."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - the edge of a task that is not awaited
            _LOG.exception("a background task failed and begins again")
        await asyncio.sleep(_PAUSE)


async def keep_flushing(flush: Callable[[], Awaitable[None]]) -> None:
    """Call `flush` every two seconds, until cancelled, and once more at the end."""
    try:
        while True:
            await asyncio.sleep(_FLUSHED_EVERY)
            await flush()
    finally:
        await flush()


@asynccontextmanager
async def running(works: Mapping[str, Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Keep these running, each in a task with its name, for the length of the block."""
    tasks = [asyncio.create_task(keep_running(work), name=f"fieldstone {name}") for name, work in works.items()]
    try:
        yield
    finally:
        await end_tasks(*tasks)


def start_reported(coroutine: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
    """Return a task for the coroutine; its owner cancels and awaits it, and its exception is logged at once.

    It has a context of its own: the deadline of the request in which it begins is none of its business.
    """
    task = asyncio.create_task(coroutine, context=Context())
    report_failure(task)
    return task


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended.

    Once is not always enough: up to Python 3.11 `asyncio.wait_for`, which libraries use, swallows a cancellation that
    comes when its own wait is over. https://bugs.python.org/issue37658
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_AGAIN)


def report_failure(task: asyncio.Task[Any]) -> None:
    """Log the exception of the task, if it ends with one."""
    task.add_done_callback(_report)


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _LOG.error("%s has ended unexpectedly", task.get_coro(), exc_info=error)
