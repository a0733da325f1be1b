"""Moves of workspaces between the cells of an installation, as commands and servers ask for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.move import QUERIES, Ends, Move, Report, read_move
from fieldstone.engine.cells.moves.mover import begin_move, cancel_move, drop_left, find_move, run_move
from fieldstone.engine.server.cells.fleet import few_of, open_cell
from fieldstone.engine.server.cells.settings import find_cell, settings_of
from fieldstone.engine.server.cells.workspaces import find_cell_of
from fieldstone.engine.server.foundation import open_catalog, user_of
from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.sql.executor import Database

DROP_AFTER: Final = timedelta(days=1)
"""The time for which the source keeps the tables of a workspace that it has left."""

_SESSIONS: Final = 8


async def move(settings: Settings, name: str, to: str, report: Report) -> None:
    """Move a workspace to a cell, or bring a move that was interrupted to its end.

    Raises:
        MoveRefused: the workspace cannot be moved, or not now.
        MetadataError: there is no such workspace or cell, or a cell that is needed is away.
        SqlError: a database cannot be had.
    """
    target = find_cell(settings, to)
    async with open_cell(settings, settings.cells[0]) as home:
        known = await find_move(home, name)
        if known is not None and known.target != to:
            raise MoveRefused(f"the workspace is being moved to the cell {known.target}: let that end, or cancel it")
        source = await find_cell_of(settings, name) if known is None else find_cell(settings, known.source)
        if source is target:
            report(f"the cell {to} has the workspace already")
            return
        async with _open_ends(settings, home, source, target) as ends:
            begun = known or await begin_move(ends, name, source.name, to)
            await run_move(ends, begun, report)


async def cancel(settings: Settings, name: str) -> None:
    """Undo a move that was interrupted; it raises as `move`."""
    async with open_cell(settings, settings.cells[0]) as home:
        known = await find_move(home, name)
        if known is None:
            raise MoveRefused(f'the workspace "{name}" is not being moved')
        source, target = find_cell(settings, known.source), find_cell(settings, known.target)
        async with _open_ends(settings, home, source, target) as ends:
            await cancel_move(ends, known)


async def drop_all_left(settings: Settings, *, after: timedelta = DROP_AFTER) -> list[Move]:
    """Drop the tables that moves have left in their sources long ago, and return these moves; raises SqlError."""
    async with open_cell(settings, settings.cells[0]) as home:
        async with home.session() as connection:
            rows = await (await connection.execute(QUERIES["left_behind"], {"after": after})).fetchall()
        moves = [read_move(row) for row in rows]
        for one in moves:
            async with open_cell(settings, find_cell(settings, one.source)) as source:
                await drop_left(source, home, one)
    return moves


@asynccontextmanager
async def _open_ends(settings: Settings, home: Database, source: Cell, target: Cell) -> AsyncIterator[Ends]:
    """Open both cells, whose catalogs are brought up to date."""

    def several(cell: Cell) -> Settings:
        return few_of(settings, cell).model_copy(update={"session_pool_size": _SESSIONS})

    async with (
        open_catalog(several(source)) as (from_, _, _),
        open_catalog(several(target)) as (to, _, _),
    ):
        owner = settings_of(settings, source).owner_database_url
        serving = None if owner is None else await user_of(to)
        yield Ends(home=home, source=from_, target=to, source_url=owner or source.url, serving=serving)
