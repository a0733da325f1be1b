"""Live queries: a root field of Query in a subscription becomes a read plan, and the columns that it reads."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Leaf, Tree, arguments_of
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition, Parameter, Table
from fieldstone.sql.plan.read import Connection, One, ReadPlan
from fieldstone.sql.plan.reads import columns_read, tables_named

LEAST_INTERVAL = 100
"""The shortest `interval`, in milliseconds."""
USUAL_INTERVAL = 250
"""The `interval` of a live query that gives none, in milliseconds."""

ObjectReads = Mapping[UUID, frozenset[str]]
"""The physical names of the columns that are read, by the id of their object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLiveQuery:
    """A live query's plan.

    Attributes:
        key: the response key of its field.
        record: where the query reads a single record of its root's object, which is named by id: the object's id, and
            the number of the parameter that has the record's.
        interval: yields the seconds for which events are gathered; raises BadUserInput.
    """

    key: str
    read: ReadPlan
    reads: ObjectReads
    record: tuple[UUID, int] | None
    interval: Callable[[Bindings], float]


def plan_live_query(context: PlanContext, selected: Selected) -> PlannedLiveQuery:
    """Return the plan of a subscription whose root field is one of Query.

    Raises:
        ApiError: an argument is refused.
    """
    arguments = arguments_of(selected.nodes[0], context.variables)
    read = plan_query(context, {})
    objects = {_bare(object_.table): object_ for object_ in context.touched.values()}
    reads = {objects[_bare(table)].id: columns for table, columns in columns_read(read).items() if not table.cells}
    for object_ in context.touched.values() if context.snapshot.role is not None else ():
        if object_.id not in reads or object_.guarded:
            # A rule or a guard may read any of them.
            reads[object_.id] = frozenset(part.column.name for field in object_.active.values() for part in field.parts)
    ((_, root),) = read.entries
    return PlannedLiveQuery(
        key=selected.key,
        read=read,
        reads=reads,
        record=_single_record(root, objects[_bare(root.table)]) if isinstance(root, One | Connection) else None,
        interval=_interval(arguments.get("interval"), Blame(field="interval", path=(selected.key,))),
    )


def _bare(table: Table) -> Table:
    """Return a table without the cells that a role's guards compute."""
    return replace(table, cells=()) if table.cells else table


def _single_record(root: One | Connection, object_: Object) -> tuple[UUID, int] | None:
    """Return which record a root reads, if it reads no other record of this object, its own."""
    if object_.guarded or sum(table == object_.table for table in tables_named(root)) > 1:
        return None
    for term in _all_of(root.condition):
        match term:
            case Compare(left=left, comparison=Comparison.EQ, right=Parameter(slot=slot)) if left == object_.key:
                return object_.id, slot
    return None


def _all_of(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions all of which hold where this one does."""
    if isinstance(condition, And):
        for term in condition.terms:
            yield from _all_of(term)
    else:
        yield condition


def _interval(tree: Tree, blame: Blame) -> Callable[[Bindings], float]:
    def read(bindings: Bindings) -> float:
        value = None if tree is None else cast("Leaf", tree).read(bindings)
        interval = USUAL_INTERVAL if value is None else int(cast("int", value))
        if interval < LEAST_INTERVAL:
            raise blame.error(f"'interval' must be at least {LEAST_INTERVAL} milliseconds, not {interval}.")
        return interval / 1000

    return read
