"""The switch of a moving workspace: its writes are held, the rest follows, and the source leaves it to the target.

The gate is the tables' own locks, so that a write of records pays nothing for it, and for the rows of the catalog a
lock of the workspace that their triggers share (`fieldstone.require_here`). The commit of the source decides: until
then it has the workspace, and from then on the target has all of it. A statement that has waited at the gate finds no
table.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import sql

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.catalog_rows import Owned, carry_rows, list_owned
from fieldstone.engine.cells.moves.events import EventAppender, note_epochs
from fieldstone.engine.cells.moves.move import MARKERS, QUERIES, Ends, Move, Report, left_schema
from fieldstone.engine.cells.moves.replication import echo, list_tables, wait_until_near
from fieldstone.engine.cells.moves.sessions import switch_sessions
from fieldstone.engine.events.log.partitions import Partitions
from fieldstone.engine.events.log.sequencer import Sequencer
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.ddl import rewrite
from fieldstone.sql.ddl.names import name_sql, table_sql, tables_sql
from fieldstone.sql.errors import LockTimeout
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table

_LOCK_WAIT: Final = "300ms"
_TRIES: Final = 40
_PAUSE: Final = 0.25
_MARKER_WAIT: Final = 2.0
_DELIVERY_WAIT: Final = 20.0
_LOOK_EVERY: Final = 0.05
_LOCKED: Final = "the tables stayed locked by others: start the move again when their transactions have ended"


class _NotYet(Exception):
    """The gate has to be opened again."""


@frozen
class _Rest:
    """The rest of a workspace, which is carried while its writes are held.

    Attributes:
        tables: those of its records, which the gate locks.
        sequences: the names of those that an operator has made in its schema.
        owned: the tables of the catalog whose rows move.
        since: the transaction that the rows were carried at.
        appender: that of its events.
        sequencer: that of the source's log.
        holder: the process of the source that keeps changes of the model from the workspace.
    """

    tables: Sequence[Table]
    sequences: Sequence[str]
    owned: Sequence[Owned]
    since: int
    appender: EventAppender
    sequencer: Sequencer
    holder: int


async def switch(ends: Ends, move: Move, appender: EventAppender, since: int, holder: int, report: Report) -> None:
    """Have the source leave the workspace to the target.

    Args:
        ends: the databases.
        move: the move, with the version of the model that the target has.
        appender: that of the workspace's events.
        since: the transaction that its rows were carried at.
        holder: the process of the source that keeps changes of the model from the workspace.
        report: called with the time for which the writes were held.

    Raises:
        MoveRefused: the tables stayed locked by others, or another reason to wait has lasted, or the hold was lost.
        SqlError: a database cannot be had.
    """
    await _analyze(ends, move)
    rest = await _list_rest(ends, move, appender, since, holder)
    reason = _LOCKED
    for _ in range(_TRIES):
        await _rest_webhooks(ends, move)
        await wait_until_near(ends, move, report)
        await appender.append_all()
        # It knows the partitions of the log from here on.
        await rest.sequencer.tick()
        try:
            seconds = await _try(ends, move, rest)
        except (_NotYet, LockTimeout) as error:
            report(f"the writes go on, and are held again in a moment: {error}")
            reason = f"{error}: start the move again later" if isinstance(error, _NotYet) else _LOCKED
            await asyncio.sleep(_PAUSE)
            continue
        report(f"the writes were held for {seconds * 1_000:.0f} ms")
        return
    raise MoveRefused(reason)


async def _list_rest(ends: Ends, move: Move, appender: EventAppender, since: int, holder: int) -> _Rest:
    async with ends.target.session() as target:
        owned = await list_owned(target)
    async with ends.source.session() as source:
        tables = [table for table in await list_tables(source, move.schema) if table.name != MARKERS]
        found = await (await source.execute(QUERIES["sequences"], {"schema": move.schema})).fetchall()
    return _Rest(
        tables=tables,
        sequences=[table_sql(Table(schema=move.schema, name=name)).as_string() for (name,) in found],
        owned=owned,
        since=since,
        appender=appender,
        sequencer=Sequencer(ends.source, Partitions(ends.source), wake=Wake(), moved=lambda _: None),
        holder=holder,
    )


async def _try(ends: Ends, move: Move, rest: _Rest) -> float:
    """Close the gate, and open it behind the source's commit; return the seconds in between."""
    async with switch_sessions(ends) as at:
        # Two moves in opposite directions hold the fan-out of their sources, and would wait for each other's for ever.
        for session in (at.gate, at.arrival):
            await session.execute(CATALOG["wait_for_locks_at_most"], {"milliseconds": _LOCK_WAIT})
        begun = time.monotonic()
        fanned = await _close(at.gate, move, rest)
        if fanned < rest.appender.last:
            # The target's fan-out has passed these events, and begins behind them.
            raise _NotYet(
                "events have not become deliveries of webhooks yet, for which a server of the cell"
                f" {move.source} has to run"
            )
        # The records arrive by the replication while the rest is carried.
        arrival = asyncio.create_task(echo(at.marker, at.echo, move, _MARKER_WAIT))
        tasks: list[asyncio.Task[Any]] = [arrival]
        try:
            # Nothing of the last events is made a delivery in the target before its webhooks know where they begin.
            await at.arrival.execute(QUERIES["hold_fan_out"])
            await _drain(at.source, move, rest.sequencer)
            await rest.appender.append(at.source, at.log)
            await _carry_rest(at.source, at.target, move, rest, fanned)
            tasks.append(arriving := asyncio.create_task(_arrive(at.home, at.arrival, move)))
            await leave(at.gate, move.workspace_id, move.schema)
            if not await arrival:
                raise _NotYet("the target has not caught up")
            await arriving
        finally:
            await end_tasks(*tasks)
        await at.gate.commit()
        await _serve(at.home, at.arrival)
        return time.monotonic() - begun


async def arrive(ends: Ends, move: Move) -> None:
    """Have the target serve the workspace that the source has left, and the directory tell so; raises SqlError."""
    async with ends.home.session() as home, ends.target.session() as target:
        await _arrive(home, target, move)
        await _serve(home, target)


async def _close(gate: Session, move: Move, rest: _Rest) -> int:
    """Have the writes of the workspace wait, and return the position up to which the source has made deliveries.

    Raises:
        MoveRefused: the model may have changed, since the session that held it was lost.
    """
    listed = tables_sql(rest.tables)
    async with gate.pipeline():
        # Before the tables: a write that has both of them takes them in this order.
        await gate.execute(QUERIES["close_gate"], {"workspace_id": move.workspace_id})
        await gate.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(listed))
        await gate.execute(QUERIES["hold_fan_out"])
        fanned_out = await gate.execute(QUERIES["fanned_out"], {"workspace_id": move.workspace_id})
        turn = await gate.execute(CATALOG["turn_holder"], {"workspace_id": move.workspace_id})
        model = await gate.execute(CATALOG["current_version"], {"workspace_id": move.workspace_id})
    holder, *_ = await turn.fetchone() or (None,)
    if holder != str(rest.holder) or await model.fetchone() != (move.version,):
        raise MoveRefused(
            f"the cell {move.source} has ended the session that kept changes of the model from the workspace: start the"
            " move again"
        )
    (fanned,) = await fanned_out.fetchone() or (0,)
    return int(fanned)


async def leave(gate: Session, workspace_id: UUID, schema: str) -> None:
    """Have a database leave a workspace to another at the commit of the transaction."""
    of_workspace = {"workspace_id": workspace_id}
    async with gate.pipeline():
        await gate.execute(QUERIES["silence_webhooks"], of_workspace)
        await gate.execute(QUERIES["leave"], of_workspace)
        await gate.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(name_sql(schema), name_sql(left_schema(workspace_id)))
        )


async def _arrive(home: Session, target: Session, move: Move) -> None:
    """Prepare all but the commits, since writes wait for them."""
    of_workspace = {"workspace_id": move.workspace_id}
    place = {"id": move.id, "name": move.name, "cell": move.target, "epoch": move.epoch + 1}
    await home.execute(QUERIES["place"], {**of_workspace, **place})
    await target.execute(QUERIES["arrive"], of_workspace)


async def _serve(home: Session, target: Session) -> None:
    # In this order: a server that is told of the place finds the workspace there.
    await target.commit()
    await home.commit()


async def _drain(source: Session, move: Move, sequencer: Sequencer) -> None:
    """Have all events of the workspace moved to the source's log: none comes behind the gate."""
    until = time.monotonic() + _MARKER_WAIT
    receiving, claimed, staged = await _counts(source, move, "receiving", "claimed_deliveries", "staged")
    if receiving:
        raise _NotYet("the file of an import is being received")
    if claimed:
        raise _NotYet("deliveries of webhooks have begun")
    while staged:
        if time.monotonic() > until:
            raise _NotYet("its events have no positions yet")
        await sequencer.tick()
        (staged,) = await _counts(source, move, "staged")


async def _carry_rest(source: Session, target: Session, move: Move, rest: _Rest, fanned: int) -> None:
    """Carry the rows that have changed, and have the target's webhooks begin where the source's have ended."""
    await carry_rows(source, target, move, rest.owned, since=rest.since)
    await note_epochs(source, target, move)
    values: list[tuple[str, int | None]] = []
    if rest.sequences:
        found = await source.execute(QUERIES["sequence_values"], {"names": rest.sequences})
        values = await found.fetchall()
    async with target.pipeline():
        start = {"workspace_id": move.workspace_id, "epoch": move.epoch, "fanned": fanned}
        await target.execute(QUERIES["begin_webhooks"], start)
        for name, value in values:
            await target.execute(QUERIES["advance_sequence"], {"sequence": name, "value": value})
        await target.commit()


async def _rest_webhooks(ends: Ends, move: Move) -> None:
    """Have the source send nothing more, and return when all that is on its way, or is to become a delivery, has."""
    of_workspace = {"workspace_id": move.workspace_id}
    async with ends.source.session() as connection:
        await connection.execute(QUERIES["pause_webhooks"], of_workspace)
    until = time.monotonic() + _DELIVERY_WAIT
    async with ends.source.session() as connection:
        while any(await _counts(connection, move, "claimed_deliveries", "consumers_behind")):
            await connection.rollback()
            if time.monotonic() > until:
                raise MoveRefused("deliveries of webhooks are on their way for too long: start the move again later")
            await asyncio.sleep(_LOOK_EVERY)


async def _analyze(ends: Ends, move: Move) -> None:
    """Let PostgreSQL count the values in the target, without which its first plans would be bad ones."""
    async with ends.target.session() as connection:
        tables = await list_tables(connection, move.schema)
        for table in tables:
            await connection.execute(rewrite.analyze(table))
            await connection.commit()


async def _counts(connection: Session, move: Move, *queries: str) -> list[int]:
    async with connection.pipeline():
        cursors = [await connection.execute(QUERIES[one], {"workspace_id": move.workspace_id}) for one in queries]
    return [int(row[0]) for cursor in cursors if (row := await cursor.fetchone())]
