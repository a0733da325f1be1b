"""Slots: the right to have an operation in progress, of which each key and each workspace has so many.

An operation for which there is no slot waits, and the keys of a workspace take turns. So one that sends many operations
at once has few in progress, and those of the others need not stand behind all that it has sent. The last slots of a
workspace are for keys without any: two keys whose operations stand still do not stop the third.

Beyond the rate that the database or the process can serve, a queue only grows: all its operations are answered, and
each so late that nobody needs it any more. So the queue is bounded by the time that it takes, and an operation that
would wait for longer is refused before anything is read of it. Where nothing waits, nothing of this is computed.
"""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.access.pace import Pace
from fieldstone.engine.errors import Overloaded, RateLimitExceeded, Timeout
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import DEADLINE, Overdue
from fieldstone.sql.executor import Database

MOST_WAITING = 1_000
"""Operations of a workspace that may wait."""

LONGEST_WAIT = 10.0
"""Seconds."""

_FOR_EACH_KEPT = 16
"""Slots of a workspace for each one that is kept for a key without any; one is kept of fewer that no key may fill."""

_RETRY_MS = 1_000

_Queue = OrderedDict[int, deque["Turn"]]
"""The operations of a workspace that wait, by their keys, the key whose turn it is first."""


class Turn:
    """One operation's wait for a slot.

    Args:
        principal: the sender of the operation.
        go: called in a later turn of the event loop when the operation has a slot.
        give_up: called when none came in time; the wait is over.
        since: the time at which it began to wait.

    Attributes:
        refusal: the error of an operation that an overloaded server gives up.
    """

    __slots__ = ("give_up", "go", "has_slot", "is_over", "place", "principal", "refusal", "since")

    def __init__(self, principal: Principal, go: Callable[[], None], give_up: Callable[[], None], since: float) -> None:
        self.principal = principal
        self.go = go
        self.give_up = give_up
        self.has_slot = False
        self.is_over = False
        self.place = 0
        self.refusal: Overloaded | None = None
        self.since = since

    def take_refusal(self) -> Overloaded | None:
        """Return the refusal, and keep it no longer: its traceback leads to this turn."""
        refusal, self.refusal = self.refusal, None
        return refusal

    def start(self) -> None:
        """Go on with the operation, unless it was withdrawn when it had its slot already."""
        if not self.is_over:
            self.go()


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
        patience: the longest wait in seconds behind a queue that stands; 0 is no limit. A queue that was empty a second
            ago may take half as long again, and so may the only operation of a key: operations that one key sends in
            bulk do not shut the others out.
        shedding: makes the errors of operations that would wait for longer.
        database: where operations that have a slot wait for a connection.
        is_paced: whether only so many operations begin in a turn of a busy loop, and the others wait.

    Attributes:
        waiting: the operations that wait for a slot.
        pace: how many operations may begin in a turn of the event loop.
    """

    def __init__(
        self,
        *,
        each: int = 0,
        workspace: int = 0,
        patience: float = 0.0,
        shedding: LoadShedding | None = None,
        database: Database | None = None,
        is_paced: bool = True,
    ) -> None:
        self.counters = SlotCounters()
        self.waiting = 0
        self._each = each or math.inf
        self._workspace = workspace or math.inf
        # Those that keys with an operation in progress may have together.
        self._common = workspace - max(workspace // _FOR_EACH_KEPT, 0 < each < workspace) or math.inf
        # By the numbers of the ids, whose hashes Python need not compute again each time.
        self._of_keys: dict[int, int] = {}
        self._of_workspaces: dict[int, int] = {}
        self._queues: OrderedDict[int, _Queue] = OrderedDict()
        self._patience = patience or math.inf
        self._shedding = LoadShedding() if shedding is None else shedding
        self._database = database
        self.pace = Pace(
            self._hand_on_all,
            is_busy=lambda: bool(self._of_workspaces),
            is_shared=lambda: database is not None and database.is_shared,
            is_needed=is_paced,
        )
        self._overdue = Overdue(LONGEST_WAIT)

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
        if of_key >= self._each or of_workspace >= (self._common if of_key else self._workspace):
            return False
        if not self.pace.is_free and not self.pace.take(is_only=not of_workspace):
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
            Timeout: the client's time is up.
        """
        if not self.try_enter(principal):
            await self._wait(principal)
        try:
            yield
        finally:
            self.leave(principal)

    def require_room(self, principal: Principal) -> None:
        """Do nothing where an operation of the principal may begin, or is worth its wait.

        Raises:
            Overloaded: it would wait for too long.
        """
        database = self._database
        if database is None or not (self.waiting or database.is_waited_for):
            return
        key, workspace = principal.rate_key.int, principal.workspace_id.int
        queue: Mapping[int, deque[Turn]] = self._queues.get(workspace, {})
        own = queue.get(key, ())
        is_late = self.pace.is_kept and own and time.monotonic() - own[0].since > self._patience
        # Keys take turns.
        ahead = (len(own) + 1) * len(queue)
        is_first = not own and key not in self._of_keys
        if is_late or database.is_late(principal.share, ahead, self._patience, is_first=is_first):
            raise self._shedding.refuse(principal.workspace_id)

    def queue(self, principal: Principal, go: Callable[[], None], give_up: Callable[[], None]) -> Turn:
        """Return the turn of an operation, for which `go` is called when it has a slot; `withdraw` ends the wait.

        Raises:
            RateLimitExceeded: too many operations wait.
        """
        workspace, key = principal.workspace_id.int, principal.rate_key.int
        queue = self._queues.get(workspace)
        if queue is None:
            queue = self._queues[workspace] = OrderedDict()
        if sum(map(len, queue.values())) >= MOST_WAITING:
            raise self.refusal()
        turn = Turn(principal, go, give_up, time.monotonic())
        turn.place = self._overdue.enter(partial(self._expire, turn))
        if (of_key := queue.get(key)) is None:
            of_key = queue[key] = deque()
        of_key.append(turn)
        self.counters.waited += 1
        self.waiting += 1
        return turn

    def withdraw(self, turn: Turn) -> None:
        """End the wait for a turn, or give its slot back if it came in this moment."""
        if turn.is_over:
            return
        turn.is_over = True
        if turn.has_slot:
            self.leave(turn.principal)
            return
        self._overdue.leave(turn.place)
        self.waiting -= 1
        key, workspace = turn.principal.rate_key.int, turn.principal.workspace_id.int
        queue = self._queues[workspace]
        queue[key].remove(turn)
        if not queue[key]:
            del queue[key]
        if not queue:
            del self._queues[workspace]

    def _expire(self, turn: Turn) -> None:
        """End a wait that took too long."""
        self.withdraw(turn)
        turn.give_up()

    async def _wait(self, principal: Principal) -> None:
        ended = asyncio.Event()
        turn = self.queue(principal, ended.set, ended.set)
        try:
            async with asyncio.timeout_at(DEADLINE.get()):
                await ended.wait()
        except TimeoutError:
            self.withdraw(turn)
            raise Timeout("The operation's time was up before it began.") from None
        except asyncio.CancelledError:
            self.withdraw(turn)
            raise
        if not turn.has_slot:
            raise turn.take_refusal() or self.refusal()

    def _hand_on_all(self) -> None:
        """Give free slots to operations that wait, by turns of the workspaces."""
        self._refuse_late()
        has_begun = True
        while has_begun and self._queues and not self.pace.is_spent:
            has_begun = False
            for workspace in list(self._queues):
                if self._hand_on(self._queues[workspace], workspace, most=1):
                    has_begun = True
                    if workspace in self._queues:
                        self._queues.move_to_end(workspace)

    def _refuse_late(self) -> None:
        """Give up the operations that have waited for too long."""
        oldest = time.monotonic() - self._patience
        late: list[Turn] = []
        for queue in self._queues.values():
            for own in queue.values():
                late += takewhile(lambda turn: turn.since < oldest, own)
        for turn in late:
            turn.refusal = self._shedding.refuse(turn.principal.workspace_id)
            self._expire(turn)

    def _hand_on(self, queue: _Queue, workspace: int, *, most: float = math.inf) -> int:
        """Give free slots to so many operations that wait, by turns of their keys; return the number."""
        call_soon = asyncio.get_running_loop().call_soon
        begun = 0
        while queue and begun < most and not self.pace.is_spent:
            key = next((key for key in queue if self._take(key, workspace)), None)
            if key is None:
                break
            turn = queue[key].popleft()
            queue.move_to_end(key)
            if not queue[key]:
                del queue[key]
            self._overdue.leave(turn.place)
            self.waiting -= 1
            turn.has_slot = True
            begun += 1
            call_soon(turn.start)
        if not queue:
            self._queues.pop(workspace, None)
        return begun

    def refusal(self) -> RateLimitExceeded:
        """Return the error of an operation that got no slot, and count it."""
        self.counters.refused += 1
        return RateLimitExceeded(
            "Too many operations of this key or workspace are in progress or wait: send the next ones when some of them"
            " have been answered.",
            extensions={"resetAt": math.ceil(time.time() * 1000) + _RETRY_MS},
        )
