"""Running a mutation: its root fields in order in one transaction, all or nothing."""

from collections.abc import Hashable, Sequence
from typing import cast

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.planner.writes.merging.merge import BoundMerge, PlannedMerge
from fieldstone.engine.planner.writes.mutations import BoundWrite, Planned, located
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.planner.writes.nested.plan import BoundNested, PlannedNested
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.request.execution.attempt import Attempt
from fieldstone.engine.request.execution.merge import run_merge
from fieldstone.engine.request.execution.nested import NestedRun, run_certain
from fieldstone.engine.request.execution.removal import count_ids, imply
from fieldstone.engine.request.idempotency.companion import Companion
from fieldstone.engine.request.write_errors.forbidden import checks_of, uphold
from fieldstone.engine.request.write_errors.row_faults import may_have_rows, name_rows
from fieldstone.engine.request.write_errors.verdicts import judge_write, left_out
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.errors import DatabaseError, UniqueViolation, ValueTooLong
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Row, Statement, Step
from fieldstone.sql.transaction import Transaction, run_transaction

_DEFER = Statement(text="SET CONSTRAINTS ALL DEFERRED")
# A write of no row, for which Citus commits on node and coordinator both or neither, see `prepare_two_phases`.
_TWO_PHASES = Statement(text="DELETE FROM fieldstone_citus.two_phases WHERE id = 0")
_BEGIN, _COMMIT = Statement(text="BEGIN"), Statement(text="COMMIT")
_NO_IDS = b"{}"


async def run_writes(
    database: Database,
    writes: Sequence[Planned],
    bound: Sequence[BoundWrite],
    bindings: Bindings,
    snapshot: Snapshot,
    *,
    time_limit: float,
    meter: Meter,
    share: Hashable,
    keeping: Companion | None = None,
) -> bytes:
    """Run a mutation, planned on `snapshot`, and return its data as JSON text.

    Args:
        database: the one that it writes to.
        writes: its root fields; without any, as where all are skipped, nothing is asked of the database.
        bound: their statements' parameters, as `MutationPlan.bind` returns them.
        bindings: the source of the parameters of all further statements.
        snapshot: the model that it was planned on.
        time_limit: seconds.
        meter: adds its costs.
        share: the share that its connections count for.
        keeping: runs statements of its own in the transaction: it claims the mutation's Idempotency-Key and keeps its
            answer, or has the transaction rolled back, or keeps the progress of an import.

    Raises:
        AlreadyClaimed: another mutation with the key was committed.
        TrialOver: it was a trial, in which nothing failed.
        ApiError: a root field failed; nothing was written.
        DatabaseError: the database refused it.
    """
    if not writes:
        return _data([])
    match writes, bound:
        case (PlannedNested(certain=CertainCreate() as certain) as only,), (list() as parameters,):
            if keeping is None:
                meter.pay(certain.price, bindings, times=len(certain.data.rows(bindings)))
                row = await run_certain(database, certain, parameters, time_limit=time_limit, share=share)
                if row is not None:
                    return tell_certain(only, row)
            bound = [only.bind(bindings)]
    is_last = False
    while True:
        failed: list[tuple[PlannedWrite, list[bytes | None]]] = []
        try:
            return await _run_once(
                database,
                writes,
                bound,
                bindings,
                snapshot,
                failed,
                time_limit=time_limit,
                meter=meter,
                share=share,
                keeping=keeping,
            )
        except ApiError as error:
            if not failed or not may_have_rows(error) or (faults := failed[0][0].faults) is None:
                raise
            write, parameters = failed[0]
            named = await name_rows(database, write, faults, parameters, error, time_limit=time_limit, share=share)
            if named is not None:
                raise named from error
            # The other side has gone meanwhile, or was made by another field of this mutation.
            if is_last:
                raise
            is_last = True


async def _run_once(
    database: Database,
    writes: Sequence[Planned],
    bound: Sequence[BoundWrite],
    bindings: Bindings,
    snapshot: Snapshot,
    failed: list[tuple[PlannedWrite, list[bytes | None]]],
    *,
    time_limit: float,
    meter: Meter,
    share: Hashable,
    keeping: Companion | None,
) -> bytes:
    """Run a mutation as `run_writes` does; `failed` gets the root field that is refused, with its parameters."""
    role = bindings.role
    if keeping is None and (only := _alone(writes)) and isinstance(bound[0], list):
        try:
            row = await _write(database, only, bound[0], bindings, time_limit=time_limit, share=share)
        except (UniqueViolation, ValueTooLong) as error:
            failed.append((only, bound[0]))
            if known := describe(error, snapshot, only.path, written=only.object_):
                raise located(known, only.location) from error
            raise
        except DatabaseError as error:
            if not error.retryable:
                raise
        else:
            failed.append((only, bound[0]))
            judge_write(only, row, role)
            meter.pay(only.price, bindings, times=count_ids(row[1]))
            return _tell(only, row)

    runs = _runs(writes, bound, snapshot)

    async def work(transaction: Transaction) -> bytes:
        await _begin(transaction, snapshot, keeping)
        meter.forget()
        attempt = Attempt(transaction=transaction, bindings=bindings, snapshot=snapshot, meter=meter)
        answers: list[tuple[str, bytes]] = []
        for one, run in zip(writes, runs, strict=True):
            failed[:] = [(one, run)] if isinstance(one, PlannedWrite) and isinstance(run, list) else []
            answers.append((one.key, await _root(attempt, one, run)))
        await uphold(transaction, attempt.checks, bindings)
        data = _data(answers)
        failed.clear()
        if keeping is not None:
            await keeping.end(transaction, data)
        return data

    try:
        return await run_transaction(database, work, timeout=time_limit, share=share, statement=_telling(writes[0]))
    except ApiError:
        await _name_rows(database, runs, time_limit=time_limit, share=share)
        raise


async def _begin(transaction: Transaction, snapshot: Snapshot, keeping: Companion | None) -> None:
    if keeping is not None:
        await keeping.begin(transaction)
    if snapshot.workspace.is_distributed:
        transaction.precede((_TWO_PHASES, []))


async def _name_rows(database: Database, runs: "Sequence[Run]", *, time_limit: float, share: Hashable) -> None:
    """Have the error of a nested write name the rows that are to blame."""
    for run in runs:
        if isinstance(run, NestedRun) and run.failed is not None:
            await run.failed.name_rows(database, time_limit=time_limit, share=share)


def _telling(first: Planned) -> Statement | None:
    """Return the statement whose pace tells how long a mutation takes that begins with this root field."""
    match first:
        case PlannedWrite():
            return first.write.statement
        case PlannedNested():
            return first.read_back.statement
        case _:
            return None


Run = NestedRun | BoundMerge | list[bytes | None]
"""A root field about to be run: its parameters, its nested write, or the statements of its merge."""


def _runs(writes: Sequence[Planned], bound: Sequence[BoundWrite], snapshot: Snapshot) -> list[Run]:
    return [
        NestedRun(write=one, bound=of_one, snapshot=snapshot, judge=judge_write)
        if isinstance(one, PlannedNested) and isinstance(of_one, BoundNested)
        else cast("BoundMerge | list[bytes | None]", of_one)
        for one, of_one in zip(writes, bound, strict=True)
    ]


async def _root(attempt: Attempt, write: Planned, run: Run) -> bytes:
    """Run one root field, note the checks that wait for the end of the mutation, and return the field's answer."""
    if isinstance(run, NestedRun):
        return await _run_nested(attempt, run)
    if isinstance(run, BoundMerge):
        return await run_merge(attempt, cast("PlannedMerge", write), run)
    if isinstance(write, PlannedWrite):
        return await _try(attempt, write, run)
    return b'"Mutation"'


def _alone(writes: Sequence[Planned]) -> PlannedWrite | None:
    """Return the only write of a mutation if nothing has to be read, checked or written after it."""
    if len(writes) != 1:
        return None
    (only,) = writes
    if not isinstance(only, PlannedWrite) or only.removal.get(only.object_.id):
        return None
    if only.event is not None or (only.read_back is not None and only.row is None):
        return None
    return None if only.deferred or only.deferred_change else only


def single(writes: Sequence[Planned]) -> PlannedWrite | None:
    """Return the only write of a mutation if one statement does all of it."""
    only = _alone(writes)
    return None if only is None or only.object_.table.is_distributed else only


async def _write(
    database: Database,
    write: PlannedWrite,
    parameters: list[bytes | None],
    bindings: Bindings,
    *,
    time_limit: float,
    share: Hashable,
) -> Row:
    """Run the only write of a mutation in one round trip, and return its row with the answer."""
    step: Step = (write.write.statement, parameters)
    if not write.object_.table.is_distributed:
        (row,) = await database.write(*step, timeout=time_limit, share=share)
        return row
    # Outside of a transaction block Citus commits each part of a statement by itself, and so keeps no row locked.
    steps = [(_BEGIN, []), (_TWO_PHASES, []), *_steps(write, parameters)]
    place = len(steps) - 1
    if write.row is not None and write.read_back is not None:
        key = b"{%b}" % (parameters[write.row.key] or b"")
        steps.append((write.read_back.statement, write.read_back.bind(bindings._replace(ids=key))))
    answers = await database.pipeline([*steps, (_COMMIT, [])], timeout=time_limit, share=share)
    (row,) = answers[place]
    return row if len(steps) == place + 1 else (row[0], row[1], answers[-2][0][0])


def _steps(write: PlannedWrite, parameters: list[bytes | None]) -> list[Step]:
    """Return the statements of a write; the last one answers."""
    step: Step = (write.write.statement, parameters)
    return [step] if write.row is None else [write.row.bind(parameters), step]


def tell_single(write: PlannedWrite, row: Row) -> bytes | None:
    """Return the data of a mutation's only write as JSON text; None where something stood in its way.

    Raises:
        BadUserInput: PostgreSQL has passed over it.
    """
    return None if row[0] is not None else _tell(write, row)


def tell_certain(write: PlannedNested, row: Row) -> bytes:
    """Return the data of a mutation's only write, which was certain, as JSON text."""
    return _data([(write.key, _answer(write, row[0] or b"[]"))])


def _tell(write: PlannedWrite, row: Row) -> bytes:
    return _data([(write.key, _answer(write, row[2] or b"[]"))])


async def _try(attempt: Attempt, write: PlannedWrite, parameters: list[bytes | None]) -> bytes:
    """Run one root field; the database's error becomes one of this field."""
    try:
        return await _run(attempt, write, parameters)
    except DatabaseError as error:
        if not error.retryable and (known := describe(error, attempt.snapshot, write.path, written=write.object_)):
            raise located(known, write.location) from error
        raise


async def _run(attempt: Attempt, write: PlannedWrite, parameters: list[bytes | None]) -> bytes:
    transaction, bindings = attempt.transaction, attempt.bindings
    if write.removal.get(write.object_.id):
        await transaction.run(_DEFER, [])
    *before, step = _steps(write, parameters)
    (row,) = (await transaction.pipeline([*before, step]))[-1] if before else await transaction.run(*step)
    judge_write(write, row, bindings.role)
    _, ids, answer, *more = row
    ways = more.pop(0) if write.tells_ways else None
    if write.event is not None:
        if ids and ids != _NO_IDS:
            await transaction.run(write.event, [ids, *more])
        more = []
    created = more[0] if more else None
    attempt.meter.pay(write.price, bindings, times=count_ids(ids))
    attempt.checks.extend(checks_of(write, ids or _NO_IDS, ways, created))
    if ids and ids != _NO_IDS:
        await imply(transaction, write, bindings._replace(ids=ids))
    if write.read_back is not None:
        told = bindings._replace(ids=ids or _NO_IDS, created=created or _NO_IDS)
        answer = await _read(transaction, write.read_back, told)
    return _answer(write, answer or b"[]")


async def _run_nested(attempt: Attempt, run: NestedRun) -> bytes:
    """Run one root field that writes the records of relations too, and read its answer."""
    transaction, bindings, meter, write = attempt.transaction, attempt.bindings, attempt.meter, run.write
    try:
        if run.knows_ids:
            # The answer is read with the last writes: its price must be known before.
            meter.pay(write.price, bindings, times=len(run.bound.ids))
            await run.run(transaction, bindings)
            listed = run.answer or b"[]"
        else:
            await run.run(transaction, bindings)
            meter.pay(write.price, bindings, times=count_ids(run.answered))
            told = bindings._replace(ids=run.answered, created=run.bound.created)
            listed = await _read(transaction, write.read_back, told)
    except DatabaseError as error:
        if not error.retryable and (known := describe(error, run.snapshot, write.path, written=write.object_)):
            raise located(known, write.location) from error
        raise
    attempt.checks.extend(run.checks)
    return _answer(write, listed)


async def _read(transaction: Transaction, bound: BoundStatement, bindings: Bindings) -> bytes:
    (row,) = await transaction.run(bound.statement, bound.bind(bindings))
    return row[0] or b"[]"


def _answer(write: PlannedWrite | PlannedNested, listed: bytes) -> bytes:
    if not write.many and listed == b"[]":
        raise left_out(write)
    return listed if write.many else listed[1:-1]


def _data(answers: Sequence[tuple[str, bytes]]) -> bytes:
    # A response key is a name: there is nothing in it to escape.
    return b"{" + b",".join([b'"%b":%b' % (key.encode(), text) for key, text in answers]) + b"}"
