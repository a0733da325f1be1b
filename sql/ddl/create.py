"""The statements that create tables, columns and indexes, composed by psycopg."""

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from psycopg import sql

from fieldstone.sql.ddl.names import name_sql, table_sql
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column, Sorted
from fieldstone.sql.text_order import FOLD, KEY
from fieldstone.sql.types import SqlType

PENDING = 64
"""Kilobytes that may wait to be put into a GIN index; by default 4,096.

With 950 waiting, trigrams found a dozen of 100,000 rows in 1.2 ms instead of 0.1, and PostgreSQL rather read the whole
table. To insert a person (two trigram indexes) takes 40 us longer than by default; were nothing to wait, 140.
"""


class DefaultFunction(Enum):
    """A default that PostgreSQL computes for each row; the value is its SQL."""

    RANDOM_UUID = "gen_random_uuid()"
    NOW = "now()"
    TODAY = "(now() AT TIME ZONE 'UTC')::date"

    @property
    def distributed(self) -> str:
        """Its SQL in a distributed table, see the migration that makes the function."""
        return self.value.replace("now()", "fieldstone.moment()")


@frozen
class ColumnDefinition:
    """A new column.

    Attributes:
        default: the text of a constant, or a function.
        words_of: for a text search vector, the text columns that PostgreSQL computes it from.
    """

    column: Column
    default: str | DefaultFunction | None = None
    words_of: tuple[Column, ...] = ()


@frozen
class TrigramClass:
    """The operator class for trigrams; `schema` is where the extension pg_trgm was created."""

    schema: str


def create_schema(name: str) -> sql.Composed:
    """Return the CREATE SCHEMA."""
    return sql.SQL("CREATE SCHEMA {}").format(name_sql(name))


def create_table(
    table: Table, columns: Sequence[ColumnDefinition], *, key: Column, key_constraint: str
) -> sql.Composed:
    """Return the CREATE TABLE with its columns and primary key."""
    return sql.SQL("CREATE TABLE {} ({}, CONSTRAINT {} PRIMARY KEY ({}))").format(
        table_sql(table),
        sql.SQL(", ").join(_definition(column, table) for column in columns),
        name_sql(key_constraint),
        name_sql(key.name),
    )


def add_columns(table: Table, columns: Sequence[ColumnDefinition]) -> sql.Composed:
    """Return the ALTER TABLE that adds columns; a constant default is not written into existing rows."""
    return sql.SQL("ALTER TABLE {} {}").format(
        table_sql(table),
        sql.SQL(", ").join(sql.SQL("ADD COLUMN {}").format(_definition(column, table)) for column in columns),
    )


def add_primary_key(table: Table, name: str, key: Column) -> sql.Composed:
    """Return the ALTER TABLE that makes a column the primary key."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})").format(
        table_sql(table), name_sql(name), name_sql(key.name)
    )


def add_foreign_key(
    table: Table, name: str, column: Column, *, target: Table, key: Column, validated: bool = True
) -> sql.Composed:
    """Return the ALTER TABLE that makes the column refer to the target's key; NO ACTION when the target is deleted.

    Unless `validated`, the rows that are there are not looked at. In a distributed table it is deferred from the
    beginning, as SET CONSTRAINTS reaches no other node: https://github.com/citusdata/citus/issues/2234.
    """
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) DEFERRABLE{}{}").format(
        table_sql(table),
        name_sql(name),
        name_sql(column.name),
        table_sql(target),
        name_sql(key.name),
        sql.SQL(" INITIALLY DEFERRED" if table.is_distributed else ""),
        sql.SQL("" if validated else " NOT VALID"),
    )


def create_index(
    table: Table,
    name: str,
    values: Sequence[Column | Sorted],
    *,
    unique: bool = False,
    where_null: Column | None = None,
    trigram: TrigramClass | None = None,
    folded: bool = False,
    inverted: bool = False,
    concurrently: bool = False,
) -> sql.Composed:
    """Return the CREATE INDEX, GIN with `trigram` or `inverted`, else a B-tree; of the rows whose `where_null` is NULL.

    With `folded` the trigrams are those of the folded texts.
    Each search reads through all entries that wait to be put into a GIN index, so few may wait: see PENDING.
    """
    names = [_indexed(value, folded=folded) for value in values]
    is_gin = inverted or trigram is not None
    method = sql.SQL("USING gin ") if is_gin else sql.SQL("")
    if trigram is not None:
        names = [sql.SQL("{} {}.gin_trgm_ops").format(indexed, name_sql(trigram.schema)) for indexed in names]
    statement = sql.SQL("CREATE {}INDEX {}{} ON {} {}({})").format(
        sql.SQL("UNIQUE " if unique else ""),
        sql.SQL("CONCURRENTLY " if concurrently else ""),
        name_sql(name),
        table_sql(table),
        method,
        sql.SQL(", ").join(names),
    )
    if is_gin:
        statement += sql.SQL(" WITH (gin_pending_list_limit = {})").format(sql.Literal(PENDING))
    if where_null is None:
        return statement
    return sql.SQL("{} WHERE {} IS NULL").format(statement, name_sql(where_null.name))


def _indexed(value: Column | Sorted, *, folded: bool) -> sql.Composable:
    match value:
        case Sorted():
            return sql.SQL('{}({}) COLLATE "C"').format(sql.SQL(KEY), name_sql(value.column.name))
        case Column() if folded:
            return sql.SQL("{}({})").format(sql.SQL(FOLD), name_sql(value.name))
        case Column():
            return name_sql(value.name)
        case _:
            assert_never(value)


def create_extension(name: str, schema: str) -> sql.Composed:
    """Return the CREATE EXTENSION in a schema of its own."""
    return sql.SQL("CREATE SCHEMA IF NOT EXISTS {0}; CREATE EXTENSION IF NOT EXISTS {1} SCHEMA {0}").format(
        name_sql(schema), name_sql(name)
    )


def count_rows(table: Table, *, limit: int) -> sql.Composed:
    """Return the SELECT of the number of rows, counted no further than `limit`."""
    return sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) AS counted").format(
        table_sql(table), sql.Literal(limit)
    )


def _definition(definition: ColumnDefinition, table: Table) -> sql.Composed:
    column = definition.column
    parts: list[sql.Composable] = [name_sql(column.name), sql.SQL(column.type.value)]
    if definition.words_of:
        parts.append(_generated_words(definition.words_of))
    if definition.default is not None:
        parts += [sql.SQL("DEFAULT"), column_default(definition.default, column.type, table)]
    if not column.nullable:
        parts.append(sql.SQL("NOT NULL"))
    return sql.SQL(" ").join(parts)


def _generated_words(columns: Sequence[Column]) -> sql.Composable:
    texts = (sql.SQL("coalesce({}, '')").format(name_sql(column.name)) for column in columns)
    return sql.SQL("GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, {})) STORED").format(
        sql.SQL(" || ' ' || ").join(texts)
    )


def column_default(default: str | DefaultFunction, type_: SqlType, table: Table) -> sql.Composable:
    """Return the expression behind DEFAULT of a column of a table."""
    if isinstance(default, DefaultFunction):
        return sql.SQL(default.distributed if table.is_distributed else default.value)
    return sql.SQL("{}::{}").format(sql.Literal(default), sql.SQL(type_.value))
