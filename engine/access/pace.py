"""The pace at which operations begin while the turns of the event loop are long.

An operation takes processor time before it waits for the database: it is parsed, validated, compiled. Where clients
send more than one process has time for, all operations that have begun share that time, and each of them is answered
late, as are those of other workspaces. So while the loop's turns are long, only as many operations begin in each as
keep it short. The others wait in the queues of the slots, where keys and workspaces take turns, and where an operation
that has waited too long is refused. The only operation of a workspace does not wait: it is others that have made the
turns long.
"""

import asyncio
from collections.abc import Callable
from typing import Final

_LONG: Final = 0.05
"""Seconds: the length of a turn beyond which fewer operations begin in the next one."""

_SHORT: Final = _LONG / 2
"""Seconds: the length of a turn below which more operations begin in the next one."""

_LOOKED_EVERY: Final = 0.05
"""Seconds between looks at the loop while operations are in progress."""

_FIRST: Final = 8
"""Operations that may begin in a turn when the pace is first kept."""

_FREE: Final = 256
"""Operations in a turn that need no pace: so many short ones take less than a long turn."""

_SPARE: Final = 4
"""Operations of workspaces without another one that may begin in a turn beyond the pace."""

_REST: Final = 0.01
"""Seconds between turns while no operation waits."""

_CALM: Final = 50
"""Turns without a waiting operation after which the pace is no longer kept."""


class Pace:
    """The pace of one event loop.

    Args:
        hand_on: begins operations that wait, and returns whether any is left; called in each turn while the pace is
            kept.
        is_busy: tells whether operations are in progress.
        is_needed: whether the pace is kept at all.

    Attributes:
        is_kept: whether only so many operations may begin in a turn.
        is_free: whether any number may, as the loop is looked at and its turns are short.
        most: operations that may begin in a turn while it is.
    """

    def __init__(self, hand_on: Callable[[], bool], is_busy: Callable[[], bool], *, is_needed: bool = True) -> None:
        self.is_kept = False
        self.is_free = not is_needed
        self.most = _FIRST
        self._left = 0
        self._spare = 0
        self._calm = 0
        self._turned_at = 0.0
        self._hand_on = hand_on
        self._is_busy = is_busy

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
        if self._left > 0:
            self._left -= 1
            return True
        if is_only and self._spare > 0:
            self._spare -= 1
            return True
        return False

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(_LOOKED_EVERY, self._look, loop, loop.time() + _LOOKED_EVERY)

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        if not self.is_kept and now - due > _LONG:
            self.is_kept, self.is_free, self.most, self._left, self._calm = True, False, _FIRST, 0, 0
            self._turned_at = now
            loop.call_soon(self._turn, loop)
        if self.is_kept or self._is_busy():
            self._look_later(loop)
        else:
            self.is_free = False

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin the operations of this turn, as many as the length of the one before allows."""
        now = loop.time()
        length, self._turned_at = now - self._turned_at, now
        if length > _LONG:
            self.most = max(1, self.most // 2)
        elif length < _SHORT:
            self.most += 1
        self._left, self._spare = self.most, _SPARE
        is_waiting = self._hand_on()
        self._calm = 0 if is_waiting or length > _LONG else self._calm + 1
        if self._calm >= _CALM or self.most >= _FREE:
            self.is_kept, self.is_free = False, True
            self._hand_on()
        elif is_waiting:
            loop.call_soon(self._turn, loop)
        else:
            loop.call_later(_REST, self._turn, loop)
