"""`fieldstone doctor`: whether the tables are what the models say."""

import typer

from engine.assembly import open_foundation
from engine.commands.failures import CommandError
from engine.config import Settings
from metadata.drift import find_drift


async def doctor(settings: Settings) -> None:
    """Print where the tables of each workspace are not what its model says, each with the repair.

    Raises:
        CommandError: there is such a place.
        MetadataError: the catalog is not for this program.
        SqlError: the database cannot be had.
    """
    count = 0
    async with open_foundation(settings) as foundation:
        workspaces = await foundation.workspaces.list()
        for workspace in workspaces:
            snapshot = await foundation.current.get(workspace.id)
            async with foundation.database.session() as connection:
                drifts = await find_drift(connection, snapshot, trigram=foundation.catalog.trigram)
            for drift in drifts:
                typer.echo(f"{workspace.name}: {drift.finding}")
                if drift.repair:
                    typer.echo(f"    repair: {drift.repair}")
            count += len(drifts)
    if count:
        raise CommandError(f"{count} {'thing is' if count == 1 else 'things are'} not as the models say")
    typer.echo(f"The catalog and the tables of {len(workspaces)} workspaces agree.")
