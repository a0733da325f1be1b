"""The nodes of a cluster as a test's app knows them, and workspaces on different ones."""

from typing import Any
from uuid import UUID

from fieldstone.engine.nodes.reads import NodeReads
from fieldstone.engine.server.foundation import Foundation
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces.distribution import list_nodes, list_placements, move
from fieldstone.sql.nodes.node import Node
from tests.waiting import until


async def make_apart(foundation: Foundation, name: str) -> Snapshot:
    """Make a workspace on the node that does not have the workspace `default`."""
    made = await foundation.workspaces.create(name, actor="test")
    async with foundation.database.session() as connection:
        places = {one.name: one.place for one in await list_placements(connection)}
        (free,) = set(await list_nodes(connection)) - {places["default"]}
    if places[name] != free:
        await move(foundation.database, made.workspace, free)
    return made


async def node_of(app: Any, workspace_id: UUID) -> Node:
    """Return the node of a workspace as the app knows it, as soon as it answers."""
    reads = (await app.runtime.ready()).core.reads
    assert isinstance(reads, NodeReads)
    directory = reads._directory
    await until(lambda: directory.find(workspace_id) is not None)
    node = directory.find(workspace_id)
    assert node is not None
    await until(lambda: node.answers)
    return node
