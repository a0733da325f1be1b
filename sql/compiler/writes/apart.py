"""An insertion and its event as two plain statements, see sql/plan/apart.py."""

from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Query, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.mutate import event_rows
from fieldstone.sql.plan.apart import CreatedEvent, key_of
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.write import InsertOne
from fieldstone.sql.types import SqlType


def compile_values(plan: InsertOne, draft: StatementDraft) -> Query:
    """Return the INSERT of an InsertOne's values; its row is (problem, ids, answer), without an answer."""
    row = RowReference(alias=draft.alias())
    change = Query().insert(table_source(plan.table, row.alias), [one.column.name for one in plan.values])
    change.values(*[assigned_value(one) for one in plan.values])
    ids = expressions.array((row.column(plan.key.name),))
    # The actor is a parameter of the event's statement, and PostgreSQL has to know the type of each parameter.
    actor = expressions.parameter(plan.event.actor)
    no_problem = expressions.call("nullif", actor, actor)
    for value, name in ((no_problem, "problem"), (ids, "ids"), (expressions.NULL_TEXT, "answer")):
        change.returning(expressions.named(value, name))
    return change


def compile_created_event(plan: CreatedEvent, draft: StatementDraft) -> Query:
    """Return the statement of a CreatedEvent."""
    insert = plan.insert
    if key_of(insert) is None:
        raise TypeError("an insertion whose event is left apart gives the key")
    event = replace(insert.event, actor=Parameter(slot=1, type=SqlType.TEXT))
    row = table_source(insert.table, draft.alias())
    key = expressions.column(row.alias, insert.key.name)
    is_it = expressions.equal(key, expressions.parameter(Parameter(slot=0, type=insert.key.type)))
    return event_rows(event, key, None, row.alias).from_(row).only(is_it)
