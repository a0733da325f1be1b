"""`fieldstone workspace`: workspaces made and listed."""

import typer

from engine.assembly import open_foundation
from engine.config import Settings


async def create(settings: Settings, *, name: str) -> None:
    """Make a workspace with the standard objects.

    Raises:
        MetadataError: the name will not do, or is taken.
        SqlError: the database cannot be had.
    """
    async with open_foundation(settings) as foundation:
        await foundation.workspaces.create(name, actor="fieldstone workspace create")
    typer.echo(f"Workspace '{name}' is made. Its first key: fieldstone api-key create --workspace {name} --name NAME")


async def list_all(settings: Settings) -> None:
    """Print the name of each workspace.

    Raises:
        MetadataError: the catalog is not for this program.
        SqlError: the database cannot be had.
    """
    async with open_foundation(settings) as foundation:
        found = await foundation.workspaces.list()
    for workspace in found:
        typer.echo(workspace.name)
