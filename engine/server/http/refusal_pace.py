"""The pace of refusals: a client that sends a refused request again at once does not keep the process from the others.

A refusal takes the process less time than an answer, so a client in a loop is refused some thousands of times a second
on each processor, and the turns of the event loop become long for all other clients. So the refusals beyond a rate are
held back for a moment, each on its own connection. There is room for a few hundred: where more come, as from an
overload of many clients, the rest is answered at once, and no more connections are in use than before.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

PACED: Final = frozenset({401, 429, 503})
"""The statuses of refusals: most are given before anything is done for the request."""

_BETWEEN: Final = 0.002
"""Seconds between two refusals."""

_BURST: Final = 0.02
"""Seconds by which refusals may come sooner than at their pace: those of a page that asks ten times are not held."""

_LONGEST: Final = 0.5
"""Seconds for which one is held at most; so there are 250 at once."""


class RefusalPace:
    """Tells for how long each refusal of one process is held back.

    Args:
        clock: yields seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0

    def take(self) -> float:
        """Return the seconds for which a refusal that is about to be answered is held back."""
        now = self._clock()
        due = max(now, self._next)
        if due - now > _LONGEST:
            return 0.0
        self._next = due + _BETWEEN
        return 0.0 if due - now <= _BURST else due - now

    async def wait(self) -> float:
        """Hold a refusal back, unless its task is being cancelled; return the seconds for which it was held.

        The server that cancels it has no time left.
        """
        task = asyncio.current_task()
        if (task is not None and task.cancelling()) or not (seconds := self.take()):
            return 0.0
        begun = self._clock()
        await asyncio.sleep(seconds)
        return self._clock() - begun
