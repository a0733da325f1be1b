"""Workspaces in the cells of an installation."""

from collections.abc import Mapping, Sequence

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.cells.balance import MOST_MOVES
from fieldstone.engine.server.cells.fleet import Away
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cells.workspaces import Placed, list_placed
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.question import report
from fieldstone.engine.settings import Settings
from fieldstone.metadata.workspaces.distribution import Placement
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE


class Cells:
    """The cells that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def move(self, name: str, to: str) -> None:
        """Move a workspace to a cell; raises CommandError, MetadataError, SqlError."""
        try:
            await move(self._settings, name, to, report)
        except BackupRefused as error:
            raise CommandError(str(error)) from error

    async def weigh(self) -> tuple[Mapping[str, Mapping[str, float]], int]:
        """Return the load of an hour of each workspace in its cell, and the most moves of a cell.

        Where no load was measured, the bytes of their tables count. A cell that is away takes no part.
        """
        listed = await list_placed(self._settings, weighs=True)
        away = {one.cell.name for one in listed if isinstance(one, Away)}
        placed = [one for one in listed if isinstance(one, Placed)]
        by_load = any(one.load for one in placed)
        loads: dict[str, dict[str, float]] = {cell.name: {} for cell in self._settings.cells if cell.name not in away}
        for one in placed:
            if one.name != DEFAULT_WORKSPACE:
                loads[one.cell][one.name] = one.load if by_load else float(one.bytes)
        return loads, MOST_MOVES

    async def list(self) -> Sequence[Placement]:
        """Return the place of each workspace by name; a cell that is away is reported."""
        found = []
        for one in await list_placed(self._settings, weighs=True):
            if isinstance(one, Away):
                report(f"the cell {one.cell.name} cannot be asked: {one.reason}")
            else:
                found.append(Placement(name=one.name, place=one.cell, bytes=one.bytes, load=round(one.load)))
        return sorted(found, key=lambda one: one.name)
