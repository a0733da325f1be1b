"""Workspaces in the cells of an installation."""

from collections.abc import Sequence

import typer

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.server.cells.fleet import Away
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cells.workspaces import list_placed
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.settings import Settings
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.distribution import Placement


class Cells:
    """The cells that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def move(self, name: str, to: str) -> None:
        """Move a workspace to a cell; raises CommandError, MetadataError, SqlError."""
        try:
            await move(self._settings, name, to, _report)
        except BackupRefused as error:
            raise CommandError(str(error)) from error

    async def rebalance(self) -> int:
        """Move workspaces from the fullest cell to the emptiest; raises CommandError."""
        raise CommandError("cells are balanced by hand so far: `workspace list --places` has the loads")

    async def list(self) -> Sequence[Placement]:
        """Return the place of each workspace by name; a cell that is away is reported."""
        found = []
        for one in await list_placed(self._settings):
            if isinstance(one, Away):
                _report(f"the cell {one.cell.name} cannot be asked: {one.reason}")
            else:
                found.append(Placement(name=one.name, place=one.cell, bytes=one.bytes, load=round(one.load)))
        return sorted(found, key=lambda one: one.name)


def _report(line: str) -> None:
    typer.echo(escape(line), err=True)
