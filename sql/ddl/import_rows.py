"""The statements that carry the rows of another schema's tables, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan.elements import Table

Term = sql.Composable

WAITING = Table(schema="pg_temp", name="imported_rows")
"""A table of the session, for rows that wait to be compared with those that are there."""

_EARLIEST, _TOO_LATE = "0001-01-01", "10000-01-01"


def column(name: str, *, of: str = "s") -> Term:
    """Return a column of the row, or of the row `t` that is looked up."""
    return sql.SQL("{}.{}").format(sql.SQL(quote_identifier(of)), sql.SQL(quote_identifier(name)))


def text(given: str) -> Term:
    """Return a text that is the same for each row."""
    return sql.SQL("{}::text").format(sql.Literal(given))


def as_text(value: Term) -> Term:
    """Return a value's text."""
    return sql.SQL("{}::text").format(value)


def as_texts(value: Term) -> Term:
    """Return a list as a list of text, without NULLs."""
    return sql.SQL("array_remove({}::text[], NULL)").format(value)


def as_json(value: Term) -> Term:
    """Return a value as JSON; the null of JSON is NULL."""
    return sql.SQL("nullif(to_jsonb({}), 'null'::jsonb)").format(value)


def as_number(value: Term) -> Term:
    """Return a number, NULL for NaN and the infinities."""
    return sql.SQL("CASE WHEN {0}::text IN ('NaN', 'Infinity', '-Infinity') THEN NULL ELSE {0} END").format(value)


def as_moment(value: Term, *, has_zone: bool) -> Term:
    """Return a point in time, one without a zone as UTC's; NULL where it is in no year from 1 to 9999."""
    moment = value if has_zone else sql.SQL("{} AT TIME ZONE 'UTC'").format(value)
    return _within(value, moment)


def as_date(value: Term) -> Term:
    """Return a date, NULL where it is in no year from 1 to 9999."""
    return _within(value, value)


def as_option(value: Term, names: Sequence[tuple[str, str]]) -> Term:
    """Return an enum's value by another name."""
    changed = [(old, new) for old, new in names if old != new]
    if not changed:
        return as_text(value)
    cases = (sql.SQL("WHEN {} THEN {}").format(sql.Literal(old), sql.Literal(new)) for old, new in changed)
    return sql.SQL("CASE {0} {1} ELSE {0} END").format(as_text(value), sql.SQL(" ").join(cases))


def row_id(table: Table, keys: Sequence[Term]) -> Term:
    """Return the id of the row with this key, the same each time: a UUID (version 8) made of both."""
    seed = sql.SQL("{} || row({})::text").format(sql.Literal(f"{table.schema}.{table.name}"), sql.SQL(", ").join(keys))
    return sql.SQL("overlay(overlay(md5({}) placing '8' from 13) placing '8' from 17)::uuid").format(seed)


def random_id() -> Term:
    """Return an id that is made up."""
    return sql.SQL("gen_random_uuid()")


def when_given(value: Term, found: Term) -> Term:
    """Return `found` where the value is not NULL."""
    return sql.SQL("CASE WHEN {} IS NOT NULL THEN {} END").format(value, found)


def cast(value: Term, type_: str) -> Term:
    """Return the value as another type, written as PostgreSQL itself has written it."""
    return sql.SQL("{}::{}").format(value, sql.SQL(type_))


def or_now(value: Term) -> Term:
    """Return the value, or else the time of the transaction."""
    return sql.SQL("coalesce({}, now())").format(value)


def look_up(table: Table, id_: Term, key: str, value: Term) -> Term:
    """Return the id (of the row `t`) of the row of another table whose unique column has the value."""
    return sql.SQL("(SELECT {} FROM {} AS t WHERE t.{} = {})").format(
        id_, _table(table), sql.SQL(quote_identifier(key)), value
    )


def select_rows(table: Table, values: Sequence[Term], *, only: bool) -> sql.Composed:
    """SELECT of the values of all rows; `only` leaves out those of tables that inherit from it."""
    return sql.SQL("SELECT {} FROM {}{} AS s").format(
        sql.SQL(", ").join(values), sql.SQL("ONLY " if only else ""), _table(table)
    )


def insert_rows(table: Table, columns: Sequence[str], select: sql.Composed) -> sql.Composed:
    """INSERT of what is selected."""
    return sql.SQL("INSERT INTO {} ({}) {}").format(_table(table), _names(columns), select)


def insert_more_rows(
    table: Table, columns: Sequence[str], select: sql.Composed, *, key: str, filled: Sequence[str]
) -> sql.Composed:
    """INSERT of what is selected and not there by its key; what is there gets the `filled` columns alone."""
    values = (sql.SQL("{0} = excluded.{0}").format(sql.SQL(quote_identifier(name))) for name in filled)
    action = sql.SQL("UPDATE SET {}").format(sql.SQL(", ").join(values)) if filled else sql.SQL("NOTHING")
    return sql.SQL("{} ON CONFLICT ({}) DO {}").format(
        insert_rows(table, columns, select), sql.SQL(quote_identifier(key)), action
    )


def insert_first_rows(table: Table, columns: Sequence[str], select: sql.Composed) -> sql.Composed:
    """INSERT of what is selected where the table has no rows."""
    return insert_rows(
        table,
        columns,
        sql.SQL("SELECT * FROM ({}) AS given WHERE NOT EXISTS (SELECT FROM {})").format(select, _table(table)),
    )


def is_nested(table: Table, column_name: str, *, only: bool) -> sql.Composed:
    """SELECT of whether the lists in a column hold lists: an array's type does not say how deep its values are."""
    return sql.SQL("SELECT EXISTS (SELECT FROM {}{} AS s WHERE array_ndims({}) > 1)").format(
        sql.SQL("ONLY " if only else ""), _table(table), column(column_name)
    )


def create_waiting(table: Table, columns: Sequence[str]) -> sql.Composed:
    """CREATE of the table WAITING, for rows of another."""
    return sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
        sql.SQL(quote_identifier(WAITING.name)), _names(columns), _table(table)
    )


def copy_out(select: sql.Composed) -> sql.Composed:
    """COPY of what is selected to the client."""
    return sql.SQL("COPY ({}) TO STDOUT").format(select)


def copy_in(table: Table, columns: Sequence[str]) -> sql.Composed:
    """COPY of what `copy_out` gave into a table."""
    return sql.SQL("COPY {} ({}) FROM STDIN").format(_table(table), _names(columns))


def _within(value: Term, result: Term) -> Term:
    return sql.SQL("CASE WHEN {0} >= {1} AND {0} < {2} THEN {3} END").format(
        value, sql.Literal(_EARLIEST), sql.Literal(_TOO_LATE), result
    )


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(quote_identifier(name)) for name in columns)


def _table(table: Table) -> sql.SQL:
    return sql.SQL(quote_table(table))
