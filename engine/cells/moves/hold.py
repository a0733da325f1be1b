"""The hold of a move on its workspace: no change of the model, no other mover and no cancellation beside it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.move import QUERIES, Move
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.writer.holders import MOVES
from fieldstone.sql.executor import Database

_AGAIN: Final = 0.1


@asynccontextmanager
async def held_model(source: Database, move: Move, *, patience: float = 0.0) -> AsyncIterator[None]:
    """Keep changes of the model, and other movers, from the workspace for the length of the block.

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
    async with source.lasting_session() as connection:
        name = connection.info.parameter_status("application_name") or ""
        while not await _try(connection, of_workspace):
            if asyncio.get_running_loop().time() >= until:
                await connection.execute(QUERIES["name_session"], {"application": name})
                raise MoveRefused(
                    "the workspace's model is being changed, or another process moves the workspace: try again when"
                    " that has ended"
                )
            await asyncio.sleep(_AGAIN)
        try:
            yield
        finally:
            await connection.execute(QUERIES["let_model_go"], {**of_workspace, "application": name})


async def _try(connection: Session, of_workspace: Mapping[str, object]) -> bool:
    cursor = await connection.execute(QUERIES["hold_model"], {**of_workspace, "application": MOVES})
    row = await cursor.fetchone()
    await connection.commit()
    return row is not None and bool(row[0])
