"""settleField and settleIndex: the end of a build: READY, or FAILED, and a field is then optional again."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.rules.lookup import with_field
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot, Status
from fieldstone.sql.frozen import frozen


@frozen
class SettleField(Change):
    """The end of a field's build, FAILED where there is a `failure`; only the builder asks for it."""

    field_id: UUID
    failure: str | None = None


@frozen
class SettleIndex(Change):
    """The end of an index's build, FAILED where there is a `failure`; only the builder asks for it."""

    index_id: UUID
    failure: str | None = None


def apply_settle_field(snapshot: Snapshot, change: SettleField) -> Applied:
    """Return the snapshot with the field as it is now; the same where it is not building any more, or not there."""
    found = (object_.by_id.get(change.field_id) for object_ in snapshot.objects.values())
    field = next(filter(None, found), None)
    if field is None or field.status is not Status.BUILDING:
        return Applied(snapshot=snapshot)
    if change.failure is None:
        ended = replace(field, status=Status.READY, backfill=None)
    else:
        ended = replace(field, status=Status.FAILED, failure=change.failure, is_nullable=True)
    return Applied(snapshot=with_field(snapshot, ended))


def apply_settle_index(snapshot: Snapshot, change: SettleIndex) -> Applied:
    """Return the snapshot with the index as it is now; the same where it is not building any more, or not there."""
    index = snapshot.indexes.get(change.index_id)
    if index is None or index.status is not Status.BUILDING:
        return Applied(snapshot=snapshot)
    status = Status.READY if change.failure is None else Status.FAILED
    indexes = {**snapshot.indexes, index.id: replace(index, status=status, failure=change.failure)}
    return Applied(snapshot=replace(snapshot, indexes=indexes))


def _describe(change: SettleField | SettleIndex) -> dict[str, JsonValue]:
    if change.failure is None:
        return {"status": Status.READY.value}
    return {"status": Status.FAILED.value, "failure": change.failure}


SETTLE_FIELD = Kind(
    action="settleField", type=SettleField, apply=apply_settle_field, target="field_id", describe=_describe
)
SETTLE_INDEX = Kind(
    action="settleIndex", type=SettleIndex, apply=apply_settle_index, target="index_id", describe=_describe
)
