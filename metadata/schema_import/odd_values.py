"""Finds columns whose values are other ones than their types say, which only the rows show."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

import psycopg

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.schema_import.columns import plan_column
from fieldstone.metadata.schema_import.refusals import refuse_rows
from fieldstone.metadata.schema_import.source import SourceColumn, SourceSchema, SourceTable
from fieldstone.sql.ddl import import_rows
from fieldstone.sql.ddl.import_rows import Term

_Question = tuple[str, str, Term]
"""A column, a mark of `SourceColumn`, and the condition under which the column gets it."""


async def find_odd_values(connection: Session, source: SourceSchema, *, with_rows: bool) -> SourceSchema:
    """Return the source with the columns marked that have such values, as far as the session may read them.

    Args:
        connection: to the database of the source.
        source: its tables.
        with_rows: whether the rows are copied, so that those count too that cannot be carried over as they are.

    Raises:
        ChangeFailed: rows cannot be read.
    """
    if with_rows:
        await fetch(connection, "read_rows_whole")
    return replace(source, tables=tuple([await _mark(connection, table, with_rows) for table in source.tables]))


async def _mark(connection: Session, table: SourceTable, with_rows: bool) -> SourceTable:
    asked = [
        (column.name, mark, condition)
        for column in table.columns
        if column.name not in table.left_out and column.is_readable
        for mark, condition in _questions(column, with_rows=with_rows)
    ]
    if not asked:
        return table
    found = await _ask(connection, table, asked)
    return replace(table, columns=tuple(_marked(column, found) for column in table.columns))


async def _ask(connection: Session, table: SourceTable, asked: Sequence[_Question]) -> set[tuple[str, str]]:
    """Return the columns and marks whose conditions hold for a row."""
    query = import_rows.any_of(table.table, [condition for _, _, condition in asked], only=table.has_children)
    try:
        async with connection.transaction():
            answers = await (await connection.execute(query, prepare=False)).fetchone() or ()
    except psycopg.DataError as error:
        if len(asked) == 1:
            raise refuse_rows("read", f"{table.table.name}.{asked[0][0]}", error) from error
        # Each column is asked about alone, as PostgreSQL names none beside a value that it cannot carry over.
        return {answer for question in asked for answer in await _ask(connection, table, [question])}
    except psycopg.Error as error:
        raise refuse_rows("read", table.table.name, error) from error
    return {(name, mark) for (name, mark, _), answer in zip(asked, answers, strict=True) if answer}


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
