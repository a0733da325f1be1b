"""Workspaces on the nodes of a cluster of Citus."""

from collections.abc import Mapping, Sequence

import typer

from fieldstone.engine.cells.balance import choose_moves
from fieldstone.engine.server.foundation import Foundation
from fieldstone.metadata.shown_text import escape
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

    async def rebalance(self) -> int:
        """Move workspaces until the nodes have about the same bytes and load; return how many moved.

        Those that were moved before one fails stay where they are.
        """
        async with self._foundation.database.session() as connection:
            nodes = await list_nodes(connection)
            placed = await list_placements(connection)
        chosen = choose_moves(weigh(placed, nodes), most=len(placed))
        for move_ in chosen:
            typer.echo(escape(f"{move_.workspace}: from {move_.source} to {move_.target}"), err=True)
            await self.move(move_.workspace, move_.target)
        return len(chosen)

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
