"""The statements that give the login which serves its rights, composed by psycopg."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from psycopg import sql

from fieldstone.sql.ddl.names import name_sql, table_sql, tables_sql
from fieldstone.sql.plan.elements import Table

_PRIVILEGES: Final = MappingProxyType(
    {
        "SELECT": sql.SQL("SELECT"),
        "INSERT": sql.SQL("INSERT"),
        "UPDATE": sql.SQL("UPDATE"),
        "DELETE": sql.SQL("DELETE"),
    }
)


def grant_schema(schema: str, login: str) -> list[sql.Composed]:
    """Return the statements that let a login read and write all tables of a schema."""
    where, to = name_sql(schema), name_sql(login)
    return [
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(where, to),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}").format(where, to),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(where, to),
    ]


def grant_table(table: Table, privileges: Sequence[str], login: str) -> sql.Composed:
    """Return the statement that gives a login privileges on a table, such as SELECT."""
    given = sql.SQL(", ").join(_PRIVILEGES[privilege] for privilege in privileges)
    return sql.SQL("GRANT {} ON {} TO {}").format(given, table_sql(table), name_sql(login))


def grant_by_default(login: str) -> list[sql.Composed]:
    """Return the statements that let a login read and write all tables that this session's user will create."""
    to = name_sql(login)
    return [
        sql.SQL("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {}").format(to),
        sql.SQL("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(to),
        sql.SQL("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {}").format(to),
    ]


def revoke_changes(tables: Sequence[Table], login: str) -> sql.Composed:
    """Return the statement that lets a login only read and add rows."""
    return sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(tables_sql(tables), name_sql(login))


def revoke_writes(tables: Sequence[Table], login: str) -> sql.Composed:
    """Return the statement that lets a login only read rows."""
    return sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(tables_sql(tables), name_sql(login))
