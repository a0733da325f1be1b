"""The progress of a job: kept in the transactions that write its records, under the lease of one process."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from fieldstone.engine.errors import ApiError, ServiceUnavailable
from fieldstone.engine.request.idempotency.claim import AlreadyClaimed
from fieldstone.engine.rest.import_jobs.job import ImportJob, Status, error_row, read_job
from fieldstone.engine.rest.imports.report import MOST_FAILED, Report, show_refused, too_many_refused
from fieldstone.engine.rest.imports.rows import Row
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import dumps, loads, without_nul
from fieldstone.sql.errors import LockTimeout, StatementTimeout
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement
from fieldstone.sql.transaction import Transaction

LEASE: Final = 10.0
"""Seconds after which another process takes a job over that was not heard of."""

_LONGEST_RECORD = 2_000
"""Characters of a refused record that are kept."""

_named = partial(named_statement, __name__)
_CLAIM, _KEEP_LEASE, _GIVE_BACK = _named("claim_job"), _named("keep_lease"), _named("give_back")
_NOTE, _END, _DONE_ROWS = _named("note_progress"), _named("end_job"), _named("done_rows")
_HOLD, _IS_KEPT, _KEEP_BATCH = _named("hold_job"), _named("is_batch_kept"), _named("keep_batch")


class LeaseLost(Exception):
    """The job was stopped, or another process has taken it over."""


class JobReport(Report):
    """The report of a job, whose refused rows are kept with their text."""

    def refuse(self, row: Row, error: ApiError) -> None:
        """Note that a row was refused; raises BadUserInput if too many were."""
        self.failed += 1
        self.errors.append(show_refused(row, error) | {"record": row.text[:_LONGEST_RECORD]})
        if self.failed > MOST_FAILED:
            raise too_many_refused()


class DoneRows:
    """The rows that earlier attempts have written or refused.

    Attributes:
        refused: the number of those.
    """

    def __init__(self, written: Sequence[tuple[int, int]], refused: Sequence[int]) -> None:
        self._ranges = list(written)
        self._refused = frozenset(refused)
        self.refused = len(self._refused)
        self._last = max([*refused, *(end - 1 for _, end in written)], default=0)
        self._place = 0

    def __contains__(self, number: int) -> bool:
        """Return whether a row is among them; the rows are asked for in their order."""
        if number > self._last:
            return False
        while self._place < len(self._ranges) and self._ranges[self._place][1] <= number:
            self._place += 1
        is_written = self._place < len(self._ranges) and self._ranges[self._place][0] <= number
        return is_written or number in self._refused


class Lease:
    """The right of this process to work on a job.

    The job's work counts for the share of its workspace. Its lease and its end are the server's own statements: if the
    lease waited behind the workspace's requests, another process would take the job over.

    Args:
        database: where the job is.
        job: as it was claimed.
        id_: of the lease.
    """

    def __init__(self, database: Database, job: ImportJob, id_: UUID) -> None:
        self.job = job
        self._database = database
        self._own = {"id": job.id, "lease": id_}

    async def keep(self) -> None:
        """Keep the lease for a while longer; raises LeaseLost."""
        if not await self._database.write(*_KEEP_LEASE.bind(**self._own, seconds=LEASE), share=None):
            raise LeaseLost

    async def give_back(self) -> None:
        """Let another process take the job over at once."""
        await self._database.write(*_GIVE_BACK.bind(**self._own), share=None)

    async def note(self, report: Report, bytes_read: int) -> None:
        """Keep the numbers of a report and its refused rows, which it forgets; raises LeaseLost."""
        errors, report.errors = report.errors, []
        is_check = self.job.status is Status.CHECKING
        step = _NOTE.bind(
            **self._own,
            bytes=bytes_read,
            failed=report.failed,
            created=report.created if is_check else None,
            updated=report.updated if is_check else None,
            ignored=dumps(report.ignored),
            errors=dumps(without_nul(errors)),
            seconds=LEASE,
        )
        if not await self._database.write(*step, share=self.job.share):
            raise LeaseLost

    async def end(self, status: Status, error: ApiError | None = None) -> bool:
        """Note the state in which the work has ended; return False where the lease has ended before."""
        told = None if error is None else error_row(error)
        step = _END.bind(**self._own, status=status.value, error=told)
        return bool(await self._database.write(*step, share=None))

    async def done_rows(self) -> DoneRows:
        """Return the rows of earlier attempts."""
        ((written, refused),) = await self._database.read(*_DONE_ROWS.bind(id=self.job.id), share=self.job.share)
        return DoneRows(loads(written or b"[]"), loads(refused or b"[]"))

    async def hold(self, transaction: Transaction) -> None:
        """Hold the job up to the end of a transaction.

        Raises:
            LeaseLost: the job is another process's.
            ServiceUnavailable: an attempt whose answer was lost holds it still, and may be committed yet.
        """
        try:
            rows = await transaction.run(*_HOLD.bind(**self._own))
        except (LockTimeout, StatementTimeout):
            raise ServiceUnavailable("An earlier attempt at this part of the import still runs.") from None
        if not rows or rows[0][0] != b"t":
            raise LeaseLost

    def bind(self, statement: Any, **values: Any) -> Any:
        """Return a statement that needs the lease, with the values of its parameters."""
        return statement.bind(**self._own, seconds=LEASE, **values)


async def claim(database: Database, own: Sequence[UUID], full: Sequence[UUID]) -> Lease | None:
    """Take a job that nobody works on, and return None where there is none.

    Args:
        database: where the jobs are.
        own: the jobs of this process.
        full: workspaces of which it takes no further job.
    """
    id_ = new_id()
    rows = await database.write(*_CLAIM.bind(lease=id_, seconds=LEASE, own=own, full=full), share=None)
    return Lease(database, read_job(loads(rows[0][0] or b"")), id_) if rows else None


class BatchKeeper:
    """Keeps the rows of a batch in the transaction that writes them, as the companion of its mutation.

    Args:
        lease: of the job.
        rows: those that are written.
        stamp: the column of `updatedAt`.
    """

    def __init__(self, lease: Lease, rows: Sequence[Row], stamp: str) -> None:
        self._lease = lease
        self._numbers = [row.number for row in rows]
        self._stamp = stamp

    async def begin(self, transaction: Transaction) -> None:
        """Hold the job.

        Before any row is written it is known whether an earlier attempt was committed: its records would refuse the
        same rows, or a half of them would be written again.

        Raises:
            LeaseLost: the job is another process's.
            ServiceUnavailable: an attempt whose answer was lost still runs.
            AlreadyClaimed: one has been committed.
        """
        await self._lease.hold(transaction)
        # The statement of the hold does not see a batch that was committed while the hold was waited for.
        ((is_kept,),) = await transaction.run(*_IS_KEPT.bind(id=self._lease.job.id, first=self._numbers[0]))
        if is_kept == b"t":
            raise AlreadyClaimed

    async def end(self, transaction: Transaction, data: bytes) -> None:
        """Keep the rows and their records; raises LeaseLost."""
        updated = data.count(b'"created":false')
        step = self._lease.bind(
            _KEEP_BATCH,
            first=self._numbers[0],
            rows=ranges_of(self._numbers),
            created=len(self._numbers) - updated,
            updated=updated,
            stamp=self._stamp,
        )
        ((kept,),) = await transaction.run(*step)
        if kept == b"0":
            raise LeaseLost


def ranges_of(numbers: Sequence[int]) -> str:
    """Return PostgreSQL's text of the multirange of some numbers."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number:
            ranges[-1][1] += 1
        else:
            ranges.append([number, number + 1])
    return "{" + ",".join(f"[{start},{end})" for start, end in ranges) + "}"
