"""Write plans as one statement each: lock, judge, change, leave events, answer.

Its WITH queries, each after those that it reads:

    found    the keys of the rows meant, where that depends on related rows (Update and Delete)
    locked   the rows meant, in their newest version, locked in key order (Update and Delete)
    given    the input's rows, with the targets of their references (Insert)
    verdict  one row: the problem, or NULL (an InsertOne needs none)
    written  the change; it does nothing where the verdict has a problem
    event    one event row for each written record

All of them see the tables as they were before the statement, so the queries behind `written` read from its result.
Where rows are aggregated without an ORDER BY they come from one WITH query, in the order in which it was fed.
"""

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import compile_condition, crosses, row_source, with_guards
from fieldstone.sql.compiler.reads.select import compile_list
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import (
    Expression,
    FromItem,
    Query,
    table_source,
)
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.pairs import pair
from fieldstone.sql.compiler.writes.references import (
    parameter_targets,
    target_columns,
)
from fieldstone.sql.compiler.writes.rights import lockable, telling, with_ways
from fieldstone.sql.compiler.writes.write_guard import (
    compile_guard,
    compile_problem,
    compile_verdict,
    taking_ways,
)
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.elements import EventTarget

_EVENT_ALIAS = "event"
_EVENT_COLUMNS = ("workspace_id", "object_id", "record_id", "action", "before", "after", "actor")


def compile_update(plan: Update, draft: StatementDraft, *, leaves_event: bool = True) -> Query:
    """Return the statement of an Update, by default with its events.

    Raises:
        ValueError: it assigns nothing.
    """
    if not plan.assignments and not plan.references:
        raise ValueError("the update assigns nothing")
    statement = Query()
    meant = _lock(statement, plan, draft)
    targets = parameter_targets(plan.references, draft)
    statement.with_(compile_verdict(plan, meant, targets, draft), "verdict")
    row = RowReference(alias=draft.alias())
    change = Query().update(table_source(plan.table, row.alias))
    for assignment in plan.assignments:
        change.set(assignment.column.name, assigned_value(assignment, row))
    for name, value in target_columns(targets):
        change.set(name, value)
    change.only(_among_locked(plan.key, row, draft)).returning(expressions.whole_row(row.alias))
    statement.with_(change, "written")
    if leaves_event:
        written, locked = FromItem("written", draft.alias()), FromItem("locked", draft.alias())
        key = expressions.column(written.alias, plan.key.name)
        same = expressions.equal(expressions.column(locked.alias, plan.key.name), key)
        event = event_rows(plan.event, key, locked.alias, written.alias).from_(written)
        statement.with_(event.only(pair(event, locked, same, is_one=plan.limit == 1)).order(key), "event")
    answer = FromItem("written", draft.alias())
    order = expressions.column(answer.alias, plan.key.name)
    text = answer_text(plan.record, answer.alias, draft, order)
    query = answer_row(statement, compile_problem(draft), _ids(order), text).from_(answer)
    rights = telling(plan.rights)
    return query if rights is None else with_ways(query, taking_ways(plan, rights, targets, draft))


def compile_delete(plan: Delete, draft: StatementDraft, *, leaves_event: bool = True) -> Query:
    """Return the statement of a Delete, by default with its events."""
    statement = Query()
    meant = _lock(statement, plan, draft)
    statement.with_(compile_verdict(plan, meant, (), draft), "verdict")
    row = RowReference(alias=draft.alias())
    change = Query().delete(table_source(plan.table, row.alias))
    key = row.column(plan.key.name)
    statement.with_(change.only(_among_locked(plan.key, row, draft)).returning(key), "written")
    if leaves_event:
        locked = FromItem("locked", draft.alias())
        key = expressions.column(locked.alias, plan.key.name)
        event = event_rows(plan.event, key, locked.alias, None)
        statement.with_(_of_deleted(event, locked, plan, draft).order(key), "event")
    locked = row_source(plan.table, draft.alias(), draft, among="locked")
    order = expressions.column(locked.alias, plan.key.name)
    text = answer_text(plan.record, locked.alias, draft, order)
    answer = answer_row(statement, compile_problem(draft), _ids(order), text)
    return _of_deleted(answer, locked, plan, draft)


def _lock(statement: Query, plan: Update | Delete, draft: StatementDraft) -> str:
    """Lock the rows meant; return the name of the WITH query that has as many rows as are meant.

    A row that another transaction changed while its lock was waited for is held against the condition again. PostgreSQL
    makes joins of EXISTS and then asks whether the row still fits the related row that it was found by, though the new
    one may be related to another that fits as well. So such rows are found first, by joins, and the condition is
    tested once more for each of them in a form that is never a join.
    https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
    """
    row = RowReference(alias=draft.alias())
    key = row.column(plan.key.name)
    meant_by = lockable(plan.condition, plan.rights)
    condition = compile_condition(meant_by, with_guards(plan.table, row.alias, draft), draft)
    is_crossing = crosses(meant_by) or bool(plan.table.guarded)
    meant = "locked"
    if plan.ids is not None:
        given = expressions.parameter(plan.ids)
    elif is_crossing:
        meant = "found"
        found = Query().from_(row_source(plan.table, row.alias, draft)).select(key)
        found.only(compile_condition(meant_by, row, draft) if plan.table.guarded else condition)
        statement.with_(found.order(key).limit(plan.limit + 1), meant)
        given = _keys(meant, plan.key, draft)
    else:
        given = None
    if is_crossing:
        condition = expressions.is_true(condition)
    if given is not None:
        condition = expressions.all_of((expressions.equal_to_any(key, given), condition))
    locked = Query().from_(table_source(plan.table, row.alias)).select(expressions.whole_row(row.alias))
    statement.with_(locked.only(condition).order(key).limit(plan.limit + 1).for_update(), "locked")
    return meant


def _keys(name: str, key: Column, draft: StatementDraft) -> Expression:
    """Return the array of the keys in a WITH query."""
    alias = draft.alias()
    return expressions.array_from(Query().from_(FromItem(name, alias)).select(expressions.column(alias, key.name)))


def _among_locked(key: Column, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the condition that the row was locked and no check refuses the write.

    By an array of the keys: a join would follow an estimate of up to the limit, and read the whole table for one row.
    """
    there = expressions.equal_to_any(row.column(key.name), _keys("locked", key, draft))
    return expressions.all_of((there, compile_guard(draft)))


def _of_deleted(query: Query, locked: FromItem, plan: Delete, draft: StatementDraft) -> Query:
    """Have a query read those locked rows that were deleted."""
    written, name = FromItem("written", draft.alias()), plan.key.name
    same = expressions.equal(expressions.column(written.alias, name), expressions.column(locked.alias, name))
    return query.from_(locked).only(pair(query, written, same, is_one=plan.limit == 1))


def event_rows(target: EventTarget, key: Expression, before: str | None, after: str | None) -> Query:
    """Return the event rows' INSERT, short of its FROM; `before` and `after` are the aliases of the rows."""
    return event_values(target, key, document(before), document(after))


def event_values(
    target: EventTarget,
    key: Expression,
    before: Expression,
    after: Expression,
    *,
    action: Expression | None = None,
    object_id: Expression | None = None,
) -> Query:
    """Return the event rows' INSERT as `event_rows` does; `before` and `after` are the rows as jsonb.

    An `action` and an `object_id` are those of each row, in the place of the target's.
    """
    query = Query().insert(table_source(target.table, _EVENT_ALIAS), _EVENT_COLUMNS)
    return query.select(
        expressions.uuid_literal(target.workspace_id),
        object_id or expressions.uuid_literal(target.object_id),
        key,
        expressions.text_literal(target.action) if action is None else action,
        before,
        after,
        expressions.parameter(target.actor),
    )


def document(alias: str | None) -> Expression:
    """Return a row as jsonb; NULL for none."""
    return expressions.NULL_JSONB if alias is None else expressions.call("to_jsonb", expressions.whole_row(alias))


def _ids(key: Expression) -> Expression:
    return expressions.coalesce(aggregation.aggregate("array_agg", key, order=key), expressions.NO_UUIDS)


def answer_text(record: Record | None, alias: str, draft: StatementDraft, order: Expression | None) -> Expression:
    """Return the records' JSON list, or NULL where the answer is read back."""
    return expressions.NULL_TEXT if record is None else compile_list(record, RowReference(alias=alias), draft, order)


def answer_row(statement: Query, problem: Expression, ids: Expression, text: Expression) -> Query:
    """Return the statement's own SELECT, short of its FROM."""
    return statement.select(
        expressions.named(problem, "problem"),
        expressions.named(ids, "ids"),
        expressions.named(text, "answer"),
    )
