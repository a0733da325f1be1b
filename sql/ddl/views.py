"""The statements that create, describe and remove the views of SQL roles, composed by psycopg."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from psycopg import sql

from fieldstone.sql.ddl.names import column_sql, name_sql, names_sql, table_sql, tables_sql
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column


@frozen
class ViewSource:
    """The rows that a view has.

    Attributes:
        live: the column that is NULL in them; None: the view has all rows.
        alias: the name of the table's row in the conditions.
        rows: a further condition on them.
        guards: by the names of columns the conditions on the rows in which one has its value; in others it is NULL.
    """

    table: Table
    live: Column | None
    alias: str | None = None
    rows: str | None = None
    guards: Mapping[str, str] = field(default_factory=dict)


def create_view(
    view: Table, source: ViewSource, columns: Sequence[tuple[str, Column]], *, is_barrier: bool
) -> sql.Composed:
    """Return the CREATE VIEW of a table's columns under other names.

    Args:
        view: the view.
        source: the rows.
        columns: the names of the view's columns, each with the table's column.
        is_barrier: whether a function of a reader must not be called for other rows, which costs the use of some
            indexes.
    """
    statement = sql.SQL("CREATE VIEW {}{} AS SELECT {} FROM {}").format(
        table_sql(view),
        sql.SQL(" WITH (security_barrier)" if is_barrier else ""),
        sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(_guarded(source, column), name_sql(name)) for name, column in columns
        ),
        sql.SQL(" ").join([table_sql(source.table), *([] if source.alias is None else [sql.SQL(source.alias)])]),
    )
    conditions = [] if source.live is None else [sql.SQL("{} IS NULL").format(column_sql(source.live))]
    if source.rows is not None:
        conditions.append(sql.SQL("({})").format(sql.SQL(source.rows)))
    if not conditions:
        return statement
    return sql.SQL("{} WHERE {}").format(statement, sql.SQL(" AND ").join(conditions))


def _guarded(source: ViewSource, column: Column) -> sql.Composable:
    condition = source.guards.get(column.name)
    if condition is None:
        return column_sql(column)
    return sql.SQL("CASE WHEN {} THEN {} END").format(sql.SQL(condition), column_sql(column))


def drop_views(views: Sequence[Table]) -> sql.Composed:
    """Return the DROP VIEW of several views, where they exist."""
    return sql.SQL("DROP VIEW IF EXISTS {}").format(tables_sql(views))


def describe_view(view: Table, text: str) -> sql.Composed:
    """Return the COMMENT ON a view."""
    return sql.SQL("COMMENT ON VIEW {} IS {}").format(table_sql(view), sql.Literal(text))


def describe_column(view: Table, name: str, text: str) -> sql.Composed:
    """Return the COMMENT ON a column of a view."""
    return sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(table_sql(view), name_sql(name), sql.Literal(text))


def grant_reading(view: Table, logins: Sequence[str]) -> sql.Composed:
    """Return the GRANT that lets logins read a view."""
    return sql.SQL("GRANT SELECT ON {} TO {}").format(table_sql(view), names_sql(logins))
