"""The indexes of records' tables that no statement has used for long, though each write keeps them."""

from datetime import datetime, timedelta

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.kinds.indexes.delete_index import is_kept
from fieldstone.metadata.model import Index, Snapshot, Status
from fieldstone.sql.frozen import frozen

LONG = timedelta(days=7)
"""The time for which PostgreSQL must have counted before an index without a use is named."""

MANY_WRITES = 10_000
"""The writes of a table, in that time, from which on its indexes are worth a look."""


@frozen
class UnusedIndex:
    """An index that no statement has used.

    Attributes:
        fields: the fields that it is on, as the API names them: `person.email`.
        size: of the index, in bytes.
        writes: the inserts, and the updates that had to write the table's indexes, since then.
        since: the time from which on PostgreSQL has counted, or that of the index if it is younger.
    """

    index: Index
    fields: tuple[str, ...]
    size: int
    writes: int
    since: datetime


async def find_unused(connection: Session, snapshot: Snapshot) -> list[UnusedIndex]:
    """Return the unused indexes that `deleteIndex` can delete, the largest first; unique ones count as used.

    A distributed workspace has none: its nodes count the uses.

    Args:
        connection: to the primary; a replica counts its own statements.
        snapshot: the workspace's model.
    """
    if snapshot.workspace.is_distributed:
        return []
    rows = await fetch(
        connection,
        "unused_indexes",
        workspace_id=snapshot.workspace.id,
        schema=snapshot.workspace.schema,
        long=LONG,
        many_writes=MANY_WRITES,
    )
    found = [
        UnusedIndex(index=index, fields=_name_fields(snapshot, index), size=size, writes=writes, since=since)
        for id_, size, writes, since in rows
        if (index := snapshot.indexes.get(id_)) is not None and _can_go(snapshot, index)
    ]
    return sorted(found, key=lambda one: one.size, reverse=True)


def _can_go(snapshot: Snapshot, index: Index) -> bool:
    return index.status is Status.READY and not index.is_unique and not is_kept(snapshot, index)


def _name_fields(snapshot: Snapshot, index: Index) -> tuple[str, ...]:
    object_ = snapshot.objects[index.object_id]
    end = () if index.sub_field is None else (index.sub_field,)
    return tuple(".".join((object_.name_singular, object_.by_id[id_].name, *end)) for id_ in index.field_ids)
