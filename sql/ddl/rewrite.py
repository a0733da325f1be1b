"""The statements that put a new table in the place of another, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan.elements import Table


def lock_tables(tables: Sequence[Table]) -> sql.Composed:
    """LOCK TABLE against everybody else."""
    names = sql.SQL(", ").join(sql.SQL(quote_table(table)) for table in tables)
    return sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names)


def rename_table(table: Table, name: str) -> sql.Composed:
    """ALTER TABLE that gives a table another name."""
    return sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.SQL(quote_table(table)), sql.SQL(quote_identifier(name)))


def rename_constraint(table: Table, old: str, new: str) -> sql.Composed:
    """ALTER TABLE that gives a constraint, and its index, another name."""
    return sql.SQL("ALTER TABLE {} RENAME CONSTRAINT {} TO {}").format(
        sql.SQL(quote_table(table)), sql.SQL(quote_identifier(old)), sql.SQL(quote_identifier(new))
    )


def carry_over(source: Table, target: Table, columns: Sequence[str]) -> sql.Composed:
    """INSERT of all rows of a table into another."""
    names = sql.SQL(", ").join(sql.SQL(quote_identifier(name)) for name in columns)
    return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        sql.SQL(quote_table(target)), names, names, sql.SQL(quote_table(source))
    )


def analyze(table: Table) -> sql.Composed:
    """ANALYZE."""
    return sql.SQL("ANALYZE {}").format(sql.SQL(quote_table(table)))
