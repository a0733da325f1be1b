"""Running a merge: the merged records first, then the records around them; a dry run takes back its own writes."""

import json
from collections.abc import Sequence

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, BadUserInput, NotFound
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.planner.writes.merging.merge import BoundMerge, MergeStep, PlannedMerge
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.statement import Statement, Step
from fieldstone.sql.transaction import Transaction

_SAVE, _UNDO = Statement(text="SAVEPOINT merging"), Statement(text="ROLLBACK TO SAVEPOINT merging")


async def run_merge(
    transaction: Transaction,
    write: PlannedMerge,
    bound: BoundMerge,
    bindings: Bindings,
    snapshot: Snapshot,
    meter: Meter,
) -> bytes:
    """Run one root field that merges records, and return its answer.

    Raises:
        ApiError: a record is not there, or too many point to those that go.
        DatabaseError: the database fails.
    """
    # The answer is read with the last writes: its price must be known before.
    meter.pay(write.price, bindings, times=1)
    if write.is_dry:
        await transaction.run(_SAVE, [])
    first, *others = bound.statements
    # The others would have records point to one that may not be there.
    await _send(transaction, write, [first], 0, snapshot)
    answer = await _send(transaction, write, others, 1, snapshot)
    if write.is_dry:
        await transaction.run(_UNDO, [])
    return answer[1:-1]


async def _send(
    transaction: Transaction, write: PlannedMerge, statements: Sequence[Step], first: int, snapshot: Snapshot
) -> bytes:
    """Send statements, of which the first is that of the step `first`, and return the answer where they read it."""
    steps = write.steps[first : first + len(statements)]
    try:
        answers = await transaction.pipeline(statements)
    except DatabaseError as error:
        place = error.step or 0
        written = steps[place].object_ if place < len(steps) else write.object_
        if not error.retryable and (known := describe(error, snapshot, write.path, written=written)):
            known.locations = known.locations or write.location
            raise known from error
        raise
    for step, rows in zip(steps, answers, strict=False):
        if (problem := rows[0][0]) is not None:
            raise _describe(write, step, problem)
    return answers[-1][0][0] or b"[]"


def _describe(write: PlannedMerge, step: MergeStep, problem: bytes) -> ApiError:
    """Return the error of a statement's problem."""
    name, _, details = problem.decode().partition(":")
    if Problem(name) is Problem.NOT_FOUND:
        ids = ", ".join(json.loads(details))
        error: ApiError = NotFound(
            f"There is no {write.object_.label_singular} with the id {ids} to merge.", field="ids", path=write.path
        )
    else:
        error = BadUserInput(
            f"More than {write.limit} records of {step.object_.label_plural} point to the records that would go, and a"
            " request may write at most so many; nothing was written.",
            field="ids",
            path=write.path,
        )
    error.locations = write.location
    return error
