"""The statements that create, describe and remove the views of SQL roles, composed by psycopg."""

from collections.abc import Sequence

from psycopg import sql

from fieldstone.sql.ddl.names import column_sql, name_sql, table_sql
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column


def create_view(
    view: Table, table: Table, columns: Sequence[tuple[str, Column]], *, live: Column | None, is_barrier: bool
) -> sql.Composed:
    """Return the CREATE VIEW of a table's columns under other names.

    Args:
        view: the view.
        table: the table.
        columns: the names of the view's columns, each with the table's column.
        live: the column that is NULL in the rows that the view has; None: it has all rows.
        is_barrier: whether a function of a reader must not be called for other rows, which costs the use of some
            indexes.
    """
    listed = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(column_sql(column), name_sql(name)) for name, column in columns
    )
    statement = sql.SQL("CREATE VIEW {}{} AS SELECT {} FROM {}").format(
        table_sql(view),
        sql.SQL(" WITH (security_barrier)" if is_barrier else ""),
        listed,
        table_sql(table),
    )
    if live is None:
        return statement
    return sql.SQL("{} WHERE {} IS NULL").format(statement, column_sql(live))


def drop_views(views: Sequence[Table]) -> sql.Composed:
    """Return the DROP VIEW of several views, where they exist."""
    return sql.SQL("DROP VIEW IF EXISTS {}").format(sql.SQL(", ").join(map(table_sql, views)))


def describe_view(view: Table, text: str) -> sql.Composed:
    """Return the COMMENT ON a view."""
    return sql.SQL("COMMENT ON VIEW {} IS {}").format(table_sql(view), sql.Literal(text))


def describe_column(view: Table, name: str, text: str) -> sql.Composed:
    """Return the COMMENT ON a column of a view."""
    return sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(table_sql(view), name_sql(name), sql.Literal(text))


def grant_reading(view: Table, logins: Sequence[str]) -> sql.Composed:
    """Return the GRANT that lets logins read a view."""
    return sql.SQL("GRANT SELECT ON {} TO {}").format(table_sql(view), sql.SQL(", ").join(map(name_sql, logins)))
