"""settleIndex: the end of an index's build: it is READY, or FAILED."""

from dataclasses import dataclass, replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.kinds.settle_field import describe_end
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.model import Snapshot, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleIndex(Change):
    """The end of an index's build, FAILED where there is a `failure`; only the builder asks for it."""

    index_id: UUID
    failure: str | None = None


def apply_settle_index(snapshot: Snapshot, change: SettleIndex) -> Applied:
    """Return the snapshot with the index as it is now; the same where it is not building any more, or not there."""
    index = snapshot.indexes.get(change.index_id)
    if index is None or index.status is not Status.BUILDING:
        return Applied(snapshot=snapshot)
    status = Status.READY if change.failure is None else Status.FAILED
    indexes = {**snapshot.indexes, index.id: replace(index, status=status, failure=change.failure)}
    return Applied(snapshot=replace(snapshot, indexes=indexes))


SETTLE_INDEX = Kind(
    action="settleIndex",
    type=SettleIndex,
    apply=apply_settle_index,
    target="index_id",
    describe=lambda change: describe_end(change.failure),
)
