"""Drift of privileges: rights on tables that a login needs and has no longer, each with its repair."""

from fieldstone.metadata.catalog.logins import served_privileges
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.sql.ddl import grants, logins
from fieldstone.sql.plan.elements import Table


async def find_privilege_drift(connection: Session, schema: str, serving: str) -> list[Drift]:
    """Return the privileges on a schema and its tables that the logins lack; change nothing.

    Args:
        connection: of the user that owns the tables.
        schema: that of a workspace, or of the catalog.
        serving: the user of the connections that serve requests, which may be the same.
    """
    drifts = []
    for login, is_owner, name, lacking in await fetch(connection, "lacking_privileges", schema=schema, serving=serving):
        if name is None:
            repair = logins.grant_usage(schema, login)
            drifts.append(_drift(f"The user {login} may not use the schema {schema}", repair.as_string()))
            continue
        table = Table(schema=schema, name=name)
        if due := [privilege for privilege in lacking if is_owner or privilege in served_privileges(table)]:
            told = f"The user {login} has not got {', '.join(due)} on the table {name}"
            drifts.append(_drift(told, grants.grant_table(table, due, login).as_string(), name))
    return drifts


def _drift(told: str, repair: str, table: str = "") -> Drift:
    return Drift(finding=f"{told}: requests that need it fail.", repair=repair, table=table)
