"""The statements that put a new table in the place of another, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.ddl.names import name_sql, names_sql, table_sql, tables_sql
from fieldstone.sql.plan.elements import Table


def lock_tables(tables: Sequence[Table]) -> sql.Composed:
    """Return the LOCK TABLE against all other sessions."""
    return sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables_sql(tables))


def rename_table(table: Table, name: str) -> sql.Composed:
    """Return the ALTER TABLE that gives a table another name."""
    return sql.SQL("ALTER TABLE {} RENAME TO {}").format(table_sql(table), name_sql(name))


def rename_constraint(table: Table, old: str, new: str) -> sql.Composed:
    """Return the ALTER TABLE that gives a constraint, and its index, another name."""
    return sql.SQL("ALTER TABLE {} RENAME CONSTRAINT {} TO {}").format(table_sql(table), name_sql(old), name_sql(new))


def carry_over(source: Table, target: Table, columns: Sequence[str]) -> sql.Composed:
    """Return the INSERT of all rows of a table into another."""
    names = names_sql(columns)
    return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(table_sql(target), names, names, table_sql(source))


def analyze(table: Table) -> sql.Composed:
    """Return the ANALYZE of a table."""
    return sql.SQL("ANALYZE {}").format(table_sql(table))
