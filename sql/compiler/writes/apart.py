"""The row of a write, and its event, as two statements: see sql/plan/writes/apart.py."""

from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.scope import StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, rows_source, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.insert import answer_of_one, created_events
from fieldstone.sql.compiler.writes.mutate import answer_row, compile_delete, compile_update, document, event_values
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.apart import ChangeApart, ChangedEvent, CreatedEvent, RowApart
from fieldstone.sql.plan.writes.changes import Update
from fieldstone.sql.plan.writes.elements import Assignment
from fieldstone.sql.types import SqlType


def compile_row(plan: RowApart, draft: StatementDraft) -> Query:
    """Return the INSERT of the row."""
    values, slot = [], 0
    for one in plan.values:
        if isinstance(one.value, Parameter):
            values.append(expressions.parameter(replace(one.value, slot=slot)))
            slot += 1
        else:
            values.append(assigned_value(one))
    table = table_source(plan.insert.table, draft.alias())
    return Query().insert(table, [one.column.name for one in plan.values]).values(*values)


def compile_created_event(plan: CreatedEvent, draft: StatementDraft) -> Query:
    """Return the statement of the event; its row is that of the insertion: (problem, ids, answer)."""
    insert = plan.row.insert
    given = Query().select(*[expressions.renamed(_typed(one), one.column.name) for one in plan.row.values])
    written = FromItem("written", draft.alias())
    statement = Query().with_(given, "written").with_(created_events(insert, written), "event")
    answer = FromItem("written", draft.alias())
    ids, text = answer_of_one(insert, answer, draft)
    return answer_row(statement, expressions.NULL_TEXT, ids, text).from_(answer)


def compile_change_apart(plan: ChangeApart, draft: StatementDraft) -> Query:
    """Return the statement of the change."""
    change = plan.change
    if isinstance(change, Update):
        query, after = compile_update(change, draft, leaves_event=False), _documents("written", draft)
    else:
        query, after = compile_delete(change, draft, leaves_event=False), expressions.NULL
    return query.select(_documents("locked", draft), after, expressions.parameter(change.event.actor))


def _documents(name: str, draft: StatementDraft) -> Expression:
    """Return the rows of a WITH query, which is one at most."""
    rows = FromItem(name, draft.alias())
    return expressions.array_from(Query().from_(rows).select(document(rows.alias)))


def compile_changed_event(plan: ChangedEvent, draft: StatementDraft) -> Query:
    """Return the statement of the event of a change."""
    lists = [
        expressions.parameter(Parameter(slot=slot, type=type_, array=True))
        for slot, type_ in enumerate((SqlType.UUID, SqlType.JSONB, SqlType.JSONB))
    ]
    given = rows_source(expressions.call("unnest", *lists), draft.alias(), ("id", "before", "after", "position"))
    values = [expressions.result(given.alias, name) for name in ("id", "before", "after")]
    event = replace(plan.event, actor=replace(plan.event.actor, slot=len(lists)))
    return event_values(event, *values).from_(given)


def _typed(one: Assignment) -> Expression:
    """Return the value of a column with the column's type."""
    value = assigned_value(one)
    return value if isinstance(one.value, Parameter) else expressions.cast(value, one.column.type)
