"""The statements that change or remove what is there in the tables, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.ddl.create import DefaultFunction, column_default
from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan.elements import Column, Table
from fieldstone.sql.types import SqlType


def drop_table(table: Table) -> sql.Composed:
    """DROP TABLE."""
    return sql.SQL("DROP TABLE {}").format(_table(table))


def drop_tables(tables: Sequence[Table]) -> sql.Composed:
    """DROP TABLE of several, where they are there, with the foreign keys that lead to them."""
    return sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.SQL(", ").join(map(_table, tables)))


def drop_schema(name: str) -> sql.Composed:
    """DROP SCHEMA with what is left in it, where it is there."""
    return sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.SQL(quote_identifier(name)))


def drop_columns(table: Table, columns: Sequence[Column]) -> sql.Composed:
    """ALTER TABLE that drops columns, with the indexes and constraints on them."""
    drops = (sql.SQL("DROP COLUMN {}").format(_column(column)) for column in columns)
    return sql.SQL("ALTER TABLE {} {}").format(_table(table), sql.SQL(", ").join(drops))


def set_required(table: Table, column: Column, *, required: bool) -> sql.Composed:
    """ALTER TABLE that refuses NULLs in a column, or lets them in."""
    return sql.SQL("ALTER TABLE {} ALTER COLUMN {} {} NOT NULL").format(
        _table(table), _column(column), sql.SQL("SET" if required else "DROP")
    )


def add_required_check(table: Table, name: str, column: Column) -> sql.Composed:
    """ALTER TABLE that refuses NULLs in what is written from now on; the rows that are there are not looked at."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID").format(
        _table(table), sql.SQL(quote_identifier(name)), _column(column)
    )


def validate_constraint(table: Table, name: str) -> sql.Composed:
    """ALTER TABLE that looks at the rows that are there, beside readers and writers."""
    return sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(_table(table), sql.SQL(quote_identifier(name)))


def drop_constraint(table: Table, name: str) -> sql.Composed:
    """ALTER TABLE that drops a constraint."""
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(_table(table), sql.SQL(quote_identifier(name)))


def set_default(table: Table, column: Column, default: str | DefaultFunction | None) -> sql.Composed:
    """ALTER TABLE that gives new rows another default; None is none."""
    change = (
        sql.SQL("DROP DEFAULT")
        if default is None
        else sql.SQL("SET DEFAULT {}").format(column_default(default, column.type))
    )
    return sql.SQL("ALTER TABLE {} ALTER COLUMN {} {}").format(_table(table), _column(column), change)


def convert_column(table: Table, column: Column, to: SqlType, value: sql.Composable) -> sql.Composed:
    """ALTER TABLE that makes a column one of another type, of this value of it; the table is written anew."""
    return sql.SQL("ALTER TABLE {0} ALTER COLUMN {1} DROP DEFAULT, ALTER COLUMN {1} TYPE {2} USING {3}").format(
        _table(table), _column(column), sql.SQL(to.value), value
    )


def rename_column(table: Table, column: Column, name: str) -> sql.Composed:
    """ALTER TABLE that gives a column another name."""
    return sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}").format(
        _table(table), _column(column), sql.SQL(quote_identifier(name))
    )


def lock_table(table: Table, *, readers_too: bool) -> sql.Composed:
    """LOCK TABLE against writers, or against everybody, to the end of the transaction."""
    return sql.SQL("LOCK TABLE {} IN {} MODE").format(
        _table(table), sql.SQL("ACCESS EXCLUSIVE" if readers_too else "SHARE ROW EXCLUSIVE")
    )


def drop_index(schema: str, name: str, *, concurrently: bool = False) -> sql.Composed:
    """DROP INDEX, where it is there."""
    return sql.SQL("DROP INDEX {}IF EXISTS {}").format(
        sql.SQL("CONCURRENTLY " if concurrently else ""), _table(Table(schema=schema, name=name))
    )


def _column(column: Column) -> sql.SQL:
    return sql.SQL(quote_identifier(column.name))


def _table(table: Table) -> sql.SQL:
    return sql.SQL(quote_table(table))


def drop_constraint_if_there(table: Table, name: str) -> sql.Composed:
    """ALTER TABLE that drops a constraint, where it is there."""
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}").format(_table(table), sql.SQL(quote_identifier(name)))


def add_at_most_one(table: Table, name: str, columns: Sequence[Column]) -> sql.Composed:
    """ALTER TABLE that lets at most one of the columns have a value; the rows that are there are not looked at."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK (num_nonnulls({}) <= 1) NOT VALID").format(
        _table(table), sql.SQL(quote_identifier(name)), sql.SQL(", ").join(map(_column, columns))
    )


def set_type(table: Table, column: Column) -> sql.Composed:
    """ALTER TABLE that gives a column its type, as PostgreSQL casts its values; it fails where it cannot."""
    return sql.SQL("ALTER TABLE {0} ALTER COLUMN {1} TYPE {2} USING {1}::{2}").format(
        _table(table), _column(column), sql.SQL(column.type.value)
    )
