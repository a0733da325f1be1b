"""Finds array columns whose values are nested, which only the rows show: a list of text cannot hold them."""

from dataclasses import replace

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.schema_import.columns import plan_column
from fieldstone.metadata.schema_import.source import SourceColumn, SourceSchema, SourceTable
from fieldstone.sql.ddl import import_rows
from fieldstone.sql.identifiers import quote_table


async def find_nested_lists(connection: Session, source: SourceSchema) -> SourceSchema:
    """Return the source with the columns marked whose values are nested, as far as the session may read them."""
    return replace(source, tables=tuple([await _mark(connection, table) for table in source.tables]))


async def _mark(connection: Session, table: SourceTable) -> SourceTable:
    columns = [
        replace(column, is_nested=True) if await _is_nested(connection, table, column) else column
        for column in table.columns
    ]
    return replace(table, columns=tuple(columns))


async def _is_nested(connection: Session, table: SourceTable, column: SourceColumn) -> bool:
    plan = plan_column(column) if column.name not in table.left_out else None
    if plan is None or plan.type is not FieldType.ARRAY:
        return column.is_nested
    asked = {"table": quote_table(table.table), "column": column.name}
    if await (await connection.execute(QUERIES["may_read_column"], asked)).fetchone() != (True,):
        return False
    query = import_rows.is_nested(table.table, column.name, only=table.has_children)
    return await (await connection.execute(query, prepare=False)).fetchone() == (True,)
