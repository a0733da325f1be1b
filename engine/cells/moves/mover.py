"""Moves a workspace from one cell to another, step by step: a move that was interrupted goes on where it was."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Final
from uuid import UUID

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.events import EventAppender
from fieldstone.engine.cells.moves.hold import held_model
from fieldstone.engine.cells.moves.move import (
    QUERIES,
    Ends,
    Move,
    Report,
    Step,
    left_schema,
    note_step,
    presence_in,
    read_move,
    resume_webhooks,
)
from fieldstone.engine.cells.moves.preparation import carry_first, clear_source, clear_target, make_tables, require_room
from fieldstone.engine.cells.moves.replication import (
    begin_replication,
    end_replication,
    follows,
    wait_until_near,
)
from fieldstone.engine.cells.moves.switch import arrive, switch
from fieldstone.metadata.catalog.logins import grant_serving
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.workspaces.removal import delete_workspace
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database

_LOGICAL: Final = "logical"
_LOOK_EVERY: Final = 0.5
_PATIENCE: Final = 5.0
"""Seconds for which a change of the model, or a server that ends an earlier move, is waited for."""


async def find_move(home: Database, name: str) -> Move | None:
    """Return the move of a workspace that is under way, if there is one; raises SqlError."""
    async with home.session() as connection:
        row = await (await connection.execute(QUERIES["find_move"], {"name": name})).fetchone()
    return None if row is None else read_move(row)


async def find_moves_of(home: Database, workspace_id: UUID) -> list[Move]:
    """Return the move of a workspace, under way or ended, whose source is not dropped yet; raises SqlError."""
    async with home.session() as connection:
        rows = await (await connection.execute(QUERIES["moves_of"], {"workspace_id": workspace_id})).fetchall()
    return [read_move(row) for row in rows]


async def plan_move(ends: Ends, name: str, source: str, target: str) -> Move:
    """Return the move of a workspace that can be moved.

    Raises:
        MoveRefused: the workspace cannot be moved.
        SqlError: a database cannot be had.
    """
    if name == DEFAULT_WORKSPACE:
        raise MoveRefused(f"the workspace {DEFAULT_WORKSPACE} stays in its cell: each cell has one of its own")
    async with ends.source.session() as connection:
        row = await (await connection.execute(QUERIES["facts"], {"name": name, "id": None})).fetchone()
    if row is None:
        raise MoveRefused(f'the cell {source} has no workspace "{name}"')
    id_, schema, version, epoch, presence, wal_level, has_sql_roles, has_unlogged = row
    if presence != "HERE":
        raise MoveRefused(f'the workspace "{name}" is not in the cell {source} any more')
    if wal_level != _LOGICAL:
        raise MoveRefused(f"a move reads the log of its source: {source} needs wal_level = logical, not {wal_level}")
    if has_sql_roles:
        raise MoveRefused("the workspace has SQL roles, which are logins of its server: drop them first")
    if has_unlogged:
        raise MoveRefused("the workspace has an unlogged table, which cannot be replicated")
    return Move(
        id=new_id(),
        workspace_id=id_,
        name=name,
        source=source,
        target=target,
        step=Step.PREPARE,
        schema=schema,
        epoch=epoch,
        version=version,
    )


async def begin_move(home: Database, move: Move) -> None:
    """Note a move in the home, in the place of an earlier one that has left nothing; raises SqlError."""
    values = {
        "id": move.id,
        "workspace_id": move.workspace_id,
        "name": move.name,
        "source": move.source,
        "target": move.target,
        "schema_name": move.schema,
        "epoch": move.epoch,
        "since": move.version,
    }
    async with home.session() as connection:
        await connection.execute(QUERIES["begin_move"], values)


async def run_move(ends: Ends, move: Move, report: Report) -> None:
    """Bring a move to its end, from whatever step it has come to.

    Changes of the workspace's model wait until the source has left it; records are read and written meanwhile.

    Raises:
        MoveRefused: it cannot go on now; it can be started again, or cancelled.
        BackupRefused: `pg_dump` failed.
        SqlError: a database cannot be had.
    """
    if await presence_in(ends.source, move.workspace_id) == "HERE":
        await _wait_for_builds(ends.source, move, report)
    async with held_model(ends.source, move, patience=_PATIENCE) as holder:
        known = await find_move(ends.home, move.name)
        if known is None and await presence_in(ends.source, move.workspace_id) == "GONE":
            report(f"the cell {move.target} has the workspace: another process has brought the move to its end")
            return
        if known is None or known.id != move.id:
            raise MoveRefused("another process has ended this move, or has begun another: start the move again")
        move = known
        presence = await presence_in(ends.source, move.workspace_id)
        if presence == "HERE":
            await _leave_source(ends, move, holder, report)
        elif presence == "GONE":
            await arrive(ends, move)
        else:
            raise MoveRefused(
                f"the cell {move.source} does not have the workspace any more: fieldstone workspace move {move.name}"
                " --cancel removes the rest of the move"
            )
        report(f"the cell {move.target} has the workspace")
        await end_replication(ends, move)
        await note_step(ends.home, move, Step.DONE)


async def _leave_source(ends: Ends, move: Move, holder: int, report: Report) -> None:
    """Bring a move up to the moment in which the target serves."""
    if await _has_builds(ends.source, move):
        raise MoveRefused("indexes or fields of the workspace have begun to be built: start the move again")
    if not await _goes_on(ends, move):
        await note_step(ends.home, move, Step.PREPARE)
        # Before the tables are made: a change beside a lost hold is one that they lack.
        move = replace(move, version=await _version(ends.source, move))
        report("the tables are made in the target")
        await require_room(ends, move)
        await carry_first(ends, move)
        await make_tables(ends, move)
        if ends.serving is not None:
            await grant_serving(ends.target, ends.serving)
        report("the records are copied")
        await begin_replication(ends, move)
        await note_step(ends.home, move, Step.COPY, version=move.version)
    await wait_until_near(ends, move, report)
    appender = EventAppender(ends, move)
    count = await appender.append_all()
    report(f"{count:,} events are copied")
    # Once more, so that little is left for when the writes are held.
    since = await carry_first(ends, move)
    await note_step(ends.home, move, Step.SWITCH)
    try:
        await switch(ends, move, appender, since, holder, report)
    except (MoveRefused, SqlError):
        with suppress(SqlError):
            await resume_webhooks(ends.source, move)
        raise


async def cancel_move(ends: Ends, move: Move) -> None:
    """Undo a move whose source has not left the workspace, which may have been deleted there meanwhile.

    Raises:
        MoveRefused: the source has left it already: the move can only go on; or a mover is at work.
        SqlError: a database cannot be had.
    """
    async with held_model(ends.source, move, patience=_PATIENCE):
        if await presence_in(ends.source, move.workspace_id) == "GONE":
            raise MoveRefused("the source has left the workspace already: start the move again to bring it to its end")
        await clear_target(ends, move)
        await clear_source(ends, move)
        await forget_move(ends.home, move)


async def drop_left(database: Database, workspace_id: UUID, name: str) -> None:
    """Drop the tables and rows that a workspace has left in a database, if there are any; raises SqlError."""
    if await presence_in(database, workspace_id) == "GONE":
        rest = Workspace(id=workspace_id, name=name, schema=left_schema(workspace_id))
        await delete_workspace(database, rest, left=True)


async def forget_move(home: Database, move: Move) -> None:
    """Delete a move of which nothing is left; raises SqlError."""
    async with home.session() as connection:
        await connection.execute(QUERIES["end_move"], {"id": move.id})


async def _goes_on(ends: Ends, move: Move) -> bool:
    """Return whether the copy of an earlier attempt can be used: it follows, and the model is the same."""
    is_begun = move.step in {Step.COPY, Step.SWITCH} and await presence_in(ends.target, move.workspace_id) == "COMING"
    return is_begun and await follows(ends, move) and await _version(ends.source, move) == move.version


async def _wait_for_builds(source: Database, move: Move, report: Report) -> None:
    """Return when the servers have ended the builds of the workspace: they change its model at their end."""
    is_reported = False
    while await _has_builds(source, move):
        if not is_reported:
            report("indexes or fields of the workspace are being built by the servers: the move waits for them")
        is_reported = True
        await asyncio.sleep(_LOOK_EVERY)


async def _has_builds(source: Database, move: Move) -> bool:
    async with source.session() as connection:
        rows = await connection.execute(QUERIES["has_builds"], {"workspace_id": move.workspace_id})
        return await rows.fetchone() == (True,)


async def _version(source: Database, move: Move) -> int | None:
    async with source.session() as connection:
        values = {"name": None, "id": move.workspace_id}
        row = await (await connection.execute(QUERIES["facts"], values)).fetchone()
    return None if row is None else int(row[2])
