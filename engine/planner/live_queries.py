"""Live queries: a root field of Query in a subscription becomes a read plan, and the columns that it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Leaf, Tree, arguments_of
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.sql.plan.read import ReadPlan
from fieldstone.sql.plan.reads import columns_read

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
        interval: yields the seconds for which events are gathered; raises BadUserInput.
    """

    key: str
    read: ReadPlan
    reads: ObjectReads
    interval: Callable[[Bindings], float]


def plan_live_query(context: PlanContext, selected: Selected) -> PlannedLiveQuery:
    """Return the plan of a subscription whose root field is one of Query.

    Raises:
        ApiError: an argument is refused.
    """
    arguments = arguments_of(selected.nodes[0], context.variables)
    read = plan_query(context, {})
    ids = {object_.table: id_ for id_, object_ in context.touched.items()}
    return PlannedLiveQuery(
        key=selected.key,
        read=read,
        reads={ids[table]: columns for table, columns in columns_read(read).items()},
        interval=_interval(arguments.get("interval"), Blame(field="interval", path=(selected.key,))),
    )


def _interval(tree: Tree, blame: Blame) -> Callable[[Bindings], float]:
    def read(bindings: Bindings) -> float:
        value = None if tree is None else cast("Leaf", tree).read(bindings)
        interval = USUAL_INTERVAL if value is None else int(cast("int", value))
        if interval < LEAST_INTERVAL:
            raise blame.error(f"'interval' must be at least {LEAST_INTERVAL} milliseconds, not {interval}.")
        return interval / 1000

    return read
