"""The workspaces: their creation, list and look-up."""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from uuid import UUID

import psycopg

from fieldstone.metadata.catalog.queries import QUERIES, catalog_statement, fetch
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.sessions import Reads, Session, SessionSource
from fieldstone.metadata.catalog.store import insert_roles
from fieldstone.metadata.changes.plan import Bounds
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.standard_model import standard_changes
from fieldstone.metadata.writer.lock_waits import wait_for_lock
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.ddl import create
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.queries import read_row

DEFAULT_WORKSPACE = "default"

_ID_BY_NAME = catalog_statement("workspace_id_by_name")
_GONE = catalog_statement("gone_workspaces")

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
SCHEMA_PREFIX = "workspace_"

MoreChanges = Callable[[ModelTransaction], Awaitable[object]]
"""Makes further changes in the transaction of a change."""


class WorkspaceNames:
    """Finds workspaces by the names that requests give."""

    def __init__(self, database: Reads) -> None:
        self._database = database

    async def find(self, name: str) -> UUID | None:
        """Return the id of the workspace with this name or id; None where there is none.

        Raises:
            DatabaseError: the database is away.
        """
        rows = await self._database.read(*_ID_BY_NAME.bind(name=name), share=None)
        return UUID((rows[0][0] or b"").decode()) if rows else None


async def find_gone(database: Reads, ids: Iterable[UUID]) -> set[UUID]:
    """Return those of some workspaces that have moved from this database to another; raises DatabaseError."""
    rows = await database.read(*_GONE.bind(ids=list(ids)), share=None)
    return {UUID((row[0] or b"").decode()) for row in rows}


class Workspaces:
    """The workspaces of one database.

    Args:
        sessions: where connections come from.
        current: gets the first snapshot of each new workspace.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        distributes: whether Citus is to distribute the schemas of new workspaces.
    """

    def __init__(
        self,
        sessions: SessionSource,
        current: CurrentSnapshots,
        *,
        trigram: TrigramClass | None,
        distributes: bool = False,
    ) -> None:
        self._sessions = sessions
        self._current = current
        self._trigram = trigram
        self._distributes = distributes

    async def create(
        self, name: str, *, actor: str, standard: bool = True, then: MoreChanges | None = None
    ) -> Snapshot:
        """Create a workspace, by default with the standard objects, and return its model.

        Args:
            name: of the workspace.
            actor: its maker, for the history.
            standard: whether it has the standard objects.
            then: makes further changes in the same transaction, so that all are kept or none.

        Raises:
            InvalidChange: the name is not allowed; NameTaken if another workspace has it.
            ModelBusy: another session holds the lock of the catalog for too long.
        """
        check_name(name)
        async with self._sessions.session() as connection:
            await connection.execute(QUERIES["begin_change"], prepare=False)
            await wait_for_lock(connection, AdvisoryLock.CATALOG)
            workspace = await _insert_workspace(connection, name, is_distributed=self._distributes)
            empty = Snapshot(
                workspace=workspace,
                version=0,
                objects={},
                relations={},
                indexes={},
                roles={role.id: role for role in system_roles()},
            )
            await send_as_one(connection, insert_roles(empty, empty.roles.values()))
            transaction = ModelTransaction(connection, empty, Bounds(trigram=self._trigram))
            if standard:
                for change in standard_changes(with_trigram=self._trigram is not None):
                    await transaction.apply(change)
            if then is not None:
                await then(transaction)
            await transaction.commit(actor)
        self._current.publish(transaction.snapshot)
        return transaction.snapshot

    async def list(self) -> tuple[Workspace, ...]:
        """Return all workspaces by name."""
        async with self._sessions.session() as connection:
            return tuple(Workspace(**read_row(Workspace, row)) for row in await fetch(connection, "workspaces"))

    async def find(self, name: str) -> Workspace:
        """Return the workspace of this name.

        Raises:
            UnknownObject: there is none.
        """
        async with self._sessions.session() as connection:
            found = await fetch(connection, "workspace_by_name", name=name)
        if not found:
            raise UnknownObject(f'there is no workspace "{name}"', field="name")
        return Workspace(**read_row(Workspace, found[0]))


def check_name(name: str) -> None:
    """Return if a workspace may have this name.

    Raises:
        InvalidChange: it may not.
    """
    if not _NAME.fullmatch(name):
        raise InvalidChange(
            f'a workspace cannot be called "{name[:80]}": its name is 1 to 40 lower-case letters (a-z), digits'
            " and hyphens, a letter first",
            field="name",
        )


async def find_free_schema(connection: Session, name: str) -> str:
    """Return the name of a schema for the tables of a workspace that is not taken."""
    schema = wanted = SCHEMA_PREFIX + name.replace("-", "_")
    number = 1
    while await fetch(connection, "is_schema_taken", schema=schema) == [(True,)]:
        number += 1
        schema = f"{wanted}_{number}"
    return schema


async def _insert_workspace(connection: Session, name: str, *, is_distributed: bool) -> Workspace:
    schema = await find_free_schema(connection, name)
    workspace = Workspace(id=new_id(), name=name, schema=schema, is_distributed=is_distributed)
    try:
        return await insert_workspace(connection, workspace)
    except psycopg.errors.UniqueViolation:
        raise NameTaken(f'there is a workspace "{name}" already', field="name") from None


async def insert_workspace(connection: Session, workspace: Workspace) -> Workspace:
    """Insert the row of a workspace, make its schema, and return it with the key of its positions.

    Raises:
        psycopg.errors.UniqueViolation: another workspace has its id or name.
    """
    ((seal_key,),) = await fetch(
        connection,
        "insert_workspace",
        id=workspace.id,
        name=workspace.name,
        schema_name=workspace.schema,
        is_distributed=workspace.is_distributed,
    )
    await connection.execute(create.create_schema(workspace.schema))
    if workspace.is_distributed:
        await connection.execute(QUERIES["prepare_two_phases"])
        await connection.execute(QUERIES["distribute_schema"], {"schema": workspace.schema})
    return replace(workspace, seal_key=seal_key)
