"""The plan of a root field of a mutation that one statement writes, and of the statement that reads its answer back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, assert_never

from fieldstone.engine.planner.access.write_rights import DeferredCheck
from fieldstone.engine.planner.answer_size import written_bytes_to_count
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, readable
from fieldstone.engine.planner.cost import price_of_record
from fieldstone.engine.planner.price import Price, limit_offsets
from fieldstone.engine.planner.writes.events import bind_created, bind_ids
from fieldstone.engine.planner.writes.removal import Removal
from fieldstone.engine.planner.writes.values.connects import ReferenceName
from fieldstone.metadata.api_names import Verb
from fieldstone.metadata.model import Object
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.outputs import Connection, Literal, NodeId, Output, Record, ToOne, Value
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.write import WritePlan
from fieldstone.sql.plan.writes.apart import ChangeApart, ChangedEvent, CreatedEvent, RowApart, is_apart
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.inserts import InsertOne
from fieldstone.sql.plan.writes.look_ups import Faults, ReadBack
from fieldstone.sql.statement import Statement, Step
from fieldstone.sql.types import SqlType


@frozen
class PlannedWrite:
    """One root field of a mutation.

    Attributes:
        many: the answer is the list of the records, else its one item.
        write: the statement that writes; its row is (problem, ids, answer), with the ways behind if it `tells_ways`.
        read_back: reads the answer by the ids, where the write cannot give it.
        removal: the work on other records once these are gone.
        limit: how many records it may write.
        price: the price of the answer for each record.
        is_dear: whether the limit follows from that price.
        key_fields: the fields of the unique key that names its record; none if that is its id, or a filter.
        references: the targets of the write's references, for the message of a missing one.
        keys: the fields of the unique keys of `faults`, for the message of one that is taken.
        changed: the fields of an update's first assignments, which change values by the values before.
        faults: the search for the rows to blame, if a create or an upsert fails.
        row: inserts the row of the record before, where the write's statement does not.
        event: leaves the event afterwards, where it does not; its parameters are the ids, and the columns behind all
            others of the write's row.
        deferred: the check of the records before the commit; of an upsert, of those that it has created.
        deferred_change: of an upsert, the check of those that were there.
    """

    key: str
    path: AnswerPath
    location: tuple[tuple[int, int], ...]
    object_: Object
    verb: Verb
    many: bool
    write: BoundStatement
    read_back: BoundStatement | None
    removal: Removal
    limit: int
    price: Price
    is_dear: bool
    key_fields: tuple[str, ...]
    references: tuple[ReferenceName, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    faults: Faults | None = None
    row: "RowStatement | None" = None
    event: Statement | None = None
    changed: tuple[str, ...] = ()
    deferred: DeferredCheck | None = None
    deferred_change: DeferredCheck | None = None

    @property
    def tells_ways(self) -> bool:
        """Whether the row of the write has the ways that took each record, behind the answer."""
        return any(one is not None and one.tells_ways for one in (self.deferred, self.deferred_change))


@frozen
class RowStatement:
    """The statement that inserts a record's row alone.

    Attributes:
        slots: the places of its parameters among those of the write.
        key: the place of the record's key there.
    """

    statement: Statement
    slots: tuple[int, ...]
    key: int

    def bind(self, parameters: Sequence[bytes | None]) -> Step:
        """Return the statement with its parameters, of the parameters of the write."""
        return self.statement, [parameters[slot] for slot in self.slots]


class CompiledWrite(NamedTuple):
    """The statements of a write, as the attributes of a PlannedWrite."""

    write: BoundStatement
    row: RowStatement | None = None
    event: Statement | None = None


def compile_write(plan: WritePlan, parameters: ParameterList, *, is_one: bool) -> CompiledWrite:
    """Compile a write that has these parameters; on a node of Citus, that of one record has its event apart."""
    if isinstance(plan, InsertOne) and is_apart(plan):
        row = RowApart(insert=plan)
        written = compile_bound(CreatedEvent(row=row), parameters).unlimited()
        return CompiledWrite(written, row=RowStatement(statement=compile_plan(row), slots=row.slots, key=row.key))
    if is_one and isinstance(plan, Update | Delete) and plan.table.is_distributed:
        changed = compile_bound(ChangeApart(change=plan), parameters).unlimited()
        return CompiledWrite(changed, event=compile_plan(ChangedEvent(event=plan.event)))
    return CompiledWrite(compile_bound(plan, parameters).unlimited())


@frozen
class TypeNameOnly:
    """A root field `__typename` of a mutation."""

    key: str


def is_in_row(output: Output, table: Table, *, is_alone: bool = False) -> bool:
    """Return whether an output is made of a row of the table and, unless it `is_alone`, others that it points to."""
    match output:
        case Literal() | Value() | NodeId():
            return True
        case Record():
            return all(is_in_row(entry, table, is_alone=is_alone) for _, entry in output.entries)
        case ToOne():
            return not is_alone and table not in parts_of(output.hop) and is_in_row(output.record, table)
        case Connection():
            return False
        case _:
            assert_never(output)


def plan_read_back(
    context: PlanContext,
    object_: Object,
    key: str,
    build: Callable[[], Record],
    *,
    times: int = 1,
    tells_created: bool = False,
) -> tuple[BoundStatement, Price, Record]:
    """Return the statement that reads an answer by the ids of the records written, its price for each, and the record.

    Args:
        context: the operation, whose parameters become those of the statement.
        object_: the object of the records.
        key: the response key of the root field.
        build: plans the output of a record.
        times: how many records the answer may have.
        tells_created: whether the output says which of the records were created.
    """
    context.parameters = ParameterList()
    ids = context.parameters.add(bind_ids, SqlType.UUID, array=True)
    created = context.parameters.add(bind_created, SqlType.BOOLEAN, array=True) if tells_created else None
    record = build()
    price = price_of_record(record, key, context.parameters)
    limit_offsets(price, context.limits.cost, context.parameters)
    plan = ReadBack(
        table=readable(context, object_),
        key=object_.key,
        # For ids that it sees, PostgreSQL would plan the statement each time, which takes longer than to run it.
        ids=replace(ids, unplanned=True),
        created=created and replace(created, unplanned=True),
        record=record,
        most_bytes=written_bytes_to_count(record, times=times, most=context.limits.response_bytes),
    )
    return compile_bound(plan, context.parameters).unlimited(), price, record
