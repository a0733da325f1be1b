"""The ways in which workspaces are placed, behind one protocol: the settings choose one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.placement.cells import Cells
from fieldstone.engine.server.cli.placement.citus import NodesOfCitus
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.workspaces.distribution import Placement


class Way(Protocol):
    """A way of placing workspaces."""

    async def move(self, name: str, to: str) -> None:
        """Move a workspace; raises MetadataError, SqlError."""
        ...

    async def rebalance(self) -> int:
        """Move workspaces until the places have about the same work; return how many moved."""
        ...

    async def list(self) -> Sequence[Placement]:
        """Return the workspaces by name."""
        ...


@asynccontextmanager
async def open_way(settings: Settings) -> AsyncIterator[Way]:
    """Yield the way of the settings.

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
