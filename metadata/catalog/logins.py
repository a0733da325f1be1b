"""The two logins of a database: one serves, and may read and write records; the other owns the tables.

The login that serves can neither drop a table nor change an entry of the audit log, and in the catalog it
writes no model, role or key.
"""

from typing import Final

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session, SessionSource
from fieldstone.metadata.errors import LoginsRefused
from fieldstone.sql.ddl import grants
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.plan.elements import Table

CATALOG: Final = "fieldstone"
_ADDED_TO: Final = (Table(schema=CATALOG, name="audit_log"),)
"""The tables that the login which serves may only add to."""

_READ: Final = tuple(
    Table(schema=CATALOG, name=name)
    for name in (
        *(
            "migration",
            "workspace",
            "deleted_workspace",
            "deleted_key",
            "object",
            "field",
            "relation",
            "index",
            "retired_name",
        ),
        *("model_change", "role", "api_key", "trusted_document", "denied_token", "denied_token_version", "imported"),
        *("sql_role", "session", "sign_in_code"),
    )
)
"""The tables that it may only read: the sessions of the owner write them."""


def served_privileges(table: Table) -> tuple[str, ...]:
    """Return the privileges on a table that the login which serves is to have."""
    if table in _READ:
        return ("SELECT",)
    return ("SELECT", "INSERT") if table in _ADDED_TO else ("SELECT", "INSERT", "UPDATE", "DELETE")


async def grant_serving(sessions: SessionSource, serving: str) -> None:
    """Give the login `serving` its rights on all tables of the owner, those to come included; safe to repeat.

    Args:
        sessions: of the owner.
        serving: the user of the connections that serve requests.

    Raises:
        LoginsRefused: the two are one, or one has not the rights over the other that it needs, or has too many.
    """
    async with sessions.session() as connection, connection.transaction():
        await connection.execute(QUERIES["wait_for_lock"], AdvisoryLock.CATALOG.parameters)
        await _check(connection, serving)
        schemas = [schema for (schema,) in await fetch(connection, "schemas_without_grant", serving=serving)]
        statements = [statement for schema in schemas for statement in grants.grant_schema(schema, serving)]
        if not (await fetch(connection, "has_default_grant", serving=serving))[0][0]:
            statements += grants.grant_by_default(serving)
        tables = [table.name for table in _READ]
        if schemas or (await fetch(connection, "exceeds_grants", serving=serving, tables=tables))[0][0]:
            statements += [grants.revoke_changes(_ADDED_TO, serving), grants.revoke_writes(_READ, serving)]
        for statement in statements:
            await connection.execute(statement, prepare=False)


async def _check(connection: Session, serving: str) -> None:
    ((owner, sees, is_member, is_superuser, foreign),) = await fetch(connection, "logins", serving=serving)
    if owner == serving:
        raise LoginsRefused(
            f"FIELDSTONE_OWNER_DATABASE_URL and DATABASE_URL have the same user {serving}: the tables need an owner"
            " that does not serve"
        )
    if is_superuser or is_member:
        raise LoginsRefused(
            f"the user {serving} of DATABASE_URL has the rights of {owner}, the owner of the tables, and could drop"
            " them: give it neither SUPERUSER nor the membership in that role"
        )
    if not sees:
        raise LoginsRefused(
            f"the user {owner} of FIELDSTONE_OWNER_DATABASE_URL needs the rights of {serving}, to see the statements"
            f' that a change of the model waits for: GRANT "{serving}" TO "{owner}"'
        )
    if foreign is not None:
        raise LoginsRefused(
            f"the table {foreign} belongs to another user than {owner}: REASSIGN OWNED BY the other user TO"
            f' "{owner}", or give the other user in FIELDSTONE_OWNER_DATABASE_URL and a new one in DATABASE_URL'
        )
