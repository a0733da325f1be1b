"""The moves between cells that nobody brings further, as `fieldstone doctor` tells them."""

from collections.abc import Container
from contextlib import AsyncExitStack, suppress

import typer

from fieldstone.engine.cells.moves.unfinished import Unfinished, list_unfinished
from fieldstone.engine.server.cells.fleet import open_cell
from fieldstone.engine.settings import Settings
from fieldstone.metadata.shown_text import escape
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database


async def report_unfinished(settings: Settings, *, away: Container[str] = ()) -> int:
    """Print the moves without a mover, each with the command that ends it, and return their number.

    The cells that are known to be `away`, by name, are not asked.

    Raises:
        SqlError: a cell has ended its connections meanwhile.
    """
    databases: dict[str, Database | None] = {}
    async with AsyncExitStack() as stack:
        for cell in settings.cells:
            databases[cell.name] = None
            if cell.name not in away:
                with suppress(SqlError):
                    databases[cell.name] = await stack.enter_async_context(open_cell(settings, cell))
        home = databases[settings.cells[0].name] if settings.cells else None
        if home is None:
            return 0
        still = [one for one in await list_unfinished(home, databases) if not one.is_running]
    for one in still:
        typer.echo(escape(_tell(one), keep_lines=True))
    return len(still)


def _tell(one: Unfinished) -> str:
    move = one.move
    kept = "" if not one.bytes else f", and its source {move.source} keeps {one.bytes >> 20:,} MiB of its log for it"
    return (
        f'The move of the workspace "{move.name}" to the cell {move.target} stands still at the step'
        f" {move.step.value}{kept}.\n"
        f"    repair: fieldstone workspace move {move.name} --to {move.target}, or with --cancel"
    )
