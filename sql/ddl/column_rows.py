"""The statements that look at and rewrite the values of a table's columns, composed by psycopg."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg import sql

from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan.elements import Column, Table
from fieldstone.sql.types import SqlType


def count_empty(table: Table, column: Column, *, limit: int) -> sql.Composed:
    """SELECT of the number of rows in which the column is NULL, counted no further than `limit`."""
    return sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE {} IS NULL LIMIT {}) AS counted").format(
        _table(table), _column(column), sql.Literal(limit)
    )


def count_given(table: Table, column: Column, *, limit: int) -> sql.Composed:
    """SELECT of the number of rows in which the column is not NULL, counted no further than `limit`."""
    return sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE {} IS NOT NULL LIMIT {}) AS counted").format(
        _table(table), _column(column), sql.Literal(limit)
    )


def count_each(table: Table, column: Column, values: Sequence[str]) -> sql.Composed:
    """SELECT of each of the values that is there, alone or in a list, with the number of rows that have it."""
    name, wanted = _column(column), sql.Literal(list(values))
    if column.type is not SqlType.TEXT_ARRAY:
        query = "SELECT {1}, count(*) FROM {0} WHERE {1} = ANY ({2}) GROUP BY 1 ORDER BY 1"
    else:
        query = (
            "SELECT found, count(*) FROM {0}, unnest({1}) AS found WHERE {1} && {2} AND found = ANY ({2})"
            " GROUP BY 1 ORDER BY 1"
        )
    return sql.SQL(query).format(_table(table), name, wanted)


def find_duplicates(
    table: Table, columns: Sequence[Column | sql.Composable], *, live: Column | None, limit: int
) -> sql.Composed:
    """SELECT of values that several rows have, as one text, with the number of rows; `live` is NULL in these rows.

    Args:
        table: where the rows are.
        columns: what has the values; an expression stands for a column.
        live: the column that is NULL in the rows that count.
        limit: how many values at most.
    """
    names = [_column(one) if isinstance(one, Column) else sql.SQL("({})").format(one) for one in columns]
    given: list[sql.Composable] = [sql.SQL("{} IS NOT NULL").format(name) for name in names]
    if live is not None:
        given.append(sql.SQL("{} IS NULL").format(_column(live)))
    return sql.SQL(
        "SELECT concat_ws(' ', {0}), count(*) FROM {1} WHERE {2} GROUP BY {0} HAVING count(*) > 1"
        " ORDER BY count(*) DESC, {0} LIMIT {3}"
    ).format(sql.SQL(", ").join(names), _table(table), sql.SQL(" AND ").join(given), sql.Literal(limit))


def find_lost(
    table: Table, columns: Sequence[Column], kept: sql.Composable, *, but: Sequence[str], limit: int
) -> sql.Composed:
    """SELECT of the values that are not kept, as text, each with the number of rows and that of all values.

    Args:
        table: where the rows are.
        columns: what has the values.
        kept: the condition that holds for what is kept.
        but: texts that do not count.
        limit: how many values at most.
    """
    names = sql.SQL(", ").join(map(_column, columns))
    return sql.SQL(
        "SELECT shown, rows, (sum(rows) OVER ())::bigint FROM (SELECT concat_ws(' ', {0}) AS shown, count(*) AS rows"
        " FROM {1} WHERE num_nonnulls({0}) > 0 AND ({2}) IS NOT TRUE{3} GROUP BY 1) AS lost"
        " ORDER BY rows DESC, shown LIMIT {4}"
    ).format(names, _table(table), kept, _none_of(columns[0], but), sql.Literal(limit))


def lose(
    table: Table, column: Column, kept: sql.Composable, value: sql.Composable, *, but: Sequence[str]
) -> sql.Composed:
    """UPDATE of the rows whose value is not kept, and is none of the texts `but`: it becomes another."""
    return sql.SQL("UPDATE {0} SET {1} = {2} WHERE {1} IS NOT NULL AND ({3}) IS NOT TRUE{4}").format(
        _table(table), _column(column), value, kept, _none_of(column, but)
    )


def count_without(
    table: Table, column: Column, value: sql.Composable, *, but: Sequence[str], limit: int
) -> sql.Composed:
    """SELECT of the number of rows with a value, none of the texts `but`, that would have none of another kind.

    They are counted no further than `limit`.
    """
    return sql.SQL(
        "SELECT count(*) FROM (SELECT FROM {0} WHERE {1} IS NOT NULL AND ({2}) IS NULL{3} LIMIT {4}) AS counted"
    ).format(_table(table), _column(column), value, _none_of(column, but), sql.Literal(limit))


def _none_of(column: Column, texts: Sequence[str]) -> sql.Composed:
    if not texts:
        return sql.Composed([])
    return sql.SQL(" AND {} <> ALL ({})").format(_column(column), sql.Literal(list(texts)))


def fill_empty(table: Table, first: Column, values: Mapping[str, tuple[str, SqlType]]) -> sql.Composed:
    """UPDATE of the rows in which the first column is NULL: columns by name get the value of this text."""
    assignments = (
        sql.SQL("{} = {}::{}").format(sql.SQL(quote_identifier(name)), sql.Literal(text), sql.SQL(type_.value))
        for name, (text, type_) in values.items()
    )
    return sql.SQL("UPDATE {} SET {} WHERE {} IS NULL").format(
        _table(table), sql.SQL(", ").join(assignments), _column(first)
    )


def filled(first: Column, columns: Sequence[Column], values: Mapping[str, tuple[str, SqlType]]) -> list[sql.Composed]:
    """Return what the columns are where `fill_empty` has been done."""
    return [
        sql.SQL("CASE WHEN {} IS NULL THEN {} ELSE {} END").format(
            _column(first),
            sql.SQL("{}::{}").format(sql.Literal(values[column.name][0]), sql.SQL(column.type.value))
            if column.name in values
            else _column(column),
            _column(column),
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
    """UPDATE as `fill_empty` of the next rows in the order of the key; its row is the last of their keys, or NULL."""
    assignments = (
        sql.SQL("{} = {}::{}").format(sql.SQL(quote_identifier(name)), sql.Literal(text), sql.SQL(type_.value))
        for name, (text, type_) in values.items()
    )
    beyond = sql.SQL("") if after is None else sql.SQL(" WHERE {} > {}").format(_column(key), sql.Literal(after))
    return sql.SQL(
        "WITH portion AS MATERIALIZED (SELECT {1} AS key FROM {0}{4} ORDER BY {1} LIMIT {5}), filled AS ("
        "UPDATE {0} AS record SET {2} FROM portion WHERE record.{1} = portion.key AND record.{3} IS NULL)"
        " SELECT (SELECT key FROM portion ORDER BY key DESC LIMIT 1)"
    ).format(
        _table(table),
        _column(key),
        sql.SQL(", ").join(assignments),
        _column(first),
        beyond,
        sql.Literal(limit),
    )


def replaced(column: Column, mapping: Mapping[str, str | None]) -> sql.Composable:
    """Return what a column is where `replace_value` has been done for each of these texts."""
    if column.type is not SqlType.TEXT_ARRAY:
        cases = (sql.SQL("WHEN {} THEN {}").format(sql.Literal(old), sql.Literal(new)) for old, new in mapping.items())
        return sql.SQL("CASE {0} {1} ELSE {0} END").format(_column(column), sql.SQL(" ").join(cases))
    value: sql.Composable = _column(column)
    for old, new in mapping.items():
        # By a name of its own, the list before is not written down once for each time that it is needed.
        value = sql.SQL("(SELECT {} FROM (SELECT {} AS list) AS lists)").format(
            _replaced_in_list(sql.SQL("list"), old, new), value
        )
    return value


def replace_value(table: Table, column: Column, old: str, new: str | None) -> sql.Composed:
    """UPDATE of the rows that have a text, alone or in a list: it becomes another, None is no value."""
    if column.type is not SqlType.TEXT_ARRAY:
        return sql.SQL("UPDATE {0} SET {1} = {2} WHERE {1} = {3}").format(
            _table(table), _column(column), sql.Literal(new), sql.Literal(old)
        )
    return sql.SQL("UPDATE {0} SET {1} = {2} WHERE {1} @> ARRAY[{3}]").format(
        _table(table), _column(column), _replaced_in_list(_column(column), old, new), sql.Literal(old)
    )


def _replaced_in_list(value: sql.Composable, old: str, new: str | None) -> sql.Composed:
    removed = sql.SQL("array_remove({}, {})").format(value, sql.Literal(old))
    if new is None:
        return removed
    # A list that has both keeps one of them.
    return sql.SQL("CASE WHEN {0} @> ARRAY[{2}] THEN {3} ELSE array_replace({0}, {1}, {2}) END").format(
        value, sql.Literal(old), sql.Literal(new), removed
    )


def _column(column: Column) -> sql.SQL:
    return sql.SQL(quote_identifier(column.name))


def _table(table: Table) -> sql.SQL:
    return sql.SQL(quote_table(table))
