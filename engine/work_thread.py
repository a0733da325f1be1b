"""The work thread: runs calls that would hold up the event loop, in turns of the workspaces.

One thread and not several: the interpreter runs one at a time, and each that wants to run makes the event loop wait
longer for its turn.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.errors import ServiceUnavailable

MOST_WAITING = 200
"""Calls of one workspace that may wait: each takes a second at worst, and a client gives up long before."""

_NEWEST: Final = 1 / 16
"""The weight of the newest time in the mean of the operations' times."""

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Job:
    """A call, and the requests that wait for its result."""

    workspace_id: UUID
    call: Callable[[], Any]
    key: Hashable
    done: "asyncio.Future[Any]"
    is_next: bool
    waiting: int = 0
    is_begun: bool = False


@dataclass(slots=True)
class WorkCounters:
    """How many calls the thread was given, how many it took over from another request, how many it refused."""

    calls: int = 0
    shared: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Turns:
    """The calls that wait, by workspace; the workspace that comes first is the next one."""

    by_workspace: dict[UUID, deque[_Job]] = field(default_factory=dict)

    def add(self, job: _Job) -> bool:
        queue = self.by_workspace.setdefault(job.workspace_id, deque())
        if len(queue) >= MOST_WAITING:
            return False
        if job.is_next:
            queue.appendleft(job)
        else:
            queue.append(job)
        return True

    def ahead_of(self, workspace_id: UUID) -> int:
        """Return the number of calls that would run before a new one of a workspace; 0 where it has none."""
        return len(self.by_workspace.get(workspace_id, ())) * len(self.by_workspace)

    def drop(self, job: _Job) -> None:
        queue = self.by_workspace[job.workspace_id]
        queue.remove(job)
        if not queue:
            del self.by_workspace[job.workspace_id]

    def take(self) -> _Job | None:
        if not self.by_workspace:
            return None
        workspace_id = next(iter(self.by_workspace))
        queue = self.by_workspace.pop(workspace_id)
        job = queue.popleft()
        if queue:
            self.by_workspace[workspace_id] = queue
        return job


class WorkThread:
    """Runs calls in one thread, each workspace's in their order, one of each workspace in turn.

    Args:
        patience: the longest wait in seconds of the first call of an operation; 0 is no limit.
        shedding: makes the errors of operations whose first call would wait for longer.
    """

    def __init__(self, *, patience: float = 0.0, shedding: LoadShedding | None = None) -> None:
        self.counters = WorkCounters()
        self._patience = patience or math.inf
        self._shedding = LoadShedding() if shedding is None else shedding
        self._mean = 0.0
        self._spent = 0.0  # seconds since the last call that was not next: those of operations that had been begun
        # The thread itself begins with the first call.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fieldstone work")
        self._turns = _Turns()
        self._by_key: dict[Hashable, _Job] = {}
        self._is_busy = False

    async def run(
        self,
        workspace_id: UUID,
        call: Callable[[], T],
        *,
        key: Hashable = None,
        is_first: bool = False,
        is_next: bool = False,
    ) -> T:
        """Return the result of a call, or raise its exception.

        A call that has begun goes on if its request is cancelled; one that waits is dropped with its last request.

        Args:
            workspace_id: whose turn it takes.
            call: run in the thread; it may change nothing but its own data.
            key: requests that give the same share one call, and its result.
            is_first: refuse it if it would wait too long: nothing of its operation is done yet.
            is_next: run it before the waiting calls of the workspace: its operation has been begun.

        Raises:
            Overloaded: it would wait too long.
            ServiceUnavailable: too many calls of the workspace wait.
        """
        job = None if key is None else self._by_key.get(key)
        if job is None:
            if is_first and self._turns.ahead_of(workspace_id) * self._mean > self._patience:
                raise self._shedding.refuse(workspace_id)
            job = self._add(workspace_id, call, key, is_next=is_next)
        else:
            self.counters.shared += 1
        job.waiting += 1
        try:
            result: T = await asyncio.shield(job.done)
        finally:
            job.waiting -= 1
            if not job.waiting and not job.is_begun and not job.done.done():
                self._turns.drop(job)
                self._forget(job)
        return result

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for the call that runs, and end the thread; requests whose calls wait are cancelled."""
        while (job := self._turns.take()) is not None:
            job.done.cancel()
        await asyncio.to_thread(self._executor.shutdown)

    def _add(self, workspace_id: UUID, call: Callable[[], Any], key: Hashable, *, is_next: bool) -> _Job:
        job = _Job(workspace_id, call, key, asyncio.get_running_loop().create_future(), is_next)
        # Where nobody is left to hear of a failure, nobody asks for it.
        job.done.add_done_callback(_ask)
        if not self._turns.add(job):
            self.counters.refused += 1
            raise ServiceUnavailable(
                f"{MOST_WAITING} large operations of the workspace wait to be compiled: try again soon."
            )
        self.counters.calls += 1
        if key is not None:
            self._by_key[key] = job
        if not self._is_busy:
            self._begin_next()
        return job

    def _begin_next(self) -> None:
        job = self._turns.take()
        if job is None:
            return
        self._is_busy = job.is_begun = True
        loop = job.done.get_loop()
        running = self._executor.submit(job.call)
        begun = time.monotonic()
        running.add_done_callback(lambda ended: loop.call_soon_threadsafe(self._end, job, ended, begun))

    def _end(self, job: _Job, ended: "Future[Any]", begun: float) -> None:
        self._spent += time.monotonic() - begun
        if not job.is_next:
            self._mean += (self._spent - self._mean) * _NEWEST
            self._spent = 0.0
        self._is_busy = False
        self._forget(job)
        if (error := ended.exception()) is None:
            job.done.set_result(ended.result())
        else:
            job.done.set_exception(error)
        self._begin_next()

    def _forget(self, job: _Job) -> None:
        if job.key is not None and self._by_key.get(job.key) is job:
            del self._by_key[job.key]


def _ask(done: "asyncio.Future[Any]") -> None:
    if not done.cancelled():
        done.exception()
