"""The replication of a schema's tables from one database to another, under the name of the move.

https://www.postgresql.org/docs/current/logical-replication.html
"""

import asyncio
import time
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.move import MARKERS, QUERIES, Ends, Move, Report
from fieldstone.engine.cells.moves.sessions import begun_session
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.ddl.names import name_sql, table_sql, tables_sql
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.elements import Table

_LOOK_EVERY: Final = 0.2
_REPORT_EVERY: Final = 50
_NEAR: Final = 0.2
"""Seconds that the target may be behind when the source is locked."""
_ECHO_EVERY: Final = 0.001
_TRIES: Final = 50


async def begin_replication(ends: Ends, move: Move) -> None:
    """Have the target copy the tables and then follow them; raises SqlError."""
    link = name_sql(move.link)
    async with ends.source.session() as connection:
        tables = await list_tables(connection, move.schema)
        listed = tables_sql(tables)
        await connection.execute(sql.SQL("CREATE PUBLICATION {} FOR TABLE {}").format(link, listed))
    async with ends.source.session() as connection:
        await connection.execute(QUERIES["create_slot"], {"name": move.link})
    async with ends.target.session() as connection:
        await connection.execute(
            sql.SQL(
                "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH (create_slot = false, slot_name = {})"
            ).format(link, sql.Literal(ends.source_url), link, sql.Literal(move.link))
        )


async def follows(ends: Ends, move: Move) -> bool:
    """Return whether the replication has begun at both ends."""
    async with ends.source.session() as connection:
        cursor = await connection.execute(QUERIES["slot_lag"], {"name": move.link})
        has_slot = await cursor.fetchone() is not None
    return has_slot and await _has_subscription(ends.target, move.link)


async def wait_until_near(ends: Ends, move: Move, report: Report) -> None:
    """Return when all tables are copied and the target is a moment behind.

    Raises:
        MoveRefused: the source has thrown a part of its log away that the target had not read.
        SqlError: a database cannot be had.
    """
    last: object = None
    errors = 0
    for look in range(1 << 30):
        async with ends.target.session() as connection:
            row = await (await connection.execute(QUERIES["tables_to_copy"], {"name": move.link})).fetchone()
        left, count = row or (0, 0)
        if left == 0 and await _is_near(ends, move):
            return
        if look % _REPORT_EVERY == 0 and left != last:
            last = left
            report(f"{count - left} of {count} tables are copied")
        if look % _REPORT_EVERY == 0:
            if not await follows(ends, move):
                raise MoveRefused("the source has thrown unread parts of its log away: start the move again")
            if (found := await _count_errors(ends.target, move)) > errors:
                errors = found
                report(f"the cell {move.target} has refused rows {errors} times, and tries again: its log says why")
        await asyncio.sleep(_LOOK_EVERY)


async def echo(source: Session, target: Session, move: Move, seconds: float) -> bool:
    """Write a marker in the source, and return whether the target has it, with all before it, within some seconds.

    The positions that a subscription reports are older by up to ten seconds.

    Args:
        source: it is committed.
        target: in a transaction whose statements see all that was committed before them.
        move: the move.
        seconds: those that are waited for.
    """
    markers, marker = table_sql(Table(schema=move.schema, name=MARKERS)), uuid4()
    async with source.pipeline():
        await source.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(markers, sql.Literal(marker)))
        await source.commit()
    find = sql.SQL("SELECT FROM {} WHERE id = {}").format(markers, sql.Literal(marker))
    until = time.monotonic() + seconds
    while True:
        found = await (await target.execute(find)).fetchone() is not None
        if found or time.monotonic() > until:
            return found
        await asyncio.sleep(_ECHO_EVERY)


async def _is_near(ends: Ends, move: Move) -> bool:
    async with begun_session(ends.source) as source, begun_session(ends.target) as target:
        return await echo(source, target, move, _NEAR)


async def end_replication(ends: Ends, move: Move) -> None:
    """Remove the subscription, the slot, the publication and the markers, as far as they are there; raises SqlError.

    The markers of the source go with its schema, or with the cancellation.
    """
    link = name_sql(move.link)
    if await _has_subscription(ends.target, move.link):
        async with ends.target.session() as connection:
            for action in ("DISABLE", "SET (slot_name = NONE)"):
                await connection.execute(sql.SQL("ALTER SUBSCRIPTION {} " + action).format(link))
            await connection.execute(sql.SQL("DROP SUBSCRIPTION {}").format(link))
    await drop_slot(ends.source, move.link)
    async with ends.source.session() as connection:
        await connection.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(link))
    async with ends.target.session() as connection:
        markers = table_sql(Table(schema=move.schema, name=MARKERS))
        await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(markers))


async def list_tables(connection: Session, schema: str) -> list[Table]:
    """Return the tables of a schema."""
    rows = await (await connection.execute(QUERIES["schema_tables"], {"schema": schema})).fetchall()
    return [Table(schema=schema, name=name) for (name,) in rows]


async def drop_slot(database: Database, name: str) -> None:
    """Drop a slot, whose process in the source may take a moment to end; raises SqlError."""
    for attempt in range(_TRIES):
        try:
            async with database.session() as connection:
                await connection.execute(QUERIES["end_walsender"], {"name": name})
                await connection.commit()
                try:
                    await connection.execute(QUERIES["drop_slot"], {"name": name})
                except psycopg.errors.ObjectInUse:
                    if attempt == _TRIES - 1:
                        raise
                    await connection.rollback()
                else:
                    return
        finally:
            await asyncio.sleep(_LOOK_EVERY / 4)


async def _count_errors(target: Database, move: Move) -> int:
    async with target.session() as connection:
        row = await (await connection.execute(QUERIES["replication_errors"], {"name": move.link})).fetchone()
    return int(row[0]) if row else 0


async def _has_subscription(database: Database, name: str) -> bool:
    async with database.session() as connection:
        return await (await connection.execute(QUERIES["has_subscription"], {"name": name})).fetchone() == (True,)
