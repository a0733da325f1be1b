"""Slots: the right to have an operation in progress, of which each key and each workspace has so many.

An operation for which there is no slot waits, and the keys of a workspace take turns. So one that sends many operations
at once has few in progress, and those of the others need not stand behind all that it has sent.
"""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.metadata.roles.principal import Principal

MOST_WAITING = 1_000
"""Operations of a workspace that may wait."""

LONGEST_WAIT = 10.0
"""Seconds."""

_RETRY_MS = 1_000

_Queue = OrderedDict[int, deque[asyncio.Future[None]]]
"""The operations of a workspace that wait, by their keys, the key whose turn it is first."""


@dataclass(slots=True, kw_only=True)
class SlotCounters:
    """Operations that had to wait for a slot, and those that were refused because too many waited, or for too long."""

    waited: int = 0
    refused: int = 0


class Slots:
    """The slots of one process.

    Args:
        each: those of a key; 0 is no limit.
        workspace: those of all principals of a workspace; 0 is no limit.

    Attributes:
        waiting: the operations that wait for a slot.
    """

    def __init__(self, *, each: int = 0, workspace: int = 0) -> None:
        self.counters = SlotCounters()
        self.waiting = 0
        self._each = each or math.inf
        self._workspace = workspace or math.inf
        # By the numbers of the ids, whose hashes Python need not compute again each time.
        self._of_keys: dict[int, int] = {}
        self._of_workspaces: dict[int, int] = {}
        self._queues: dict[int, _Queue] = {}

    @property
    def in_progress(self) -> int:
        """The operations that have a slot."""
        return sum(self._of_workspaces.values())

    def try_enter(self, principal: Principal) -> bool:
        """Take a slot if one is free and no operation of the key waits for it; `leave` gives it back."""
        key, workspace = principal.rate_key.int, principal.workspace_id.int
        if self._queues and key in self._queues.get(workspace, ()):
            return False
        return self._take(key, workspace)

    def _take(self, key: int, workspace: int) -> bool:
        """Take a slot of a key and of a workspace; return False if either has none."""
        of_key, of_workspace = self._of_keys.get(key, 0), self._of_workspaces.get(workspace, 0)
        if of_key >= self._each or of_workspace >= self._workspace:
            return False
        self._of_keys[key], self._of_workspaces[workspace] = of_key + 1, of_workspace + 1
        return True

    def leave(self, principal: Principal) -> None:
        """Give a slot back, to one that waits for it if there is any."""
        key, workspace = principal.rate_key.int, principal.workspace_id.int
        if rest := self._of_keys[key] - 1:
            self._of_keys[key] = rest
        else:
            del self._of_keys[key]
        if rest := self._of_workspaces[workspace] - 1:
            self._of_workspaces[workspace] = rest
        else:
            del self._of_workspaces[workspace]
        if self._queues and (queue := self._queues.get(workspace)) is not None:
            self._hand_on(queue, workspace)

    @asynccontextmanager
    async def held(self, principal: Principal) -> AsyncIterator[None]:
        """Hold a slot for the length of the block, having waited for it.

        Raises:
            RateLimitExceeded: too many operations wait, or none of those in progress has ended in time.
        """
        if not self.try_enter(principal):
            await self._wait(principal)
        try:
            yield
        finally:
            self.leave(principal)

    def queue(self, principal: Principal) -> "asyncio.Future[None]":
        """Return the future turn of an operation, which is done when it has a slot; `withdraw` ends the wait.

        Raises:
            RateLimitExceeded: too many operations wait.
        """
        workspace = principal.workspace_id.int
        queue = self._queues.setdefault(workspace, OrderedDict())
        if sum(map(len, queue.values())) >= MOST_WAITING:
            raise self.refusal()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.setdefault(principal.rate_key.int, deque()).append(turn)
        self.counters.waited += 1
        self.waiting += 1
        return turn

    def withdraw(self, principal: Principal, turn: "asyncio.Future[None]") -> None:
        """End the wait for a turn, or give its slot back if it came in this moment."""
        if turn.done() and not turn.cancelled():
            self.leave(principal)
            return
        turn.cancel()
        self.waiting -= 1
        key, workspace = principal.rate_key.int, principal.workspace_id.int
        queue = self._queues[workspace]
        queue[key].remove(turn)
        if not queue[key]:
            del queue[key]
        if not queue:
            del self._queues[workspace]

    async def _wait(self, principal: Principal) -> None:
        turn = self.queue(principal)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                # The shield leaves the turn to `withdraw`.
                await asyncio.shield(turn)
        except TimeoutError:
            self.withdraw(principal, turn)
            raise self.refusal() from None
        except asyncio.CancelledError:
            self.withdraw(principal, turn)
            raise

    def _hand_on(self, queue: _Queue, workspace: int) -> None:
        """Give free slots to operations that wait, by turns of their keys."""
        while queue and self._of_workspaces.get(workspace, 0) < self._workspace:
            key = next((key for key in queue if self._take(key, workspace)), None)
            if key is None:
                return
            turn = queue[key].popleft()
            queue.move_to_end(key)
            if not queue[key]:
                del queue[key]
            self.waiting -= 1
            turn.set_result(None)
        if not queue:
            self._queues.pop(workspace, None)

    def refusal(self) -> RateLimitExceeded:
        """Return the error of an operation that got no slot, and count it."""
        self.counters.refused += 1
        return RateLimitExceeded(
            "Too many operations of this key or workspace are in progress or wait: send the next ones when some of them"
            " have been answered.",
            extensions={"resetAt": math.ceil(time.time() * 1000) + _RETRY_MS},
        )
