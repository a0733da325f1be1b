"""Running a nested write: its steps in order, pipelined as far as none needs the answer of another."""

import asyncio
import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, BadUserInput, Conflict, Forbidden, NotFound
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.writes.creates import AT_ONCE
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.planner.writes.nested.places import InputPath, place_error
from fieldstone.engine.planner.writes.nested.plan import BoundNested, PlannedNested
from fieldstone.engine.planner.writes.nested.steps import (
    BoundStep,
    Found,
    InputRow,
    Step,
    join_encoded,
    known_values,
)
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.planner.writes.row_errors import input_name, say_same_key
from fieldstone.engine.request.write_errors.forbidden import PresetRefused, Written, forbidden_message
from fieldstone.engine.request.write_errors.row_errors import find_blamed
from fieldstone.engine.request.write_errors.verdicts import left_out
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.errors import (
    DatabaseError,
    IntegrityViolation,
    LimitExceeded,
    Serialization,
    UniqueViolation,
    ValueOutOfRange,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.upserts import UniqueKey
from fieldstone.sql.statement import Parameters, Row, Statement, array_text
from fieldstone.sql.statement import Step as SqlStep
from fieldstone.sql.transaction import Transaction

_SAVE, _UNDO = Statement(text="SAVEPOINT nested"), Statement(text="ROLLBACK TO SAVEPOINT nested")
_NO_IDS = b"{}"

_MOST_LOST = 2
"""How often the records to find or create are looked up again because another request has just created one."""


_ROOT_ARGUMENTS = frozenset({"id", "where", "filter", "ifUpdatedAt"})
"""Arguments of an update that its errors name as they are."""


class _Sent(NamedTuple):
    step: Step
    rows: Sequence[InputRow]
    founds: Sequence[Found]
    parameters: Parameters


class TakenKey(NamedTuple):
    """A step that wrote several records, refused because of a unique key of one of them."""

    error: Conflict
    sent: _Sent
    key: UniqueKey
    names: Sequence[str]

    async def name_rows(self, database: Database, *, time_limit: float, share: Hashable) -> None:
        """Have the error name the records that are to blame, as far as they still are."""
        faults = self.sent.step.faults
        if faults is None:
            raise TypeError("the step has no faults")
        statement = compile_plan(replace(faults, missing=(), keys=(self.key,)))
        rows = [self.sent.parameters[slot] for slot in faults.slots]
        ((found,),) = await database.read(statement, rows, timeout=time_limit, share=share)
        blamed = [
            ((*self.sent.rows[index].path, self.names[0]), values) for index, values in json.loads(found or b"[]")
        ]
        if blamed:
            first, *others = [blamed[place][0] for place in find_blamed([values for _, values in blamed])]
            if others:
                self.error.message = say_same_key(first[:-1], others[0][:-1], self.names)
            path = others[0] if others else first
            self.error.field, self.error.extensions["input"] = input_name(path), list(path)
            self.error.extensions["rows"] = [
                {"field": input_name(place), "input": list(place), **_value(values)} for place, values in blamed
            ]


def _value(values: list[JsonValue] | None) -> dict[str, JsonValue]:
    """Return the values of a row's key as an error shows them; nothing for None."""
    if values is None:
        return {}
    return {"value": values[0] if len(values) == 1 else values}


@dataclass(slots=True, kw_only=True)
class NestedRun:
    """The run of one nested write, which is repeated with its transaction.

    Attributes:
        judge: raises the error of an update's own records.
        answered: PostgreSQL's text of the ids that the root field answers.
        answer: the records with these ids, read together with the last statements if the ids are known before.
        lost: how often another request has created a record first.
        failed: the write of several records that the last run was refused for.
        checks: those that wait for the end of the mutation.
        role: the name of the principal's role.
    """

    write: PlannedNested
    bound: BoundNested
    snapshot: Snapshot
    judge: Callable[[PlannedWrite, Row, str], None]
    answered: bytes = _NO_IDS
    answer: bytes | None = None
    lost: int = 0
    failed: TakenKey | None = None
    checks: list[Written] = field(default_factory=list)
    role: str = ""
    _waiting: list[_Sent] = field(default_factory=list)

    @property
    def knows_ids(self) -> bool:
        """Whether the ids that the root field answers are known before it runs."""
        is_found = any(isinstance(id_, Found) for id_ in self.bound.ids)
        return not (is_found or (self.write.root is not None and self.write.many))

    async def run(self, transaction: Transaction, bindings: Bindings) -> None:
        """Run the steps; when it returns, no verdict stands against any of them.

        Raises:
            ApiError: a verdict stands against a step.
            DatabaseError: the database fails.
        """
        self._waiting.clear()
        self.checks.clear()
        self.failed, self.role = None, bindings.role
        self.answered = self.bound.answered if self.write.root is None else _NO_IDS
        for bound in self.bound.steps:
            for found in bound.founds:
                found.forget()
        # Where a filter means no record, none is made for it to lead to.
        is_shared = self.write.root is not None and self.write.many
        if is_shared:
            await transaction.run(_SAVE, [])
        for bound in self.bound.steps:
            if bound.given is None and any(sent.founds for sent in self._waiting):
                await self._flush(transaction)
            await self._send(bound, bindings)
        last: SqlStep | None = None
        if self.knows_ids:
            read_back = self.write.read_back
            last = (read_back.statement, read_back.bind(bindings._replace(ids=self.bound.answered)))
        await self._flush(transaction, last)
        if self.write.root is None:
            # Which records are there was looked up meanwhile.
            self.answered = self.bound.answered
        if is_shared and self.answered == _NO_IDS:
            await transaction.run(_UNDO, [])

    async def _send(self, bound: BoundStep, bindings: Bindings) -> None:
        counts = [row.when is None or row.when.holds() for row in bound.rows]
        rows = [row for row, is_counted in zip(bound.rows, counts, strict=True) if is_counted]
        if not rows:
            return
        founds = [found for found, is_counted in zip(bound.founds, counts, strict=False) if is_counted]
        if bound.step.identity is not None:
            self._check_once(rows, bound.step.identity)
        given = bound.given if bound.given is not None else await _encode(bound.step, rows)
        self._waiting.append(_Sent(bound.step, rows, founds, bound.parameters(given, bindings)))

    def _check_once(self, rows: Sequence[InputRow], place: int) -> None:
        """Refuse a record that two rows of a statement would change: only one of the changes would be made."""
        seen: set[object] = set()
        for row in rows:
            if (id_ := row.known(place)) in seen:
                message = f"The record with the id {id_} is changed twice: name each record once."
                raise self._located(BadUserInput(message), row.path)
            seen.add(id_)

    async def _flush(self, transaction: Transaction, last: SqlStep | None = None) -> None:
        """Send the steps that wait, and judge the answers; the statement that comes `last` reads the root's answer."""
        sent, self._waiting = self._waiting, []
        statements: list[SqlStep] = [(one.step.bound.statement, one.parameters) for one in sent]
        statements += [] if last is None else [last]
        if not statements:
            return
        try:
            answers = await transaction.pipeline(statements)
        except DatabaseError as error:
            # Records that were refused are missing to those that shall point to them.
            self._take(sent, error.answers)
            if (error.step or 0) >= len(sent):
                raise
            raise self._describe(error, sent) from error
        if last is not None:
            ((self.answer,),) = answers.pop()
        self._take(sent, answers)

    def _take(self, sent: Sequence[_Sent], answers: Sequence[Sequence[Row]]) -> None:
        """Judge the answers of the steps that were sent, as far as there are any, and note them."""
        for one, (row,) in zip(sent, answers, strict=False):
            if one.step.finds:
                self._find(one, row)
            elif one.step.is_root:
                self._finish_root(one, row)
            elif row[0] is not None:
                raise self._judge(one, row[0])
            self._note_check(one, row)

    def _note_check(self, sent: _Sent, row: Row) -> None:
        """Note the check of the records that a step has written."""
        deferred, place = sent.step.deferred, sent.step.written
        if deferred is None:
            return
        ids = row[1] or _NO_IDS
        if place is not None:
            named = (one.known(place) for one in sent.rows)
            ids = array_text([str(id_) for id_ in named if id_ is not None]).encode()
        ways = row[3] if deferred.tells_ways else None
        self.checks.append(Written(deferred, ids, ways, self.write.path, self.write.location))

    def _finish_root(self, sent: _Sent, row: Row) -> None:
        """Judge the write of an update's own records, and note their ids."""
        write = self.write.root
        if write is None:
            raise TypeError("a create has no write of its own")
        try:
            self.judge(write, row, self.role)
        except PresetRefused:
            raise
        except ApiError as error:
            raise error if error.field in _ROOT_ARGUMENTS else place_error(error, ("data",)) from None
        self.answered = row[1] or _NO_IDS
        if self.answered == _NO_IDS and not self.write.many:
            raise left_out(self.write)
        for found in sent.founds:
            found.is_asked, found.value = True, self.answered.decode().strip("{}").partition(",")[0] or None

    def _find(self, sent: _Sent, row: Row) -> None:
        """Note the records found. Rows that name one record which is not there make it once."""
        making: dict[tuple[object, ...], Found] = {}
        for found, value, asked in zip(sent.founds, json.loads(row[0] or b"[]"), sent.rows, strict=True):
            found.is_asked, found.value = True, value
            if value is None and found.made is None:
                raise self._located(NotFound(found.missing), asked.path)
            if value is None:
                key = tuple(known_values((asked,))[0])
                first = making.setdefault(key, found)
                found.value = None if first is found else first.made
            if (refusal := found.refusal) is not None:
                refusal.path, refusal.locations = self.write.path, self.write.location
                raise refusal

    def _judge(self, sent: _Sent, problem: bytes) -> Exception:
        """Return the error of a step's problem; retryable where the next try makes the record."""
        name, _, details = problem.decode().partition(":")
        step = sent.step
        match Problem(name):
            case Problem.FORBIDDEN | Problem.CHECK:
                first = json.loads(details)[0]
                row = sent.rows[first] if isinstance(first, int) else self._row_of(sent, first)
                if Problem(name) is Problem.FORBIDDEN and self._is_lost(step, row):
                    return Serialization("the record that was found is another one's now", sqlstate="40001")
                message = forbidden_message(step.object_, step.action, Problem(name), self.role)
                return self._located(Forbidden(message), row.path)
            case Problem.NOT_FOUND:
                first = json.loads(details)[0]
                row = sent.rows[first] if isinstance(first, int) else self._row_of(sent, first)
                id_ = row.known(step.identity or 0)
                if self._is_lost(step, row):
                    return Serialization("another request has deleted the record meanwhile", sqlstate="40001")
                label = step.object_.label_singular
                among = "" if step.among is None else f" among '{step.among}'"
                error = NotFound(f"There is no {label} with the id {id_}{among} to {step.action}.")
                # A change of one of several is named by its id, beside its data.
                is_item = row.path[-1] == "data"
                return self._located(error, (*row.path[:-1], "id") if is_item else row.path)
            case Problem.TARGET_NOT_FOUND:
                place, index = json.loads(details)
                reference = step.references[place]
                if reference.preset is not None:
                    refused = PresetRefused.of(reference.preset, self.role)
                    refused.path, refused.locations = self.write.path, self.write.location
                    return refused
                message = f"There is no {reference.target} to connect '{reference.field}' to."
                return self._located(NotFound(message, field=reference.field), sent.rows[index].path)
            case _:
                return self._located(
                    BadUserInput(
                        f"More than {self.write.limit} records would be disconnected, and a request may write at most"
                        " so many; nothing was written."
                    ),
                    sent.rows[0].path,
                )

    def _is_lost(self, step: Step, row: InputRow) -> bool:
        """Return whether a row changes a record that was found and may be made, as the next try will do."""
        value = row.values[step.identity or 0]
        if not isinstance(value, Found) or value.made is None or self.lost >= _MOST_LOST:
            return False
        self.lost += 1
        return True

    def _row_of(self, sent: _Sent, id_: str) -> InputRow:
        place = sent.step.identity or 0
        return next((row for row in sent.rows if row.known(place) == id_), sent.rows[0])

    def _describe(self, error: DatabaseError, sent: Sequence[_Sent]) -> Exception:
        """Return the error of a step that the database refused; retryable where the next try finds the record."""
        step = sent[error.step or 0]
        if isinstance(error, UniqueViolation) and self._finds_or_makes() and self.lost < _MOST_LOST:
            self.lost += 1
            return Serialization("another request has created the record meanwhile", sqlstate="40001")
        if error.retryable:
            return error
        known = describe(error, self.snapshot, self.write.path, written=step.step.object_)
        if known is None:
            return error
        if len(step.rows) == 1:
            return self._located(known, step.rows[0].path)
        names = known.extensions.get("fields") or [known.field]
        # The place is that of all rows: none of them is known to be the one whose field it is.
        known.field = None
        located = self._located(known, _shared(step.rows))
        faults = step.step.faults
        if isinstance(located, Conflict) and faults is not None:
            keys = [key for key, own in zip(faults.keys, step.step.keys, strict=True) if list(own) == names]
            self.failed = TakenKey(located, step, keys[0], names) if keys else None
        return located

    def _finds_or_makes(self) -> bool:
        return any(found.made is not None for bound in self.bound.steps for found in bound.founds)

    def _located(self, error: ApiError, path: InputPath) -> ApiError:
        error.path, error.locations = self.write.path, self.write.location
        return place_error(error, path)


def _shared(rows: Sequence[InputRow]) -> InputPath:
    """Return the place that all rows are in."""
    first, last = rows[0].path, rows[-1].path
    length = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]


async def run_certain(
    database: Database, certain: CertainCreate, parameters: Parameters, *, time_limit: float, share: Hashable
) -> Row | None:
    """Return the row of a nested create that one statement does; None if its steps must tell why it failed."""
    try:
        (row,) = await database.write(certain.statement, parameters, timeout=time_limit, share=share)
    except (IntegrityViolation, ValueOutOfRange, LimitExceeded):
        return None
    except DatabaseError as error:
        if not error.retryable:
            raise
        return None
    return row


async def _encode(step: Step, rows: Sequence[InputRow]) -> tuple[bytes | None, ...]:
    """Return the rows as their statement takes them, in pieces between which others are served."""
    pieces: list[tuple[bytes | None, ...]] = []
    for start in range(0, len(rows), AT_ONCE):
        if start:
            await asyncio.sleep(0)
        pieces.append(step.encode(known_values(rows[start : start + AT_ONCE])))
    return pieces[0] if len(pieces) == 1 else join_encoded(pieces)
