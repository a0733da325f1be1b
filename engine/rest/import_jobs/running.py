"""Running a job: its file is read from the database, and checked or imported as `Import` does it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from fieldstone.engine.errors import (
    ApiError,
    Forbidden,
    NotFound,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthenticated,
    ValidationFailed,
)
from fieldstone.engine.identity.identity import Identity
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.rest.export_addresses import ExportAddress
from fieldstone.engine.rest.import_jobs.job import Status, parameters_of
from fieldstone.engine.rest.import_jobs.progress import BatchKeeper, JobReport, Lease, LeaseLost
from fieldstone.engine.rest.import_jobs.rights import find_principal
from fieldstone.engine.rest.import_jobs.store import JobStore
from fieldstone.engine.rest.imports.importing import Import, Record
from fieldstone.engine.rest.imports.rows import decode_record
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen


class RightsChanged(Exception):
    """The principal is another one than at the beginning: the job is taken up again with its present rights."""


@frozen
class Means:
    """All that a job is run by.

    Attributes:
        count: counts an operation in the rate limit of a principal; raises RateLimitExceeded.
        most: characters of a record.
    """

    core: GraphQLApi
    work: WorkThread
    database: Database
    identity: Identity
    store: JobStore
    count: Callable[[Principal], Awaitable[None]]
    most: int


class JobRun:
    """One attempt at a check or an import.

    Args:
        means: all that it is run by.
        lease: of the job.
    """

    def __init__(self, means: Means, lease: Lease) -> None:
        self._means = means
        self._lease = lease
        self._report = JobReport()
        self._read = 0

    async def run(self) -> None:
        """Read the file to its end, and note the state in which that ends.

        Raises:
            LeaseLost: the job is no more this process's.
            RightsChanged: the job has to be taken up again.
            ServiceUnavailable: the database is away.
        """
        lease, job, means = self._lease, self._lease.job, self._means
        is_check = job.status is Status.CHECKING
        try:
            principal = await find_principal(means.identity, job)
            object_ = await find_object(means.core, principal, job.object_id)
            done = None if is_check else await lease.done_rows()
            if done is not None:
                self._report.failed = done.refused
                self._report.ignored = list(job.row["ignored"])
            stamp = stamp_of(object_)
            run = Import(
                means.core,
                means.work,
                means.database,
                principal,
                ExportAddress(object_.name_plural, job.format),
                parameters_of(job.options, dry_run=is_check),
                decode=decode_record,
                most=means.most,
                record=Record(
                    report=self._report,
                    is_done=lambda row: done is not None and row.number in done,
                    keep=lambda rows: BatchKeeper(lease, rows, stamp),
                ),
            )
            await run.run(self._pieces(), lambda: self._allow(run, principal))
        except (RateLimitExceeded, ServiceUnavailable):
            raise
        except UnknownWorkspace:
            # It has moved to another cell, and goes on there.
            raise LeaseLost from None
        except Unauthenticated as error:
            await self._note_end(Status.STOPPED, Unauthenticated(f"The rights to import have ended: {error.message}"))
        except ValidationFailed:
            # The mutation is in no schema of the role.
            await self._note_end(Status.FAILED, Forbidden("The role may not write these records any more."))
        except ApiError as error:
            await self._note_end(Status.FAILED, error)
        else:
            await self._note_end(Status.CHECKED if is_check else Status.DONE)

    async def _note_end(self, status: Status, error: ApiError | None = None) -> None:
        await self._lease.note(self._report, self._read)
        if await self._lease.end(status, error) and status is Status.DONE:
            await self._means.store.remove_file(self._lease.job.id, share=self._lease.job.share)

    async def _pieces(self) -> AsyncIterator[bytes]:
        number = 0
        while (data := await self._means.store.read_chunk(self._lease.job, number)) is not None:
            number += 1
            yield data
            self._read += len(data)

    async def _allow(self, run: Import, principal: Principal) -> None:
        """Keep the progress, and wait until the next batch may be written with the rights of now."""
        await self._lease.note(self._report, self._read)
        while True:
            if await find_principal(self._means.identity, self._lease.job) != principal:
                raise RightsChanged
            if not run.counts_batches:
                return
            try:
                await self._means.count(principal)
            except RateLimitExceeded as error:
                pause = error.pause
            else:
                return
            await asyncio.sleep(pause)


async def find_object(core: GraphQLApi, principal: Principal, object_id: UUID) -> Object:
    """Return the object of a job as its principal sees it now; raises NotFound."""
    source, workspace_id = core.source, principal.workspace_id
    current = await source.get(workspace_id)
    newest = await source.refresh(workspace_id)
    for snapshot in (current, newest):
        view = (await core.look(snapshot, principal)).view
        found = next((one for one in view.by_plural.values() if one.id == object_id), None)
        if found is not None:
            return found
    raise NotFound("The object of the import has gone, or the role may not see it any more.", field="object")


def stamp_of(object_: Object) -> str:
    """Return the column of `updatedAt`."""
    return object_.active["updatedAt"].parts[0].column.name
