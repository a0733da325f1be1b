"""The rows that a connection means as a FROM clause: its table under a condition, or one row for each value."""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import Search, compile_condition, row_source
from fieldstone.sql.compiler.reads.likeness import compile_alike
from fieldstone.sql.compiler.reads.pages.ordering import compile_order, order_items
from fieldstone.sql.compiler.reads.pages.totals import compile_filtered
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source
from fieldstone.sql.plan.elements import Link
from fieldstone.sql.plan.operands import column_of
from fieldstone.sql.plan.outputs import Alike, Connection


def compile_members(
    connection: Connection,
    row: RowReference,
    around: RowReference | None,
    draft: StatementDraft,
    *,
    search: Search = Search.PLANNED,
) -> tuple[FromItem, Expression]:
    """Return the source of `row`, and the condition that the row is one of those meant."""
    if isinstance(connection.link, Alike) and around is not None:
        # Found first, by the indexes of the criteria: in the order of the page, rows that nothing resembles would have
        # the whole table read.
        found = RowReference(alias=draft.alias())
        alike = (
            Query().from_(row_source(connection.table, found.alias, draft)).select(expressions.whole_row(found.alias))
        )
        wanted = compile_condition(connection.condition, found, draft)
        alike.only(expressions.all_of((compile_alike(connection.link, connection.table, found, around, draft), wanted)))
        return query_source(alike.offset(expressions.number(0)).text(), row.alias), expressions.TRUE
    if not connection.distinct:
        return _compile_source(connection, row, around, draft, search)
    # Elected in the order that is asked for, whatever the direction of the page: each page has the same records. The
    # values are compared as they are, since the keys of long texts are equal where the texts are not.
    inner = RowReference(alias=draft.alias())
    values = [inner.column(column.name) for column in connection.distinct]
    within = [
        key for key in connection.order if key.hops or key.totals or column_of(key.operand) not in connection.distinct
    ]
    keys, joins = compile_order(within, inner, draft)
    source, condition = _compile_source(connection, inner, around, draft, search)
    query = Query().from_(source).distinct(*values)
    for join in joins:
        query.join(join)
    query.select(expressions.whole_row(inner.alias)).only(condition)
    query.order(*values, *order_items(keys))
    return query_source(query.text(), row.alias), expressions.TRUE


def _compile_source(
    connection: Connection, row: RowReference, around: RowReference | None, draft: StatementDraft, search: Search
) -> tuple[FromItem, Expression]:
    """Return the row's source, and the condition that it fulfils the connection's and is linked to the row around."""
    if around is None and search is Search.PLANNED:
        return compile_filtered(connection.table, connection.condition, row, draft)
    source = row_source(connection.table, row.alias, draft)
    condition = compile_condition(connection.condition, row, draft, search=search)
    link = connection.link
    if not isinstance(link, Link) or around is None:
        return source, condition
    tie = expressions.equal(row.column(link.column.name), around.column(link.key.name))
    return source, expressions.all_of((tie, condition))
