"""settleField: the end of a field's build: it is READY, or FAILED and then optional again."""

from dataclasses import dataclass, replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.rules.lookup import find_field, with_field
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleField(Change):
    """The end of a field's build, FAILED where there is a `failure`; only the builder asks for it."""

    field_id: UUID
    failure: str | None = None


def apply_settle_field(snapshot: Snapshot, change: SettleField) -> Applied:
    """Return the snapshot with the field as it is now; the same where it is not building any more.

    Raises:
        UnknownObject: there is no such field.
    """
    _, field = find_field(snapshot, change.field_id)
    if field.status is not Status.BUILDING:
        return Applied(snapshot=snapshot)
    if change.failure is None:
        ended = replace(field, status=Status.READY, backfill=None)
    else:
        ended = replace(field, status=Status.FAILED, failure=change.failure, is_nullable=True)
    return Applied(snapshot=with_field(snapshot, ended))


def describe_end(failure: str | None) -> dict[str, JsonValue]:
    """Return the end of a build as the history keeps it."""
    if failure is None:
        return {"status": Status.READY.value}
    return {"status": Status.FAILED.value, "failure": failure}


SETTLE_FIELD = Kind(
    action="settleField",
    type=SettleField,
    apply=apply_settle_field,
    target="field_id",
    describe=lambda change: describe_end(change.failure),
)
