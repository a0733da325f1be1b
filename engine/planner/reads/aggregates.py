"""Aggregates: count, sum, avg, min and max over the records under a filter."""

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, arguments_of
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.filters import select_condition
from fieldstone.engine.planner.reads.selection import type_literal
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Object, Part
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.plan.read import Aggregate, AggregateFunction, AggregateRecord, Computed, Count, Literal

_GROUPS = {
    "sum": (AggregateFunction.SUM, TypeRole.SUM),
    "avg": (AggregateFunction.AVG, TypeRole.AVG),
    "min": (AggregateFunction.MIN, TypeRole.MIN),
    "max": (AggregateFunction.MAX, TypeRole.MAX),
}


def result_scalar(function: AggregateFunction, scalar: Scalar) -> Scalar | None:
    """Return the scalar of an aggregate's result, None where a column of this scalar has no such aggregate."""
    match function:
        case AggregateFunction.SUM | AggregateFunction.AVG:
            return scalar.total
        case AggregateFunction.MIN | AggregateFunction.MAX:
            return scalar if scalar.extremes else None


def build_aggregate(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Aggregate:
    """Return the output of an aggregate root field."""
    context.touch(object_)
    arguments = arguments_of(selected.nodes[0], context.variables)
    condition = select_condition(context, object_, arguments.get("filter"), Blame(field="filter", path=path))
    entries: list[tuple[str, Count | Literal | AggregateRecord]] = []
    for field in context.selected_below(selected):
        if field.name == "count":
            entries.append((field.key, Count()))
        elif field.name == "__typename":
            entries.append((field.key, type_literal(type_name(object_, TypeRole.AGGREGATE))))
        else:
            entries.append((field.key, _group(context, object_, field)))
    return Aggregate(table=object_.table, condition=condition, record=AggregateRecord(entries=tuple(entries)))


def _group(context: PlanContext, object_: Object, selected: Selected) -> AggregateRecord:
    function, role = _GROUPS[selected.name]
    entries: list[tuple[str, Computed | Literal | AggregateRecord]] = []
    for member in context.selected_below(selected):
        if member.name == "__typename":
            entries.append((member.key, type_literal(type_name(object_, role))))
            continue
        field = object_.by_name[member.name]
        if not field.is_composite:
            entries.append((member.key, _computed(function, field.parts[0])))
            continue
        parts = {part.name: part for part in field.parts}
        name = f"{FIELD_TYPES[field.type].composite}{role.value}"
        entries.append(
            (
                member.key,
                AggregateRecord(
                    entries=tuple(
                        (sub.key, type_literal(name))
                        if sub.name == "__typename"
                        else (sub.key, _computed(function, parts[sub.name]))
                        for sub in context.selected_below(member)
                    )
                ),
            )
        )
    return AggregateRecord(entries=tuple(entries))


def _computed(function: AggregateFunction, part: Part) -> Computed:
    scalar = result_scalar(function, part.scalar) or part.scalar
    return Computed(function=function, column=part.column, encoding=scalar.encoding)
