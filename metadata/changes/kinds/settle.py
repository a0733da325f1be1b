"""The end of what a field or an index was BUILDING: it is READY, or FAILED, and a field then optional again."""

from dataclasses import replace

from fieldstone.metadata.changes.rules.lookup import find_field, with_object
from fieldstone.metadata.changes.types import Applied, SettleField, SettleIndex
from fieldstone.metadata.model import Snapshot, Status, with_parts


def apply_settle_field(snapshot: Snapshot, change: SettleField) -> Applied:
    """Return the snapshot with the field as it is now; the same where it is not building any more.

    Raises:
        UnknownObject: there is no such field.
    """
    object_, field = find_field(snapshot, change.field_id)
    if field.status is not Status.BUILDING:
        return Applied(snapshot=snapshot)
    if change.failure is None:
        ended = replace(field, status=Status.READY, backfill=None)
    else:
        ended = replace(field, status=Status.FAILED, failure=change.failure, is_nullable=True)
    settled = with_parts(ended)
    fields = tuple(settled if one.id == field.id else one for one in object_.fields)
    return Applied(snapshot=with_object(snapshot, replace(object_, fields=fields)))


def apply_settle_index(snapshot: Snapshot, change: SettleIndex) -> Applied:
    """Return the snapshot with the index as it is now; the same where it is not building any more, or not there."""
    index = snapshot.indexes.get(change.index_id)
    if index is None or index.status is not Status.BUILDING:
        return Applied(snapshot=snapshot)
    status = Status.READY if change.failure is None else Status.FAILED
    indexes = {**snapshot.indexes, index.id: replace(index, status=status, failure=change.failure)}
    return Applied(snapshot=replace(snapshot, indexes=indexes))
