"""Selections: the fields asked of a record or a connection become its output."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Blame, arguments_of
from fieldstone.engine.planner.context import PlanContext, Site, hop_over, readable, type_literal
from fieldstone.engine.planner.reads.aggregates import build_measures, build_shorthand
from fieldstone.engine.planner.reads.distinct import build_distinct, default_order, read_distinct
from fieldstone.engine.planner.reads.filters.conditions import select_condition
from fieldstone.engine.planner.reads.filters.json_paths import build_path
from fieldstone.engine.planner.reads.orders import build_order, cursor_tag, order_tag
from fieldstone.engine.planner.reads.pages import build_page
from fieldstone.engine.planner.reads.sampling import find_sample
from fieldstone.engine.planner.reads.text_indexes import note_order
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.catalog.api_model.other_names import (
    MOST_ITEMS,
    Constant,
    Items,
    Same,
    find_other_name,
    is_plain_list,
)
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field, Object, Part, RelationEnd, relation_end
from fieldstone.sql.plan.aggregates import Count, Measure
from fieldstone.sql.plan.elements import Link
from fieldstone.sql.plan.outputs import (
    BARE,
    AggregateRecord,
    Connection,
    Cursor,
    Edges,
    Literal,
    NodeId,
    Output,
    Page,
    PageFact,
    PageInfo,
    Record,
    ToOne,
    Value,
)
from fieldstone.sql.types import Encoding, SqlType


def build_record(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Record:
    """Return the output of a record with the fields that are selected below a field."""
    return build_fields(context, object_, context.selected_of(object_, selected), path)


def build_fields(context: PlanContext, object_: Object, selected: Sequence[Selected], path: AnswerPath) -> Record:
    """Return the output of a record with these fields."""
    context.touch(object_)
    return Record(
        entries=tuple(
            [(field.key, _output(context, object_, field.name, field, (*path, field.key))) for field in selected]
        )
    )


def _output(context: PlanContext, object_: Object, name: str, selected: Selected, path: AnswerPath) -> Output:
    if name == "__typename":
        return type_literal(object_.type_name)
    if holder := object_.foreign_keys.get(name):
        return _value(holder)
    field = object_.by_name.get(name)
    if field is None:
        match find_other_name(object_, name):
            case Same(field=own):
                return _output(context, object_, own, selected, path)
            case Items(relation=relation):
                return _items(context, object_, object_.by_name[relation], selected, path)
            case Constant(value=value):
                return Literal(text=dumps(value))
        # The schema lets no other name through.
        return NodeId(object_id=object_.id.bytes, key=object_.key)
    if field.relation_id is None:
        if field.type is FieldType.RAW_JSON:
            return context.attempt(lambda: _json(context, field, selected, path), selected, path)
        return _composite(context, field, selected) if field.is_composite else _value(field)
    return context.attempt(lambda: _related(context, object_, field, selected, path), selected, path)


def _related(
    context: PlanContext, object_: Object, field: Field, selected: Selected, path: AnswerPath
) -> ToOne | Connection:
    end = relation_end(context.snapshot, field)
    if end is None:
        raise Blame(field=field.name, path=path).error(
            f"The relation '{field.name}' leads to an object that is not active."
        )
    if not end.to_one:
        if is_plain_list(object_, field.name):
            return _items(context, object_, field, selected, path)
        return build_connection(context, end.target, selected, path, over=(object_, end))
    context.note_nullable(path)
    hop = hop_over(context, end)
    return ToOne(hop=hop, record=build_record(context, end.target, selected, path))


def _value(field: Field) -> Value:
    part = field.parts[0]
    return Value(column=part.column, encoding=part.scalar.encoding)


def _json(context: PlanContext, field: Field, selected: Selected, path: AnswerPath) -> Value:
    """Return a document, or the value at the path that is given."""
    arguments = arguments_of(selected.nodes[0], context.variables)
    if arguments.get("path") is None:
        return _value(field)
    context.note_nullable(path)
    return replace(_value(field), path=build_path(context, arguments["path"], Blame(field="path", path=path)))


def _composite(context: PlanContext, field: Field, selected: Selected) -> Record:
    parts = {part.name: part for part in field.parts}
    name = FIELD_TYPES[field.type].composite or ""
    return Record(
        entries=tuple(
            (
                sub.key,
                type_literal(name) if sub.name == "__typename" else _part_value(context, field, parts[sub.name]),
            )
            for sub in context.selected_below(selected)
        )
    )


def _part_value(context: PlanContext, field: Field, part: Part) -> Value:
    is_amount = context.is_rest and field.type is FieldType.CURRENCY and part.column.type is SqlType.BIGINT
    return Value(column=part.column, encoding=Encoding.BARE if is_amount else part.scalar.encoding)


def build_connection(
    context: PlanContext,
    object_: Object,
    selected: Selected,
    path: AnswerPath,
    *,
    over: tuple[Object, RelationEnd] | None = None,
) -> Connection:
    """Return the output of a connection to `object_`; `over` is the object at hand and its end of the relation."""
    arguments = arguments_of(selected.nodes[0], context.variables)
    names = read_distinct(arguments.get("distinctOn"))
    order = build_order(
        context,
        object_,
        arguments.get("orderBy"),
        Blame(field="orderBy", path=path),
        default=default_order(object_, names),
    )
    distinct = build_distinct(object_, names, order, Blame(field="distinctOn", path=path))
    tag = cursor_tag(context, object_, order, distinct)
    link = None
    if over is None:
        note_order(context, object_, order)
    else:
        holder, end = over
        link = Link(column=end.foreign_key.column, key=holder.key)
    blame = Blame(field="filter", path=path)
    site = Site.SCAN if over is None else Site.POINT
    condition = select_condition(context, object_, arguments.get("filter"), blame, site=site)
    return Connection(
        table=readable(context, object_),
        condition=condition,
        link=link,
        order=order,
        page=build_page(context, arguments, order, tag, path),
        cursor_tag=tag,
        sampled=find_sample(context, object_, condition, order) if link is None and not distinct else None,
        distinct=distinct,
        entries=tuple(
            (BARE if context.is_rest and over else field.key, build_facet(context, object_, field, (*path, field.key)))
            for field in context.selected_below(selected)
        ),
    )


def _items(context: PlanContext, object_: Object, field: Field, selected: Selected, path: AnswerPath) -> Connection:
    """Return all records that a to-many relation of the catalog leads to, as a list."""
    end = cast("RelationEnd", relation_end(context.snapshot, field))
    target, blame = end.target, Blame(field=field.name, path=path)
    order = build_order(context, target, None, blame)
    record = build_record(context, target, selected, path)
    return Connection(
        table=readable(context, target),
        condition=select_condition(context, target, None, blame, site=Site.POINT),
        link=Link(column=end.foreign_key.column, key=object_.key),
        order=order,
        page=Page(limit=MOST_ITEMS, priced=context.limits.default_page),
        cursor_tag=order_tag(target, order, ()),
        entries=((BARE, Edges(entries=((BARE, record),))),),
    )


def build_facet(
    context: PlanContext, object_: Object, selected: Selected, path: AnswerPath
) -> Edges | PageInfo | Measure | AggregateRecord | Literal:
    """Return one entry of a connection."""
    match selected.name:
        case "edges":
            return Edges(
                entries=tuple(
                    (BARE if context.is_rest else field.key, _edge(context, object_, field, (*path, field.key)))
                    for field in context.selected_below(selected)
                )
            )
        case "pageInfo":
            return build_page_info(context, selected)
        case "totalCount":
            return Count()
        case "aggregate":
            return build_measures(context, object_, selected)
        case "__typename":
            return type_literal(type_name(object_, TypeRole.CONNECTION))
        case name:
            return build_shorthand(object_, name)


def build_page_info(context: PlanContext, selected: Selected) -> PageInfo:
    """Return the facts about a page that are asked for."""
    return PageInfo(
        entries=tuple(
            (fact.key, type_literal("PageInfo") if fact.name == "__typename" else PageFact(fact.name))
            for fact in context.selected_below(selected)
        )
    )


def _edge(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Record | Cursor | Literal:
    match selected.name:
        case "node":
            return build_record(context, object_, selected, path)
        case "cursor":
            return Cursor()
        case _:
            return type_literal(type_name(object_, TypeRole.EDGE))
