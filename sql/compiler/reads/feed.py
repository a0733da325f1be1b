"""An event feed as one statement: the record's text is made once for each event, for all sets."""

import json
from collections.abc import Sequence

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.expressions import SETS
from fieldstone.sql.compiler.filters import compile_condition, row_source
from fieldstone.sql.compiler.output import COMMA
from fieldstone.sql.compiler.reads.select import compile_record, compile_value
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import (
    Expression,
    FromItem,
    InnerJoin,
    Query,
    query_source,
    rows_source,
    table_source,
)
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.read import EventColumns, EventFeed
from fieldstone.sql.types import SqlType

_NUMBER = expressions.result(SETS, "n")
_TOLD = {
    EventColumns.AT: "at",
    EventColumns.ACTOR_KIND: "actor_kind",
    EventColumns.ACTOR_ID: "actor_id",
    EventColumns.ACTOR: "actor",
}
"""The columns of the log that are told as they are."""


def compile_feed(plan: EventFeed, draft: StatementDraft) -> Query:
    """Return the statement of an EventFeed."""
    event = query_source(_events(plan, draft).text(), draft.alias())
    record = RowReference(alias=draft.alias())
    written = expressions.call(
        "jsonb_populate_record",
        Expression("NULL::" + quote_table(plan.table)),
        expressions.result(event.alias, "record"),
    )
    wanted = query_source(_wanted(plan, event, record, draft).text(), draft.alias())
    numbers = expressions.result(wanted.alias, "numbers")
    text = compile_record(plan.record, _with_event(plan, event, record, draft), draft)
    query = Query().from_(event)
    source = row_source(plan.table, record.alias, draft, among=written.text)
    query.join(InnerJoin(_lateral(source), expressions.TRUE))
    query.join(InnerJoin(_lateral(wanted), expressions.TRUE))
    position = expressions.result(event.alias, "position")
    needed = [numbers, *(compile_value(value, record) for value in plan.required)]
    is_shown = expressions.all_of([expressions.is_null(value, negated=True) for value in needed])
    query.select(position, numbers, expressions.case([(is_shown, text)]))
    if plan.tells_changed:
        query.select(expressions.call("to_jsonb", _changed(plan, event, record, draft)))
    return query.order(position)


def _events(plan: EventFeed, draft: StatementDraft) -> Query:
    """Return the events of the range, each with the row that it tells of."""
    source = table_source(plan.log, draft.alias())
    position = expressions.result(source.alias, "position")
    after = expressions.parameter(plan.after)
    if plan.after.array:
        range_ = [expressions.equal_to_any(position, after)]
    else:
        upto = expressions.parameter(plan.upto)
        range_ = [
            expressions.compare(position, Comparison.GT, after),
            expressions.compare(position, Comparison.LE, upto),
        ]
    meant = expressions.all_of(
        (
            expressions.equal(expressions.result(source.alias, "object_id"), expressions.uuid_literal(plan.object_id)),
            _is_meant(plan, expressions.result(source.alias, "action")),
            *range_,
        )
    )
    left, before = expressions.result(source.alias, "after"), expressions.result(source.alias, "before")
    record, changed = expressions.coalesce(left, before), expressions.result(source.alias, "changed")
    if plan.former:
        record, changed = _with_present_names(plan.former, record, changed)
    query = Query().from_(source).select(position, expressions.named(changed, "changed"))
    query.select(expressions.named(record, "record"))
    if isinstance(plan.action, Parameter):
        query.select(*(expressions.result(source.alias, name) for name in ("action", *_TOLD.values())))
    return query.only(meant).order(position).limit(plan.limit)


def _with_present_names(
    former: Sequence[tuple[str, str]], record: Expression, changed: Expression
) -> tuple[Expression, Expression]:
    """Return the record and the changed columns of an event with the names that the columns have by now."""
    names = Expression(expressions.text_literal(json.dumps(dict(former))).text + "::jsonb")

    def present(name: Expression) -> Expression:
        return expressions.coalesce(expressions.arithmetic(names, "->>", name), name)

    member, value = (Expression(f"m.{column}") for column in ("key", "value"))
    members = FromItem(expressions.call("jsonb_each", record).text, "m", ("key", "value"))
    renamed = Query().from_(members).select(expressions.call("jsonb_object_agg", present(member), value))
    name = Expression("m.name")
    listed = FromItem(expressions.call("unnest", changed).text, "m", ("name",))
    return expressions.scalar(renamed), expressions.array_from(Query().from_(listed).select(present(name)))


def _wanted(plan: EventFeed, event: FromItem, record: RowReference, draft: StatementDraft) -> Query:
    """Return the numbers of the sets that want the event at hand."""
    condition = compile_condition(plan.condition, record, draft)
    if plan.changed is not None:
        columns = expressions.parameter(plan.changed)
        overlap = expressions.compare(_changed(plan, event, record, draft), Comparison.OVERLAPS, columns)
        any_will_do = [expressions.is_null(columns)]
        if isinstance(plan.action, Parameter):
            action = expressions.result(event.alias, "action")
            any_will_do.append(expressions.compare(action, Comparison.NE, expressions.text_literal("updated")))
        condition = expressions.all_of((expressions.any_of((*any_will_do, overlap)), condition))
    number = expressions.cast_to_text(_NUMBER)
    numbers = aggregation.aggregate("string_agg", number, COMMA, order=_NUMBER)
    query = Query().from_(_sets(plan)).select(expressions.named(numbers, "numbers"))
    return query.only(condition)


def _changed(plan: EventFeed, event: FromItem, record: RowReference, draft: StatementDraft) -> Expression:
    """Return the changed columns, without those that a guard hides."""
    changed = expressions.result(event.alias, "changed")
    for one in plan.table.guarded:
        seen = compile_condition(one.guard, record, draft)
        hidden = expressions.case([(seen, expressions.NULL)], otherwise=expressions.text_literal(one.of.name))
        changed = expressions.call("array_remove", changed, hidden)
    return changed


def _is_meant(plan: EventFeed, action: Expression) -> Expression:
    if isinstance(plan.action, Parameter):
        return expressions.equal_to_any(action, expressions.parameter(plan.action))
    return expressions.equal(action, expressions.text_literal(plan.action))


def _with_event(plan: EventFeed, event: FromItem, record: RowReference, draft: StatementDraft) -> RowReference:
    """Return the row of the record with the EventColumns."""
    if not isinstance(plan.action, Parameter):
        return record
    values = {column.name: expressions.result(event.alias, name) for column, name in _TOLD.items()}
    values[EventColumns.ACTION.name] = expressions.call("upper", expressions.result(event.alias, "action"))
    if plan.names is not None:
        columns, named = draft.alias(), expressions.call("unnest", *map(expressions.parameter, plan.names))
        is_changed = expressions.equal_to_any(expressions.result(columns, "c"), _changed(plan, event, record, draft))
        name = expressions.result(columns, "n")
        names = Query().from_(FromItem(named.text, columns, ("c", "n"))).select(name).only(is_changed).group(name)
        values[EventColumns.CHANGED.name] = expressions.array_from(names.order(name))
    return FutureRow(alias=record.alias, names=record.names, values=values)


def _sets(plan: EventFeed) -> FromItem:
    """Return the sets, read once: one row each, its values as texts."""
    names = ["p" + str(slot) for slot in range(max(1, plan.set_size))]
    rows = expressions.rows_of_json(expressions.json_parameter(plan.sets), [(name, SqlType.TEXT) for name in names])
    return rows_source(rows, SETS, (*names, "n"))


def _lateral(source: FromItem) -> FromItem:
    source.text = "LATERAL " + source.text
    return source
