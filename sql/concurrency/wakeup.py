"""Wakeups: a task that looks for work at intervals is told to look at once."""

import asyncio
import contextlib


class Wake:
    """Called when there is work for a task; all calls before the task looks count as one."""

    def __init__(self) -> None:
        self._called = asyncio.Event()

    def __call__(self) -> None:
        """Have the task look for work."""
        self._called.set()

    def forget(self) -> bool:
        """Forget the calls so far, and return whether there was one."""
        called = self._called.is_set()
        self._called.clear()
        return called

    async def wait(self, limit: float | None = None) -> None:
        """Return at a call, or after `limit` seconds."""
        # Not asyncio.wait_for, which up to Python 3.11 swallows a cancellation that comes with the call.
        # https://bugs.python.org/issue37658
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._called.wait()
