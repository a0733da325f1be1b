"""SQL roles: the logins of people and tools that read a workspace's records with SQL, through views."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg.sql import Composed

from fieldstone.metadata.catalog.audit import COMMAND, AuditAction, AuditEntry, Author, note
from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import ChangeFailed, UnknownObject
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.role import Role
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.sql_views.definition import SqlSchema, build_views, visible_model
from fieldstone.metadata.workspaces.sql_role_rules import (
    find_or_name_schema,
    find_role_for_sql,
    require_free,
    require_name,
    require_one_node,
    require_values,
    session_parameters,
)
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.ddl import alter, create, logins, views
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table

PORTION: Final = 100
"""Views that are made or dropped in one transaction: each takes a few of the server's places for locks."""

_PASSWORD_BYTES = 24


@frozen
class SqlRole:
    """A login that reads the views of a schema, with the workspace's role whose rights it has."""

    name: str
    role_id: UUID
    schema: str
    snake_case: bool
    claims: Mapping[str, JsonValue]
    created_at: datetime


@frozen
class NewSqlRole:
    """A new SQL role, whose password is shown this once.

    Attributes:
        hidden: the objects of which it reads nothing because their rules need values that it has not been given.
    """

    name: str
    password: str
    schema: str
    hidden: tuple[str, ...]


class SqlRoles:
    """The SQL roles of one workspace.

    Args:
        writer: takes the workspace's turn, so that no change of the model falls between a view and its login.
        workspace_id: the workspace.
        actor: the name of the command in the audit log.
    """

    def __init__(self, writer: ModelWriter, workspace_id: UUID, *, actor: str) -> None:
        self._writer = writer
        self._workspace_id = workspace_id
        self._actor = actor

    async def create(
        self,
        name: str,
        *,
        role: str,
        snake_case: bool,
        connections: int,
        statement_seconds: int,
        claims: Mapping[str, JsonValue] | None = None,
    ) -> NewSqlRole:
        """Create a login and the views that its role may read; the views are made some at a time.

        Args:
            name: the login.
            role: the name of the workspace's role.
            snake_case: whether views and columns are called `first_name` instead of `firstName`.
            connections: the most connections at a time.
            statement_seconds: the time that a statement has unless its session says otherwise.
            claims: the principal's values that the rules of the role may name; none if None.

        Raises:
            InvalidChange: the name is not allowed, the role's rights cannot be held in SQL, it declares no value of
                that name, or this session may not create logins; NameTaken if there is such a login.
            PrincipalValueRefused: a value is not of its type.
            UnknownObject: there is no such role.
        """
        require_name(name)
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        values = dict(claims or {})

        async def body(transaction: ModelTransaction) -> NewSqlRole:
            connection = transaction.connection
            require_one_node(transaction.snapshot.workspace)
            found = find_role_for_sql(transaction, role)
            require_values(transaction.snapshot, found, values)
            parameters = session_parameters(statement_seconds, is_superuser=await require_free(connection, name))
            schema, is_new = await find_or_name_schema(connection, transaction, found, values, snake_case=snake_case)
            steps = [create.create_schema(schema)] if is_new else []
            parameters["search_path"] = schema
            verifier = _verifier(connection, name, password)
            steps += logins.create_login(name, verifier, connections=connections, parameters=parameters)
            usable = [schema, *await _function_schemas(connection)]
            steps += [*(logins.grant_usage(one, name) for one in usable), logins.grant_reading_all(schema, name)]
            await _run(connection, *steps)
            await connection.execute(
                QUERIES["insert_sql_role"],
                {
                    "name": name,
                    "workspace_id": self._workspace_id,
                    "role_id": found.id,
                    "schema": schema,
                    "snake_case": snake_case,
                    "claims": dumps(values),
                },
            )
            await note(connection, self._act(AuditAction.SQL_ROLE_CREATED, name, role=found.name))
            return NewSqlRole(name=name, password=password, schema=schema, hidden=_hidden(transaction, found, values))

        made = await self._writer.run(self._workspace_id, body, actor=self._actor)
        while await self._writer.run(self._workspace_id, _make_missing, actor=self._actor):
            pass
        return made

    async def list(self) -> tuple[SqlRole, ...]:
        """Return the SQL roles by name."""

        async def body(transaction: ModelTransaction) -> tuple[SqlRole, ...]:
            return await _read(transaction)

        return await self._writer.run(self._workspace_id, body, actor=self._actor)

    async def set_password(self, name: str) -> str:
        """Give a SQL role another password and return it; sessions that are open stay so.

        Raises:
            UnknownObject: there is no such SQL role.
        """
        password = secrets.token_urlsafe(_PASSWORD_BYTES)

        async def body(transaction: ModelTransaction) -> None:
            await _find(transaction, name)
            verifier = _verifier(transaction.connection, name, password)
            await _run(transaction.connection, logins.set_password(name, verifier))
            await note(transaction.connection, self._act(AuditAction.SQL_ROLE_UPDATED, name))

        await self._writer.run(self._workspace_id, body, actor=self._actor)
        return password

    async def drop(self, name: str) -> None:
        """Drop a SQL role, and its views if no other one reads them; an interrupted drop can be repeated.

        Raises:
            UnknownObject: there is no such SQL role.
        """

        async def body(transaction: ModelTransaction) -> bool:
            found = await _find(transaction, name)
            shared = any(one.schema == found.schema and one.name != name for one in await _read(transaction))
            is_gone = await _drop_some(transaction.connection, name, found.schema, is_shared=shared)
            if is_gone:
                await note(transaction.connection, self._act(AuditAction.SQL_ROLE_DELETED, name))
            return is_gone

        while not await self._writer.run(self._workspace_id, body, actor=self._actor):
            pass

    def _act(self, action: AuditAction, name: str, **details: JsonValue) -> AuditEntry:
        author = Author(kind=COMMAND, name=self._actor)
        return AuditEntry(
            workspace_id=self._workspace_id, action=action, author=author, subject_name=name, details=details
        )


async def drop_logins(connection: Session, workspace_id: UUID) -> None:
    """Drop the logins of a workspace that is being deleted; their views go with the tables."""
    for name, _, schema, *_ in await fetch(connection, "sql_roles", workspace_id=workspace_id):
        await _drop_login(connection, name, schema)


async def drop_schemas(connection: Session, workspace_id: UUID) -> None:
    """Drop the schemas with views of a workspace whose tables are gone."""
    rows = await fetch(connection, "sql_roles", workspace_id=workspace_id)
    await _run(connection, *(alter.drop_schema(schema) for schema in sorted({row[2] for row in rows})))


async def find_missing(transaction: ModelTransaction, schema: SqlSchema) -> list[Composed]:
    """Return the statements that make the views of a schema which are not there, of a portion of them."""
    there = {name for name, *_ in await fetch(transaction.connection, "some_views", schema=schema.name, limit=None)}
    wanted = build_views(transaction.snapshot, schema, transaction.views.compile_rules)
    missing = [view for view in wanted if view.view.name not in there]
    return [statement for view in missing[:PORTION] for statement in view.create(schema.logins)]


async def _make_missing(transaction: ModelTransaction) -> bool:
    """Make some views that are missing; return False if there were none."""
    for schema in transaction.views.schemas:
        if statements := await find_missing(transaction, schema):
            await _run(transaction.connection, *statements)
            return True
    return False


async def _drop_some(connection: Session, name: str, schema: str, *, is_shared: bool) -> bool:
    """Drop a login's views if it is the last one that reads them, some at a time; return True once all is gone."""
    if not is_shared:
        rows = await fetch(connection, "some_views", schema=schema, limit=PORTION)
        if rows:
            await _run(connection, views.drop_views([Table(schema=schema, name=view) for (view,) in rows]))
            return False
    await _drop_login(connection, name, schema)
    if not is_shared:
        await _run(connection, alter.drop_schema(schema))
    await connection.execute(QUERIES["delete_sql_role"], {"name": name})
    return True


async def _drop_login(connection: Session, name: str, schema: str) -> None:
    ((is_there, _, _),) = await fetch(connection, "login_facts", name=name)
    if not is_there:
        return
    there = {found for (found,) in await fetch(connection, "existing_schemas")}
    for granted in {schema, *await _function_schemas(connection)} & there:
        await _run(connection, *logins.revoke_schema(granted, name))
    try:
        async with connection.transaction():
            await _run(connection, logins.drop_login(name))
    except psycopg.errors.DependentObjectsStillExist as error:
        await _drop_with_rights(connection, name, error)


async def _drop_with_rights(connection: Session, name: str, refusal: psycopg.errors.DependentObjectsStillExist) -> None:
    """Drop a login that an administrator has given more rights, but none that owns something.

    Raises:
        ChangeFailed: objects depend on it; the message names them.
    """
    reasons = refusal.diag.message_detail or ""
    try:
        async with connection.transaction():
            # DROP OWNED would drop those, too.
            if not (await fetch(connection, "owns_objects", name=name))[0][0]:
                await _run(connection, *logins.revoke_all(name))
            await _run(connection, logins.drop_login(name))
    except psycopg.errors.DependentObjectsStillExist as error:
        reasons = error.diag.message_detail or reasons
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation):
        pass
    else:
        return
    listed = ", ".join(reasons.splitlines())
    raise ChangeFailed(
        f'the login "{escape(name)}" cannot be dropped because objects depend on it: {listed}. As an administrator'
        f" run REASSIGN OWNED and DROP OWNED for it, and repeat the command"
    )


async def _function_schemas(connection: Session) -> list[str]:
    return [schema for (schema,) in await fetch(connection, "function_schemas")]


async def _run(connection: Session, *statements: Composed) -> None:
    for statement in statements:
        await connection.execute(statement, prepare=False)


async def _read(transaction: ModelTransaction) -> tuple[SqlRole, ...]:
    rows = await fetch(transaction.connection, "sql_roles", workspace_id=transaction.snapshot.workspace.id)
    return tuple(
        SqlRole(
            name=name, role_id=role_id, schema=schema, snake_case=is_snake_case, claims=claims, created_at=created_at
        )
        for name, role_id, schema, is_snake_case, claims, created_at in rows
    )


async def _find(transaction: ModelTransaction, name: str) -> SqlRole:
    found = next((one for one in await _read(transaction) if one.name == name), None)
    if found is None:
        raise UnknownObject(f'the workspace has no SQL role "{escape(name)}"', field="name")
    return found


def _hidden(transaction: ModelTransaction, role: Role, claims: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the objects that a role reads, but not with these values of a principal alone."""
    schema = SqlSchema(name="", role_id=role.id, snake_case=False, claims=claims, logins=())
    model = visible_model(transaction.snapshot, schema)
    seen = {view.table for view in build_views(transaction.snapshot, schema, transaction.views.compile_rules)}
    return tuple(one.name_plural for one in (model.readable.values() if model else ()) if one.table not in seen)


def _verifier(connection: Session, name: str, password: str) -> str:
    """Return a password as PostgreSQL stores it, so that the password itself is in no statement and no log."""
    return connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
