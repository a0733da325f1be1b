"""Selections: the fields asked of a record or a connection become its output."""

from collections.abc import Sequence

from engine.errors import ApiError
from engine.operation import Selected
from engine.planner.context import PlanContext, hop_over
from engine.planner.failures import Path
from engine.planner.filters import select_condition
from engine.planner.inputs import Blame, arguments_of
from engine.planner.orders import build_order, order_tag
from engine.planner.pages import build_page
from engine.planner.sampling import is_sampled
from metadata.api_names import TypeRole, type_name
from metadata.field_types import FIELD_TYPES
from metadata.json_text import dumps
from metadata.model import Field, Object, RelationEnd, relation_end
from sql.read_plan import (
    Connection,
    Cursor,
    Edges,
    Link,
    Literal,
    Output,
    PageFact,
    PageInfo,
    Record,
    ToOne,
    TotalCount,
    Value,
)


def type_literal(name: str) -> Literal:
    """Return what `__typename` answers."""
    return Literal(text=dumps(name))


def build_record(context: PlanContext, thing: Object, selected: Sequence[Selected], path: Path) -> Record:
    """Return the output of a record with these fields."""
    context.touch(thing)
    return Record(entries=tuple((field.key, _output(context, thing, field, (*path, field.key))) for field in selected))


def _output(context: PlanContext, thing: Object, selected: Selected, path: Path) -> Output:
    name = selected.name
    if name == "__typename":
        return type_literal(thing.type_name)
    if holder := thing.foreign_keys.get(name):
        return _value(holder)
    field = thing.by_name[name]
    if field.relation_id is None:
        return _composite(context, field, selected) if field.is_composite else _value(field)
    mark = len(context.parameters.binders)
    try:
        return _related(context, thing, field, selected, path)
    except ApiError as error:
        if context.failures is None:
            raise
        del context.parameters.binders[mark:]
        return context.failures.mark(error, path, selected.location)


def _related(context: PlanContext, thing: Object, field: Field, selected: Selected, path: Path) -> ToOne | Connection:
    end = relation_end(context.snapshot, field)
    if end is None:
        raise Blame(field=field.name, path=path).error(
            f"The relation '{field.name}' leads to an object that is not active."
        )
    if not end.to_one:
        return build_connection(context, end.target, selected, path, over=(thing, end))
    context.note_nullable(path)
    hop = hop_over(context, end)
    return ToOne(hop=hop, record=build_record(context, end.target, context.selected_below(selected), path))


def _value(field: Field) -> Value:
    part = field.parts[0]
    return Value(column=part.column, encoding=part.scalar.encoding)


def _composite(context: PlanContext, field: Field, selected: Selected) -> Record:
    parts = {part.name: part for part in field.parts}
    name = FIELD_TYPES[field.type].composite or ""
    return Record(
        entries=tuple(
            (
                sub.key,
                type_literal(name)
                if sub.name == "__typename"
                else Value(column=parts[sub.name].column, encoding=parts[sub.name].scalar.encoding),
            )
            for sub in context.selected_below(selected)
        )
    )


def build_connection(
    context: PlanContext,
    thing: Object,
    selected: Selected,
    path: Path,
    *,
    over: tuple[Object, RelationEnd] | None = None,
) -> Connection:
    """Return the output of a connection to `thing`; `over` is the object at hand and its end of the relation."""
    arguments = arguments_of(selected.nodes[0], context.variables)
    order = build_order(context, thing, arguments.get("orderBy"), Blame(field="orderBy", path=path))
    tag = order_tag(thing, order)
    link = None
    if over is not None:
        holder, end = over
        link = Link(column=end.foreign_key.column, key=holder.key)
    condition = select_condition(context, thing, arguments.get("filter"), Blame(field="filter", path=path))
    return Connection(
        table=thing.table,
        condition=condition,
        link=link,
        order=order,
        page=build_page(context, arguments, order, tag, path),
        cursor_tag=tag,
        sampled=link is None and is_sampled(context, thing, condition, order),
        entries=tuple(
            (field.key, _facet(context, thing, field, (*path, field.key))) for field in context.selected_below(selected)
        ),
    )


def _facet(
    context: PlanContext, thing: Object, selected: Selected, path: Path
) -> Edges | PageInfo | TotalCount | Literal:
    match selected.name:
        case "edges":
            return Edges(
                entries=tuple(
                    (field.key, _edge(context, thing, field, (*path, field.key)))
                    for field in context.selected_below(selected)
                )
            )
        case "pageInfo":
            return PageInfo(
                entries=tuple(
                    (fact.key, type_literal("PageInfo") if fact.name == "__typename" else PageFact(fact.name))
                    for fact in context.selected_below(selected)
                )
            )
        case "totalCount":
            return TotalCount()
        case _:
            return type_literal(type_name(thing, TypeRole.CONNECTION))


def _edge(context: PlanContext, thing: Object, selected: Selected, path: Path) -> Record | Cursor | Literal:
    match selected.name:
        case "node":
            return build_record(context, thing, context.selected_below(selected), path)
        case "cursor":
            return Cursor()
        case _:
            return type_literal(type_name(thing, TypeRole.EDGE))
