"""The import jobs of a process: it takes those that nobody works on, a few at a time."""

import asyncio
import logging
from collections import Counter
from typing import Final
from uuid import UUID

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, InternalServerError, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.rest.import_jobs.job import Status
from fieldstone.engine.rest.import_jobs.progress import LEASE, Lease, LeaseLost, claim
from fieldstone.engine.rest.import_jobs.running import JobRun, Means, RightsChanged
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    DatabaseError,
    DatabaseUnavailable,
    LockTimeout,
    StatementTimeout,
)
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Jobs that a process works on at once."""
_EACH = 2
"""Those of one workspace among them."""
_PAUSE = 0.5
"""Seconds before a job begins again."""
_LOOK_EVERY = 2.0
"""Seconds between two looks for jobs of processes that have gone."""
_BEAT = LEASE / 3
_TRIM_EVERY = 300.0
_PASSING = (DatabaseUnavailable, CommitOutcomeUnknown, StatementTimeout, LockTimeout)
"""Failures of the database behind which a job begins again; others come again with the same rows."""


class ImportJobs:
    """Works on the import jobs of a database.

    Args:
        database: where they are.
        means: the services that run a job.
        hours: the time for which an untouched job is kept.
    """

    def __init__(self, database: Database, means: Means, hours: int) -> None:
        self.means = means
        self.store = means.store
        self.wake = Wake()
        self._database = database
        self._hours = hours
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._workspaces: Counter[UUID] = Counter()
        self._log_pause = LogPause()

    async def run(self) -> None:
        """Take jobs and work on them, until cancelled; then other processes take them over."""
        try:
            while True:
                self.wake.forget()
                if len(self._tasks) < AT_ONCE and await self._take():
                    continue
                await self.wake.wait(_LOOK_EVERY)
        finally:
            await end_tasks(*self._tasks.values())

    async def keep_trimmed(self) -> None:
        """Remove jobs that nobody has touched for long, until cancelled."""
        while True:
            await asyncio.sleep(_TRIM_EVERY)
            try:
                if number := await self.store.trim(self._hours):
                    _LOG.info("removed %d old import jobs", number)
            except DatabaseError as error:
                _LOG.info("old import jobs are removed later: %s", error)

    async def _take(self) -> bool:
        try:
            full = [id_ for id_, number in self._workspaces.items() if number >= _EACH]
            lease = await claim(self._database, list(self._tasks), full)
        except DatabaseError as error:
            if self._log_pause.begin(error):
                _LOG.info("import jobs wait: %s", error)
            return False
        if lease is None:
            return False
        id_, workspace_id = lease.job.id, lease.job.workspace_id
        self._workspaces[workspace_id] += 1
        self._tasks[id_] = asyncio.create_task(self._work(lease), name=f"fieldstone import {id_}")
        self._tasks[id_].add_done_callback(lambda _: self._leave(id_, workspace_id))
        return True

    def _leave(self, id_: UUID, workspace_id: UUID) -> None:
        del self._tasks[id_]
        self._workspaces[workspace_id] -= 1
        if not self._workspaces[workspace_id]:
            del self._workspaces[workspace_id]
        self.wake()

    async def _work(self, lease: Lease) -> None:
        """Work on a job as long as this process has it."""
        beat = asyncio.create_task(self._beat(lease, asyncio.current_task()))
        try:
            await self._attempt(lease)
        except LeaseLost:
            _LOG.info("import %s was stopped, or another process has taken it over", lease.job.id)
        except (RightsChanged, RateLimitExceeded, ServiceUnavailable) as error:
            await self._begin_again(lease, error)
        except DatabaseError as error:
            if error.retryable or isinstance(error, _PASSING):
                await self._begin_again(lease, error)
            else:
                _LOG.exception("import %s failed", lease.job.id)
                await self._fail(lease, describe(error, None, None) or _unexpected())
        except asyncio.CancelledError:
            await self._give_back(lease)
            raise
        except Exception:  # noqa: BLE001 - the edge of a task that is not awaited
            _LOG.exception("import %s failed", lease.job.id)
            await self._fail(lease, _unexpected())
        finally:
            await end_tasks(beat)

    async def _attempt(self, lease: Lease) -> None:
        if lease.job.status is Status.UNDOING:
            from fieldstone.engine.rest.import_jobs.undoing import Undoing  # noqa: PLC0415 - few imports are undone

            await Undoing(self.means, self._database, lease).run()
        else:
            await JobRun(self.means, lease).run()
        _LOG.info("import %s has ended", lease.job.id)

    async def _beat(self, lease: Lease, worker: "asyncio.Task[None] | None") -> None:
        """Keep the lease, and end the work once it is lost."""
        while True:
            await asyncio.sleep(_BEAT)
            try:
                await lease.keep()
            except LeaseLost:
                if worker is not None:
                    worker.cancel()
                return
            except DatabaseError as error:
                _LOG.info("the lease of import %s is kept later: %s", lease.job.id, error)

    async def _begin_again(self, lease: Lease, error: Exception) -> None:
        """Have a job taken up again at once, or when the database is back."""
        _LOG.info("import %s begins again: %s", lease.job.id, error)
        await asyncio.sleep(_PAUSE)
        await self._give_back(lease)

    async def _give_back(self, lease: Lease) -> None:
        try:
            await lease.give_back()
        except DatabaseError as error:
            _LOG.info("import %s is taken over when its lease ends: %s", lease.job.id, error)

    async def _fail(self, lease: Lease, error: ApiError) -> None:
        try:
            await lease.end(Status.FAILED, error)
        except DatabaseError as away:
            _LOG.info("import %s begins again: %s", lease.job.id, away)


def _unexpected() -> InternalServerError:
    return InternalServerError("The import failed because of an unexpected error.")
