"""Finds columns whose values are other ones than their types say, which only the rows show."""

from collections.abc import Container, Iterator
from dataclasses import replace

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.schema_import.columns import plan_column
from fieldstone.metadata.schema_import.source import SourceColumn, SourceSchema, SourceTable
from fieldstone.sql.ddl import import_rows
from fieldstone.sql.ddl.import_rows import Term
from fieldstone.sql.identifiers import quote_table


async def find_odd_values(connection: Session, source: SourceSchema, *, with_rows: bool) -> SourceSchema:
    """Return the source with the columns marked that have such values, as far as the session may read them.

    Args:
        connection: to the database of the source.
        source: its tables.
        with_rows: whether the rows are copied, so that those count too that cannot be carried over as they are.
    """
    return replace(source, tables=tuple([await _mark(connection, table, with_rows) for table in source.tables]))


async def _mark(connection: Session, table: SourceTable, with_rows: bool) -> SourceTable:
    asked = [
        (column.name, mark, condition)
        for column in table.columns
        if column.name not in table.left_out and await _may_read(connection, table, column)
        for mark, condition in _questions(column, with_rows=with_rows)
    ]
    if not asked:
        return table
    query = import_rows.any_of(table.table, [condition for _, _, condition in asked], only=table.has_children)
    answers = await (await connection.execute(query, prepare=False)).fetchone() or ()
    found = {(name, mark) for (name, mark, _), answer in zip(asked, answers, strict=True) if answer}
    return replace(table, columns=tuple(_marked(column, found) for column in table.columns))


def _marked(column: SourceColumn, found: Container[tuple[str, str]]) -> SourceColumn:
    return replace(
        column,
        is_nested=column.is_nested or (column.name, "is_nested") in found,
        has_gaps=(column.name, "has_gaps") in found,
        becomes_null=(column.name, "becomes_null") in found,
    )


def _questions(column: SourceColumn, *, with_rows: bool) -> Iterator[tuple[str, Term]]:
    """Yield the marks of `SourceColumn` that a column's rows decide about, each with its condition."""
    plan = plan_column(column)
    if plan is None:
        return
    if plan.type is FieldType.ARRAY:
        yield "is_nested", import_rows.is_nested(column.name)
        if with_rows:
            yield "has_gaps", import_rows.has_gaps(column.name)
    elif with_rows and column.is_required and plan.value != import_rows.column(column.name):
        yield "becomes_null", import_rows.becomes_null(column.name, plan.value)


async def _may_read(connection: Session, table: SourceTable, column: SourceColumn) -> bool:
    asked = {"table": quote_table(table.table), "column": column.name}
    return await (await connection.execute(QUERIES["may_read_column"], asked)).fetchone() == (True,)
