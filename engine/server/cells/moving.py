"""Moves of workspaces between the cells of an installation, as commands and servers ask for them."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.move import QUERIES, Ends, Move, Report, Step, presence_in, read_move
from fieldstone.engine.cells.moves.mover import (
    begin_move,
    cancel_move,
    drop_left,
    find_move,
    find_moves_of,
    forget_move,
    plan_move,
    run_move,
)
from fieldstone.engine.server.cells.fleet import Away, ask_cells, few_of, open_cell
from fieldstone.engine.server.cells.settings import find_cell, settings_of
from fieldstone.engine.server.cells.workspaces import find_cell_of
from fieldstone.engine.server.foundation import open_catalog, user_of
from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.metadata.catalog.migrate import read_applied
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.model import Workspace
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

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
        if known is not None and await _is_deleted(settings, known):
            await _cancel(settings, home, known)
            known = None
        if known is not None and known.target != to:
            raise MoveRefused(f"the workspace is being moved to the cell {known.target}: let that end, or cancel it")
        source = await find_cell_of(settings, name) if known is None else find_cell(settings, known.source)
        if source is target:
            report(f"the cell {to} has the workspace already")
            return
        async with _open_ends(settings, home, source, target) as ends:
            begun = known or await plan_move(ends, name, source.name, to)
            if known is None:
                await _drop_earlier(settings, home, begun)
                await begin_move(home, begun)
            await run_move(ends, begun, report)


async def cancel(settings: Settings, name: str) -> None:
    """Undo a move that was interrupted; it raises as `move`."""
    async with open_cell(settings, settings.cells[0]) as home:
        known = await find_move(home, name)
        if known is None:
            raise MoveRefused(f'the workspace "{name}" is not being moved')
        await _cancel(settings, home, known)


async def end_moves_of(settings: Settings, workspace: Workspace) -> None:
    """End the move of a workspace that is to be deleted: undone, or brought to its end where the source has left it.

    Raises:
        MoveRefused: another process moves the workspace.
        MetadataError: a cell of the move is not there.
        SqlError: a database cannot be had.
    """
    async with open_cell(settings, settings.cells[0]) as home:
        for known in await find_moves_of(home, workspace.id):
            if known.step is Step.DONE:
                continue
            source, target = find_cell(settings, known.source), find_cell(settings, known.target)
            async with _open_ends(settings, home, source, target) as ends:
                if await presence_in(ends.source, workspace.id) == "GONE":
                    await run_move(ends, known, lambda _: None)
                else:
                    await cancel_move(ends, known)


async def drop_everywhere(settings: Settings, workspace_id: UUID, name: str) -> None:
    """Drop the rest of a deleted workspace in any cell; servers drop later the rest in a cell that is away.

    Raises:
        SqlError: the home cannot be had.
    """

    async def drop(cell: Cell, _few: Settings) -> None:
        async with open_cell(settings, cell) as database:
            async with database.session() as connection:
                if await read_applied(connection) is None:
                    return
            await drop_left(database, workspace_id, name)

    answers = await ask_cells(settings, drop)
    away = {answer.cell.name for answer in answers if isinstance(answer, Away)}
    async with open_cell(settings, settings.cells[0]) as home:
        for known in await find_moves_of(home, workspace_id):
            if known.source not in away:
                await forget_move(home, known)


async def drop_all_left(settings: Settings, *, after: timedelta = DROP_AFTER) -> list[Move]:
    """Drop the tables that moves have left in their sources long ago, and return these moves; raises SqlError.

    Those in a cell that is away, or is not of the installation any more, stay.
    """
    async with open_cell(settings, settings.cells[0]) as home:
        async with home.session() as connection:
            rows = await (await connection.execute(QUERIES["left_behind"], {"after": after})).fetchall()
        dropped = []
        for one in map(read_move, rows):
            try:
                await _drop_left(settings, home, one)
            except (SqlError, MetadataError) as error:
                _LOG.info("the tables of %s in the cell %s are dropped later: %s", one.name, one.source, error)
            else:
                dropped.append(one)
    return dropped


async def _drop_earlier(settings: Settings, home: Database, move: Move) -> None:
    """Drop the rest of an earlier move of the workspace in a cell of the installation: the home notes one move."""
    for earlier in await find_moves_of(home, move.workspace_id):
        if earlier.step is Step.DONE and any(cell.name == earlier.source for cell in settings.cells):
            await _drop_left(settings, home, earlier)


async def _drop_left(settings: Settings, home: Database, move: Move) -> None:
    async with open_cell(settings, find_cell(settings, move.source)) as source:
        await drop_left(source, move.workspace_id, move.name)
    await forget_move(home, move)


async def _is_deleted(settings: Settings, move: Move) -> bool:
    async with open_cell(settings, find_cell(settings, move.source)) as source:
        return await presence_in(source, move.workspace_id) == "DELETED"


async def _cancel(settings: Settings, home: Database, move: Move) -> None:
    source, target = find_cell(settings, move.source), find_cell(settings, move.target)
    async with _open_ends(settings, home, source, target) as ends:
        await cancel_move(ends, move)


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
