"""The statements that carry the rows of another schema's tables, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.ddl.names import name_sql, names_sql, table_sql
from fieldstone.sql.plan.elements import Table

Term = sql.Composable

WAITING = Table(schema="pg_temp", name="imported_rows")
"""A table of the session, for rows that are still to be compared with existing ones."""

_EARLIEST, _TOO_LATE = "0001-01-01", "10000-01-01"


def column(name: str, *, of: str = "s") -> Term:
    """Return a column of the row, or of the row `t` that is looked up."""
    return sql.SQL("{}.{}").format(name_sql(of), name_sql(name))


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


def has_zero_character(value: Term) -> Term:
    """Return whether a value of the type json has the character U+0000, which no text of PostgreSQL holds."""
    return sql.SQL("{}::text ~ {}").format(value, sql.Literal(r"(^|[^\\])(\\\\)*\\u0000"))


def as_same_float(value: Term) -> Term:
    """Return a float of four bytes as one of eight with the same digits: 0.1 becomes 0.1, not 0.10000000149011612."""
    return sql.SQL("{}::text::float8").format(value)


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


def is_one_of(value: Term, texts: Sequence[str]) -> Term:
    """Return whether a text is one of some."""
    return sql.SQL("{} IN ({})").format(value, sql.SQL(", ").join(map(sql.Literal, texts)))


def unless(condition: Term, value: Term) -> Term:
    """Return the value, NULL where the condition holds."""
    return sql.SQL("CASE WHEN {} THEN NULL ELSE {} END").format(condition, value)


def cast(value: Term, type_: str) -> Term:
    """Return the value as another type, written as PostgreSQL itself has written it."""
    return sql.SQL("{}::{}").format(value, sql.SQL(type_))


def or_now(value: Term) -> Term:
    """Return the value, or else the time of the transaction."""
    return sql.SQL("coalesce({}, now())").format(value)


def look_up(table: Table, id_: Term, key: str, value: Term, *, only: bool, beside: str | None = None) -> Term:
    """Return the id (of the row `t`) of the row of another table whose unique column has the value.

    `only` leaves out the rows of inheriting tables. `beside` is the schema, as PostgreSQL writes it, that the operator
    of the column's type is in.
    """
    equals = "=" if beside is None else f"OPERATOR({beside}.=)"
    return sql.SQL("(SELECT {} FROM {}{} AS t WHERE t.{} {} {})").format(
        id_, _only(only), table_sql(table), name_sql(key), sql.SQL(equals), value
    )


def select_rows(table: Table, values: Sequence[Term], *, only: bool) -> sql.Composed:
    """Return the SELECT of the values of all rows; `only` leaves out the rows of inheriting tables."""
    return sql.SQL("SELECT {} FROM {}{} AS s").format(sql.SQL(", ").join(values), _only(only), table_sql(table))


def find_orphan(table: Table, key: str, target: Table, id_: str) -> sql.Composed:
    """Return the SELECT of a foreign key's value that is the `id_` of no row of the target, as text."""
    return sql.SQL(
        "SELECT s.{0}::text FROM {1} AS s WHERE s.{0} IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM {2} AS t WHERE t.{3} = s.{0}) LIMIT 1"
    ).format(name_sql(key), table_sql(table), table_sql(target), name_sql(id_))


def find_origin(table: Table, key: Sequence[str], shown: str, value: Term, sought: str, *, only: bool) -> sql.Composed:
    """Return the SELECT of the key of a row with the id `sought` as a value, and of its column `shown`, as texts."""
    row = sql.SQL("row({})").format(sql.SQL(", ").join(map(column, key))) if key else sql.SQL("NULL")
    return sql.SQL("SELECT {}::text, {}::text FROM {}{} AS s WHERE {} = {}::uuid LIMIT 1").format(
        row, column(shown), _only(only), table_sql(table), value, sql.Literal(sought)
    )


def insert_rows(table: Table, columns: Sequence[str], select: sql.Composed) -> sql.Composed:
    """Return the INSERT of the selected rows."""
    return sql.SQL("INSERT INTO {} ({}) {}").format(table_sql(table), names_sql(columns), select)


def insert_more_rows(
    table: Table, columns: Sequence[str], select: sql.Composed, *, key: str, filled: Sequence[str]
) -> sql.Composed:
    """Return the INSERT of the selected rows; an existing row, by its key, gets only the `filled` columns."""
    values = (sql.SQL("{0} = excluded.{0}").format(name_sql(name)) for name in filled)
    action = sql.SQL("UPDATE SET {}").format(sql.SQL(", ").join(values)) if filled else sql.SQL("NOTHING")
    return sql.SQL("{} ON CONFLICT ({}) DO {}").format(insert_rows(table, columns, select), name_sql(key), action)


def count_written(insert: sql.Composed) -> sql.Composed:
    """Return the statement that runs an INSERT and counts the rows that it wrote.

    Citus counts the rows that an ON CONFLICT passes over in the number that it tells itself.
    """
    return sql.SQL("WITH written AS ({} RETURNING true) SELECT count(*) FROM written").format(insert)


def insert_first_rows(table: Table, columns: Sequence[str], select: sql.Composed) -> sql.Composed:
    """Return the INSERT of the selected rows where the table has none."""
    return insert_rows(
        table,
        columns,
        sql.SQL("SELECT * FROM ({}) AS given WHERE NOT EXISTS (SELECT 1 FROM {})").format(select, table_sql(table)),
    )


def is_nested(column_name: str) -> Term:
    """Return whether the list in a column holds lists: an array's type has no depth."""
    return sql.SQL("array_ndims({}) > 1").format(column(column_name))


def has_gaps(column_name: str) -> Term:
    """Return whether the list in a column has a NULL among its items."""
    return sql.SQL("array_ndims({0}) = 1 AND array_position({0}, NULL) IS NOT NULL").format(column(column_name))


def becomes_null(column_name: str, value: Term) -> Term:
    """Return whether the value of a column is one, while that which is carried over is NULL."""
    return sql.SQL("{} IS NOT NULL AND ({}) IS NULL").format(column(column_name), value)


def any_of(table: Table, conditions: Sequence[Term], *, only: bool) -> sql.Composed:
    """Return the SELECT that tells of each condition whether it holds for a row; one scan for all of them."""
    told = (sql.SQL("coalesce(bool_or({}), false)").format(one) for one in conditions)
    return sql.SQL("SELECT {} FROM {}{} AS s").format(sql.SQL(", ").join(told), _only(only), table_sql(table))


def create_waiting(table: Table, columns: Sequence[str]) -> sql.Composed:
    """Return the CREATE of the table WAITING, for rows of another."""
    return sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
        name_sql(WAITING.name), names_sql(columns), table_sql(table)
    )


def copy_out(select: sql.Composed) -> sql.Composed:
    """Return the COPY of the selected rows to the client."""
    return sql.SQL("COPY ({}) TO STDOUT").format(select)


def copy_in(table: Table, columns: Sequence[str]) -> sql.Composed:
    """Return the COPY of the output of `copy_out` into a table."""
    return sql.SQL("COPY {} ({}) FROM STDIN").format(table_sql(table), names_sql(columns))


def _only(only: bool) -> sql.SQL:
    return sql.SQL("ONLY " if only else "")


def _within(value: Term, result: Term) -> Term:
    return sql.SQL("CASE WHEN {0} >= {1} AND {0} < {2} THEN {3} END").format(
        value, sql.Literal(_EARLIEST), sql.Literal(_TOO_LATE), result
    )
