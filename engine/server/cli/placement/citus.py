"""Workspaces on the nodes of a cluster of Citus."""

from collections.abc import Mapping, Sequence

from fieldstone.engine.server.foundation import Foundation
from fieldstone.metadata.workspaces.distribution import Placement, distribute, list_nodes, list_placements, move


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

    async def weigh(self) -> tuple[Mapping[str, Mapping[str, float]], int]:
        """Return the weight of each workspace on its node, and the most moves of a node: those of all workspaces."""
        async with self._foundation.database.session() as connection:
            nodes = await list_nodes(connection)
            placed = await list_placements(connection)
        return weigh(placed, nodes), len(placed)

    async def list(self) -> Sequence[Placement]:
        """Return the place of each workspace, by name."""
        async with self._foundation.database.session() as connection:
            return await list_placements(connection)


def weigh(placed: Sequence[Placement], nodes: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
    """Return for each node the weight of each of its workspaces: its part of all bytes and its part of all load."""
    weights: dict[str, dict[str, float]] = {node: {} for node in nodes}
    there = [one for one in placed if one.place in weights]
    # One where nothing is there to be divided.
    all_bytes, all_load = (sum(one.bytes for one in there) or 1, sum(one.load for one in there) or 1)
    for one in there:
        weights[str(one.place)][one.name] = one.bytes / all_bytes + one.load / all_load
    return weights
