"""The places of workspaces behind one protocol: the settings say whether they are cells or nodes of Citus."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from fieldstone.engine.cells.balance import Chosen, choose_moves
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.placement.cells import Cells
from fieldstone.engine.server.cli.placement.citus import NodesOfCitus
from fieldstone.engine.server.cli.question import report
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.workspaces.distribution import Placement


class Places(Protocol):
    """The places between which workspaces move."""

    async def move(self, name: str, to: str) -> None:
        """Move a workspace; raises MetadataError, SqlError."""
        ...

    async def weigh(self) -> tuple[Mapping[str, Mapping[str, float]], int]:
        """Return the work of each workspace at its place, and the most moves from or to one place."""
        ...

    async def list(self) -> Sequence[Placement]:
        """Return the workspaces by name."""
        ...


@asynccontextmanager
async def open_places(settings: Settings) -> AsyncIterator[Places]:
    """Yield the places of the settings.

    Raises:
        CommandError: all workspaces lie in one database.
        MetadataError: its catalog is not for this program.
    """
    if settings.cells:
        yield Cells(settings)
        return
    if settings.distribute is None:
        raise CommandError(
            "all workspaces lie in one database; FIELDSTONE_DISTRIBUTE=citus places them on the nodes of a cluster, and"
            " FIELDSTONE_CELLS in several databases"
        )
    async with open_foundation(settings) as foundation:
        yield NodesOfCitus(foundation)


async def rebalance(places: Places) -> int:
    """Move workspaces until the places have about the same work, and return how many moved.

    Others are moved in the place of those that cannot be.

    Raises:
        CommandError: some moves were refused; all others are made.
        SqlError: a database cannot be had; the moves before stay.
    """
    weighed, most = await places.weigh()
    loads = {place: dict(workspaces) for place, workspaces in weighed.items()}
    made: list[Chosen] = []
    refused: list[str] = []
    while chosen := choose_moves(loads, most=most, made=made, staying=refused):
        one = chosen[0]
        report(f"{one.workspace}: from {one.source} to {one.target}")
        try:
            await places.move(one.workspace, one.target)
        except MetadataError as error:
            report(f"{one.workspace} stays: {error}")
            refused.append(one.workspace)
        else:
            loads[one.target][one.workspace] = loads[one.source].pop(one.workspace)
            made.append(one)
    if refused:
        raise CommandError(f"{len(made)} workspaces were moved, and {len(refused)} cannot be: {', '.join(refused)}")
    return len(made)
