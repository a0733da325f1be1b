"""How a task that looks every now and then is told to look at once."""

import asyncio
import contextlib


class Wake:
    """Called when something was committed that a task should see to; calls before it does count as one."""

    def __init__(self) -> None:
        self._called = asyncio.Event()

    def __call__(self) -> None:
        """Have the task look."""
        self._called.set()

    def forget(self) -> bool:
        """Begin anew, and return whether there was a call."""
        called = self._called.is_set()
        self._called.clear()
        return called

    async def wait(self, limit: float) -> None:
        """Return at a call, or after `limit` seconds."""
        # Not asyncio.wait_for, which up to Python 3.11 swallows a cancellation that comes with the call.
        # https://bugs.python.org/issue37658
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._called.wait()
