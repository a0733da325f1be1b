"""The statement that merges rows: lock, judge, mark the others as deleted, fill the blanks of the one that is kept.

Its WITH queries are those of an Update, and `lost`: the rows that were marked; `merged`: the values of the units.
"""

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.measures import EMPTY_DOCUMENTS
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, InnerJoin, Query, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.merging.merge_verdict import lock_condition, refusals
from fieldstone.sql.compiler.writes.mutate import answer_row, event_rows
from fieldstone.sql.compiler.writes.rights import compile_taking, future_values, telling, with_ways
from fieldstone.sql.compiler.writes.write_guard import (
    absent_ids,
    changed_row,
    compile_guard,
    compile_problem,
    verdict_of,
)
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.writes.elements import EventTarget
from fieldstone.sql.plan.writes.merge import Merge
from fieldstone.sql.plan.writes.rights import Rights
from fieldstone.sql.types import SqlType


def compile_merge(plan: Merge, draft: StatementDraft) -> Query:
    """Return the statement of a Merge."""
    statement = Query().with_(_locked(plan, draft), "locked")
    is_first = plan.events is None or plan.filling is not None or plan.deleting is not None
    if is_first:
        statement.with_(_merged(plan, draft), "merged")
    problems = [absent_ids(plan.key, plan.ids, draft)]
    if plan.expected is not None:
        problems.append(changed_row(plan.expected, draft, (plan.key, plan.ids)))
    problems += _refused(plan, draft)
    statement.with_(verdict_of(problems), "verdict")
    if plan.events is None:
        return answer_row(statement, compile_problem(draft), expressions.NULL_UUIDS, expressions.NULL_TEXT)
    statement.with_(_lost(plan, draft), "lost")
    if not is_first:
        statement.with_(_merged(plan, draft), "merged")
    statement.with_(_written(plan, draft), "written")
    filled, deleted = plan.events
    for name, source, event in (("filled", "written", filled), ("deleted", "lost", deleted)):
        statement.with_(_event(plan, source, event, draft), name)
    kept = expressions.array((expressions.parameter(plan.kept),))
    answer = answer_row(statement, compile_problem(draft), kept, expressions.NULL_TEXT)
    rights = telling(plan.filling)
    return answer if rights is None else with_ways(answer, _taking_ways(plan, rights, draft))


def _taking_ways(plan: Merge, rights: Rights, draft: StatementDraft) -> Expression:
    """Return the marks of the ways that took the row which is kept."""
    locked, merged = FromItem("locked", draft.alias()), FromItem("merged", draft.alias())
    row = RowReference(alias=locked.alias)
    query = Query().from_(locked).from_(merged)
    query.select(compile_taking(rights, row, _filled_row(plan, row, merged), draft))
    is_kept = expressions.equal(row.column(plan.key.name), expressions.parameter(plan.kept))
    return expressions.array_from(query.only(is_kept))


def _filled_row(plan: Merge, row: RowReference, merged: FromItem) -> FutureRow:
    """Return the row that is kept as it will be."""
    return FutureRow(alias=row.alias, values=future_values(plan.filled, _filled(plan, row, merged), row))


def _locked(plan: Merge, draft: StatementDraft) -> Query:
    row = RowReference(alias=draft.alias())
    key = row.column(plan.key.name)
    there = expressions.equal_to_any(key, expressions.parameter(plan.ids))
    locked = Query().from_(table_source(plan.table, row.alias)).select(expressions.whole_row(row.alias))
    locked.only(expressions.all_of((there, lock_condition(plan.condition, row, draft))))
    return locked.order(key).for_update()


def _refused(plan: Merge, draft: StatementDraft) -> list[Query]:
    """Return the problems of the locked rows that the role may not write so."""
    if plan.filling is None and plan.deleting is None:
        return []
    locked, merged = FromItem("locked", draft.alias()), FromItem("merged", draft.alias())
    row = RowReference(alias=locked.alias)
    key, kept = row.column(plan.key.name), expressions.parameter(plan.kept)
    found = refusals(
        plan.filling,
        "update",
        (locked, merged),
        row,
        _filled_row(plan, row, merged),
        key,
        draft,
        wanted=expressions.equal(key, kept),
    )
    marked = FutureRow(alias=row.alias, values=future_values(plan.deleted, (), row))
    other = expressions.compare(key, Comparison.NE, kept)
    return [*found, *refusals(plan.deleting, "delete", (locked,), row, marked, key, draft, wanted=other)]


def _lost(plan: Merge, draft: StatementDraft) -> Query:
    row = RowReference(alias=draft.alias())
    key = row.column(plan.key.name)
    change = Query().update(table_source(plan.table, row.alias))
    for assignment in plan.deleted:
        change.set(assignment.column.name, assigned_value(assignment))
    terms = (
        expressions.equal_to_any(key, expressions.parameter(plan.ids)),
        expressions.compare(key, Comparison.NE, expressions.parameter(plan.kept)),
        compile_guard(draft),
    )
    return change.only(expressions.all_of(terms)).returning(expressions.whole_row(row.alias))


def _merged(plan: Merge, draft: StatementDraft) -> Query:
    """Return the value of each column: that of the first row in which its unit is not blank, NULL where all are."""
    row = RowReference(alias=draft.alias())
    query = Query().from_(FromItem("locked", row.alias))
    key = row.column(plan.key.name)
    is_kept = expressions.equal(key, expressions.parameter(plan.kept))
    later = expressions.call("array_position", expressions.parameter(plan.ids), key)
    place = expressions.case([(is_kept, expressions.number(0))], otherwise=later)
    for number, unit in enumerate(plan.units):
        has_value = expressions.any_of([_has_value(plan, column, row) for column in unit])
        if len(unit) > 1:
            query.select(expressions.named(aggregation.aggregate("bool_or", has_value), f"h{number}"))
        for part, column in enumerate(unit):
            value = row.column(column.name)
            if column.type is SqlType.TEXT_ARRAY:
                value = expressions.call("to_jsonb", value)
            listed = aggregation.aggregate("array_agg", value, order=place, only=has_value)
            query.select(expressions.named(expressions.element(listed, expressions.ONE), f"u{number}_{part}"))
    # Without any units the query still is of one row.
    return query.select(expressions.named(expressions.COUNT, "rows"))


def _has_value(plan: Merge, column: Column, row: RowReference) -> Expression:
    value = row.column(column.name)
    if column in plan.own_keys:
        # A row that is not kept would have the one that is kept lead to itself, or to a row that is deleted.
        own = [expressions.equal(one, expressions.parameter(plan.kept)) for one in (value, row.column(plan.key.name))]
        leads_out = expressions.unlike_all(value, expressions.parameter(plan.ids))
        return expressions.any_of([leads_out, expressions.all_of(own)])
    match column.type:
        case SqlType.TEXT:
            return expressions.compare(value, Comparison.NE, expressions.text_literal(""))
        case SqlType.TEXT_ARRAY:
            return expressions.is_empty(value, negated=True)
        case SqlType.JSONB:
            return expressions.unlike_all(value, EMPTY_DOCUMENTS)
        case _:
            return expressions.is_null(value, negated=True)


def _written(plan: Merge, draft: StatementDraft) -> Query:
    row, merged = RowReference(alias=draft.alias()), FromItem("merged", draft.alias())
    change = Query().update(table_source(plan.table, row.alias))
    for name, value in _filled(plan, row, merged):
        change.set(name, value)
    for assignment in plan.filled:
        change.set(assignment.column.name, assigned_value(assignment))
    # The others are marked before: no unique key of theirs is in the way any more.
    lost = Query().from_(FromItem("lost", draft.alias())).select(expressions.COUNT)
    terms = (
        expressions.equal(row.column(plan.key.name), expressions.parameter(plan.kept)),
        expressions.compare(expressions.scalar(lost), Comparison.GE, expressions.number(0)),
        compile_guard(draft),
    )
    return change.from_(merged).only(expressions.all_of(terms)).returning(expressions.whole_row(row.alias))


def _filled(plan: Merge, row: RowReference, merged: FromItem) -> list[tuple[str, Expression]]:
    """Return the columns of the row that is kept, each with the value that it gets."""
    values: list[tuple[str, Expression]] = []
    for number, unit in enumerate(plan.units):
        for part, column in enumerate(unit):
            found = expressions.result(merged.alias, f"u{number}_{part}")
            value = _value(plan, column, found, row.column(column.name))
            if len(unit) > 1 and column not in plan.own_keys:
                # A blank column of the row that the unit comes from is blank in the end, too.
                is_found = expressions.result(merged.alias, f"h{number}")
                value = expressions.case([(is_found, found)], otherwise=row.column(column.name))
            values.append((column.name, value))
    return values


def _value(plan: Merge, column: Column, found: Expression, before: Expression) -> Expression:
    """Return the value of the row that is kept; where all rows are blank, it stays."""
    if column in plan.own_keys and column.nullable:
        return found
    if column.type is SqlType.TEXT_ARRAY:
        items = Query().select(expressions.call("jsonb_array_elements_text", found))
        texts = expressions.coalesce(expressions.array_from(items), expressions.NO_TEXTS)
        return expressions.case([(expressions.is_null(found, negated=True), texts)], otherwise=before)
    return expressions.coalesce(found, before)


def _event(plan: Merge, source: str, event: EventTarget, draft: StatementDraft) -> Query:
    changed, locked = FromItem(source, draft.alias()), FromItem("locked", draft.alias())
    key = expressions.column(changed.alias, plan.key.name)
    query = event_rows(event, key, locked.alias, changed.alias).from_(changed)
    query.join(InnerJoin(locked, expressions.equal(expressions.column(locked.alias, plan.key.name), key)))
    return query.order(key)
