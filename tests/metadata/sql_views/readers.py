"""A SQL role of the workspace `default`, and its sight of the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.metadata.changes import CreateRole, UpdateRole
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.doctor.views import find_view_drift
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.workspaces.sql_roles import NewSqlRole, SqlRoles
from tests.metadata.desk import Desk, role_named


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A SQL role at the address at which it connects."""

    made: NewSqlRole
    dsn: str

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement of this login."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(statement.encode()).fetchall()

    def columns(self) -> dict[str, dict[str, str]]:
        """The types of the columns of each relation that it may read, by information_schema."""
        found: dict[str, dict[str, str]] = {}
        for table, column, type_ in self.rows(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY table_name, ordinal_position"
        ):
            found.setdefault(table, {})[column] = type_
        return found


async def make_role(desk: Desk, grants: Any, **more: Any) -> None:
    await desk.change(lambda _: [CreateRole(name="rep", grants=grants, **more)])


async def change_role(desk: Desk, **values: Any) -> None:
    await desk.change(lambda s: [UpdateRole(role_id=role_named(s, "rep").id, **values)])


async def sql_roles(desk: Desk) -> SqlRoles:
    """The SQL roles of the workspace `default`."""
    workspace = await desk.workspaces.find(DEFAULT_WORKSPACE)
    return SqlRoles(desk.writer, workspace.id, actor="test")


@asynccontextmanager
async def reader_of(
    desk: Desk, dsn: str, *, role: str = "viewer", snake_case: bool = False, ending: str = "", claims: Any = None
) -> AsyncIterator[Reader]:
    """A new SQL role, which is gone at the end of the block: logins belong to the server of all tests."""
    roles = await sql_roles(desk)
    name = f"reader_of_{conninfo_to_dict(dsn)['dbname']}{ending}"
    made = await roles.create(
        name, role=role, claims=claims or {}, snake_case=snake_case, connections=5, statement_seconds=30
    )
    try:
        yield Reader(made=made, dsn=make_conninfo(dsn, user=name, password=made.password))
    finally:
        if any(one.name == name for one in await roles.list()):
            await roles.drop(name)


async def findings(desk: Desk) -> list[str]:
    """The differences of tables and views from the model."""
    async with desk.database.session() as connection:
        snapshot = await desk.default()
        drifts = await find_drift(connection, snapshot, trigram=desk.catalog.trigram, compile_rules=compile_view_rules)
        return [drift.finding for drift in (*drifts, *await find_view_drift(connection, snapshot, compile_view_rules))]
