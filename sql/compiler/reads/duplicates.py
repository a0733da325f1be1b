"""Duplicates: for each of some given records, a connection to those that are like it."""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition, row_source
from fieldstone.sql.compiler.output import Fragment, aggregate_text, inline, join_pieces
from fieldstone.sql.compiler.reads.pages.page_output import RecordWriter, compile_connection
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, LeftJoin, Query, rows_source
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.outputs import Alike
from fieldstone.sql.plan.read import Duplicates


def compile_duplicates(duplicates: Duplicates, draft: StatementDraft, write: RecordWriter) -> Fragment:
    """Return the list of the connections, in the order of the given records."""
    query, given, position = _read_given(duplicates, draft)
    connection = join_pieces(inline(compile_connection(duplicates.connection, given, draft, write)))
    return Fragment(pieces=["[", aggregate_text(connection, order=position), "]"], query=query)


def _read_given(duplicates: Duplicates, draft: StatementDraft) -> tuple[Query, RowReference, Expression]:
    """Return the query of the given records, the row of each, and its number."""
    if duplicates.rows is not None:
        columns = _columns(duplicates)
        document = expressions.rows_of_json(
            expressions.json_parameter(duplicates.rows), [(column.name, column.type) for column in columns]
        )
        names = {column.name: "v" + str(place) for place, column in enumerate(columns)}
        source = rows_source(document, draft.alias(), (*names.values(), "position"))
        given = RowReference(alias=source.alias, names=names)
        return Query().from_(source), given, expressions.result(source.alias, "position")
    if duplicates.ids is None:
        raise TypeError("the records are given by ids or as rows")
    ids = expressions.call("unnest", expressions.parameter(duplicates.ids))
    source = rows_source(ids, draft.alias(), ("id", "position"))
    given = RowReference(alias=draft.alias())
    is_meant = expressions.equal(given.column(_link(duplicates).key.name), expressions.result(source.alias, "id"))
    is_live = compile_condition(duplicates.condition, given, draft)
    query = Query().from_(source)
    query.join(LeftJoin(row_source(duplicates.table, given.alias, draft), expressions.all_of((is_meant, is_live))))
    return query, given, expressions.result(source.alias, "position")


def _link(duplicates: Duplicates) -> Alike:
    match duplicates.connection.link:
        case Alike() as alike:
            return alike
        case _:
            raise TypeError("duplicates are alike")


def _columns(duplicates: Duplicates) -> list[Column]:
    """Return the columns that a given row has: the key, and those of the criteria."""
    alike = _link(duplicates)
    parts = [likeness.column for criterion in alike.criteria for likeness in criterion]
    return list(dict.fromkeys([alike.key, *parts]))
