"""The statements that read events at once, shared among the workspaces."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

_Turn = tuple[UUID, bool]
"""A queue of waiting statements: their workspace, and whether they are slow."""


class Tickets:
    """A bounded number of statements at once, of which no workspace has all; waiting statements are served in turn.

    A workspace leaves one ticket to the others. Statements that are known to be slow have one ticket for each
    workspace, and half of all between them.

    Args:
        total: statements at once, 2 at least.
    """

    def __init__(self, total: int) -> None:
        self._free = max(2, total)
        self._each = self._free - 1
        self._slow = self._free // 2
        self._held: Counter[UUID] = Counter()
        self._held_slowly: set[UUID] = set()
        # In the order of their turns.
        self._waiting: OrderedDict[_Turn, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def hold(self, workspace_id: UUID, *, slow: bool) -> AsyncIterator[None]:
        """Hold a ticket for the block, once it is the workspace's turn."""
        turn = (workspace_id, slow)
        if self._admits(turn):
            self._take(turn)
        else:
            await self._wait(turn)
        try:
            yield
        finally:
            self._give_back(turn)

    def _admits(self, turn: _Turn) -> bool:
        workspace_id, slow = turn
        if not self._free or self._held[workspace_id] >= self._each:
            return False
        return not slow or (workspace_id not in self._held_slowly and len(self._held_slowly) < self._slow)

    def _share(self, turn: _Turn) -> int:
        return self._held[turn[0]]

    def _take(self, turn: _Turn) -> None:
        workspace_id, slow = turn
        self._free -= 1
        self._held[workspace_id] += 1
        if slow:
            self._held_slowly.add(workspace_id)

    def _give_back(self, turn: _Turn) -> None:
        workspace_id, slow = turn
        self._free += 1
        self._held[workspace_id] -= 1
        if not self._held[workspace_id]:
            del self._held[workspace_id]
        if slow:
            self._held_slowly.discard(workspace_id)
        self._hand_on()

    async def _wait(self, turn: _Turn) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(turn, deque()).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._leave(turn, waiter)
            else:
                # The ticket came in the same moment as the cancellation.
                self._give_back(turn)
            raise

    def _leave(self, turn: _Turn, waiter: asyncio.Future[None]) -> None:
        """Take a cancelled waiter out of its queue, if no ticket passed it over before."""
        queue = self._waiting.get(turn)
        if queue is None or waiter not in queue:
            return
        queue.remove(waiter)
        if not queue:
            del self._waiting[turn]

    def _hand_on(self) -> None:
        """Give free tickets to the workspaces with the fewest, and among those to the one with the oldest turn.

        A waiter is cancelled before its task hears of it: such a waiter is passed over.
        """
        while (turn := min(filter(self._admits, self._waiting), key=self._share, default=None)) is not None:
            queue = self._waiting[turn]
            waiter = queue.popleft()
            if not queue:
                del self._waiting[turn]
            if waiter.cancelled():
                continue
            self._take(turn)
            waiter.set_result(None)
            if queue:
                self._waiting.move_to_end(turn)
