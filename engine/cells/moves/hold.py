"""The hold of a move on its workspace: no change of the model, no other mover and no cancellation beside it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import psycopg

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.move import QUERIES, Move
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.writer.holders import MOVES
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database

_AGAIN: Final = 0.1


@asynccontextmanager
async def held_model(source: Database, move: Move, *, patience: float = 0.0) -> AsyncIterator[int]:
    """Keep changes of the model, and other movers, from the workspace for the length of the block.

    Yield the process id of the session that has the lock. A server that restarts ends it, and so the hold: a block that
    has done its work meanwhile has no error of it.

    Args:
        source: the database that has or had the workspace.
        move: the move.
        patience: seconds for which one at work is waited for.

    Raises:
        MoveRefused: one is at work.
        SqlError: the source cannot be had.
    """
    of_workspace = {"workspace_id": move.workspace_id}
    until = asyncio.get_running_loop().time() + patience
    holder, is_done = None, False
    try:
        async with source.lasting_session() as connection:
            name = connection.info.parameter_status("application_name") or ""
            try:
                while (holder := await _try(connection, of_workspace)) is None:
                    if asyncio.get_running_loop().time() >= until:
                        raise MoveRefused(
                            "the workspace's model is being changed, or another process moves the workspace: try again"
                            " when that has ended"
                        )
                    await asyncio.sleep(_AGAIN)
                yield holder
                is_done = True
            finally:
                # The next borrower of the session finds it as it was, however the block ends.
                try:
                    await connection.rollback()
                    given = {**of_workspace, "is_held": holder is not None, "application": name}
                    await connection.execute(QUERIES["let_model_go"], given)
                    await connection.commit()
                except psycopg.Error:
                    await connection.close()
    except SqlError:
        # The hold has ended with a connection that is lost, which the work did not need any more.
        if not is_done:
            raise


async def _try(connection: Session, of_workspace: Mapping[str, object]) -> int | None:
    cursor = await connection.execute(QUERIES["hold_model"], {**of_workspace, "application": MOVES})
    is_held, holder, *_ = await cursor.fetchone() or (False, 0)
    await connection.commit()
    return int(holder) if is_held else None
