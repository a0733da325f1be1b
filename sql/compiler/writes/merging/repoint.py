"""The statement that has rows point to the record that others were merged into.

Its WITH queries: `locked`, the rows that point to one of the others; `judged`, the new keys of each; `verdict`; `moved`
and `gone`, the rows changed.
"""

from functools import partial

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.merging.merge_verdict import lock_condition, refusals
from fieldstone.sql.compiler.writes.mutate import answer_row, event_rows
from fieldstone.sql.compiler.writes.pairs import pair
from fieldstone.sql.compiler.writes.rights import compile_taking, future_values, telling, with_ways
from fieldstone.sql.compiler.writes.write_guard import compile_guard, compile_problem, verdict_of
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget
from fieldstone.sql.plan.writes.merge import Repoint
from fieldstone.sql.plan.writes.rights import Rights


def compile_repoint(plan: Repoint, draft: StatementDraft) -> Query:
    """Return the statement of a Repoint."""
    statement = Query().with_(_locked(plan, draft), "locked").with_(_judged(plan, draft), "judged")
    count = Query().from_(FromItem("locked", draft.alias())).select(expressions.COUNT)
    beyond = expressions.compare(expressions.scalar(count), Comparison.GT, expressions.number(plan.limit))
    problem = Query().select(expressions.case([(beyond, expressions.text_literal(Problem.TOO_MANY.value))]))
    statement.with_(verdict_of([problem, *_refused(plan, draft)]), "verdict")
    if plan.events is None:
        # All that is assigned stands somewhere: it may hold parameters.
        values = [assigned_value(one) for one in plan.moved]
        statement.with_(Query().select(*[expressions.named(one, f"v{n}") for n, one in enumerate(values)]), "assigned")
        return answer_row(statement, compile_problem(draft), expressions.NULL_UUIDS, expressions.NULL_TEXT)
    moved, deleted = plan.events
    statement.with_(_moved(plan, draft), "moved").with_(_event(plan, "moved", moved, draft), "moving")
    if plan.pair:
        statement.with_(_gone(plan, draft), "gone").with_(_event(plan, "gone", deleted, draft), "going")
    answer = answer_row(statement, compile_problem(draft), _ids(plan, draft), expressions.NULL_TEXT)
    rights = telling(plan.moving)
    return answer if rights is None else with_ways(answer, _taking_ways(plan, rights, draft))


def _ids(plan: Repoint, draft: StatementDraft) -> Expression:
    """Return the ids that the statement answers."""
    if not plan.tells_moved:
        return expressions.NULL_UUIDS
    alias = draft.alias()
    key = expressions.column(alias, plan.key.name)
    moved = Query().from_(FromItem("moved", alias)).select(key)
    # The ways stand beside the ids, in one order.
    return expressions.array_from(moved if telling(plan.moving) is None else moved.order(key))


def _taking_ways(plan: Repoint, rights: Rights, draft: StatementDraft) -> Expression:
    """Return the marks of the ways that took each row which is moved."""
    judged, moved = FromItem("judged", draft.alias()), FromItem("moved", draft.alias())
    row = RowReference(alias=judged.alias)
    key = row.column(plan.key.name)
    more = partial(_unbarred, plan, row)
    query = Query().from_(judged).select(compile_taking(rights, row, _moved_row(plan, row), draft, more=more))
    is_pair = pair(query, moved, expressions.equal(expressions.column(moved.alias, plan.key.name), key))
    return expressions.array_from(query.only(is_pair).order(key))


def _unbarred(plan: Repoint, row: RowReference, place: int) -> list[Expression]:
    """Return the conditions that no key changes which a way does not allow to change."""
    barred = plan.barred[place] if plan.barred else ()
    return [expressions.is_true(_changes(plan, column, row), negated=True) for column in barred]


def _moved_row(plan: Repoint, row: RowReference) -> FutureRow:
    """Return a row as it will be if it is moved."""
    keys = [(column.name, _new_key(plan, column, row)) for column in plan.keys]
    return FutureRow(alias=row.alias, values=future_values(plan.moved, keys, row))


def _refused(plan: Repoint, draft: StatementDraft) -> list[Query]:
    """Return the problems of the rows that the role may not have point elsewhere, or mark as deleted."""
    if plan.moving is None and plan.deleting is None:
        return []
    judged = FromItem("judged", draft.alias())
    row = RowReference(alias=judged.alias)
    key, goes = row.column(plan.key.name), expressions.result(judged.alias, "_gone")
    changes = [_changes(plan, column, row) for column in plan.keys]
    moves = expressions.all_of((expressions.negation(goes), expressions.any_of(changes)))
    new, more = _moved_row(plan, row), partial(_unbarred, plan, row)
    found = refusals(plan.moving, "update", (judged,), row, new, key, draft, wanted=moves, more=more)
    if plan.pair:
        marked = FutureRow(alias=row.alias, values=future_values(plan.deleted, (), row))
        found += refusals(plan.deleting, "delete", (judged,), row, marked, key, draft, wanted=goes)
    return found


def _locked(plan: Repoint, draft: StatementDraft) -> Query:
    row = RowReference(alias=draft.alias())
    key = row.column(plan.key.name)
    points = expressions.any_of([_points(plan, column, row) for column in plan.keys])
    terms = [points, expressions.unlike_all(key, expressions.parameter(plan.ids))] if plan.is_own else [points]
    if plan.condition is not None:
        terms.append(lock_condition(plan.condition, row, draft))
    locked = Query().from_(table_source(plan.table, row.alias)).select(expressions.whole_row(row.alias))
    return locked.only(expressions.all_of(terms)).order(key).limit(plan.limit + 1).for_update()


def _points(plan: Repoint, column: Column, row: RowReference) -> Expression:
    """Return the condition that the row points to one of the records that go."""
    value = row.column(column.name)
    return expressions.all_of(
        (
            expressions.equal_to_any(value, expressions.parameter(plan.ids)),
            expressions.compare(value, Comparison.NE, expressions.parameter(plan.kept)),
        )
    )


def _judged(plan: Repoint, draft: StatementDraft) -> Query:
    """Return the rows with their new keys _n0.., and `_gone`: whether it is a live row that would be a second link."""
    inner = RowReference(alias=draft.alias())
    rows = Query().from_(FromItem("locked", inner.alias)).select(expressions.whole_row(inner.alias))
    for number, column in enumerate(plan.keys):
        rows.select(expressions.named(_next(plan, column, inner, draft), f"_n{number}"))
    row = RowReference(alias=draft.alias())
    query = Query().from_(query_source(rows.text(), row.alias)).select(expressions.whole_row(row.alias))
    return query.select(expressions.named(_is_gone(plan, row, draft), "_gone"))


def _is_live(plan: Repoint, row: RowReference) -> Expression:
    return expressions.TRUE if plan.deleted_at is None else expressions.is_null(row.column(plan.deleted_at.name))


def _is_there(plan: Repoint, row: RowReference, draft: StatementDraft) -> list[Expression]:
    """Return the conditions of a row that another one must not be beside; one that may not be seen is a taken key."""
    seen = [] if plan.condition is None else [compile_condition(plan.condition, row, draft)]
    return [_is_live(plan, row), *seen]


def _next(plan: Repoint, column: Column, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the row's new key."""
    value, kept = row.column(column.name), expressions.parameter(plan.kept)
    moves = _points(plan, column, row)
    if column in plan.alone:
        there = RowReference(alias=draft.alias())
        holder = Query().from_(table_source(plan.table, there.alias)).select(expressions.ONE)
        same = expressions.equal(there.column(column.name), kept)
        holder.only(expressions.all_of((same, *_is_there(plan, there, draft))))
        order = expressions.listed(
            (expressions.call("array_position", expressions.parameter(plan.ids), value), row.column(plan.key.name))
        )
        number = aggregation.over(expressions.call("row_number"), by=(moves, _is_live(plan, row)), order=order)
        is_first = expressions.equal(number, expressions.ONE)
        is_free = expressions.all_of((is_first, expressions.exists(holder, negated=True)))
        may = expressions.any_of((expressions.negation(_is_live(plan, row)), is_free))
        moves = expressions.all_of((moves, may))
    return expressions.case([(moves, kept)], otherwise=value)


def _is_gone(plan: Repoint, row: RowReference, draft: StatementDraft) -> Expression:
    if not plan.pair:
        return expressions.FALSE
    values = [_new_key(plan, column, row) for column in plan.pair]
    there = RowReference(alias=draft.alias())
    other = Query().from_(table_source(plan.table, there.alias)).select(expressions.ONE)
    mine = [
        expressions.equal(there.column(column.name), value) for column, value in zip(plan.pair, values, strict=True)
    ]
    other.only(expressions.all_of((*mine, *_is_there(plan, there, draft))))
    order = row.column(plan.key.name)
    number = aggregation.over(expressions.call("row_number"), by=(*values, _is_live(plan, row)), order=order)
    twice = [expressions.is_more_than_one(number), expressions.exists(other)]
    own = [value for column, value in zip(plan.pair, values, strict=True) if column in plan.keys]
    changes = [_changes(plan, column, row) for column in plan.pair if column in plan.keys]
    if len(own) > 1:
        kept = expressions.parameter(plan.kept)
        twice.append(expressions.all_of([expressions.equal(value, kept) for value in own]))
    # NULL is equal to nothing: such rows link no pair.
    whole = [expressions.is_null(value, negated=True) for value in values]
    terms = (_is_live(plan, row), expressions.any_of(changes), *whole, expressions.any_of(twice))
    return expressions.coalesce(expressions.all_of(terms), expressions.FALSE)


def _changes(plan: Repoint, column: Column, row: RowReference) -> Expression:
    return expressions.compare(row.column(column.name), Comparison.NE, _new_key(plan, column, row))


def _new_key(plan: Repoint, column: Column, row: RowReference) -> Expression:
    if column in plan.keys:
        return expressions.result(row.alias, f"_n{plan.keys.index(column)}")
    return row.column(column.name)


def _moved(plan: Repoint, draft: StatementDraft) -> Query:
    row, judged = RowReference(alias=draft.alias()), FromItem("judged", draft.alias())
    there = RowReference(alias=judged.alias)
    changes = expressions.any_of([_changes(plan, column, there) for column in plan.keys])
    stays = expressions.negation(expressions.result(judged.alias, "_gone"))
    change = Query().update(table_source(plan.table, row.alias))
    for column in plan.keys:
        change.set(column.name, _new_key(plan, column, there))
    return _change(plan, change, plan.moved, row, judged, expressions.all_of((stays, changes)), draft)


def _gone(plan: Repoint, draft: StatementDraft) -> Query:
    row, judged = RowReference(alias=draft.alias()), FromItem("judged", draft.alias())
    change = Query().update(table_source(plan.table, row.alias))
    return _change(plan, change, plan.deleted, row, judged, expressions.result(judged.alias, "_gone"), draft)


def _change(
    plan: Repoint,
    change: Query,
    assignments: tuple[Assignment, ...],
    row: RowReference,
    judged: FromItem,
    wanted: Expression,
    draft: StatementDraft,
) -> Query:
    for assignment in assignments:
        change.set(assignment.column.name, assigned_value(assignment))
    same = expressions.equal(row.column(plan.key.name), expressions.column(judged.alias, plan.key.name))
    terms = (same, wanted, compile_guard(draft))
    return change.from_(judged).only(expressions.all_of(terms)).returning(expressions.whole_row(row.alias))


def _event(plan: Repoint, source: str, event: EventTarget, draft: StatementDraft) -> Query:
    changed, locked = FromItem(source, draft.alias()), FromItem("locked", draft.alias())
    key = expressions.column(changed.alias, plan.key.name)
    query = event_rows(event, key, locked.alias, changed.alias).from_(changed)
    is_pair = pair(query, locked, expressions.equal(expressions.column(locked.alias, plan.key.name), key))
    return query.only(is_pair).order(key)
