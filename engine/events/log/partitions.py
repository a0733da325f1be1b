"""The log's partitions: made before they are needed, dropped when no event in them is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import named_statement, read_queries

SIZE = 50_000
"""Positions in a partition of a quiet log."""
LARGEST = 16 * SIZE
"""Positions in the largest partition: to read the history of a record locks each partition with its indexes."""
_QUICK, SLOW = timedelta(hours=6), timedelta(hours=24)
"""A partition that lasts for less time has a larger successor, and one that lasts for more a smaller one."""

PREFIX = "event_log_"
"""The beginning of the names of the log's partitions."""
HISTORY_PREFIX = "record_history_"
"""The beginning of the names of partitions that have left the log."""
_WAIT_TO_ADD = "2s"
_WAIT_TO_DROP = "300ms"
_AT_ONCE = 20
"""Partitions that leave in one transaction, which locks each of them with its indexes."""
_QUERIES = read_queries(__name__)

REGISTER_CONSUMER = named_statement(__name__, "register_consumer")
"""Returns the position of a consumer; a new one begins at the end of the log."""


@frozen
class Retention:
    """The retention of the log: events younger than `window`, the newest `count`, and those that a consumer needs.

    Whole partitions are dropped, so that more events stay. With a `history` they are moved to the history of records
    instead, where they stay for as long.
    """

    window: timedelta = timedelta(hours=72)
    count: int = 1_000_000
    history: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Partition:
    """The positions from `start` to the one before `end`."""

    start: int
    end: int

    @property
    def table(self) -> Table:
        """Return the table of the partition; its name has both positions."""
        return Table(schema="fieldstone", name=PREFIX + str(self.start) + "_" + str(self.end))


class Partitions:
    """The partitions of a database's log.

    Args:
        database: where the log is.
        size: positions in each new partition; if None, so many that a busy log and its history have few partitions.
    """

    def __init__(self, database: Database, *, size: int | None = None) -> None:
        self._size = size
        self.database = database

    @property
    def least(self) -> int:
        """Return the positions in the smallest new partition."""
        return SIZE if self._size is None else self._size

    async def cover(self, position: int) -> int:
        """Make sure that there are partitions up to a position, and return the last one covered.

        One message makes them, so that a paused process holds no lock.

        Raises:
            LockTimeout: other sessions kept the log's table locked; no partition was made.
        """
        async with self.database.session() as connection:
            listed = await list_partitions(connection)
            end = listed[-1].end if listed else 1
            if end <= position:
                size = self._size or await _next_size(connection, listed[-1:])
                # The look at the newest partition has locked the log.
                await connection.rollback()
                missing = [Partition(start=start, end=start + size) for start in range(end, position + 1, size)]
                await send_as_one(
                    connection,
                    [
                        ("wait_for_locks_at_most", {"milliseconds": _WAIT_TO_ADD}),
                        ("wait_for_lock", AdvisoryLock.PARTITIONS.parameters),
                        *map(add_partition, missing),
                    ],
                    commit=True,
                )
            return max((one.end for one in await list_partitions(connection)), default=1) - 1

    async def trim(self, retention: Retention) -> list[Partition]:
        """Drop the partitions of which no event is kept, and return them.

        They are found without a lock: an event past its retention stays past it.

        Raises:
            LockTimeout: a reader held the lock; the oldest ones may have been dropped.
        """
        async with self.database.session() as connection:
            dropped = await _find_unkept(connection, retention)
            await connection.rollback()
            await send_in_portions(connection, [_leave(one, keeps=bool(retention.history)) for one in dropped])
            return dropped


def add_partition(partition: Partition) -> tuple[str, dict[str, object]]:
    """Return the statement that makes a partition, unless another process has made one from its start on."""
    values = {
        "table": quote_table(partition.table),
        "begin": f"{PREFIX}{partition.start}_",
        "start": partition.start,
        "end": partition.end,
    }
    return "add_partition", values


async def _next_size(connection: Session, newest: Sequence[Partition]) -> int:
    """Return the positions in the next partition, by the time that the newest one has lasted."""
    if not newest:
        return SIZE
    size = newest[0].end - newest[0].start
    lasted = await time_lasted(connection, newest[0])
    if lasted is not None and lasted < _QUICK:
        size *= 2
    elif lasted is not None and lasted > SLOW:
        size //= 2
    return min(LARGEST, max(SIZE, size))


async def time_lasted(connection: Session, partition: Partition) -> timedelta | None:
    """Return the time since the first event of the log's newest partition; None where it has none.

    Raises:
        psycopg.Error: other sessions kept the log's table locked.
    """
    await connection.execute(CATALOG["wait_for_locks_at_most"], {"milliseconds": _WAIT_TO_ADD})
    found = await (await connection.execute(_QUERIES["time_since"], {"start": partition.start})).fetchone()
    return None if found is None else found[0]


async def send_in_portions(connection: Session, statements: Sequence[tuple[str, dict[str, object]]]) -> None:
    """Run the statements by which partitions leave, the oldest first, some in a transaction.

    Raises:
        LockTimeout: a reader held the lock; the portions before have left.
    """
    for start in range(0, len(statements), _AT_ONCE):
        wait = ("wait_for_locks_at_most", {"milliseconds": _WAIT_TO_DROP})
        await send_as_one(connection, [wait, *statements[start : start + _AT_ONCE]], commit=True)


def _leave(partition: Partition, *, keeps: bool) -> tuple[str, dict[str, object]]:
    """Return the statement by which a partition leaves the log: for the history, or for good."""
    table = quote_table(partition.table)
    if not keeps:
        return "drop_partition", {"table": table}
    name = f"{HISTORY_PREFIX}{partition.start}_{partition.end}"
    kept = quote_table(Table(schema="fieldstone", name=name))
    return "keep_partition", {
        "table": table,
        "name": quote_identifier(name),
        "kept": kept,
        "start": partition.start,
        "end": partition.end,
    }


async def list_partitions(connection: Session) -> list[Partition]:
    """Return the partitions of the log in their order."""
    rows = await (await connection.execute(_QUERIES["list_partitions"])).fetchall()
    return sorted(_partition(name) for (name,) in rows)


async def _find_unkept(connection: Session, retention: Retention) -> list[Partition]:
    """Return the oldest partitions, up to the first with a kept event."""
    listed = await list_partitions(connection)
    last, needed = await (await connection.execute(_QUERIES["needed_positions"])).fetchone() or (0, None)
    found = []
    for one in listed:
        newest = one.end - 1
        # The newest event stays: the log's last position is read from it.
        if newest >= last or (needed is not None and needed < newest):
            break
        parameters = {"window": retention.window, "position": newest}
        aged = await (await connection.execute(_QUERIES["is_aged"], parameters)).fetchone()
        if last - newest < retention.count and aged != (True,):
            break
        found.append(one)
    return found


def _partition(name: str) -> Partition:
    start, _, end = name.removeprefix(PREFIX).partition("_")
    return Partition(start=int(start), end=int(end))
