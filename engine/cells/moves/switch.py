"""The switch of a moving workspace: its writes are held, the rest follows, and the source leaves it to the target.

The gate is the tables' own locks, so that a write of records pays nothing for it, and for the rows of the catalog a
lock of the workspace that their triggers share (`fieldstone.require_here`). The commit of the source decides: until
then it has the workspace, and from then on the target has all of it. A statement that has waited at the gate finds no
table.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from psycopg import sql

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.catalog_rows import Owned, carry_rows, list_owned
from fieldstone.engine.cells.moves.events import EventAppender, note_epochs
from fieldstone.engine.cells.moves.move import MARKERS, QUERIES, Ends, Move, Report
from fieldstone.engine.cells.moves.replication import echo, list_tables, wait_until_near
from fieldstone.engine.events.log.partitions import Partitions
from fieldstone.engine.events.log.sequencer import Sequencer
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.ddl.names import name_sql, table_sql
from fieldstone.sql.errors import LockTimeout
from fieldstone.sql.plan.elements import Table

_LOCK_WAIT: Final = "300ms"
_TRIES: Final = 40
_CONNECTIONS: Final = 4
_PAUSE: Final = 0.25
_MARKER_WAIT: Final = 2.0
_DELIVERY_WAIT: Final = 20.0
_LOOK_EVERY: Final = 0.05


class _NotYet(Exception):
    """The gate has to be opened again."""


async def switch(ends: Ends, move: Move, appender: EventAppender, since: int, report: Report) -> None:
    """Have the source leave the workspace to the target; `since` is the transaction that its rows were carried at.

    Raises:
        MoveRefused: the tables stayed locked by others, or the webhooks' deliveries stand still.
        SqlError: a database cannot be had.
    """
    await _analyze(ends, move)
    async with ends.target.session() as target:
        owned = await list_owned(target)
    for _ in range(_TRIES):
        await _rest_webhooks(ends, move)
        await wait_until_near(ends, move, report)
        await appender.append()
        await _warm(ends)
        try:
            seconds = await _try(ends, move, appender, since, owned)
        except (_NotYet, LockTimeout) as error:
            report(f"the writes go on, and are held again in a moment: {error}")
            await asyncio.sleep(_PAUSE)
            continue
        report(f"the writes were held for {seconds * 1_000:.0f} ms")
        return
    raise MoveRefused("the tables stayed locked by others: start the move again when their transactions have ended")


async def _try(ends: Ends, move: Move, appender: EventAppender, since: int, owned: Sequence[Owned]) -> float:
    """Close the gate, and open it behind the source's commit; return the seconds in between."""
    of_workspace = {"workspace_id": move.workspace_id}
    async with ends.source.session() as gate:
        tables = [table for table in await list_tables(gate, move.schema) if table.name != MARKERS]
        await gate.execute(CATALOG["wait_for_locks_at_most"], {"milliseconds": _LOCK_WAIT})
        begun = time.monotonic()
        # Before the tables: a write that has both of them takes them in this order.
        await gate.execute(QUERIES["close_gate"], of_workspace)
        listed = sql.SQL(", ").join(map(table_sql, tables))
        await gate.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(listed))
        (fanned,) = await (await gate.execute(QUERIES["hold_fan_out"])).fetchone() or (0,)
        # The records arrive by the replication while the rest is carried.
        arrival = asyncio.create_task(echo(ends, move, _MARKER_WAIT))
        try:
            async with ends.source.session() as source, ends.target.session() as consumer:
                # Nothing of the last events is made a delivery in the target before its webhooks know where they begin.
                await consumer.execute(QUERIES["hold_fan_out"])
                if await _count(source, "receiving", move):
                    raise _NotYet("the file of an import is being received")
                if await _count(source, "claimed_deliveries", move):
                    raise _NotYet("deliveries of webhooks have begun")
                await _drain(ends, move, source)
                await appender.append()
                async with ends.target.session() as target:
                    await carry_rows(source, target, move, owned, since=since)
                    await note_epochs(source, target, move)
                    start = {**of_workspace, "epoch": move.epoch, "fanned": fanned}
                    await target.execute(QUERIES["begin_webhooks"], start)
                    await _carry_sequences(source, target, move)
                if not await arrival:
                    raise _NotYet("the target has not caught up")
                await gate.execute(QUERIES["silence_webhooks"], of_workspace)
                await gate.execute(QUERIES["leave"], of_workspace)
                await gate.execute(
                    sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(name_sql(move.schema), name_sql(move.left_schema))
                )
                async with _arriving(ends, move):
                    await gate.commit()
        finally:
            await end_tasks(arrival)
        return time.monotonic() - begun


async def arrive(ends: Ends, move: Move) -> None:
    """Have the target serve the workspace that the source has left, and the directory tell so; raises SqlError."""
    async with _arriving(ends, move):
        pass


@asynccontextmanager
async def _arriving(ends: Ends, move: Move) -> AsyncIterator[None]:
    """Have the target serve the workspace, and the directory tell so, once the block has ended without an exception.

    Only the commits are left for then, since writes wait for them.
    """
    of_workspace = {"workspace_id": move.workspace_id}
    async with ends.home.session() as home:
        place = {"id": move.id, "name": move.name, "cell": move.target, "epoch": move.epoch + 1}
        await home.execute(QUERIES["place"], {**of_workspace, **place})
        # It commits first: a server that is told of the place finds the workspace there.
        async with ends.target.session() as target:
            await target.execute(QUERIES["arrive"], of_workspace)
            yield


async def _warm(ends: Ends) -> None:
    """Have the connections made that are needed while the writes are held."""
    async with AsyncExitStack() as stack:
        for _ in range(_CONNECTIONS):
            for database in (ends.source, ends.target):
                await stack.enter_async_context(database.session())
        await stack.enter_async_context(ends.home.session())
        await _sequencer(ends).tick()


def _sequencer(ends: Ends) -> Sequencer:
    return Sequencer(ends.source, Partitions(ends.source), wake=Wake(), moved=lambda _: None)


async def _drain(ends: Ends, move: Move, source: Session) -> None:
    """Have all events of the workspace moved to the source's log: none comes behind the gate."""
    sequencer = _sequencer(ends)
    until = time.monotonic() + _MARKER_WAIT
    while await _count(source, "staged", move):
        if time.monotonic() > until:
            raise _NotYet("its events have no positions yet")
        await sequencer.tick()
    # The statements behind it must see them.
    await source.rollback()


async def _carry_sequences(source: Session, target: Session, move: Move) -> None:
    for name, value in await (await source.execute(QUERIES["sequences"], {"schema": move.schema})).fetchall():
        sequence = table_sql(Table(schema=move.schema, name=name)).as_string()
        await target.execute(QUERIES["advance_sequence"], {"sequence": sequence, "value": value})


async def _rest_webhooks(ends: Ends, move: Move) -> None:
    """Have the source send nothing more, and return when all that is on its way has arrived."""
    of_workspace = {"workspace_id": move.workspace_id}
    async with ends.source.session() as connection:
        await connection.execute(QUERIES["pause_webhooks"], of_workspace)
    until = time.monotonic() + _DELIVERY_WAIT
    async with ends.source.session() as connection:
        while await _count(connection, "claimed_deliveries", move):
            await connection.rollback()
            if time.monotonic() > until:
                raise MoveRefused("deliveries of webhooks are on their way for too long: start the move again later")
            await asyncio.sleep(_LOOK_EVERY)


async def _analyze(ends: Ends, move: Move) -> None:
    """Let PostgreSQL count the values in the target, without which its first plans would be bad ones."""
    async with ends.target.session() as connection:
        tables = await list_tables(connection, move.schema)
        for table in tables:
            await connection.execute(sql.SQL("ANALYZE {}").format(table_sql(table)))
            await connection.commit()


async def _count(connection: Session, query: str, move: Move) -> int:
    row = await (await connection.execute(QUERIES[query], {"workspace_id": move.workspace_id})).fetchone()
    return int(row[0]) if row else 0
