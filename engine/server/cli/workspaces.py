"""`fieldstone workspace`: workspaces made, listed and deleted."""

import typer

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.question import ask
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.workspaces.removal import count_tables, delete_workspace


async def create(settings: Settings, *, name: str) -> None:
    """Make a workspace with the standard objects.

    Raises:
        MetadataError: the name is not allowed, or is taken.
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


async def delete(settings: Settings, *, name: str, yes: bool) -> None:
    """Delete a workspace with all its records, once that is confirmed.

    Raises:
        CommandError: the deletion was not confirmed.
        MetadataError: there is no such workspace, or it is `default`, which cannot be deleted.
        SqlError: the database cannot be had.
    """
    async with open_foundation(settings) as foundation:
        workspace = await foundation.workspaces.find(name)
        async with foundation.database.session() as connection:
            tables, size = await count_tables(connection, workspace)
        question = f"Delete the workspace '{name}' for good, with {tables:,} tables of {size >> 20:,} MiB?"
        if not yes and not await ask(question):
            raise CommandError(
                "nothing was deleted: the deletion was not confirmed; --yes confirms it without a question"
            )
        left = tables

        def report(count: int) -> None:
            nonlocal left
            left -= count
            typer.echo(f"{max(left, 0):,} tables are left", err=True)

        await delete_workspace(foundation.database, workspace, report=report)
    typer.echo(f"Workspace '{name}' is deleted.")
