"""Workspaces on the nodes of a cluster of Citus."""

from collections.abc import Sequence

from fieldstone.engine.server.foundation import Foundation
from fieldstone.metadata.workspaces.distribution import Placement, distribute, list_placements, move, rebalance


class NodesOfCitus:
    """The nodes of the cluster whose coordinator the database is."""

    def __init__(self, foundation: Foundation) -> None:
        self._foundation = foundation

    async def distribute(self, name: str) -> None:
        """Move a workspace from the coordinator to a node; raises MetadataError, SqlError."""
        await distribute(self._foundation.database, await self._foundation.workspaces.find(name))

    async def move(self, name: str, to: str) -> None:
        """Move a workspace to the node `host:port`; raises MetadataError, SqlError."""
        await move(self._foundation.database, await self._foundation.workspaces.find(name), to)

    async def rebalance(self) -> int:
        """Have Citus even the bytes on the nodes; return how many workspaces moved."""
        return await rebalance(self._foundation.database)

    async def list(self) -> Sequence[Placement]:
        """Return the place of each workspace, by name."""
        async with self._foundation.database.session() as connection:
            return await list_placements(connection)
