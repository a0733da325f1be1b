"""A tree of records created by one statement: the rows of each place, then all events, and the answer from these rows.

Its WITH queries, each after those that it reads:

    written0  the rows of the first place, and so on
    event     one event row for each record, in the order of the places

The statement does not see its own rows in their tables: the answer reads the WITH queries in the place of these.
"""

from collections.abc import Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.reads.select import compile_list, compile_list_of_one
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import FromItem, Query, query_source
from fieldstone.sql.compiler.writes.insert import given_rows, insert_given, insert_values, values_of_one
from fieldstone.sql.compiler.writes.mutate import document, event_values
from fieldstone.sql.plan.writes.inserts import CreateTree, Insert, InsertOne

_EVENT = ("object", "key", "after")
"""The columns of an event's row that are not the same for all."""


def compile_create_tree(plan: CreateTree, draft: StatementDraft) -> Query:
    """Return the statement of a CreateTree."""
    statement = Query()
    places: dict[tuple[str, str], list[str]] = {}
    for number, insert in enumerate(plan.inserts):
        name = _written(number)
        statement.with_(_insertion(insert, draft), name)
        places.setdefault((insert.table.schema, insert.table.name), []).append(name)
    for table, names in places.items():
        draft.inserted[table] = names[0] if len(names) == 1 else _all_of(names, draft)
    statement.with_(_events(plan, draft), "event")
    root = FromItem(_written(plan.root), draft.alias())
    row = RowReference(alias=root.alias)
    if not plan.many:
        # Where a trigger passes over the row, those of the other places must not stay.
        answer = expressions.scalar(Query().select(compile_list_of_one(plan.record, row, draft)).from_(root))
        return statement.select(expressions.coalesce(answer, expressions.call("fieldstone.retry")))
    return statement.select(compile_list(plan.record, row, draft, None)).from_(root)


def _written(number: int) -> str:
    return "written" + str(number)


def _all_of(names: Sequence[str], draft: StatementDraft) -> str:
    """Return the rows of several WITH queries together."""
    sources = [FromItem(name, draft.alias()) for name in names]
    rows = [Query().from_(one).select(expressions.whole_row(one.alias)).text() for one in sources]
    return "(" + " UNION ALL ".join(rows) + ")"


def _insertion(insert: Insert | InsertOne, draft: StatementDraft) -> Query:
    if isinstance(insert, InsertOne):
        return insert_values(insert, values_of_one(insert), draft)
    return insert_given(insert, query_source(given_rows(insert, draft).text(), draft.alias()), draft)


def _events(plan: CreateTree, draft: StatementDraft) -> Query:
    """Return the event rows' INSERT."""
    parts: list[str] = []
    for number, insert in enumerate(plan.inserts):
        written = FromItem(_written(number), draft.alias())
        values = (
            expressions.uuid_literal(insert.event.object_id),
            expressions.column(written.alias, insert.key.name),
            document(written.alias),
        )
        parts.append(Query().from_(written).select(*map(expressions.named, values, _EVENT)).text())
    rows = query_source(" UNION ALL ".join(parts), draft.alias())
    object_id, key, after = (expressions.result(rows.alias, name) for name in _EVENT)
    event = plan.inserts[0].event
    return event_values(event, key, expressions.NULL_JSONB, after, object_id=object_id).from_(rows)
