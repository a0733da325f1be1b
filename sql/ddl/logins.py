"""The statements that create and remove logins which read the views of one schema, composed by psycopg."""

from collections.abc import Mapping

from psycopg import sql

from fieldstone.sql.ddl.names import name_sql


def create_login(name: str, verifier: str, *, connections: int, parameters: Mapping[str, str]) -> list[sql.Composed]:
    """Return the statements that create a login without any right.

    Args:
        name: the login.
        verifier: its password as PostgreSQL stores it.
        connections: the most connections that it may have.
        parameters: the server's parameters that its sessions begin with.
    """
    created = sql.SQL("CREATE ROLE {} LOGIN NOINHERIT CONNECTION LIMIT {} PASSWORD {}").format(
        name_sql(name), sql.Literal(connections), sql.Literal(verifier)
    )
    return [
        created,
        *(
            sql.SQL("ALTER ROLE {} SET {} TO {}").format(name_sql(name), name_sql(parameter), sql.Literal(value))
            for parameter, value in parameters.items()
        ),
    ]


def set_password(name: str, verifier: str) -> sql.Composed:
    """Return the ALTER ROLE that gives a login another password."""
    return sql.SQL("ALTER ROLE {} PASSWORD {}").format(name_sql(name), sql.Literal(verifier))


def grant_usage(schema: str, login: str) -> sql.Composed:
    """Return the GRANT that lets a login use the names in a schema."""
    return sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(name_sql(schema), name_sql(login))


def grant_reading_all(schema: str, login: str) -> sql.Composed:
    """Return the GRANT that lets a login read all views that are in a schema now."""
    return sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(name_sql(schema), name_sql(login))


def revoke_schema(schema: str, login: str) -> list[sql.Composed]:
    """Return the statements that take all rights in a schema from a login."""
    where, from_ = name_sql(schema), name_sql(login)
    return [
        sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(where, from_),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(where, from_),
    ]


def revoke_all(login: str) -> list[sql.Composed]:
    """Return the statements that take all rights in this database, and to it, from a login that owns nothing."""
    return [
        # Only a member of a role may take its rights, and the maker of a login is none.
        sql.SQL("GRANT {} TO CURRENT_USER").format(name_sql(login)),
        sql.SQL("DROP OWNED BY {}").format(name_sql(login)),
    ]


def drop_login(name: str) -> sql.Composed:
    """Return the DROP ROLE, where the login exists."""
    return sql.SQL("DROP ROLE IF EXISTS {}").format(name_sql(name))
