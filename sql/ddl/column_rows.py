"""The statements that count, check and rewrite the values of a table's columns, composed by psycopg."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg import sql

from fieldstone.sql.ddl.names import column_sql, columns_sql, name_sql, table_sql
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType


def measure(table: Table) -> sql.Composed:
    """Return the SELECT of the bytes of the table that has the rows: of a distributed one, its shard. Empty: no row."""
    return sql.SQL("SELECT pg_relation_size(tableoid) FROM {} LIMIT 1").format(table_sql(table))


def count_empty(table: Table, column: Column, *, limit: int) -> sql.Composed:
    """Return the SELECT of the number of rows in which the column is NULL, counted no further than `limit`."""
    return sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE {} IS NULL LIMIT {}) AS counted").format(
        table_sql(table), column_sql(column), sql.Literal(limit)
    )


def count_given(table: Table, column: Column, *, limit: int) -> sql.Composed:
    """Return the SELECT of the number of rows in which the column is not NULL, counted no further than `limit`."""
    return sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE {} IS NOT NULL LIMIT {}) AS counted").format(
        table_sql(table), column_sql(column), sql.Literal(limit)
    )


def count_deleted(table: Table, mark: Column | None, *, limit: int) -> sql.Composed:
    """Return the SELECT of the numbers of rows, and of those that the column marks as deleted, both up to `limit`."""
    marks = sql.SQL("NULL") if mark is None else column_sql(mark)
    return sql.SQL("SELECT count(*), count(mark) FROM (SELECT {} AS mark FROM {} LIMIT {}) AS counted").format(
        marks, table_sql(table), sql.Literal(limit)
    )


def count_each(table: Table, column: Column, values: Sequence[str]) -> sql.Composed:
    """Return the SELECT of each value, alone or in a list, with the number of its rows."""
    name, wanted = column_sql(column), sql.Literal(list(values))
    if column.type is not SqlType.TEXT_ARRAY:
        query = "SELECT {1}, count(*) FROM {0} WHERE {1} = ANY ({2}) GROUP BY 1 ORDER BY 1"
    else:
        query = (
            "SELECT found, count(*) FROM {0}, unnest({1}) AS found WHERE {1} && {2} AND found = ANY ({2})"
            " GROUP BY 1 ORDER BY 1"
        )
    return sql.SQL(query).format(table_sql(table), name, wanted)


def find_duplicates(
    table: Table, columns: Sequence[Column | sql.Composable], *, live: Column | None, limit: int
) -> sql.Composed:
    """Return the SELECT of values of several rows, as one text, with their number, where `live` is NULL.

    Args:
        table: where the rows are.
        columns: those that have the values; an expression stands for a column.
        live: the column that is NULL in the rows that count.
        limit: how many values at most.
    """
    names = [column_sql(one) if isinstance(one, Column) else sql.SQL("({})").format(one) for one in columns]
    given: list[sql.Composable] = [sql.SQL("{} IS NOT NULL").format(name) for name in names]
    if live is not None:
        given.append(sql.SQL("{} IS NULL").format(column_sql(live)))
    return sql.SQL(
        "SELECT concat_ws(' ', {0}), count(*) FROM {1} WHERE {2} GROUP BY {0} HAVING count(*) > 1"
        " ORDER BY count(*) DESC, {0} LIMIT {3}"
    ).format(sql.SQL(", ").join(names), table_sql(table), sql.SQL(" AND ").join(given), sql.Literal(limit))


def find_lost(
    table: Table, columns: Sequence[Column], kept: sql.Composable, *, but: Sequence[str], limit: int
) -> sql.Composed:
    """Return the SELECT of the values that are not kept, as text, each with the number of rows and that of all values.

    Args:
        table: where the rows are.
        columns: those that have the values.
        kept: the condition of the values that are kept.
        but: texts that do not count.
        limit: how many values at most.
    """
    names = columns_sql(columns)
    return sql.SQL(
        "SELECT shown, rows, (sum(rows) OVER ())::bigint FROM (SELECT concat_ws(' ', {0}) AS shown, count(*) AS rows"
        " FROM {1} WHERE num_nonnulls({0}) > 0 AND ({2}) IS NOT TRUE{3} GROUP BY 1) AS lost"
        " ORDER BY rows DESC, shown LIMIT {4}"
    ).format(names, table_sql(table), kept, _none_of(columns[0], but), sql.Literal(limit))


def find_commonest(table: Table, columns: Sequence[Column], *, most: int, limit: int) -> sql.Composed:
    """Return the SELECT of the commonest values of columns, as text, each with its number of rows and that of all.

    Args:
        table: where the rows are.
        columns: those that have the values; a row in which the first one is NULL has none.
        most: how many rows are read at most.
        limit: how many values at most.
    """
    names = columns_sql(columns)
    return sql.SQL(
        "SELECT shown, count(*), (sum(count(*)) OVER ())::bigint FROM (SELECT left(concat_ws(' ', {0}), 100) AS shown"
        " FROM {1} WHERE {2} IS NOT NULL LIMIT {3}) AS given GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {4}"
    ).format(names, table_sql(table), column_sql(columns[0]), sql.Literal(most), sql.Literal(limit))


def lose(
    table: Table, column: Column, kept: sql.Composable, value: sql.Composable, *, but: Sequence[str]
) -> sql.Composed:
    """Return the UPDATE of the rows whose value is not kept, and is none of the texts `but`: it becomes another."""
    return sql.SQL("UPDATE {0} SET {1} = {2} WHERE {1} IS NOT NULL AND ({3}) IS NOT TRUE{4}").format(
        table_sql(table), column_sql(column), value, kept, _none_of(column, but)
    )


def count_without(
    table: Table, column: Column, value: sql.Composable, *, but: Sequence[str], limit: int
) -> sql.Composed:
    """Return the SELECT of the number of rows whose value, none of the texts `but`, another type would lose.

    They are counted no further than `limit`.
    """
    return sql.SQL(
        "SELECT count(*) FROM (SELECT FROM {0} WHERE {1} IS NOT NULL AND ({2}) IS NULL{3} LIMIT {4}) AS counted"
    ).format(table_sql(table), column_sql(column), value, _none_of(column, but), sql.Literal(limit))


def _none_of(column: Column, texts: Sequence[str]) -> sql.Composed:
    if not texts:
        return sql.Composed([])
    return sql.SQL(" AND {} <> ALL ({})").format(column_sql(column), sql.Literal(list(texts)))


def fill_empty(table: Table, first: Column, values: Mapping[str, tuple[str, SqlType]]) -> sql.Composed:
    """Return the UPDATE of the rows in which the first column is NULL: columns by name get this text if they are."""
    return sql.SQL("UPDATE {} AS record SET {} WHERE {} IS NULL").format(
        table_sql(table), _fills(values), column_sql(first)
    )


def filled(first: Column, columns: Sequence[Column], values: Mapping[str, tuple[str, SqlType]]) -> list[sql.Composed]:
    """Return the columns' values after `fill_empty`."""
    return [
        sql.SQL("CASE WHEN {} IS NULL THEN {} ELSE {} END").format(
            column_sql(first),
            _fill(column_sql(column), *values[column.name]) if column.name in values else column_sql(column),
            column_sql(column),
        )
        for column in columns
    ]


def fill_portion(
    table: Table,
    key: Column,
    first: Column,
    values: Mapping[str, tuple[str, SqlType]],
    *,
    after: UUID | None,
    limit: int,
) -> sql.Composed:
    """Return the UPDATE of `fill_empty` for the next rows in key order; it answers the last key, or NULL."""
    beyond = sql.SQL("") if after is None else sql.SQL(" WHERE {} > {}").format(column_sql(key), sql.Literal(after))
    return sql.SQL(
        "WITH portion AS MATERIALIZED (SELECT {1} AS key FROM {0}{4} ORDER BY {1} LIMIT {5}), filled AS ("
        "UPDATE {0} AS record SET {2} FROM portion WHERE record.{1} = portion.key AND record.{3} IS NULL)"
        " SELECT (SELECT key FROM portion ORDER BY key DESC LIMIT 1)"
    ).format(table_sql(table), column_sql(key), _fills(values), column_sql(first), beyond, sql.Literal(limit))


def _fills(values: Mapping[str, tuple[str, SqlType]]) -> sql.Composed:
    """Return the assignments of an UPDATE of `record`."""
    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(name_sql(name), _fill(sql.SQL("record.{}").format(name_sql(name)), *value))
        for name, value in values.items()
    )


def _fill(column: sql.Composable, text: str, type_: SqlType) -> sql.Composed:
    return sql.SQL("coalesce({}, {}::{})").format(column, sql.Literal(text), sql.SQL(type_.value))


def replaced(column: Column, mapping: Mapping[str, str | None]) -> sql.Composable:
    """Return a column's value after `replace_values`: each text, alone or in a list, has given way at once."""
    cases = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(old), sql.Literal(new)) for old, new in mapping.items()
    )
    if column.type is not SqlType.TEXT_ARRAY:
        return sql.SQL("CASE {0} {1} ELSE {0} END").format(column_sql(column), cases)
    # A list that comes to have a text several times keeps the first one.
    return sql.SQL(
        "CASE WHEN {0} && {1} THEN ARRAY(SELECT text FROM (SELECT CASE item {2} ELSE item END AS text,"
        " min(place) AS place FROM unnest({0}) WITH ORDINALITY AS items (item, place) GROUP BY 1) AS texts"
        " WHERE text IS NOT NULL ORDER BY place) ELSE {0} END"
    ).format(column_sql(column), sql.Literal(list(mapping)), cases)


def replace_values(table: Table, column: Column, mapping: Mapping[str, str | None]) -> sql.Composed:
    """Return the UPDATE of the rows that have one of the texts, alone or in a list: None is no value."""
    query = (
        "UPDATE {0} SET {1} = {2} WHERE {1} && {3}"
        if column.type is SqlType.TEXT_ARRAY
        else "UPDATE {0} SET {1} = {2} WHERE {1} = ANY ({3})"
    )
    return sql.SQL(query).format(
        table_sql(table), column_sql(column), replaced(column, mapping), sql.Literal(list(mapping))
    )
