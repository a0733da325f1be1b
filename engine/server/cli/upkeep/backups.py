"""`fieldstone backup` and `fieldstone restore`: a database, or one workspace, in a file and back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import typer

from fieldstone.engine.backup.archive import STDOUT, ArchiveReader, read_archive, write_archive
from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.backup.manifest import SavedWorkspace
from fieldstone.engine.backup.restore import analyze, restore_database, restore_workspace
from fieldstone.engine.backup.save import save
from fieldstone.engine.cells.moves.mover import drop_left
from fieldstone.engine.server.cells.restoring import Elsewhere, held_places, leave_to, require_nowhere
from fieldstone.engine.server.cells.settings import choose_cell, find_cell, settings_of
from fieldstone.engine.server.cells.workspaces import find_cell_of
from fieldstone.engine.server.cli.command_error import CommandError, require_output
from fieldstone.engine.server.cli.question import report
from fieldstone.engine.server.foundation import address, open_catalog, open_database
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.secret_rotation import check_secrets
from fieldstone.metadata.errors import SecretUnreadable
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE

_CELLS: Final = 36
"""The version of the catalog from which on a workspace can move to another cell."""


async def back_up(settings: Settings, *, path: Path, workspace: str | None, cell: str | None = None) -> None:
    """Write a backup, and print its content.

    Raises:
        CommandError: it cannot be written.
        MetadataError: the catalog is not for this program.
    """
    if path == STDOUT:
        require_output()
    if not settings.prepare_statements and settings.listen_url is None:
        raise CommandError(
            "FIELDSTONE_PREPARE_STATEMENTS=false says that DATABASE_URL leads to a pooler, through which pg_dump"
            " cannot be run: FIELDSTONE_LISTEN_URL names the same database without it"
        )
    if settings.cells and workspace is not None and cell is None:
        settings = settings_of(settings, await find_cell_of(settings, workspace))
    else:
        settings = choose_cell(settings, cell)
    try:
        # The file first: it may be refused, and a server need not start for that.
        with write_archive(path) as archive:
            async with address(settings, only_reads=True) as (dsn, _), open_database(settings, dsn) as database:
                direct = settings.listen_url or settings.owner_database_url or dsn
                manifest = await save(database, direct, archive, workspace=workspace, report=report)
    except BackupRefused as error:
        raise CommandError(str(error)) from error
    records = sum(one.rows for one in manifest.tables if one.schema != "fieldstone")
    typer.echo(f"Backup of {manifest.made_at}: workspaces {len(manifest.workspaces)}, records {records:,}.", err=True)


async def restore(
    settings: Settings, *, path: Path, workspace: str | None, name: str | None, check: bool, cell: str | None = None
) -> None:
    """Restore a backup, and print its content.

    Raises:
        CommandError: it is damaged, something would be overwritten, or it does not fit the database.
        MetadataError: it is of a newer program.
    """
    try:
        with read_archive(path) as archive:
            if check:
                archive.check()
                typer.echo(f"{path}: whole, of {archive.manifest.made_at}.")
                return
            chosen = choose_cell(settings, cell)
            if not archive.manifest.is_whole or workspace is not None:
                saved = archive.manifest.find(workspace)
                async with _place_of(settings, cell, saved, name or saved.name):
                    await _restore_workspace(chosen, archive, saved, name or saved.name)
            elif name is not None:
                raise CommandError("--as names one workspace, and needs --workspace with this backup")
            elif cell is None:
                await _restore_database(chosen, archive, [])
            else:
                ids = [one.id for one in archive.manifest.workspaces]
                async with held_places(settings, find_cell(settings, cell), ids=ids) as elsewhere:
                    await _restore_database(chosen, archive, elsewhere)
    except BackupRefused as error:
        raise CommandError(str(error)) from error


@asynccontextmanager
async def _place_of(settings: Settings, cell: str | None, saved: SavedWorkspace, name: str) -> AsyncIterator[None]:
    """Keep the place of a workspace in a cell for the length of the block, if there are cells."""
    if cell is None:
        yield
        return
    # Each cell has a `default` of its own.
    asked = None if name == DEFAULT_WORKSPACE else name
    async with held_places(settings, find_cell(settings, cell), ids=[saved.id], name=asked) as elsewhere:
        require_nowhere(elsewhere, saved.id)
        yield


async def _restore_database(settings: Settings, archive: ArchiveReader, elsewhere: Sequence[Elsewhere]) -> None:
    if elsewhere and archive.manifest.catalog < _CELLS:
        raise BackupRefused(f"the backup is older than cells, and the cell {elsewhere[0].cell} has a workspace of it")
    left: list[Elsewhere] = []
    async with address(settings) as (dsn, _):
        async with open_database(settings, dsn) as database:
            await restore_database(database, archive, report=report, then=leave_to(elsewhere, left))
            gone = {one.schema for one in archive.manifest.workspaces if one.id in {other.id for other in left}}
            await analyze(database, [one for one in archive.manifest.tables if one.schema not in gone])
        # Its catalog may be that of an older program.
        async with open_catalog(settings) as (database, _, _):
            for other in left:
                await drop_left(database, other.id, other.name)
                report(f"{other.name}: left to the cell {other.cell}, which it has moved to since the backup")
            try:
                await check_secrets(database, SecretBox(settings.secret_key))
            except SecretUnreadable as error:
                report(f"fieldstone: {error}. A server does not start before.")
    made_at, count = archive.manifest.made_at, len(archive.manifest.workspaces) - len(left)
    typer.echo(f"The database is restored as of {made_at}: workspaces {count}.")
    typer.echo(
        "Its events have later positions: clients that resume a subscription are told to read the records again.",
        err=True,
    )


async def _restore_workspace(settings: Settings, archive: ArchiveReader, saved: SavedWorkspace, name: str) -> None:
    async with address(settings) as (dsn, _):
        async with open_database(settings, dsn) as database:
            await restore_workspace(
                database, archive, saved, name=name, box=SecretBox(settings.secret_key), report=report
            )
        async with open_catalog(settings):
            pass
    typer.echo(f"Workspace '{name}' is restored as of {archive.manifest.made_at}.")
    typer.echo("Its events and deliveries stayed behind: clients that subscribe to it begin without `after`.", err=True)
