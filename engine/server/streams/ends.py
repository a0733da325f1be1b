"""The end of the streams of a server that stops: of all at once, or of each at a time of its own."""

import asyncio
import contextlib
import random


class _Moments:
    """The moments of the streams of one event loop: an asyncio.Event belongs to the loop on which it is first awaited.

    Attributes:
        within: seconds from `begun` within which each stream ends.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.loop = loop
        self.begun = asyncio.Event()
        self.all = asyncio.Event()
        self.within = 0.0


class StreamEnd:
    """The moments at which streams must end, so that their clients come back to another process.

    An app that event loops serve one after another has other moments on each. All methods run on the loop.
    """

    def __init__(self) -> None:
        self._latest = _Moments()

    def spread(self, seconds: float) -> None:
        """Let each stream end at a random moment within so many seconds."""
        moments = self._moments()
        moments.within = seconds
        moments.begun.set()

    def set(self) -> None:
        """Let all end now."""
        moments = self._moments()
        moments.begun.set()
        moments.all.set()

    def has_begun(self) -> bool:
        """Return whether streams end, all at once or one after another: a new one would find no end of its own."""
        return self._moments().begun.is_set()

    def is_set(self) -> bool:
        """Return whether all must have ended."""
        return self._moments().all.is_set()

    async def wait(self) -> None:
        """Return when one stream must end, each time at another moment."""
        moments = self._moments()
        await moments.begun.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(0, moments.within)):  # noqa: S311 - spreads load
                await moments.all.wait()

    def _moments(self) -> _Moments:
        loop = asyncio.get_running_loop()
        if self._latest.loop is not loop:
            self._latest = _Moments(loop)
        return self._latest
