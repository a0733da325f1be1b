"""`fieldstone workspace distribute`, `move`, `rebalance` and `list --places`."""

import typer

from fieldstone.engine.server.cells.moving import cancel
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.placement.citus import NodesOfCitus
from fieldstone.engine.server.cli.placement.open import open_places
from fieldstone.engine.server.cli.placement.open import rebalance as rebalance_places
from fieldstone.engine.settings import Settings

_BESIDE_THE_CATALOG = "-"


async def distribute(settings: Settings, *, name: str) -> None:
    """Move a workspace from the coordinator of a cluster of Citus to one of its nodes.

    Raises:
        CommandError: the settings do not name Citus.
        MetadataError: there is no such workspace, or it cannot be distributed.
    """
    async with open_places(settings) as places:
        if not isinstance(places, NodesOfCitus):
            raise CommandError("FIELDSTONE_DISTRIBUTE=citus is needed to distribute a workspace")
        await places.distribute(name)
    typer.echo(f"Workspace '{name}' is distributed.")


async def move(settings: Settings, *, name: str, to: str | None, is_cancelled: bool = False) -> None:
    """Move a workspace to another place, or undo a move that was interrupted.

    Raises:
        CommandError: all workspaces lie in one database, or no place is named.
        MetadataError: there is no such workspace or place, or the move was refused.
    """
    if is_cancelled:
        if not settings.cells:
            raise CommandError("--cancel is for moves between cells, which FIELDSTONE_CELLS names")
        await cancel(settings, name)
        typer.echo(f"The move of workspace '{name}' is undone.")
        return
    if to is None:
        raise CommandError("--to names the place: a cell, or HOST:PORT of a node of Citus")
    async with open_places(settings) as places:
        await places.move(name, to)
    typer.echo(f"Workspace '{name}' lies at {to}.")


async def rebalance(settings: Settings) -> None:
    """Move workspaces until the places have about the same work.

    Raises:
        CommandError: all workspaces lie in one database, or some moves were refused.
    """
    async with open_places(settings) as places:
        count = await rebalance_places(places)
    typer.echo(f"Workspaces moved: {count}.")


async def show(settings: Settings) -> None:
    """Print a line for each workspace: its name, place, MiB and load, between tabs.

    Raises:
        CommandError: all workspaces lie in one database.
        MetadataError: the catalog is not for this program.
    """
    async with open_places(settings) as places:
        for one in await places.list():
            place = one.place or _BESIDE_THE_CATALOG
            typer.echo(f"{one.name}\t{place}\t{one.bytes / (1 << 20):.1f}\t{one.load}")
