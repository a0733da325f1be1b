"""`fieldstone migrate`: brings the catalog up to date."""

import typer

from fieldstone.engine.cells.errors import CellUnavailable
from fieldstone.engine.server.cells.fleet import Away, ask_cells
from fieldstone.engine.server.cells.workspaces import register_all, require_apart
from fieldstone.engine.server.foundation import open_catalog
from fieldstone.engine.settings import Settings
from fieldstone.metadata.shown_text import escape


async def migrate(settings: Settings) -> None:
    """Apply the missing migrations, to each cell where there are several, and print their number.

    Raises:
        MetadataError: the catalog is not for this program, or two cells are one database.
        SqlError: the database cannot be had, or no cell.
    """
    if not settings.cells:
        typer.echo(f"The catalog is {await _migrate(settings)}.")
        return
    await require_apart(settings)
    answers = await ask_cells(settings, lambda _cell, few: _migrate(few))
    for cell, answer in zip(settings.cells, answers, strict=True):
        if isinstance(answer, Away):
            typer.echo(f"The cell {cell.name} cannot be reached: {escape(answer.reason)}", err=True)
            continue
        typer.echo(f"The catalog of the cell {cell.name} is {answer}.")
    if isinstance(answers[0], Away):
        raise CellUnavailable(f"the home {settings.cells[0].name} cannot be reached, so no workspace was registered")
    for cell, answer in zip(settings.cells, answers, strict=True):
        if not isinstance(answer, Away):
            await register_all(settings, cell)


async def _migrate(settings: Settings) -> str:
    async with open_catalog(settings) as (_, catalog, _):
        done = f"applied {len(catalog.applied)}" if catalog.applied else "nothing to do"
        return f"at version {catalog.version}: {done}"
