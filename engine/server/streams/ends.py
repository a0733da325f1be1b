"""The end of the streams of a server that stops: of all at once, or of each at a time of its own."""

import asyncio
import contextlib
import random


class StreamEnd:
    """The moments at which streams must end, so that their clients come back to another process."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._all = asyncio.Event()
        self._within = 0.0

    def spread(self, seconds: float) -> None:
        """Let each stream end at a random moment within so many seconds."""
        self._within = seconds
        self._begun.set()

    def set(self) -> None:
        """Let all end now."""
        self._begun.set()
        self._all.set()

    def has_begun(self) -> bool:
        """Return whether streams end, all at once or one after another: a new one would find no end of its own."""
        return self._begun.is_set()

    def is_set(self) -> bool:
        """Return whether all must have ended."""
        return self._all.is_set()

    async def wait(self) -> None:
        """Return when one stream must end, each time at another moment."""
        await self._begun.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(0, self._within)):  # noqa: S311 - spreads load
                await self._all.wait()
