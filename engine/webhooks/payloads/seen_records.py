"""The records of events as the roles of webhooks see them: for each role and its claims, or not at all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from fieldstone.engine.planner.subscriptions import read_columns
from fieldstone.engine.webhooks.payloads.payloads import NewEvent, RecordReader, Shown
from fieldstone.engine.webhooks.payloads.rights import digest_rights, find_seen
from fieldstone.metadata.access.view import type_claims, view_of
from fieldstone.metadata.errors import PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot

_Claims = Mapping[str, JsonValue]


async def read_shown(
    records: RecordReader, snapshot: Snapshot, events: Sequence[NewEvent]
) -> Mapping[int, Sequence[Shown]]:
    """Return the records of a workspace's events for the webhooks whose roles see the objects with restrictions.

    The keys are positions. A webhook gets no event of a record that its role may not read, and no update of fields
    alone that it may not read.
    """
    kinds: defaultdict[tuple[UUID, UUID, str], list[NewEvent]] = defaultdict(list)
    for event in events:
        for role_id in dict.fromkeys(one.role_id for one in event.webhooks.values()):
            kinds[role_id, event.object_id, event.action].append(event)
    found: defaultdict[int, list[Shown]] = defaultdict(list)
    for (role_id, object_id, action), told in kinds.items():
        object_ = snapshot.objects[object_id]
        seen = find_seen(snapshot, role_id, object_)
        if seen is None or seen is object_:
            continue
        columns = {*read_columns(seen)}
        meant = [event for event in told if action != "updated" or columns.intersection(event.changed)]
        typed = _type_claims(snapshot, role_id, meant)
        if not typed:
            continue
        view, positions = view_of(snapshot, role_id), [event.position for event in meant]
        read = await records.read_seen(view, seen, action, positions, [*typed.values()])
        for event in meant:
            for one in read.get(event.position, ()):
                numbers = one.numbers if action != "updated" or columns.intersection(one.changed) else ()
                webhooks = {
                    id_: digest_rights(seen, claims)
                    for place, (id_, claims) in enumerate(typed.items(), start=1)
                    if place in numbers and id_ in event.webhooks
                }
                if webhooks:
                    found[event.position].append(
                        Shown(object_=seen, record=one.record, changed=one.changed, webhooks=webhooks)
                    )
    return found


def _type_claims(snapshot: Snapshot, role_id: UUID, events: Sequence[NewEvent]) -> Mapping[UUID, _Claims]:
    """Return the claims of the webhooks of a role, those left out whose claims the role refuses."""
    given = {id_: one.claims for event in events for id_, one in event.webhooks.items() if one.role_id == role_id}
    typed: dict[UUID, _Claims] = {}
    for id_, claims in given.items():
        with suppress(PrincipalValueRefused):
            typed[id_] = type_claims(snapshot, snapshot.roles[role_id], claims)
    return typed
