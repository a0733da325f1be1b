"""The event log of a backup, whose events get later positions when they are restored.

Clients have seen positions that were given after the backup. If a restored log went on from its last position, it
would give them a second time, and a client that resumes would miss the events that have them. So all positions of the
log are moved behind those that were ever given. They stay without gaps: webhooks go on where they were, and a client
that resumes after an old position hears that it has expired.
"""

from types import MappingProxyType
from typing import Final

from psycopg import sql

from fieldstone.engine.backup.archive import ArchiveReader
from fieldstone.engine.backup.manifest import SavedTable
from fieldstone.engine.backup.rows import load_aside
from fieldstone.engine.events.log.partitions import LARGEST, SIZE, Partition, add_partition
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.ddl.names import name_sql, names_sql, table_sql
from fieldstone.sql.queries import read_queries

_QUERIES = read_queries(__name__)
_POSITION = "position"
_MOVES: Final = MappingProxyType(
    {
        "move_head": 10,
        "move_consumers": 10,
        "move_webhooks": 10,
        "move_deliveries": 10,
        "move_moved_events": 36,
        "move_log_epochs": 36,
        "move_pauses": 53,
    }
)
"""The statements that move positions, with the first version of the catalog, from 10 on, that has their columns."""


async def restore_log(connection: Session, archive: ArchiveReader, saved: SavedTable) -> None:
    """Restore the events, and move the positions of the log's head, its consumers, webhooks and deliveries with them.

    Raises:
        BackupRefused: the member with the events is damaged.
    """
    (head,) = await (await connection.execute(_QUERIES["log_head"])).fetchone() or (0,)
    (moved,) = await (await connection.execute(_QUERIES["next_head"], {"head": head})).fetchone() or (0,)
    offset = moved - head
    aside = await load_aside(connection, archive, saved)
    oldest = sql.SQL("SELECT coalesce(min(position), {}) FROM {}").format(sql.Literal(head + 1), table_sql(aside))
    (first,) = await (await connection.execute(oldest)).fetchone() or (head + 1,)
    # There is always one: the sequencer makes the next partition behind the last.
    size = SIZE if head - first < LARGEST else LARGEST
    partitions = [Partition(start=at, end=at + size) for at in range(first + offset, moved + 2, size)]
    await send_as_one(connection, list(map(add_partition, partitions)))
    read = sql.SQL(", ").join(
        sql.SQL("position + {}").format(sql.Literal(offset)) if name == _POSITION else name_sql(name)
        for name in saved.columns
    )
    await connection.execute(
        sql.SQL("INSERT INTO fieldstone.event_log ({}) SELECT {} FROM {}").format(
            names_sql(saved.columns), read, table_sql(aside)
        )
    )
    for query, since in _MOVES.items():
        if archive.manifest.catalog >= since:
            await connection.execute(_QUERIES[query], {"offset": offset})
