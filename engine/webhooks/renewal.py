"""Renews the payloads of deliveries whose webhook has got other rights since the event."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from fieldstone.engine.webhooks.claims import Claimed
from fieldstone.engine.webhooks.payloads.payloads import RecordReader, build_payload, read_event
from fieldstone.engine.webhooks.payloads.rights import find_digest
from fieldstone.engine.webhooks.payloads.shown_events import show_events
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.errors import UnknownObject, UnknownRole
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_FIND = named_statement(__name__, "find_event")
_RENEW = named_statement(__name__, "renew_payload")


class Renewal:
    """Looks at the rights of the webhooks whose deliveries this process has claimed.

    Args:
        database: where the log and the deliveries are.
        current: the snapshots that have the roles.
    """

    def __init__(self, database: Database, current: CurrentSnapshots) -> None:
        self._database = database
        self._current = current
        self._records = RecordReader(database, limit=1)

    async def renew(self, claimed: Sequence[Claimed]) -> list[Claimed | None]:
        """Return the deliveries as their webhooks may have them now; None in the place of one that may not be sent.

        Raises:
            DatabaseError: the rights or the events cannot be read.
        """
        snapshots = {id_: await self._find_snapshot(id_) for id_ in {one.workspace_id: None for one in claimed}}
        return [await self._renew(one, snapshots[one.workspace_id]) for one in claimed]

    async def _find_snapshot(self, workspace_id: UUID) -> Snapshot | None:
        try:
            return await self._current.refresh(workspace_id)
        except UnknownObject:
            return None

    async def _renew(self, claimed: Claimed, snapshot: Snapshot | None) -> Claimed | None:
        if snapshot is None or claimed.recipient is None:
            return None
        if _still_holds(claimed, snapshot):
            return claimed
        rows = await self._database.read(*_FIND.bind(position=claimed.position, webhook_id=claimed.webhook_id))
        if not rows:
            return None
        event = read_event(rows[0])
        shown = await show_events(self._records, {event.workspace_id: snapshot}, [event])
        for one in shown.get(event.position, ()):
            payload, rights = build_payload(one, event, snapshot.workspace), one.webhooks[claimed.webhook_id]
            step = _RENEW.bind(
                id=claimed.id, claim=claimed.claim, payload=payload, rights=rights, object_id=event.object_id
            )
            await self._database.write(*step)
            return replace(claimed, payload=payload, object_id=event.object_id, rights=rights)
        return None


def _still_holds(claimed: Claimed, snapshot: Snapshot) -> bool:
    """Return whether the payload of a delivery was built by the rights that its webhook has now."""
    recipient = claimed.recipient
    if recipient is None:
        return False
    if not claimed.rights and _sees_all(snapshot, recipient.role_id):
        return True
    object_ = None if claimed.object_id is None else snapshot.objects.get(claimed.object_id)
    if claimed.rights is None or object_ is None:
        return False
    return find_digest(snapshot, recipient.role_id, recipient.claims, object_) == claimed.rights


def _sees_all(snapshot: Snapshot, role_id: UUID) -> bool:
    try:
        return view_of(snapshot, role_id) is snapshot
    except UnknownRole:
        return False
