"""The rules of a new SQL role: its name, its role and values, its schema, and the parameters of its sessions."""

import re
from collections.abc import Mapping

from fieldstone.metadata.access.claims import coerce_claims, find_undeclared
from fieldstone.metadata.access.effective import effective_claims
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.roles.role import NO_LIMITS, Role, find_role
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.sql_views.definition import snake_case
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.locks import AdvisoryLock

_NAME = re.compile(r"(?!pg_)[a-z][a-z0-9_]{0,62}", re.ASCII)
_LONGEST_SCHEMA = 55
_SCHEMA_PREFIX = "views_"
_IDLE = 60
_TEMPORARY_FILES = "1GB"


def require_name(name: str) -> None:
    """Refuse a name that no SQL role may have; raises InvalidChange."""
    if not _NAME.fullmatch(name):
        raise InvalidChange(
            f'a SQL role cannot be called "{escape(name[:80])}": its name is 1 to 63 lower-case letters (a-z),'
            " digits and underscores, a letter first, and does not begin with pg_",
            field="name",
        )


def require_one_node(workspace: Workspace) -> None:
    """Refuse a workspace that is distributed; raises InvalidChange."""
    if workspace.is_distributed:
        raise InvalidChange(
            f'the workspace "{workspace.name}" is distributed, and has no SQL roles: Citus reads the tables below a'
            " view as the login that asks, not as the view's owner, so that the view's limits would not hold"
        )


def find_role_for_sql(transaction: ModelTransaction, name: str) -> Role:
    """Return the role of this name.

    Raises:
        UnknownObject: there is none.
        InvalidChange: it has limits, to which PostgreSQL holds no statement.
    """
    snapshot = transaction.snapshot
    role = find_role(snapshot.roles, name)
    if role is None:
        known = ", ".join(one.name for one in snapshot.roles.values())
        raise UnknownObject(f'there is no role "{escape(name)}"; the workspace has {known}', field="role")
    if role_limits(snapshot, role.id) != NO_LIMITS:
        raise InvalidChange(
            f"the role {role.name} has limits of its own for requests, to which no SQL statement can be held: give the"
            " SQL role a role without them",
            field="role",
        )
    return role


def require_values(snapshot: Snapshot, role: Role, claims: Mapping[str, JsonValue]) -> None:
    """Refuse values that a role does not declare, or declares with another type; some may be missing.

    Raises:
        InvalidChange: the role declares no value of this name.
        PrincipalValueRefused: a value is not of its type.
    """
    declared = effective_claims(snapshot, role)
    if fault := find_undeclared(role.name, declared, claims):
        raise InvalidChange(fault, field="claims")
    coerce_claims([claim for claim in declared if claim.name in claims], claims)


async def require_free(connection: Session, name: str) -> bool:
    """Return whether this session may do everything; refuse a name that is taken, and a session that may not."""
    ((is_there, may_create, is_superuser),) = await fetch(connection, "login_facts", name=name)
    if is_there:
        raise NameTaken(f'the server has a login "{name}" already', field="name")
    if not may_create:
        raise InvalidChange(
            "the user of the database may not create logins: ALTER ROLE its name CREATEROLE lets it", field="name"
        )
    return bool(is_superuser)


async def find_or_name_schema(
    connection: Session,
    transaction: ModelTransaction,
    role: Role,
    claims: Mapping[str, JsonValue],
    *,
    snake_case: bool,
) -> tuple[str, bool]:
    """Return the schema for a role, values and a spelling of names, and whether it is to be created."""
    for schema in transaction.views.schemas:
        if (schema.role_id, schema.snake_case, schema.claims) == (role.id, snake_case, claims):
            return schema.name, False
    # Schemas of several workspaces may want the same name.
    await connection.execute(QUERIES["wait_for_lock"], AdvisoryLock.CATALOG.parameters)
    taken = {name for (name,) in await fetch(connection, "existing_schemas")}
    return _free_name(transaction.snapshot.workspace.name, role.name, taken, is_snake_case=snake_case), True


def _free_name(workspace: str, role: str, taken: set[str], *, is_snake_case: bool) -> str:
    ending = "_snake" if is_snake_case else ""
    wanted = f"{_SCHEMA_PREFIX}{workspace.replace('-', '_')}_{snake_case(role)}"[:_LONGEST_SCHEMA] + ending
    names = (wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def session_parameters(statement_seconds: int, *, is_superuser: bool) -> dict[str, str]:
    """Return the parameters that a login's sessions begin with; a session may change all but that of superusers."""
    found = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{statement_seconds}s",
        "idle_in_transaction_session_timeout": f"{_IDLE}s",
    }
    return {**found, "temp_file_limit": _TEMPORARY_FILES} if is_superuser else found
