"""Aggregates: values that are computed from all records under a filter."""

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, arguments_of
from fieldstone.engine.planner.context import PlanContext, readable, type_literal
from fieldstone.engine.planner.reads.filters.conditions import select_condition
from fieldstone.engine.planner.reads.measures import compute
from fieldstone.metadata.aggregates import BY_NAME, Aggregation, aggregated, find_shorthand
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object
from fieldstone.sql.plan.aggregates import Computed, Count
from fieldstone.sql.plan.outputs import AggregateRecord, Literal
from fieldstone.sql.plan.read import Aggregate


def build_aggregate(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Aggregate:
    """Return the output of an aggregate root field."""
    context.touch(object_)
    arguments = arguments_of(selected.nodes[0], context.variables)
    condition = select_condition(context, object_, arguments.get("filter"), Blame(field="filter", path=path))
    return Aggregate(
        table=readable(context, object_), condition=condition, record=build_measures(context, object_, selected)
    )


def build_measures(context: PlanContext, object_: Object, selected: Selected) -> AggregateRecord:
    """Return the aggregates that are selected of an object's records."""
    entries: list[tuple[str, Count | Literal | AggregateRecord]] = []
    for field in context.selected_below(selected):
        if field.name == "__typename":
            entries.append((field.key, type_literal(type_name(object_, TypeRole.AGGREGATE))))
        else:
            entries.append((field.key, build_measure(context, object_, field)))
    return AggregateRecord(entries=tuple(entries))


def build_measure(context: PlanContext, object_: Object, selected: Selected) -> Count | AggregateRecord:
    """Return one field of an object's aggregate: the count, or an aggregate of the fields selected below it."""
    if selected.name == "count":
        return Count()
    aggregation = BY_NAME[selected.name]
    members = {name: (field, parts) for name, field, parts in aggregated(object_, aggregation.role)}
    entries: list[tuple[str, Computed | Literal | AggregateRecord]] = []
    for member in context.selected_below(selected):
        if member.name == "__typename":
            entries.append((member.key, type_literal(type_name(object_, aggregation.role))))
            continue
        field, parts = members[member.name]
        if field.is_composite:
            entries.append((member.key, _composite(context, aggregation, field, member)))
        else:
            entries.append((member.key, compute(aggregation, field, *parts)))
    return AggregateRecord(entries=tuple(entries))


def build_shorthand(object_: Object, name: str) -> Computed:
    """Return the aggregate that a connection's field stands for by its other name."""
    found = find_shorthand(object_, name)
    if found is None:
        msg = f"the validated field {name} is no aggregate"
        raise LookupError(msg)
    aggregation, field, parts = found
    return compute(aggregation, field, *parts)


def _composite(context: PlanContext, aggregation: Aggregation, field: Field, selected: Selected) -> AggregateRecord:
    parts = {part.name: part for part in field.parts}
    name = f"{FIELD_TYPES[field.type].composite}{aggregation.role.value}"
    return AggregateRecord(
        entries=tuple(
            (
                sub.key,
                type_literal(name) if sub.name == "__typename" else compute(aggregation, field, parts[sub.name]),
            )
            for sub in context.selected_below(selected)
        )
    )
