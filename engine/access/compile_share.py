"""The share of the processor that a workspace may have its documents compiled in while others are present.

A document that no cache has is parsed, validated and planned for some milliseconds, in which the process does nothing
else, and it leaves garbage for whose collection all wait once more. So the seconds that this takes are counted for each
workspace. Beyond a burst, its further new documents wait until its share has paid for those before: one is compiled at
a time, and its keys take turns. Cached documents never come here, and those that a change of the model has touched do
not wait. A workspace alone has the whole processor.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar
from uuid import UUID

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.access.slots import LONGEST_WAIT
from fieldstone.engine.errors import Timeout
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import DEADLINE
from fieldstone.sql.frozen import frozen

SHARE: Final = 0.25
"""Seconds of the processor that a workspace beside others may use for compiling in each second."""

BURST: Final = 2.0
"""Seconds that it may use at once: those of some hundred documents, or of the schema of a large workspace."""

MOST_DEBT: Final = 1.0
"""Seconds beyond the burst that are counted at most: its next new document comes within four times as many."""

MOST_WAITING: Final = 200
"""Documents of a workspace that may wait: subscriptions wait without a slot."""

_MOST_KEPT: Final = 1_024
"""Workspaces beyond which those that have paid are forgotten."""

_REFUSAL: Final = (
    "The server is overloaded: too many new documents of this workspace wait to be compiled. Nothing was done; try"
    " again in a moment, and send values as variables, so that each operation has one document."
)

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Account:
    """The seconds that a workspace has used and not paid, and its documents that wait, by their keys."""

    spent: float
    at: float
    waiting: OrderedDict[int, deque["asyncio.Future[bool]"]] = field(default_factory=OrderedDict)
    is_busy: bool = False
    timer: asyncio.TimerHandle | None = None


@frozen
class Turn:
    """The turn of one document to be compiled.

    Attributes:
        share: the share that gave it.
        payer: the workspace whose seconds are counted; None where nobody pays.
        has_waited: whether others were compiled before it: a cache may have the document by now.
        is_beside_others: whether other workspaces are present: the work thread compiles the document then, and hands
            the processor on sooner.
    """

    share: "CompileShare"
    payer: UUID | None
    has_waited: bool
    is_beside_others: bool

    def run(self, call: Callable[[], T]) -> T:
        """Return the result of a call that compiles, on the account of its payer; any thread may run it."""
        return call() if self.payer is None else self.share.measure(self.payer, call)


class CompileShare:
    """The compiling of all workspaces of one process.

    Args:
        is_shared: tells whether several workspaces are present.
        patience: the longest wait in seconds; 0 is that for a slot.
        shedding: makes the errors of documents that have waited for longer.
        clock: yields seconds.
        processor: yields the seconds of the processor that the running thread has used.
    """

    def __init__(
        self,
        *,
        is_shared: Callable[[], bool] = lambda: False,
        patience: float = 0.0,
        shedding: LoadShedding | None = None,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.thread_time,
    ) -> None:
        self._is_shared = is_shared
        self._patience = patience or LONGEST_WAIT
        self._shedding = LoadShedding() if shedding is None else shedding
        self._clock = clock
        self._processor = processor
        self._bills: deque[tuple[int, float]] = deque()
        self._accounts: dict[int, _Account] = {}
        self._most_kept = _MOST_KEPT

    def measure(self, workspace_id: UUID, call: Callable[[], T]) -> T:
        """Return the result of a call that compiles, and count its seconds; any thread may run it."""
        began = self._processor()
        try:
            return call()
        finally:
            self._bills.append((workspace_id.int, self._processor() - began))

    @asynccontextmanager
    async def turn(self, principal: Principal, *, is_next: bool = False, is_free: bool = False) -> AsyncIterator[Turn]:
        """Wait until the workspace may have a document compiled, which the block does.

        Args:
            principal: the sender of the document.
            is_free: whether a change of the model is the reason: the document was compiled before.
            is_next: whether it goes before the others of its key: it was validated, and only its plan is missing.

        Raises:
            Overloaded: the wait took too long, or too many documents wait.
            Timeout: the client's time is up.
        """
        workspace_id = principal.workspace_id
        payer = None if is_free else workspace_id
        account = None if is_free or not self._is_shared() else self._find(workspace_id.int)
        if account is None or not (account.is_busy or account.waiting or self._debt(account) > 0):
            try:
                yield Turn(share=self, payer=payer, has_waited=False, is_beside_others=self._is_shared())
            finally:
                self._book()
            return
        await self._wait(account, principal, is_next=is_next)
        try:
            yield Turn(share=self, payer=payer, has_waited=True, is_beside_others=self._is_shared())
        finally:
            self._end(account)

    async def _wait(self, account: _Account, principal: Principal, *, is_next: bool) -> None:
        loop, key = asyncio.get_running_loop(), principal.rate_key.int
        if sum(map(len, account.waiting.values())) >= MOST_WAITING:
            raise self._shedding.refuse(principal.workspace_id, _REFUSAL)
        mine: asyncio.Future[bool] = loop.create_future()
        own = account.waiting.setdefault(key, deque())
        own.insert(0 if is_next else len(own), mine)
        self._go_on(account)
        deadline, limit = DEADLINE.get(), loop.time() + self._patience
        is_limited = deadline is not None and deadline <= limit
        # No exception ends the wait: each would leave its frames to the collector of cyclic garbage.
        timer = loop.call_at(deadline if is_limited and deadline else limit, _give_up, mine)
        try:
            has_turn = await mine
        except asyncio.CancelledError:
            if not mine.cancelled() and mine.result():
                self._end(account)
            raise
        finally:
            timer.cancel()
            if mine in own:
                own.remove(mine)
                if not own:
                    del account.waiting[key]
        if not has_turn:
            if is_limited:
                raise Timeout("The operation's time was up before it began.")
            raise self._shedding.refuse(principal.workspace_id, _REFUSAL)

    def _end(self, account: _Account) -> None:
        self._book()
        account.is_busy = False
        self._go_on(account)

    def _go_on(self, account: _Account) -> None:
        """Begin the next document that waits, now or when those before are paid."""
        if account.is_busy or account.timer is not None or not account.waiting:
            return
        if (debt := self._debt(account)) > 0:
            account.timer = asyncio.get_running_loop().call_later(debt / SHARE, self._look, account)
            return
        while account.waiting and not account.is_busy:
            key, own = next(iter(account.waiting.items()))
            first = own.popleft()
            account.waiting.move_to_end(key)
            if not own:
                del account.waiting[key]
            if not first.done():  # it may have been given up in this turn of the loop
                account.is_busy = True
                first.set_result(True)

    def _look(self, account: _Account) -> None:
        self._book()
        account.timer = None
        self._go_on(account)

    def _debt(self, account: _Account, more: float = 0.0) -> float:
        """Count more seconds of a workspace, and return those beyond the burst that it has not paid yet."""
        now = self._clock()
        most = BURST + MOST_DEBT if self._is_shared() else BURST
        account.spent = min(max(0.0, account.spent - SHARE * (now - account.at)) + more, most)
        account.at = now
        return account.spent - BURST

    def _book(self) -> None:
        """Count the seconds of the calls that have ended since the last time."""
        while self._bills:
            workspace, seconds = self._bills.popleft()
            self._debt(self._accounts.get(workspace) or self._open(workspace), seconds)

    def _find(self, workspace: int) -> _Account:
        self._book()
        return self._accounts.get(workspace) or self._open(workspace)

    def _open(self, workspace: int) -> _Account:
        self._make_room()
        account = self._accounts[workspace] = _Account(0.0, self._clock())
        return account

    def _make_room(self) -> None:
        if len(self._accounts) < self._most_kept:
            return
        for account in self._accounts.values():
            self._debt(account)
        self._accounts = {
            workspace: account
            for workspace, account in self._accounts.items()
            if account.spent or account.waiting or account.is_busy
        }
        self._most_kept = max(_MOST_KEPT, 2 * len(self._accounts))


def _give_up(waiting: "asyncio.Future[bool]") -> None:
    if not waiting.done():
        waiting.set_result(False)
