"""Moves whose mover has ended before them: the servers bring them to an end, or keep them from doing harm."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.hold import held_model
from fieldstone.engine.cells.moves.move import (
    QUERIES,
    Ends,
    Move,
    Step,
    note_step,
    presence_in,
    read_move,
    resume_webhooks,
)
from fieldstone.engine.cells.moves.mover import cancel_move
from fieldstone.engine.cells.moves.replication import drop_slot, end_replication
from fieldstone.engine.cells.moves.switch import arrive
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.writer.holders import MOVES
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen

MOST_WAL: Final = 2 << 30
"""Bytes of its log that a source keeps for a move which nobody brings further."""


@frozen
class Unfinished:
    """A move that has begun, and not ended.

    Attributes:
        bytes: of the source's log that wait for the target; 0 where none do, None where the source is away.
        is_running: whether a mover is at work.
        is_silent: whether the source's webhooks are at rest for it.
    """

    move: Move
    bytes: int | None
    is_running: bool = False
    is_silent: bool = False


async def list_unfinished(home: Database, databases: Mapping[str, Database | None]) -> Sequence[Unfinished]:
    """Return the moves that have not ended, in the order of their begin.

    Args:
        home: the database with the moves.
        databases: those of the cells, by name; None for one that is away.

    Raises:
        SqlError: a database cannot be had.
    """
    async with home.session() as connection:
        rows = await (await connection.execute(QUERIES["unfinished"])).fetchall()
    found = []
    for move in map(read_move, rows):
        source = databases.get(move.source)
        if source is None:
            found.append(Unfinished(move=move, bytes=None))
            continue
        async with source.session() as connection:
            of_workspace = {"workspace_id": move.workspace_id}
            row = await (await connection.execute(QUERIES["kept_log"], {"name": move.link, **of_workspace})).fetchone()
            turn = await (await connection.execute(CATALOG["turn_holder"], of_workspace)).fetchone()
        kept, is_silent = row or (0, False)
        is_running = turn is not None and turn[1] == MOVES
        found.append(Unfinished(move=move, bytes=kept, is_running=is_running, is_silent=is_silent))
    return found


async def finish_moves(databases: Mapping[str, Database | None], home: Database, *, most_wal: int = MOST_WAL) -> None:
    """Have the targets serve the workspaces that their sources have left, and end the rest of moves without a mover.

    If the source still has the workspace, its webhooks send again, and a log that grows for the target is let go:
    the move begins from its start when it is asked for again. The move of a workspace that was deleted is undone.

    Args:
        databases: those of the cells, by name; None for one that is away.
        home: the database with the moves.
        most_wal: the bytes of its log that a source keeps for a move.

    Raises:
        SqlError: a database cannot be had.
    """
    for one in await list_unfinished(home, databases):
        source, target = databases.get(one.move.source), databases.get(one.move.target)
        if source is None:
            continue
        presence = await presence_in(source, one.move.workspace_id)
        if presence == "GONE" and target is not None:
            await _finish(Ends(home=home, source=source, target=target, source_url=""), one.move)
        elif presence == "HERE" and not one.is_running:
            await _let_go(source, one, most_wal)
        elif presence == "DELETED" and target is not None and not one.is_running:
            with suppress(MoveRefused):
                await cancel_move(Ends(home=home, source=source, target=target, source_url=""), one.move)


async def _finish(ends: Ends, move: Move) -> None:
    if move.step is Step.SWITCH:
        await arrive(ends, move)
    if move.step is not Step.LEAVE:
        return
    try:
        async with held_model(ends.source, move):
            await end_replication(ends, move)
            await note_step(ends.home, move, Step.DONE)
    except MoveRefused:
        # Its mover is about to.
        return


async def _let_go(source: Database, one: Unfinished, most_wal: int) -> None:
    is_too_much = one.bytes is not None and one.bytes > most_wal
    if not one.is_silent and not is_too_much:
        return
    try:
        async with held_model(source, one.move):
            await resume_webhooks(source, one.move)
            if is_too_much:
                await drop_slot(source, one.move.link)
    except MoveRefused:
        return
