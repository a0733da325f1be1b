"""The rows of import jobs: made, found and moved from one state to the next."""

import time
from base64 import b64decode, b64encode
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from fieldstone.engine.errors import ApiError, Conflict, NotFound, RateLimitExceeded
from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.rest.import_jobs.job import ImportJob, Status, error_row, listed, read_job
from fieldstone.engine.rest.import_jobs.rights import Owner
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import dumps, loads, without_nul
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Step
from fieldstone.sql.transaction import Transaction, run_transaction

MOST_OF_WORKSPACE: Final = 4
"""Jobs of a workspace that are worked on, or wait for it."""
MOST_OF_KEY: Final = 2
"""Those of a key or a user among them."""
MOST_FILES: Final = 50
"""Files of a workspace that are kept."""
_MOST_LISTED = 200
_PORTION = 10_000
_RESET_AFTER = 5_000

_QUERIES = {
    name: named_statement(__name__, name)
    for name in (
        *("take_turn", "count_jobs", "create_job", "add_chunk", "end_receiving", "read_chunk", "list_jobs"),
        *("start_job", "forget_errors", "set_options", "stop_job", "remove_job", "remove_file", "remove_records"),
        *("list_errors", "old_jobs"),
    )
}


class RefusedRow(NamedTuple):
    """A row of a file that was refused, as texts; `field` is None where the reason is about the whole row."""

    row: str
    line: str
    field: str | None
    code: str
    message: str
    record: str


class NewJob(NamedTuple):
    """A job that is about to receive its file."""

    object_id: UUID
    format: Format
    name: str
    options: Mapping[str, Any]


class JobStore:
    """The jobs of a database.

    Args:
        database: where they are.
        most_bytes: of the files of a workspace.
    """

    def __init__(self, database: Database, most_bytes: int) -> None:
        self._database = database
        self._most_bytes = most_bytes

    async def create(self, principal: Principal, author: Mapping[str, Any], new: NewJob) -> UUID:
        """Make a job that receives its file, and return its id; raises RateLimitExceeded."""
        id_ = new_id()

        async def work(transaction: Transaction) -> None:
            *_, files = await self._count(transaction, principal)
            if files >= MOST_FILES:
                raise _too_many(f"The workspace has {files} files of import jobs, which are the most: remove some.")
            await transaction.run(
                *_bind(
                    "create_job",
                    id=id_,
                    workspace=principal.workspace_id,
                    object=new.object_id,
                    format=new.format.value,
                    name=new.name,
                    options=dumps(dict(new.options)),
                    **author,
                )
            )

        await run_transaction(self._database, work, share=principal.share)
        return id_

    async def add_chunk(self, id_: UUID, number: int, data: bytes, principal: Principal) -> bool:
        """Keep the next piece of a file; return False where the workspace's files have too many bytes.

        Raises:
            NotFound: the job was removed meanwhile.
        """
        text = b64encode(data)
        step = _bind("add_chunk", id=id_, number=number, data=text, length=len(data))
        rows = await self._database.write(*step, share=principal.share)
        if not rows:
            raise NotFound("The import was removed while its file came.")
        return int(rows[0][0] or 0) <= self._most_bytes

    async def end_receiving(self, id_: UUID, head: Mapping[str, Any], principal: Principal) -> None:
        """Note that all of a file has come."""
        step = _bind("end_receiving", id=id_, head=dumps(without_nul(head)))
        if not await self._database.write(*step, share=principal.share):
            raise NotFound("The import was removed while its file came.")

    async def read_chunk(self, job: ImportJob, number: int) -> bytes | None:
        """Return a piece of a file, None behind its end."""
        rows = await self._database.read(*_bind("read_chunk", id=job.id, number=number), share=job.share)
        return None if not rows else b64decode(rows[0][0] or b"")

    async def list(self, principal: Principal, owner: Owner | None, objects: Sequence[UUID] = ()) -> list[ImportJob]:
        """Return for a principal the jobs of an owner and those of some objects, or all with None, the newest first."""
        step = _list(principal.workspace_id, owner, objects, id_=None, most=_MOST_LISTED)
        rows = await self._database.read(*step, share=principal.share)
        return [read_job(loads(row[0] or b"")) for row in rows]

    async def get(
        self, principal: Principal, owner: Owner | None, id_: UUID, objects: Sequence[UUID] = ()
    ) -> ImportJob:
        """Return one of the jobs that `list` does; raises NotFound."""
        step = _list(principal.workspace_id, owner, objects, id_=id_, most=1)
        rows = await self._database.read(*step, share=principal.share)
        if not rows:
            raise NotFound(f"There is no import {id_}.", field="id")
        return read_job(loads(rows[0][0] or b""))

    async def start(
        self,
        job: ImportJob,
        principal: Principal,
        author: Mapping[str, Any],
        to: Status,
        *,
        of: Collection[Status],
        options: Mapping[str, Any],
    ) -> None:
        """Have a job worked on, with the rights of a principal.

        Args:
            job: as it was read.
            principal: whose rights count from now on.
            author: finds it again.
            to: the state of the work.
            of: the states from which that is possible.
            options: how the file is read and written.

        Raises:
            Conflict: the job is in another state.
            RateLimitExceeded: too many are worked on.
        """

        async def work(transaction: Transaction) -> None:
            of_workspace, of_key, _ = await self._count(transaction, principal)
            step = _list(job.workspace_id, None, (), id_=job.id, most=1)
            rows = await transaction.run(*step)
            now = read_job(loads(rows[0][0] or b"")) if rows else None
            if now is None or now.status not in of:
                state = "gone" if now is None else now.status.value
                raise Conflict(f"The import is {state}, and this is for one that is {listed(of)}.", field="status")
            if of_workspace >= MOST_OF_WORKSPACE or of_key >= MOST_OF_KEY:
                raise _too_many(
                    f"Too many imports are worked on: {MOST_OF_KEY} of a key, and {MOST_OF_WORKSPACE} of a workspace."
                )
            begins = to is not Status.UNDOING and not now.has_begun
            if begins:
                await transaction.run(*_bind("forget_errors", id=job.id))
            await transaction.run(
                *_bind(
                    "start_job",
                    id=job.id,
                    status=to.value,
                    options=dumps(dict(options)),
                    begins=str(begins).lower(),
                    **author,
                )
            )

        await run_transaction(self._database, work, share=principal.share)

    async def set_options(self, job: ImportJob, options: Mapping[str, Any], principal: Principal) -> None:
        """Keep how a file is read and written."""
        await self._database.write(
            *_bind("set_options", id=job.id, options=dumps(dict(options))), share=principal.share
        )

    async def stop(self, job: ImportJob, error: ApiError, principal: Principal) -> bool:
        """End the work on a job; return False where there was none."""
        step = _bind("stop_job", id=job.id, error=error_row(error))
        return bool(await self._database.write(*step, share=principal.share))

    async def remove(self, id_: UUID, *, share: Hashable) -> None:
        """Remove a job with all that belongs to it, for a share of the connections."""
        await self.remove_file(id_, share=share)
        records = _bind("remove_records", id=id_, limit=_PORTION)
        while len(await self._database.write(*records, share=share)) == _PORTION:
            pass
        await self._database.write(*_bind("remove_job", id=id_), share=share)

    async def remove_file(self, id_: UUID, *, share: Hashable) -> None:
        """Remove the file of a job that needs it no more, for a share of the connections."""
        await self._database.write(*_bind("remove_file", id=id_), share=share)

    async def list_errors(self, id_: UUID, after: int, *, share: Hashable) -> Sequence[RefusedRow]:
        """Return the refused rows behind a row, in the order of the file."""
        rows = await self._database.read(*_bind("list_errors", id=id_, after=after), share=share)
        return [RefusedRow(*(None if cell is None else cell.decode() for cell in row)) for row in rows]  # type: ignore[arg-type] # one column may be NULL

    async def trim(self, hours: int) -> int:
        """Remove jobs that nobody has touched for so long, and return their number."""
        rows = await self._database.read(*_bind("old_jobs", hours=hours), share=None)
        for row in rows:
            await self.remove(UUID((row[0] or b"").decode()), share=None)
        return len(rows)

    async def _count(self, transaction: Transaction, principal: Principal) -> tuple[int, int, int]:
        """Return the jobs of the workspace that are worked on, those of the principal among them, and the files."""
        await transaction.run(*_bind("take_turn", workspace=principal.workspace_id))
        step = _bind("count_jobs", workspace=principal.workspace_id, subject=principal.subject_id)
        ((of_workspace, of_subject, files),) = await transaction.run(*step)
        return int(of_workspace or 0), int(of_subject or 0), int(files or 0)


def _list(workspace_id: UUID, owner: Owner | None, objects: Sequence[UUID], *, id_: UUID | None, most: int) -> Step:
    subject, acts_as = (None, None) if owner is None else owner
    return _bind(
        "list_jobs", workspace=workspace_id, subject=subject, acts_as=acts_as, objects=objects, id=id_, most=most
    )


def _too_many(message: str) -> RateLimitExceeded:
    return RateLimitExceeded(message, extensions={"resetAt": int(time.time() * 1000) + _RESET_AFTER})


def _bind(query: str, /, **values: Any) -> Step:
    return _QUERIES[query].bind(**values)
