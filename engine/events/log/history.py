"""Partitions that get few events or none: they end, are indexed by record, and leave the history by their age."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from fieldstone.engine.events.log.partitions import (
    HISTORY_PREFIX,
    PREFIX,
    SIZE,
    SLOW,
    Partition,
    Retention,
    list_partitions,
    send_in_portions,
    time_lasted,
)
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.executor import Database
from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import named_statement, read_queries

_LOG = logging.getLogger(__name__)

_WAIT = "300ms"
_MOST_SLOW = 100
"""A quiet log and its history have about as many partitions at most: to read the history of a record locks each."""
_MOST_ENDED = 2 * _MOST_SLOW
"""With as many small partitions none is ended: events that come with a move are old at once, each minute others."""
_FORGOTTEN_AT_ONCE = 10_000
_FORGET = named_statement(__name__, "forget_positions")
_QUERIES = read_queries(__name__)


async def index_partitions(database: Database) -> list[Partition]:
    """Give its index by record to each partition that is full, or fills slowly, one in a transaction, and return them.

    Raises:
        LockTimeout: a writer held a lock; the others get theirs later.
    """
    async with database.session() as connection:
        last, _ = await (await connection.execute(_QUERIES["needed_positions"])).fetchone() or (0, None)
        rows = await (await connection.execute(_QUERIES["indexed_partitions"])).fetchall()
        indexed = {name for (name,) in rows}
        begun = [one for one in await list_partitions(connection) if one.start <= last and _index(one) not in indexed]
        if begun and begun[-1].end - 1 >= last:
            # An index of the few events of a quiet log costs less than the reads without it.
            lasted = await time_lasted(connection, begun[-1])
            if lasted is None or lasted <= SLOW:
                begun.pop()
        await connection.rollback()
        for one in begun:
            name = _index(one)
            values = {
                "table": quote_table(one.table),
                "index": quote_table(Table(schema="fieldstone", name=name)),
                "name": quote_identifier(name),
                "start": one.start,
                "end": one.end,
            }
            await send_as_one(
                connection,
                [
                    ("wait_for_locks_at_most", {"milliseconds": _WAIT}),
                    ("wait_for_lock", AdvisoryLock.PARTITIONS.parameters),
                    ("index_partition", values),
                ],
                commit=True,
            )
        return begun


async def end_slow_partition(database: Database, retention: Retention) -> None:
    """End the newest partition behind its newest event if it has lasted for long.

    Only a partition that is full leaves the log. A quiet log fills one in years, and a burst has left it a large one.
    Together the two parts have the positions of the partition, which other processes count on.

    Raises:
        DatabaseError: a reader held the lock; nothing was changed.
    """
    async with database.session() as connection:
        last, _ = await (await connection.execute(_QUERIES["needed_positions"])).fetchone() or (0, None)
        listed = await list_partitions(connection)
        slow = [one for one in listed if one.start <= last < one.end - 1]
        lasted = await time_lasted(connection, slow[0]) if slow else None
        is_slow = lasted is not None and lasted > max(SLOW, (retention.window + retention.history) / _MOST_SLOW)
        # The history has hundreds of partitions: they are not listed at each look.
        ends = is_slow and await _count_small(connection, listed, last) < _MOST_ENDED
        await connection.rollback()
        if not ends:
            return
        values = {
            "table": quote_table(slow[0].table),
            "index": quote_table(Table(schema="fieldstone", name=_index(slow[0]))),
            "prefix": PREFIX,
            "start": slow[0].start,
            "end": slow[0].end,
        }
        await send_as_one(
            connection,
            [
                ("wait_for_locks_at_most", {"milliseconds": _WAIT}),
                ("wait_for_lock", AdvisoryLock.PARTITIONS.parameters),
                ("end_partition", values),
            ],
            commit=True,
        )


async def _count_small(connection: Session, listed: Sequence[Partition], last: int) -> int:
    """Return how many partitions that have ended, of the log as listed and of the history, are small."""
    left = await (await connection.execute(_QUERIES["list_history"])).fetchall()
    bounds = [(one.start, one.end) for one in listed if one.end <= last] + [_bounds(name) for (name,) in left]
    return sum(end - start < SIZE for start, end in bounds)


async def trim_history(database: Database, kept: timedelta) -> list[str]:
    """Drop the partitions of the history whose newest event is older, and return their names."""
    async with database.session() as connection:
        rows = await (await connection.execute(_QUERIES["list_history"])).fetchall()
        dropped = []
        for (name,) in sorted(rows, key=lambda row: _bounds(row[0])):
            start, end = _bounds(name)
            values = {"window": kept, "start": start, "end": end}
            aged = await (await connection.execute(_QUERIES["is_aged_history"], values)).fetchone()
            if aged != (True,):
                break
            dropped.append(name)
        await connection.rollback()
        tables = [quote_table(Table(schema="fieldstone", name=name)) for name in dropped]
        await send_in_portions(connection, [("drop_partition", {"table": table}) for table in tables])
        return dropped


async def forget_positions(database: Database) -> None:
    """Forget which positions the events had in other cells that have left the log since; raises DatabaseError."""
    while len(await database.write(*_FORGET.bind(limit=_FORGOTTEN_AT_ONCE), share=None)) == _FORGOTTEN_AT_ONCE:
        pass


def _bounds(name: str) -> tuple[int, int]:
    """Return the first position of a partition of the history, and the one behind its last."""
    start, _, end = name.removeprefix(HISTORY_PREFIX).partition("_")
    return int(start), int(end)


def _index(partition: Partition) -> str:
    return f"{partition.table.name}_record"
