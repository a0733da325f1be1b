"""Work for groups: a task for each group with work, and the end of groups whose work fails for good."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, Protocol, TypeVar

from fieldstone.engine.errors import ServiceUnavailable, Timeout
from fieldstone.sql.concurrency.backoff import EVEN, pause_after
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.errors import ConnectionLost, DatabaseUnavailable, OutOfResources, Serialization, StaleSchema

_LOG = logging.getLogger(__name__)

G = TypeVar("G")
G_contra = TypeVar("G_contra", contravariant=True)

PAUSE = 0.5
"""Seconds of the first backoff while the database is away."""
_LONGEST_PAUSE = 8.0
_MOST_TRIES = 5
"""Tries of a statement that fails for one group while the database answers others."""

# StatementTimeout is none of them: the statement would take too long again. To read the model and to compile would not.
PASSING = (DatabaseUnavailable, Serialization, ServiceUnavailable, Timeout)
"""The errors after which a step is retried."""


class Judge(Protocol[G_contra]):
    """Decides about groups whose work fails."""

    async def answers(self) -> bool:
        """Return whether the database serves others."""
        ...

    async def replan(self, group: G_contra, error: StaleSchema) -> None:
        """Renew a group whose statement names a dropped table or column, or end it; raises DatabaseError."""
        ...

    def give_up(self, group: G_contra, error: BaseException) -> None:
        """End all subscriptions of a group."""
        ...


class Watch(Protocol):
    """Wraps the steps of works, to see how they go."""

    def __call__(self, name: str, step: Callable[[G], Awaitable[None]]) -> Callable[[G], Awaitable[None]]:
        """Return the step of the work with this name, wrapped."""
        ...


def unwatched(name: str, step: Callable[[G], Awaitable[None]]) -> Callable[[G], Awaitable[None]]:  # noqa: ARG001
    """Return the step as it is."""
    return step


class GroupWork(Generic[G]):
    """One kind of work.

    Args:
        name: the name of its tasks.
        judge: decides about failures.
        is_left: tells whether a group has work of this kind.
        step: does a part of it.
        watch: wraps that step.
    """

    def __init__(
        self,
        name: str,
        judge: Judge[G],
        *,
        is_left: Callable[[G], bool],
        step: Callable[[G], Awaitable[None]],
        watch: Watch = unwatched,
    ) -> None:
        self._name = name
        self._judge = judge
        self._is_left = is_left
        self._step = watch(name, step)
        self._tasks: dict[G, asyncio.Task[None]] = {}
        self._is_closed = False
        self._log_pause = LogPause()

    def start(self, group: G) -> None:
        """Start a task for a group's work, if it has any and no task."""
        if group not in self._tasks and not self._is_closed and self._is_left(group):
            # The deadline of the request that has given it the work is none of the group's.
            task = asyncio.get_running_loop().create_task(self._run(group), name=self._name, context=Context())
            self._tasks[group] = task
            task.add_done_callback(lambda done: self._end(group, done))

    def stop(self, group: G) -> None:
        """End the work for a group, and with it the group's running statement."""
        task = self._tasks.get(group)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def close(self) -> None:
        """End all work for good."""
        self._is_closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, group: G, done: "asyncio.Task[None]") -> None:
        del self._tasks[group]
        if not done.cancelled() and (error := done.exception()) is not None:
            self._judge.give_up(group, error)
        # Work may have come since the task was stopped.
        self.start(group)

    async def _run(self, group: G) -> None:
        tries = 0
        while self._is_left(group):
            try:
                await self._step_or_replan(group)
                tries = 0
            except PASSING as error:
                if self._log_pause.begin(error):
                    _LOG.warning("events are delivered later: %s", error)
                is_at_fault = isinstance(error, ConnectionLost | OutOfResources) and await self._judge.answers()
                tries = tries + 1 if is_at_fault else 0
                if tries == _MOST_TRIES:
                    raise
                await asyncio.sleep(pause_after(max(1, tries), first=PAUSE, longest=_LONGEST_PAUSE, spread=EVEN))

    async def _step_or_replan(self, group: G) -> None:
        try:
            await self._step(group)
        except StaleSchema as error:
            # The model has changed, and this process may not know it yet.
            await self._judge.replan(group, error)
