"""Names in statements that psycopg composes."""

from collections.abc import Iterable

from psycopg import sql

from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column


def name_sql(name: str) -> sql.SQL:
    """Return a quoted name."""
    return sql.SQL(quote_identifier(name))


def names_sql(names: Iterable[str]) -> sql.Composed:
    """Return a list of quoted names; that of no names is empty."""
    return sql.SQL(", ").join(map(name_sql, names))


def column_sql(column: Column) -> sql.SQL:
    """Return a column's quoted name."""
    return name_sql(column.name)


def columns_sql(columns: Iterable[Column]) -> sql.Composed:
    """Return a list of the quoted names of columns."""
    return sql.SQL(", ").join(map(column_sql, columns))


def table_sql(table: Table) -> sql.SQL:
    """Return a table's quoted name, qualified by its schema."""
    return sql.SQL(quote_table(table))


def tables_sql(tables: Iterable[Table]) -> sql.Composed:
    """Return a list of the quoted names of tables."""
    return sql.SQL(", ").join(map(table_sql, tables))
