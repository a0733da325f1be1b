"""Live queries: a root field of Query in a subscription becomes a read plan, and the columns that it reads."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, cast
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Leaf, Tree, arguments_of
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.metadata.model import Object
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Connection
from fieldstone.sql.plan.read import Aggregate, Groups, One, ReadPlan, Root
from fieldstone.sql.plan.reads import columns_read, tables_named
from fieldstone.sql.types import SqlType

LEAST_INTERVAL = 100
"""The shortest `interval`, in milliseconds."""
USUAL_INTERVAL = 250
"""The `interval` of a live query that gives none, in milliseconds."""

_ANCHORING = frozenset({SqlType.UUID, SqlType.TEXT, SqlType.INTEGER, SqlType.BOOLEAN})
"""The types whose values have one spelling in an event and in a parameter."""

ObjectReads = Mapping[UUID, frozenset[str]]
"""The physical names of the columns that are read, by the id of their object."""


class Anchors(NamedTuple):
    """Columns of an object, by their physical names, each with the parameter that has its value."""

    object_id: UUID
    columns: Mapping[str, Parameter]


@frozen
class PlannedLiveQuery:
    """A live query's plan.

    Attributes:
        key: the response key of its field.
        anchors: the columns of the root's object that have one value in all records which the query reads; None where
            there are none, or it reads the object in another place, too.
        interval: yields the seconds for which events are gathered; raises BadUserInput.
    """

    key: str
    read: ReadPlan
    reads: ObjectReads
    anchors: Anchors | None
    interval: Callable[[Bindings], float]


def plan_live_query(context: PlanContext, selected: Selected) -> PlannedLiveQuery:
    """Return the plan of a subscription whose root field is one of Query.

    Raises:
        ApiError: an argument is refused.
    """
    arguments = arguments_of(selected.nodes[0], context.variables)
    read = plan_query(context, {})
    objects = {_bare(object_.table): object_ for object_ in context.touched.values()}
    reads = {objects[_bare(table)].id: columns for table, columns in columns_read(read).items() if not table.guarded}
    for object_ in context.touched.values() if context.snapshot.role is not None else ():
        if object_.id not in reads or object_.guarded:
            # A rule or a guard may read any of them.
            reads[object_.id] = frozenset(part.column.name for field in object_.active.values() for part in field.parts)
    ((_, root),) = read.entries
    return PlannedLiveQuery(
        key=selected.key,
        read=read,
        reads=reads,
        anchors=_find_anchors(root, objects),
        interval=_interval(arguments.get("interval"), Blame(field="interval", path=(selected.key,))),
    )


def _bare(table: Table) -> Table:
    """Return a table without its guarded columns."""
    return replace(table, guarded=()) if table.guarded else table


def _find_anchors(root: Root, objects: Mapping[Table, Object]) -> Anchors | None:
    """Return the columns with one value in all records of a root's object, if it reads no others of that object."""
    if not isinstance(root, One | Connection | Aggregate | Groups):
        return None
    object_ = objects[_bare(root.table)]
    if object_.guarded or sum(table == object_.table for table in tables_named(root)) > 1:
        return None
    found: dict[str, Parameter] = {}
    for term in _all_of(root.condition):
        match term:
            case Compare(left=Column() as column, comparison=Comparison.EQ, right=Parameter() as value):
                if column.type in _ANCHORING:
                    found[column.name] = value
    return Anchors(object_.id, found) if found else None


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
