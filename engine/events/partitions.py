"""The log's partitions: made before they are needed, dropped when nothing in them is kept."""

from dataclasses import dataclass
from datetime import timedelta

from engine.events.lock import LOCK_KEY
from sql.executor import Database
from sql.identifiers import quote_table
from sql.plan import Table

SIZE = 50_000
"""Positions in a partition."""

_PREFIX = "event_log_"
_LOCK = "SELECT pg_advisory_xact_lock(%(key)s)"
_LISTED = (
    "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'fieldstone.event_log'::regclass"
)
_NEEDED = (
    "SELECT coalesce(max(position), 0), (SELECT min(position) FROM fieldstone.log_consumer) FROM fieldstone.event_log"
)
_AGED = "SELECT at < now() - %(window)s::interval FROM fieldstone.event_log WHERE position = %(position)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What is kept of the log: what is younger than `window` and among the newest `count`, and what a consumer needs.

    Whole partitions go, so that more than that stays.
    """

    window: timedelta = timedelta(hours=72)
    count: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Partition:
    """The positions from `start` to the one before `end`."""

    start: int
    end: int

    @property
    def table(self) -> Table:
        """The table that holds them, whose name says which."""
        return Table(schema="fieldstone", name=_PREFIX + str(self.start) + "_" + str(self.end))


class Partitions:
    """The partitions of a database's log.

    Args:
        database: where the log is.
        size: positions in each partition that is made.
    """

    def __init__(self, database: Database, *, size: int = SIZE) -> None:
        self.size = size
        self._database = database

    async def cover(self, position: int) -> int:
        """Make sure that there are partitions up to a position, and return the last one covered."""
        async with self._database.session() as connection, connection.transaction():
            await connection.execute(_LOCK, {"key": LOCK_KEY})
            rows = await (await connection.execute(_LISTED)).fetchall()
            end = max((_partition(name).end for (name,) in rows), default=1)
            while end <= position:
                made = Partition(start=end, end=end + self.size)
                name = quote_table(made.table)
                # Attached afterwards: to create it as a partition would lock the log's readers out.
                await connection.execute(
                    ("CREATE TABLE " + name + " (LIKE fieldstone.event_log INCLUDING ALL)").encode(), prepare=False
                )
                bounds = " FOR VALUES FROM (" + str(made.start) + ") TO (" + str(made.end) + ")"
                await connection.execute(
                    ("ALTER TABLE fieldstone.event_log ATTACH PARTITION " + name + bounds).encode(), prepare=False
                )
                end = made.end
            return end - 1

    async def trim(self, retention: Retention) -> list[Partition]:
        """Drop the partitions of which nothing is kept, and return them.

        Raises:
            LockTimeout: a reader was in the way; nothing was dropped.
        """
        async with self._database.session() as connection, connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '300ms'")
            await connection.execute(_LOCK, {"key": LOCK_KEY})
            rows = await (await connection.execute(_LISTED)).fetchall()
            last, needed = await (await connection.execute(_NEEDED)).fetchone() or (0, None)
            dropped = []
            for one in sorted(_partition(name) for (name,) in rows):
                newest = one.end - 1
                # The newest event stays, so that positions go on from it.
                if newest >= last or (needed is not None and needed < newest):
                    break
                aged = await (
                    await connection.execute(_AGED, {"window": retention.window, "position": newest})
                ).fetchone()
                if last - newest < retention.count and aged != (True,):
                    break
                await connection.execute(("DROP TABLE " + quote_table(one.table)).encode(), prepare=False)
                dropped.append(one)
            return dropped


def _partition(name: str) -> Partition:
    start, _, end = name.removeprefix(_PREFIX).partition("_")
    return Partition(start=int(start), end=int(end))
