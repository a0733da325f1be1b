"""Events as webhooks get them: for each event the records that the roles of its webhooks see."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fieldstone.engine.webhooks.payloads.payloads import NewEvent, RecordReader, Shown
from fieldstone.engine.webhooks.payloads.rights import ALL, digest_whole, find_seen
from fieldstone.engine.webhooks.payloads.seen_records import read_shown
from fieldstone.metadata.model import Object, Snapshot

Snapshots = Mapping[UUID, Snapshot | None]
"""The snapshots of workspaces; None for one that is gone."""


async def show_events(
    records: RecordReader, snapshots: Snapshots, events: Sequence[NewEvent]
) -> Mapping[int, Sequence[Shown]]:
    """Return the records of events by the events' positions; an event of a deleted object has no entry.

    Raises:
        DatabaseError: a statement failed for a reason that is not one event's.
    """
    objects = _find_objects(snapshots, events)
    whole = await _read_records(records, objects, events)
    restricted = await read_shown(records, snapshots, events)
    found: dict[int, Sequence[Shown]] = {}
    for event in events:
        snapshot, object_ = snapshots[event.workspace_id], objects.get(event.object_id)
        if snapshot is None or object_ is None:
            continue
        digests = {
            id_: digest_whole(snapshot, one.role_id)
            for id_, one in event.webhooks.items()
            if find_seen(snapshot, one.role_id, object_) is object_
        }
        plain = [
            Shown(
                object_=object_,
                record=whole[event.position],
                changed=event.changed,
                webhooks={id_: one for id_, one in digests.items() if one == digest},
                tells_position=digest == ALL,
            )
            for digest in dict.fromkeys(digests.values())
        ]
        found[event.position] = [*plain, *restricted.get(event.position, ())]
    return found


def _find_objects(snapshots: Snapshots, events: Sequence[NewEvent]) -> Mapping[UUID, Object]:
    """Return the objects of events by their ids."""
    found: dict[UUID, Object] = {}
    for event in events:
        snapshot = snapshots[event.workspace_id]
        if snapshot and (object_ := snapshot.objects.get(event.object_id)):
            found[event.object_id] = object_
    return found


async def _read_records(
    records: RecordReader, objects: Mapping[UUID, Object], events: Sequence[NewEvent]
) -> Mapping[int, str]:
    """Return the record of each event, as JSON text, by its position."""
    kinds: dict[tuple[UUID, str], list[int]] = {}
    for event in events:
        if event.object_id in objects:
            kinds.setdefault((event.object_id, event.action), []).append(event.position)
    found: dict[int, str] = {}
    for (object_id, action), positions in kinds.items():
        found |= await records.read(objects[object_id], action, positions)
    return found
