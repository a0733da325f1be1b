"""`fieldstone workspace`: workspaces made, listed and deleted."""

from uuid import UUID

import typer

from fieldstone.engine.server.cells.fleet import Away
from fieldstone.engine.server.cells.moving import drop_everywhere, end_moves_of
from fieldstone.engine.server.cells.workspaces import (
    create_in,
    find_stale,
    forget_placement,
    list_placed,
    open_foundation_of,
)
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.question import ask
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.server.templates.apply import read_template
from fieldstone.engine.settings import Settings
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.removal import count_tables, delete_workspace

_ACTOR = "fieldstone workspace create"


async def create(settings: Settings, *, name: str, cell: str | None = None, template: str | None = None) -> None:
    """Make a workspace with the standard objects, or the model of a template, in a cell where there are several.

    Raises:
        CommandError: a cell is named, and there are none.
        MetadataError: the name is not allowed, or is taken, or there is no such cell or template.
    """
    then = None if template is None else read_template(template)
    place = ""
    if settings.cells:
        place = f" in the cell {await create_in(settings, name, cell, actor=_ACTOR, then=then)}"
    elif cell is not None:
        raise CommandError("--cell names one of several databases: FIELDSTONE_CELLS has them")
    else:
        async with open_foundation(settings) as foundation:
            await foundation.workspaces.create(name, actor=_ACTOR, then=then)
    typer.echo(
        f"Workspace '{name}' is made{place}. Its first key: fieldstone api-key create --workspace {name} --name NAME"
    )


async def list_all(settings: Settings) -> None:
    """Print the name of each workspace, of all cells where there are several.

    Raises:
        MetadataError: the catalog is not for this program.
    """
    if settings.cells:
        for one in await list_placed(settings):
            if isinstance(one, Away):
                typer.echo(f"The cell {one.cell.name} cannot be asked: {escape(one.reason)}", err=True)
            else:
                typer.echo(one.name)
        return
    async with open_foundation(settings, only_reads=True) as foundation:
        found = await foundation.workspaces.list()
    for workspace in found:
        typer.echo(workspace.name)


async def delete(settings: Settings, *, name: str, yes: bool) -> None:
    """Delete a workspace with all its records, once that is confirmed, or end a deletion that was interrupted.

    Raises:
        CommandError: the deletion was not confirmed.
        MetadataError: there is no such workspace, or it is `default`, which cannot be deleted.
    """
    try:
        workspace_id = await _delete(settings, name=name, yes=yes)
    except UnknownObject:
        stale = await find_stale(settings, name) if settings.cells else None
        if stale is None:
            raise
        workspace_id = stale
    if settings.cells:
        await forget_placement(settings, workspace_id)
        await drop_everywhere(settings, workspace_id, name)
    typer.echo(f"Workspace '{name}' is deleted.")


async def _delete(settings: Settings, *, name: str, yes: bool) -> UUID:
    """Delete a workspace in its database, and return its id."""
    async with open_foundation_of(settings, name) as foundation:
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

        if settings.cells:
            # A move that goes on behind the deletion would bring the workspace back.
            await end_moves_of(settings, workspace)
        await delete_workspace(foundation.database, workspace, report=report)
    return workspace.id
