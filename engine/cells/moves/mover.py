"""Moves a workspace from one cell to another, step by step: a move that was interrupted goes on where it was."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from psycopg import sql

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.events import EventAppender
from fieldstone.engine.cells.moves.move import MARKERS, QUERIES, Ends, Move, Report, Step
from fieldstone.engine.cells.moves.preparation import carry_first, clear_source, clear_target, make_tables
from fieldstone.engine.cells.moves.replication import (
    begin_replication,
    end_replication,
    follows,
    wait_until_near,
)
from fieldstone.engine.cells.moves.switch import arrive, switch
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.workspaces.removal import delete_workspace
from fieldstone.metadata.writer.holders import MOVES
from fieldstone.sql.ddl.names import table_sql
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.elements import Table

_LOGICAL: Final = "logical"


async def find_move(home: Database, name: str) -> Move | None:
    """Return the move of a workspace that is under way, if there is one; raises SqlError."""
    async with home.session() as connection:
        row = await (await connection.execute(QUERIES["find_move"], {"name": name})).fetchone()
    return None if row is None else read_move(row)


def read_move(row: Any) -> Move:
    """Return the move of a row of the home."""
    id_, workspace_id, name, source, target, step, schema, epoch, version = row
    return Move(
        id=id_,
        workspace_id=workspace_id,
        name=name,
        source=source,
        target=target,
        step=Step(step),
        schema=schema,
        epoch=epoch,
        version=version,
    )


async def begin_move(ends: Ends, name: str, source: str, target: str) -> Move:
    """Note a move in the home, and return it.

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
    id_, schema, version, epoch, presence, wal_level, has_sql_roles, has_builds, has_unlogged = row
    if presence != "HERE":
        raise MoveRefused(f'the workspace "{name}" is not in the cell {source} any more')
    if wal_level != _LOGICAL:
        raise MoveRefused(f"a move reads the log of its source: {source} needs wal_level = logical, not {wal_level}")
    if has_sql_roles:
        raise MoveRefused("the workspace has SQL roles, which are logins of its server: drop them first")
    if has_builds:
        raise MoveRefused("indexes or fields of the workspace are being built: start the move when they are READY")
    if has_unlogged:
        raise MoveRefused("the workspace has an unlogged table, which cannot be replicated")
    move = Move(
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
    async with ends.home.session() as connection:
        values = {
            "id": move.id,
            "workspace_id": id_,
            "name": name,
            "source": source,
            "target": target,
            "schema_name": schema,
            "epoch": epoch,
            "since": version,
        }
        await connection.execute(QUERIES["begin_move"], values)
    return move


async def run_move(ends: Ends, move: Move, report: Report) -> None:
    """Bring a move to its end, from whatever step it has come to.

    Changes of the workspace's model wait until the source has left it; records are read and written meanwhile.

    Raises:
        MoveRefused: it cannot go on now; it can be started again, or cancelled.
        BackupRefused: `pg_dump` failed.
        SqlError: a database cannot be had.
    """
    if await _presence(ends.source, move.workspace_id) == "HERE":
        async with _held_model(ends.source, move):
            if not await _goes_on(ends, move):
                await _note(ends, move, Step.PREPARE)
                report("the tables are made in the target")
                await make_tables(ends, move)
                await carry_first(ends, move)
                move = replace(move, version=await _version(ends.source, move))
                report("the records are copied")
                await begin_replication(ends, move)
                await _note(ends, move, Step.COPY, version=move.version)
            await wait_until_near(ends, move, report)
            appender = EventAppender(ends, move)
            count = await appender.append()
            report(f"{count:,} events are copied")
            # Once more, so that little is left for when the writes are held.
            since = await carry_first(ends, move)
            await _note(ends, move, Step.SWITCH)
            await switch(ends, move, appender, since, report)
    else:
        await arrive(ends, move)
    report(f"the cell {move.target} has the workspace")
    await _leave(ends, move)
    await _note(ends, move, Step.DONE)


async def cancel_move(ends: Ends, move: Move) -> None:
    """Undo a move whose source still has the workspace.

    Raises:
        MoveRefused: the source has left it already: the move can only go on.
        SqlError: a database cannot be had.
    """
    if await _presence(ends.source, move.workspace_id) != "HERE":
        raise MoveRefused("the source has left the workspace already: start the move again to bring it to its end")
    await clear_target(ends, move)
    await clear_source(ends, move)
    async with ends.home.session() as connection:
        await connection.execute(QUERIES["end_move"], {"id": move.id})


async def drop_left(source: Database, home: Database, move: Move) -> None:
    """Drop the tables and rows that a workspace has left in the source of a finished move; raises SqlError."""
    if await _presence(source, move.workspace_id) == "GONE":
        await delete_workspace(source, Workspace(id=move.workspace_id, name=move.name, schema=move.left_schema))
    async with home.session() as connection:
        await connection.execute(QUERIES["end_move"], {"id": move.id})


async def finish_switches(databases: Mapping[str, Database | None], home: Database) -> None:
    """Have the targets serve the workspaces that their sources have left, where the mover has ended in between.

    Args:
        databases: those of the cells, by name; None for one that is away.
        home: the database with the moves.

    Raises:
        SqlError: a database cannot be had.
    """
    async with home.session() as connection:
        rows = await (await connection.execute(QUERIES["switching"])).fetchall()
    for move in map(read_move, rows):
        source, target = databases.get(move.source), databases.get(move.target)
        if source is None or target is None or await _presence(source, move.workspace_id) != "GONE":
            continue
        await arrive(Ends(home=home, source=source, target=target, source_url=""), move)


async def _goes_on(ends: Ends, move: Move) -> bool:
    """Return whether the copy of an earlier attempt can be used: it follows, and the model is the same."""
    is_begun = move.step in {Step.COPY, Step.SWITCH} and await _presence(ends.target, move.workspace_id) == "COMING"
    return is_begun and await follows(ends, move) and await _version(ends.source, move) == move.version


async def _leave(ends: Ends, move: Move) -> None:
    await end_replication(ends, move)
    async with ends.target.session() as connection:
        markers = table_sql(Table(schema=move.schema, name=MARKERS))
        await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(markers))


@asynccontextmanager
async def _held_model(source: Database, move: Move) -> AsyncIterator[None]:
    """Keep changes of the model waiting for the length of the block."""
    of_workspace = {"workspace_id": move.workspace_id}
    async with source.session() as connection:
        name = connection.info.parameter_status("application_name") or ""
        held = await (
            await connection.execute(QUERIES["hold_model"], {**of_workspace, "application": MOVES})
        ).fetchone()
        await connection.commit()
        try:
            if held is None or not held[0]:
                raise MoveRefused("the workspace's model is being changed, or another process moves it: try again")
            yield
        finally:
            await connection.execute(QUERIES["let_model_go"], {**of_workspace, "application": name})


async def _presence(database: Database, workspace_id: UUID) -> str | None:
    async with database.session() as connection:
        row = await (await connection.execute(QUERIES["presence"], {"workspace_id": workspace_id})).fetchone()
    return None if row is None else str(row[0])


async def _version(source: Database, move: Move) -> int | None:
    async with source.session() as connection:
        values = {"name": None, "id": move.workspace_id}
        row = await (await connection.execute(QUERIES["facts"], values)).fetchone()
    return None if row is None else int(row[2])


async def _note(ends: Ends, move: Move, step: Step, *, version: int | None = None) -> None:
    async with ends.home.session() as connection:
        values = {"id": move.id, "step": step.value, "since": version}
        await connection.execute(QUERIES["note_step"], values)
