"""The indexes of records' tables that no statement has used for long, though each write keeps them."""

from datetime import datetime, timedelta
from uuid import UUID

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.kinds.indexes.delete_index import is_kept
from fieldstone.metadata.changes.rules.indexes.label_indexes import is_label_index
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
        label_of: the id of the field that it comes with, whose setting `skipLabelIndex` gives it up; None if
            `deleteIndex` does.
    """

    index: Index
    fields: tuple[str, ...]
    size: int
    writes: int
    since: datetime
    label_of: UUID | None


async def find_unused(connection: Session, snapshot: Snapshot) -> list[UnusedIndex]:
    """Return the unused indexes that a change of the model can give up, the largest first; unique ones count as used.

    Those of one field's labels are given up together: none of them is returned if one is in use.

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
    unused = {id_ for id_, *_ in rows}
    found = []
    for id_, size, writes, since in rows:
        index = snapshot.indexes.get(id_)
        if index is None or index.is_unique or index.status is not Status.READY:
            continue
        labels = _find_labels(snapshot, index)
        if not labels <= unused or (is_kept(snapshot, index) and not labels):
            continue
        fields = _name_fields(snapshot, index)
        label_of = index.field_ids[0] if labels else None
        found.append(UnusedIndex(index=index, fields=fields, size=size, writes=writes, since=since, label_of=label_of))
    return sorted(found, key=lambda one: one.size, reverse=True)


def _find_labels(snapshot: Snapshot, index: Index) -> set[UUID]:
    """Return the ids of all indexes that come with an index's field; none if the index does not come with it."""
    object_ = snapshot.objects[index.object_id]
    if not is_label_index(object_, index):
        return set()
    others = snapshot.indexes_of[object_.id]
    return {one.id for one in others if one.field_ids == index.field_ids and is_label_index(object_, one)}


def _name_fields(snapshot: Snapshot, index: Index) -> tuple[str, ...]:
    object_ = snapshot.objects[index.object_id]
    end = () if index.sub_field is None else (index.sub_field,)
    return tuple(".".join((object_.name_singular, object_.by_id[id_].name, *end)) for id_ in index.field_ids)
