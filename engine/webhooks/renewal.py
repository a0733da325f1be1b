"""Renews the payloads of deliveries whose webhook has got other rights since the event."""

from dataclasses import replace
from uuid import UUID

from fieldstone.engine.record_history.showing import HISTORY
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

_FORBIDDEN = "Nothing was sent: the role of the webhook may not read the event any more."
_NOT_KEPT = "Nothing was sent: the rights of the webhook have changed, and the event is not kept any more."


class Undeliverable(Exception):
    """Nothing was sent, and nothing will be; the sentence is the reason."""


class Renewal:
    """Looks at the rights of the webhooks whose deliveries this process has claimed.

    Args:
        database: where the log and the deliveries are.
        current: the snapshots that have the roles.
    """

    def __init__(self, database: Database, current: CurrentSnapshots) -> None:
        self._database = database
        self._current = current
        self._records = RecordReader(database, limit=1, log=HISTORY)

    async def renew(self, claimed: Claimed) -> Claimed | None:
        """Return a delivery as its webhook may have it now, None if another process has taken it over.

        Raises:
            Undeliverable: it may not be sent.
            DatabaseError: the rights or the event cannot be read.
        """
        try:
            snapshot = await self._current.refresh(claimed.workspace_id)
        except UnknownObject:
            raise Undeliverable(_FORBIDDEN) from None
        if claimed.recipient is None:
            raise Undeliverable(_FORBIDDEN)
        if _still_holds(claimed, snapshot):
            return claimed
        find = _FIND.bind(position=claimed.position, webhook_id=claimed.webhook_id)
        rows = await self._database.read(*find, share=claimed.workspace_id.int)
        if not rows:
            raise Undeliverable(_NOT_KEPT)
        event = read_event(rows[0])
        shown = (await show_events(self._records, snapshot, [event])).get(event.position)
        if not shown:
            raise Undeliverable(_FORBIDDEN)
        payload, rights = build_payload(shown[0], event, snapshot.workspace), shown[0].webhooks[claimed.webhook_id]
        step = _RENEW.bind(
            id=claimed.id, claim=claimed.claim, payload=payload, rights=rights, object_id=event.object_id
        )
        if await self._database.write(*step, share=None) != [(b"t",)]:
            return None
        return replace(claimed, payload=payload, object_id=event.object_id, rights=rights)


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
