"""The statements that change or remove tables and their parts, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.ddl.create import DefaultFunction, column_default
from fieldstone.sql.ddl.names import column_sql, columns_sql, name_sql, table_sql, tables_sql
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType


def drop_table(table: Table) -> sql.Composed:
    """Return the DROP TABLE of one table."""
    return sql.SQL("DROP TABLE {}").format(table_sql(table))


def drop_tables(tables: Sequence[Table]) -> sql.Composed:
    """Return the DROP TABLE of several tables, where they exist, with the foreign keys that lead to them."""
    return sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(tables_sql(tables))


def drop_schema(name: str) -> sql.Composed:
    """Return the DROP SCHEMA with all its contents, where it exists."""
    return sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name_sql(name))


def drop_columns(table: Table, columns: Sequence[Column]) -> sql.Composed:
    """Return the ALTER TABLE that drops columns, with the indexes and constraints on them."""
    drops = (sql.SQL("DROP COLUMN {}").format(column_sql(column)) for column in columns)
    return sql.SQL("ALTER TABLE {} {}").format(table_sql(table), sql.SQL(", ").join(drops))


def set_required(table: Table, column: Column, *, required: bool) -> sql.Composed:
    """Return the ALTER TABLE that refuses NULLs in a column, or lets them in."""
    return sql.SQL("ALTER TABLE {} ALTER COLUMN {} {} NOT NULL").format(
        table_sql(table), column_sql(column), sql.SQL("SET" if required else "DROP")
    )


def add_required_check(table: Table, name: str, column: Column) -> sql.Composed:
    """Return the ALTER TABLE that refuses NULLs in rows written from now on; existing rows are not checked."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID").format(
        table_sql(table), name_sql(name), column_sql(column)
    )


def validate_constraint(table: Table, name: str) -> sql.Composed:
    """Return the ALTER TABLE that checks the existing rows, beside readers and writers."""
    return sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(table_sql(table), name_sql(name))


def drop_constraint(table: Table, name: str) -> sql.Composed:
    """Return the ALTER TABLE that drops a constraint."""
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table_sql(table), name_sql(name))


def defer_constraint(table: Table, name: str) -> sql.Composed:
    """Return the ALTER TABLE that has a foreign key checked at the end of each transaction."""
    return sql.SQL("ALTER TABLE {} ALTER CONSTRAINT {} DEFERRABLE INITIALLY DEFERRED").format(
        table_sql(table), name_sql(name)
    )


def set_default(table: Table, column: Column, default: str | DefaultFunction | None) -> sql.Composed:
    """Return the ALTER TABLE that gives new rows another default; None is none."""
    change = (
        sql.SQL("DROP DEFAULT")
        if default is None
        else sql.SQL("SET DEFAULT {}").format(column_default(default, column.type, table))
    )
    return sql.SQL("ALTER TABLE {} ALTER COLUMN {} {}").format(table_sql(table), column_sql(column), change)


def convert_column(table: Table, column: Column, to: SqlType, value: sql.Composable) -> sql.Composed:
    """Return the ALTER TABLE that gives a column another type, and this value; the table is rewritten."""
    return sql.SQL("ALTER TABLE {0} ALTER COLUMN {1} DROP DEFAULT, ALTER COLUMN {1} TYPE {2} USING {3}").format(
        table_sql(table), column_sql(column), sql.SQL(to.value), value
    )


def rename_column(table: Table, column: Column, name: str) -> sql.Composed:
    """Return the ALTER TABLE that gives a column another name."""
    return sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}").format(table_sql(table), column_sql(column), name_sql(name))


def lock_table(table: Table, *, readers_too: bool) -> sql.Composed:
    """Return the LOCK TABLE against writers, or against readers too, to the end of the transaction."""
    return sql.SQL("LOCK TABLE {} IN {} MODE").format(
        table_sql(table), sql.SQL("ACCESS EXCLUSIVE" if readers_too else "SHARE ROW EXCLUSIVE")
    )


def drop_index(schema: str, name: str, *, concurrently: bool = False) -> sql.Composed:
    """Return the DROP INDEX, where the index exists."""
    return sql.SQL("DROP INDEX {}IF EXISTS {}").format(
        sql.SQL("CONCURRENTLY " if concurrently else ""), table_sql(Table(schema=schema, name=name))
    )


def rebuild_index(schema: str, name: str) -> sql.Composed:
    """Return the REINDEX of one index."""
    return sql.SQL("REINDEX INDEX {}").format(table_sql(Table(schema=schema, name=name)))


def drop_constraint_if_there(table: Table, name: str) -> sql.Composed:
    """Return the ALTER TABLE that drops a constraint, where it exists."""
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}").format(table_sql(table), name_sql(name))


def add_at_most_one(table: Table, name: str, columns: Sequence[Column]) -> sql.Composed:
    """Return the ALTER TABLE that lets at most one of the columns have a value; existing rows are not checked."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK (num_nonnulls({}) <= 1) NOT VALID").format(
        table_sql(table), name_sql(name), columns_sql(columns)
    )


def set_type(table: Table, column: Column) -> sql.Composed:
    """Return the ALTER TABLE that gives a column its type, by PostgreSQL's cast of its values, which may fail."""
    return sql.SQL("ALTER TABLE {0} ALTER COLUMN {1} TYPE {2} USING {1}::{2}").format(
        table_sql(table), column_sql(column), sql.SQL(column.type.value)
    )
