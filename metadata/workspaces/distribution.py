"""Workspaces on the nodes of a cluster of Citus: each is a distributed schema, whose tables lie on one node together.

https://docs.citusdata.com/en/stable/get_started/concepts.html#schema-based-sharding
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import psycopg
from psycopg.sql import Composed

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.sessions import Session, SessionSource
from fieldstone.metadata.catalog.store import load_snapshot
from fieldstone.metadata.changes.tables.migration import column_definitions, foreign_key_name
from fieldstone.metadata.errors import ChangeFailed, InvalidChange
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Snapshot, Status, Workspace
from fieldstone.metadata.writer.turns import Turn
from fieldstone.sql.ddl import alter
from fieldstone.sql.ddl.create import DefaultFunction
from fieldstone.sql.errors import NoCoordinator
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import read_row
from fieldstone.sql.sqlstate import translate_error

ACTOR: Final = "fieldstone workspace distribute"

_CLOCKS = (DefaultFunction.NOW, DefaultFunction.TODAY)


@frozen
class Placement:
    """The place of a workspace.

    Attributes:
        place: `host:port` of its node; None where it is not distributed, and so lies on the coordinator.
        bytes: those of its tables with their indexes.
        load: the rows that its tables have had read and written since the statistics of its node began.
    """

    name: str
    place: str | None
    bytes: int
    load: int


async def require_coordinator(sessions: SessionSource) -> None:
    """Return if the database is the coordinator of a cluster of Citus that has workers.

    Raises:
        NoCoordinator: it is not; the message says why.
    """
    async with sessions.session() as connection:
        ((has_citus,),) = await fetch(connection, "has_citus")
        if not has_citus:
            raise NoCoordinator("FIELDSTONE_DISTRIBUTE=citus needs a database with the extension citus")
        ((is_coordinator, workers),) = await fetch(connection, "citus_role")
    if not is_coordinator or not workers:
        raise NoCoordinator(
            "FIELDSTONE_DISTRIBUTE=citus needs the coordinator of a cluster that has workers: DATABASE_URL leads to"
            f" {'a coordinator without any' if is_coordinator else 'a worker'}"
        )


async def distribute(sessions: SessionSource, workspace: Workspace) -> None:
    """Move a workspace that lies on the coordinator to a node of the cluster; its writes wait meanwhile.

    Raises:
        InvalidChange: it is distributed already, is being changed, or has SQL roles.
        ModelBusy: a change of its model did not end in time.
        ChangeFailed: Citus refused it, and nothing was changed.
        SqlError: the database cannot be had.
    """
    async with sessions.session() as connection:
        await Turn(workspace.id).begin(connection)
        snapshot = await load_snapshot(connection, workspace.id)
        await _require_movable(connection, snapshot)
        try:
            await send_as_one(connection, list(_adapt(snapshot)), apart=True)
            await connection.execute(QUERIES["prepare_two_phases"])
            await connection.execute(QUERIES["distribute_schema"], {"schema": snapshot.workspace.schema})
        except psycopg.Error as error:
            raise ChangeFailed(f"Citus refused it, and nothing was changed: {translate_error(error)}") from error
        parameters = {"workspace_id": workspace.id, "version": snapshot.version + 1}
        await connection.execute(QUERIES["set_distributed"], parameters)
        await connection.execute(QUERIES["set_version"], parameters)
        objects = {"object_ids": list(snapshot.objects)}
        await connection.execute(QUERIES["set_object_versions"], parameters | objects)
        history = {"change": dumps([]), "actor": ACTOR, "actor_kind": None, "actor_id": None}
        await connection.execute(QUERIES["record_change"], parameters | history)


async def move(sessions: SessionSource, workspace: Workspace, node: str) -> None:
    """Move a distributed workspace to another node of the cluster, beside its readers and writers.

    Args:
        sessions: those of the coordinator.
        workspace: the workspace.
        node: `host:port`, as `pg_dist_node` of Citus names it.

    Raises:
        InvalidChange: the workspace is not distributed, or there is no such node.
        ChangeFailed: Citus refused it.
        SqlError: the database cannot be had.
    """
    if not workspace.is_distributed:
        raise InvalidChange(
            f'the workspace "{workspace.name}" lies on the coordinator: fieldstone workspace distribute'
            f" {workspace.name} moves it to a node first",
            field="name",
        )
    async with sessions.session() as connection:
        nodes = await list_nodes(connection)
        if node not in nodes:
            raise InvalidChange(f"there is no node {node}: there are {', '.join(nodes)}", field="to")
        # It runs for as long as the rows take, and waits for readers and writers only at its end.
        await connection.rollback()
        host, _, port = node.rpartition(":")
        values = {"schema": workspace.schema, "host": host, "port": int(port)}
        try:
            await connection.execute(QUERIES["begin_change"], prepare=False)
            await connection.execute(QUERIES["move_schema"], values)
            await connection.commit()
        except psycopg.Error as error:
            raise ChangeFailed(f"Citus refused the move: {translate_error(error)}") from error


async def list_nodes(connection: Session) -> Sequence[str]:
    """Return the nodes that take workspaces, as `host:port`."""
    return [f"{host}:{port}" for host, port in await fetch(connection, "citus_nodes")]


async def list_placements(connection: Session) -> Sequence[Placement]:
    """Return the place of each workspace, by name."""
    return [Placement(**read_row(Placement, row)) for row in await fetch(connection, "placements")]


async def _require_movable(connection: Session, snapshot: Snapshot) -> None:
    workspace = snapshot.workspace
    if workspace.is_distributed:
        raise InvalidChange(f'the workspace "{workspace.name}" is distributed already', field="name")
    statuses = {index.status for index in snapshot.indexes.values()}
    statuses |= {field.status for object_ in snapshot.objects.values() for field in object_.fields}
    if Status.BUILDING in statuses:
        raise InvalidChange(f'the workspace "{workspace.name}" is still being changed: try again when all is READY')
    if await fetch(connection, "sql_roles", workspace_id=workspace.id):
        raise InvalidChange(
            f'the workspace "{workspace.name}" has SQL roles, and a distributed one cannot: drop them first'
        )


def _adapt(snapshot: Snapshot) -> list[Composed]:
    """Return the statements that give the tables the defaults and foreign keys of distributed ones."""
    statements = []
    for object_ in snapshot.objects.values():
        table = replace(object_.table, is_distributed=True)
        for field in object_.fields:
            statements += [
                alter.set_default(table, one.column, one.default)
                for one in column_definitions(field)
                if one.default in _CLOCKS
            ]
            if field.relation_id is not None and field.parts:
                statements.append(alter.defer_constraint(table, foreign_key_name(object_, field)))
    return statements
