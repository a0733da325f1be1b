"""The pace at which operations begin while the turns of the event loop are long.

An operation takes processor time before it waits for the database: it is parsed, validated, compiled. Where clients
send more than one process has time for, all operations that have begun share that time, and each of them is answered
late, as are those of other workspaces. So while the loop's turns are long, only as many operations begin in each as
keep it short. The others wait in the queues of the slots, where keys and workspaces take turns, and where an operation
that has waited too long is refused. The only operation of a workspace does not wait: it is others that have made the
turns long.

A turn is long much earlier while several workspaces are present: the operations of one stand behind all that another
one begins in a turn.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

_LONG: Final = 0.05
"""Seconds: the length of a turn beyond which fewer operations begin in the next one; below half of it, more do."""

_LONG_BESIDE: Final = 0.001
"""Seconds: the same while several workspaces are present."""

_TOGETHER: Final = 3
"""Turns of the loop that count as one: an operation that waited gets its slot in the first and works in the last."""

_LOOKED_EVERY: Final = 0.05
"""Seconds between looks at the loop while operations are in progress."""

_FIRST: Final = 8
"""Operations that may begin in a turn when the pace is first kept."""

_FREE: Final = 256
"""Operations in a turn that need no pace: so many short ones take less than a long turn."""

_SPARE: Final = 4
"""Operations of workspaces without another one that may begin in a turn beyond the pace."""

_CALM: Final = 0.5
"""Seconds without a long turn or an operation that had to wait, after which the pace is no longer kept."""


class Pace:
    """The pace of one event loop.

    Args:
        hand_on: begins operations that wait; called in the turn behind each in which one began or had to wait, while
            the pace is kept.
        is_busy: tells whether operations are in progress.
        is_shared: tells whether several workspaces are present.
        is_needed: whether the pace is kept at all.

    Attributes:
        is_kept: whether only so many operations may begin in a turn.
        is_free: whether any number may, as the loop is looked at and its turns are short.
        most: operations that may begin in a turn while it is.
    """

    def __init__(
        self,
        hand_on: Callable[[], None],
        *,
        is_busy: Callable[[], bool],
        is_shared: Callable[[], bool],
        is_needed: bool = True,
    ) -> None:
        self.is_kept = False
        self.is_free = not is_needed
        self.most = _FIRST
        self._left = 0
        self._spare = 0
        self._is_due = False
        self._turned_at = 0.0
        self._needed_at = 0.0
        self._hand_on = hand_on
        self._is_busy = is_busy
        self._is_shared = is_shared

    @property
    def is_spent(self) -> bool:
        """Whether no further operation may begin in this turn of the loop."""
        return self.is_kept and self._left <= 0

    def take(self, *, is_only: bool) -> bool:
        """Return whether one more operation may begin in this turn of the loop, and count it.

        The first one of an idle process has the loop looked at as long as operations are in progress.

        Args:
            is_only: whether no other operation of its workspace is in progress.
        """
        if not self.is_kept:
            if not self.is_free:
                self.is_free = True
                self._look_later(asyncio.get_running_loop())
            return True
        if not self._is_due:
            self._turn_soon(asyncio.get_running_loop())
        if self._left > 0:
            self._left -= 1
            return True
        self._needed_at = self._turned_at
        if is_only and self._spare > 0:
            self._spare -= 1
            return True
        return False

    def _turn_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_due = True
        self._turned_at = time.monotonic()
        loop.call_soon(self._turn, loop, _TOGETHER)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(_LOOKED_EVERY, self._look, loop, time.monotonic() + _LOOKED_EVERY)

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = time.monotonic()
        if now - due > self._long():
            self._needed_at = now
            if not self.is_kept:
                self.is_kept, self.is_free, self.most, self._left = True, False, _FIRST, 0
                self._turn_soon(loop)
        elif self.is_kept and (now - self._needed_at > _CALM or self.most >= _FREE):
            self.is_kept, self.is_free = False, True
            self._hand_on()
        if self.is_kept or self._is_busy():
            self._look_later(loop)
        else:
            self.is_free = False

    def _turn(self, loop: asyncio.AbstractEventLoop, rest: int) -> None:
        """Begin the operations of this turn, as many as the length of the one before allows."""
        if rest > 1:
            loop.call_soon(self._turn, loop, rest - 1)
            return
        self._is_due = False
        now = time.monotonic()
        length, long = now - self._turned_at, self._long()
        if length > long:
            self.most, self._needed_at = max(1, self.most // 2), now
        elif length < long / 2:
            self.most += 1
        self._left, self._spare = self.most, _SPARE
        self._hand_on()

    def _long(self) -> float:
        """Return the length of a long turn."""
        return _LONG_BESIDE if self._is_shared() else _LONG
