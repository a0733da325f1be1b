"""Groups: a root field groupBy becomes the plan of a page of groups."""

import hashlib

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, arguments_of, required_argument
from fieldstone.engine.planner.context import PlanContext, readable, type_literal
from fieldstone.engine.planner.reads.aggregates import build_measure, build_shorthand
from fieldstone.engine.planner.reads.filters.conditions import select_condition
from fieldstone.engine.planner.reads.grouping.dimensions import Grouping, build_groupings
from fieldstone.engine.planner.reads.grouping.having import Measures, build_having
from fieldstone.engine.planner.reads.grouping.keys import build_key
from fieldstone.engine.planner.reads.grouping.orders import build_group_order
from fieldstone.engine.planner.reads.orders import build_order, order_tag
from fieldstone.engine.planner.reads.pages import build_page
from fieldstone.engine.planner.reads.selection import build_facet
from fieldstone.metadata.aggregates import BY_NAME
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import INT
from fieldstone.sql.plan.aggregates import Computed, Count
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.outputs import (
    BARE,
    AggregateRecord,
    Cursor,
    Edges,
    Literal,
    OrderKey,
    PageInfo,
    Record,
    Value,
)
from fieldstone.sql.plan.read import DimensionTexts, GroupOutput, GroupRecords, Groups

MOST_GROUPS = 1_000
"""Groups on a page, at most and unless a smaller number is given."""


def build_groups(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Groups:
    """Return the plan of a page of an object's groups."""
    node = selected.nodes[0]
    arguments = arguments_of(node, context.variables)
    blame = Blame(field="groupBy", path=path)
    groupings = build_groupings(context, object_, required_argument(node, context.variables, blame), blame)
    condition = select_condition(context, object_, arguments.get("filter"), blame.at("filter"))
    measures = Measures()
    having = build_having(context, object_, arguments.get("having"), measures, blame.at("having"))
    order = build_group_order(object_, arguments.get("orderBy"), groupings, measures, blame.at("orderBy"))
    tag = _tag(object_, groupings, order, measures)
    page = build_page(context, arguments, order, tag, path, default=MOST_GROUPS, largest=MOST_GROUPS)
    entries = tuple(
        (field.key, _output(context, object_, field, groupings, measures, (*path, field.key)))
        for field in context.selected_below(selected)
    )
    return Groups(
        table=readable(context, object_),
        condition=condition,
        dimensions=tuple(grouping.dimension for grouping in groupings),
        measures=tuple(measures.found),
        having=having or And(terms=()),
        order=order,
        page=page,
        cursor_tag=tag,
        entries=entries,
    )


def _tag(object_: Object, groupings: tuple[Grouping, ...], order: tuple[OrderKey, ...], measures: Measures) -> str:
    """Return the mark of the cursors of these groups in this order: 8 hex digits."""
    names = [order_tag(object_, order, names_of=measures.names(object_))]
    for grouping in groupings:
        dimension = grouping.dimension
        names.append(f"{'.'.join(grouping.names)} {dimension.bucket} {dimension.first_day} {dimension.width is None}")
    return hashlib.sha256("|".join(names).encode()).hexdigest()[:8]


def _output(
    context: PlanContext,
    object_: Object,
    selected: Selected,
    groupings: tuple[Grouping, ...],
    measures: Measures,
    path: AnswerPath,
) -> GroupOutput:
    match selected.name:
        case "__typename":
            return type_literal(type_name(object_, TypeRole.GROUP_RESULT))
        case "key":
            return build_key(context, object_, selected, groupings, path)
        case "groupByDimensionValues":
            return DimensionTexts(values=tuple(grouping.value for grouping in groupings))
        case "cursor":
            return Cursor()
        case "records":
            return _records(context, object_, selected, measures, path)
        case "totalCount":
            return _measured(Count(), measures)
        case name if name == "count" or name in BY_NAME:
            return _measured(build_measure(context, object_, selected), measures)
        case name:
            return _measured(build_shorthand(object_, name), measures)


def _measured(measure: Computed | Count | AggregateRecord, measures: Measures) -> Value | Record:
    """Return the output of an aggregate that each group has in a column."""
    match measure:
        case Count():
            return Value(column=measures.column(measure), encoding=INT.encoding)
        case Computed():
            return Value(column=measures.column(measure), encoding=measure.encoding)
        case AggregateRecord():
            return Record(
                entries=tuple(
                    (key, inner if isinstance(inner, Literal) else _measured(inner, measures))
                    for key, inner in measure.entries
                )
            )


def _records(
    context: PlanContext, object_: Object, selected: Selected, measures: Measures, path: AnswerPath
) -> GroupRecords:
    arguments = arguments_of(selected.nodes[0], context.variables)
    order = build_order(context, object_, arguments.get("orderBy"), Blame(field="orderBy", path=path))
    tag = order_tag(object_, order)
    limit = build_page(context, arguments, order, tag, path).limit
    entries: list[tuple[str, Edges | PageInfo | Value | Record | Literal]] = []
    for field in context.selected_below(selected):
        facet = build_facet(context, object_, field, (*path, field.key))
        if isinstance(facet, Edges | PageInfo | Literal):
            entries.append((BARE if context.is_rest else field.key, facet))
        else:
            entries.append((field.key, _measured(facet, measures)))
    return GroupRecords(order=order, limit=limit, cursor_tag=tag, entries=tuple(entries))
