"""The places of workspaces behind one protocol: the settings say whether they are cells or nodes of Citus."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import typer

from fieldstone.engine.cells.balance import Chosen
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.placement.cells import Cells
from fieldstone.engine.server.cli.placement.citus import NodesOfCitus
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.distribution import Placement


class Places(Protocol):
    """The places between which workspaces move."""

    async def move(self, name: str, to: str) -> None:
        """Move a workspace; raises MetadataError, SqlError."""
        ...

    async def choose(self) -> Sequence[Chosen]:
        """Return the moves that bring the work of the places closer."""
        ...

    async def list(self) -> Sequence[Placement]:
        """Return the workspaces by name."""
        ...


@asynccontextmanager
async def open_places(settings: Settings) -> AsyncIterator[Places]:
    """Yield the places of the settings.

    Raises:
        CommandError: all workspaces lie in one database.
        SqlError: the database cannot be had.
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

    Those that were moved before one fails stay where they are. It raises as a move does.
    """
    chosen = await places.choose()
    for one in chosen:
        typer.echo(escape(f"{one.workspace}: from {one.source} to {one.target}"), err=True)
        await places.move(one.workspace, one.target)
    return len(chosen)
