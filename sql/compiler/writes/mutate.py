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

from collections.abc import Sequence
from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition, crosses
from fieldstone.sql.compiler.reads.select import compile_list, compile_list_of_one
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import (
    Expression,
    FromItem,
    InnerJoin,
    LeftJoin,
    Query,
    query_source,
    rows_source,
    table_source,
)
from fieldstone.sql.compiler.writes.changed_values import changed_value
from fieldstone.sql.compiler.writes.references import (
    ResolvedReference,
    find_target,
    is_target,
    parameter_targets,
    source_parameter,
    target_columns,
)
from fieldstone.sql.compiler.writes.write_guard import (
    compile_guard,
    compile_insert_verdict,
    compile_problem,
    compile_verdict,
    missing_problem,
)
from fieldstone.sql.plan.elements import Column, Parameter
from fieldstone.sql.plan.read import Record
from fieldstone.sql.plan.write import (
    Assignment,
    Change,
    Delete,
    EventTarget,
    Insert,
    InsertOne,
    Now,
    Null,
    Update,
    Upsert,
)
from fieldstone.sql.types import SqlType

_EVENT_ALIAS = "event"
_EVENT_COLUMNS = ("workspace_id", "object_id", "record_id", "action", "before", "after", "actor")


def compile_insert(plan: Insert, draft: StatementDraft) -> Query:
    """Return the statement of an Insert."""
    statement = Query().with_(given_rows(plan, draft), "given")
    guard = expressions.TRUE
    is_judged = any(reference.condition is not None for reference in plan.references)
    if is_judged:
        judged = FromItem("given", draft.alias())
        statement.with_(compile_insert_verdict(given_targets(plan, judged), judged), "verdict")
        guard = compile_guard(draft)
    given = FromItem("given", draft.alias())
    values = [
        *[(column.name, given_value(given, index)) for index, column in enumerate(plan.columns)],
        *target_columns(given_targets(plan, given)),
    ]
    change = _insert(plan, values, draft).from_(given)
    change.only(guard).order(expressions.result(given.alias, "position"))
    written = FromItem("written", draft.alias())
    statement.with_(change, "written").with_(created_events(plan, written), "event")
    answer = FromItem("written", draft.alias())
    ids = expressions.aggregate("array_agg", expressions.column(answer.alias, plan.key.name))
    text = answer_text(plan.record, answer.alias, draft, None)
    problem = compile_problem(draft) if is_judged else expressions.NULL_TEXT
    return answer_row(statement, problem, expressions.coalesce(ids, expressions.NO_UUIDS), text).from_(answer)


def compile_insert_one(plan: InsertOne, draft: StatementDraft) -> Query:
    """Return the statement of an InsertOne.

    It reads the targets once, by joins, and has no verdict: where no row was written, it names the missing target.
    """
    values = [(assignment.column.name, assigned_value(assignment)) for assignment in plan.values]
    conditions: list[Expression] = []
    sources: list[FromItem] = []
    for reference in plan.references:
        there = RowReference(alias=draft.alias())
        sources.append(table_source(reference.table, there.alias))
        values.append((reference.column.name, there.column(reference.key.name)))
        conditions.append(is_target(reference, source_parameter(reference), there, draft))
    change = _insert(plan, values, draft).only(expressions.all_of(conditions))
    for source in sources:
        change.from_(source)
    written = FromItem("written", draft.alias())
    statement = Query().with_(change, "written").with_(created_events(plan, written), "event")
    answer = FromItem("written", draft.alias())
    key = expressions.column(answer.alias, plan.key.name)
    problem, ids, text = expressions.NULL_TEXT, expressions.NULL_UUIDS, expressions.NULL_TEXT
    if plan.references:
        problem = expressions.case([(expressions.is_null(key), missing_problem(plan.references, draft))])
    if plan.record is None:
        ids = expressions.array((key,))
    else:
        text = compile_list_of_one(plan.record, RowReference(alias=answer.alias), draft)
    one_row = query_source("SELECT", draft.alias())
    query = answer_row(statement, problem, ids, text).from_(one_row)
    query.join(LeftJoin(answer, expressions.TRUE))
    return query


def _insert(plan: Insert | InsertOne, values: Sequence[tuple[str, Expression]], draft: StatementDraft) -> Query:
    """Return the INSERT of these columns' values, short of where they come from."""
    row = RowReference(alias=draft.alias())
    change = Query().insert(table_source(plan.table, row.alias), [name for name, _ in values])
    return change.select(*[value for _, value in values]).returning(expressions.whole_row(row.alias))


def created_events(plan: Insert | InsertOne | Upsert, written: FromItem) -> Query:
    """Return the event rows' INSERT of a create."""
    return event_rows(plan.event, expressions.column(written.alias, plan.key.name), None, written.alias).from_(written)


def compile_update(plan: Update, draft: StatementDraft) -> Query:
    """Return the statement of an Update.

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
    written, locked = FromItem("written", draft.alias()), FromItem("locked", draft.alias())
    key = expressions.column(written.alias, plan.key.name)
    same = expressions.equal(expressions.column(locked.alias, plan.key.name), key)
    event = event_rows(plan.event, key, locked.alias, written.alias).from_(written)
    event.join(InnerJoin(locked, same))
    statement.with_(event.order(key), "event")
    answer = FromItem("written", draft.alias())
    order = expressions.column(answer.alias, plan.key.name)
    text = answer_text(plan.record, answer.alias, draft, order)
    return answer_row(statement, compile_problem(draft), _ids(order), text).from_(answer)


def compile_delete(plan: Delete, draft: StatementDraft) -> Query:
    """Return the statement of a Delete."""
    statement = Query()
    meant = _lock(statement, plan, draft)
    statement.with_(compile_verdict(plan, meant, (), draft), "verdict")
    row = RowReference(alias=draft.alias())
    change = Query().delete(table_source(plan.table, row.alias))
    key = row.column(plan.key.name)
    statement.with_(change.only(_among_locked(plan.key, row, draft)).returning(key), "written")
    locked, join = _deleted(plan.key, draft)
    key = expressions.column(locked.alias, plan.key.name)
    event = event_rows(plan.event, key, locked.alias, None).from_(locked)
    event.join(join)
    statement.with_(event.order(key), "event")
    locked, join = _deleted(plan.key, draft)
    order = expressions.column(locked.alias, plan.key.name)
    text = answer_text(plan.record, locked.alias, draft, order)
    query = answer_row(statement, compile_problem(draft), _ids(order), text).from_(locked)
    query.join(join)
    return query


def given_rows(plan: Insert | Upsert, draft: StatementDraft) -> Query:
    """Return the given rows: the values c0.., the references' inputs g0.., their keys r0.., the position."""
    kinds = {column.name: column.type for column in plan.columns}
    if isinstance(plan, Upsert):
        kinds[plan.given] = SqlType.TEXT
    for reference in plan.references:
        kinds.setdefault(str(reference.source), reference.lookup.type)
    document = expressions.rows_of_json(expressions.json_parameter(plan.rows), list(kinds.items()))
    names = {name: "v" + str(index) for index, name in enumerate(kinds)}
    source = rows_source(document, draft.alias(), (*names.values(), "position"))
    row = RowReference(alias=source.alias, names=names)
    query = Query().from_(source)
    query.select(*[expressions.named(row.column(one.name), "c" + str(n)) for n, one in enumerate(plan.columns)])
    for index, reference in enumerate(plan.references):
        if not isinstance(reference.source, str):
            raise TypeError("an insert's reference names a key of its rows")
        target = find_target(reference, row.column(reference.source), draft)
        query.select(expressions.named(target.given, "g" + str(index)), expressions.named(target.key, "r" + str(index)))
    if isinstance(plan, Upsert):
        query.select(expressions.named(row.column(plan.given), "given"))
    return query.select(expressions.result(source.alias, "position"))


def given_value(given: FromItem, index: int) -> Expression:
    """Return a column's value as it stands in the given rows."""
    return expressions.result(given.alias, "c" + str(index))


def given_targets(plan: Insert | Upsert, given: FromItem) -> list[ResolvedReference]:
    """Return the references' targets as they stand in the given rows."""
    return [
        ResolvedReference(
            reference=reference,
            given=expressions.result(given.alias, "g" + str(index)),
            key=expressions.result(given.alias, "r" + str(index)),
        )
        for index, reference in enumerate(plan.references)
    ]


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
    condition = compile_condition(plan.condition, row, draft)
    is_crossing = crosses(plan.condition)
    meant = "locked"
    if plan.ids is not None:
        given = expressions.parameter(plan.ids)
    elif is_crossing:
        meant = "found"
        found = Query().from_(table_source(plan.table, row.alias)).select(key).only(condition)
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


def _deleted(key: Column, draft: StatementDraft) -> tuple[FromItem, InnerJoin]:
    """Return the locked rows, joined with those that were deleted."""
    locked, written = FromItem("locked", draft.alias()), FromItem("written", draft.alias())
    same = expressions.equal(expressions.column(written.alias, key.name), expressions.column(locked.alias, key.name))
    return locked, InnerJoin(written, same)


def assigned_value(assignment: Assignment, row: RowReference | None = None) -> Expression:
    """Return the value of an assignment; a change is one of the row's value."""
    match assignment.value:
        case Parameter():
            return expressions.parameter(assignment.value)
        case Now():
            return expressions.NOW
        case Null():
            return expressions.NULL
        case Change() if row is not None:
            return changed_value(assignment.value, row.column(assignment.column.name))
        case Change():
            raise TypeError("only an update changes values by the values before")
        case _:
            assert_never(assignment.value)


def event_rows(
    target: EventTarget, key: Expression, before: str | None, after: str | None, *, action: Expression | None = None
) -> Query:
    """Return the event rows' INSERT, short of its FROM; `before` and `after` are the aliases of the rows.

    An `action` is that of each row, in the place of the target's.
    """
    query = Query().insert(table_source(target.table, _EVENT_ALIAS), _EVENT_COLUMNS)
    return query.select(
        expressions.uuid_literal(target.workspace_id),
        expressions.uuid_literal(target.object_id),
        key,
        expressions.text_literal(target.action) if action is None else action,
        _document(before),
        _document(after),
        expressions.parameter(target.actor),
    )


def _document(alias: str | None) -> Expression:
    return expressions.NULL_JSONB if alias is None else expressions.call("to_jsonb", expressions.whole_row(alias))


def _ids(key: Expression) -> Expression:
    return expressions.coalesce(expressions.aggregate("array_agg", key, order=key), expressions.NO_UUIDS)


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
