"""Running a merge: the merged records first, then the records around them; a dry run takes back its own writes."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, BadUserInput, Conflict, Forbidden, NotFound
from fieldstone.engine.planner.writes.merging.merge import BoundMerge, MergeStep, PlannedMerge
from fieldstone.engine.request.execution.attempt import Attempt
from fieldstone.engine.request.write_errors.forbidden import Written, forbidden_message, uphold
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.statement import Row, Statement, Step

_SAVE, _UNDO = Statement(text="SAVEPOINT merging"), Statement(text="ROLLBACK TO SAVEPOINT merging")


async def run_merge(attempt: Attempt, write: PlannedMerge, bound: BoundMerge) -> bytes:
    """Run one root field that merges records, and return its answer; note the checks that wait for the mutation's end.

    Raises:
        ApiError: a record is not there, the role may not write it, or too many point to those that go.
        DatabaseError: the database fails.
    """
    # The answer is read with the last writes: its price must be known before.
    attempt.meter.pay(write.price, attempt.bindings, times=1)
    if write.is_dry:
        await attempt.transaction.run(_SAVE, [])
    run = _Run(attempt, write)
    if bound.trials:
        await run.send(write.trials, bound.trials)
    first, *others = bound.statements
    # The others would have records point to one that may not be there.
    waiting = run.checks(write.steps[:1], await run.send(write.steps[:1], [first]))
    answers = await run.send(write.steps[1:], others)
    waiting += run.checks(write.steps[1:], answers)
    if write.is_dry:
        await uphold(attempt.transaction, waiting, attempt.bindings)
        await attempt.transaction.run(_UNDO, [])
    else:
        attempt.checks.extend(waiting)
    return (answers[-1][0][0] or b"[]")[1:-1]


class _Run(NamedTuple):
    """The run of a merge: sends its statements, and tells the problems of their answers."""

    attempt: Attempt
    write: PlannedMerge

    async def send(self, steps: Sequence[MergeStep], statements: Sequence[Step]) -> Sequence[Sequence[Row]]:
        """Send the statements of some steps, and one that reads the answer behind them; return their answers."""
        write = self.write
        try:
            answers = await self.attempt.transaction.pipeline(statements)
        except DatabaseError as error:
            self._judge(steps, error.answers)
            place = error.step or 0
            written = steps[place].object_ if place < len(steps) else write.object_
            if not error.retryable and (known := describe(error, self.attempt.snapshot, write.path, written=written)):
                known.locations = known.locations or write.location
                raise known from error
            raise
        self._judge(steps, answers)
        return answers

    def checks(self, steps: Sequence[MergeStep], answers: Sequence[Sequence[Row]]) -> list[Written]:
        """Return the checks of the records that some steps have written."""
        write = self.write
        return [
            Written(check, ids or b"{}", ways[0] if ways else None, write.path, write.location)
            for step, ((_, ids, _, *ways),) in zip(steps, answers, strict=False)
            for check in step.deferred
        ]

    def _judge(self, steps: Sequence[MergeStep], answers: Sequence[Sequence[Row]]) -> None:
        for step, rows in zip(steps, answers, strict=False):
            if (problem := rows[0][0]) is not None:
                error = self._describe(step, *problem.decode().split(":", 1))
                error.path, error.locations = self.write.path, self.write.location
                raise error

    def _describe(self, step: MergeStep, name: str, details: str = "") -> ApiError:
        """Return the error of a statement's problem."""
        problem = Problem(name)
        match problem:
            case Problem.NOT_FOUND:
                ids = ", ".join(json.loads(details))
                label = step.object_.label_singular
                return NotFound(f"There is no {label} with the id {ids} to merge.", field="ids")
            case Problem.CHANGED:
                local, id_, place = json.loads(details)
                return Conflict(
                    f"The {step.object_.label_singular} {id_} was changed at {local}Z, which 'ifUpdatedAt' does not"
                    " say.",
                    field=f"ifUpdatedAt[{place}]",
                    extensions={
                        "input": ["ifUpdatedAt", place],
                        "current": {"updatedAt": f"{local}Z"},
                        "rows": [{"index": place, "id": id_}],
                    },
                )
            case Problem.FORBIDDEN | Problem.CHECK:
                id_, action = json.loads(details)
                message = forbidden_message(step.object_, action, problem, self.attempt.bindings.role)
                return Forbidden(message, field="ids", extensions={"rows": [{"id": id_}]})
            case _:
                return BadUserInput(
                    f"More than {self.write.limit} records of {step.object_.label_plural} point to the records that"
                    " would go, and a request may write at most so many; nothing was written.",
                    field="ids",
                )
