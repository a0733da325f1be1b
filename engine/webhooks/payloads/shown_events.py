"""Events as webhooks get them: for each event the records that the roles of its webhooks see."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fieldstone.engine.webhooks.payloads.payloads import NewEvent, RecordReader, Shown
from fieldstone.engine.webhooks.payloads.rights import ALL, digest_whole, find_seen
from fieldstone.engine.webhooks.payloads.seen_records import read_shown
from fieldstone.metadata.model import Snapshot


async def show_events(
    records: RecordReader, snapshot: Snapshot, events: Sequence[NewEvent]
) -> Mapping[int, Sequence[Shown]]:
    """Return the records of a workspace's events by their positions; an event of a deleted object has no entry.

    Raises:
        DatabaseError: a statement failed for a reason that is not one event's.
    """
    known = [event for event in events if event.object_id in snapshot.objects]
    whole = await _read_records(records, snapshot, known)
    restricted = await read_shown(records, snapshot, known)
    found: dict[int, Sequence[Shown]] = {}
    for event in known:
        object_ = snapshot.objects[event.object_id]
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


async def _read_records(records: RecordReader, snapshot: Snapshot, events: Sequence[NewEvent]) -> Mapping[int, str]:
    """Return the record of each event, as JSON text, by its position."""
    kinds: dict[tuple[UUID, str], list[int]] = {}
    for event in events:
        kinds.setdefault((event.object_id, event.action), []).append(event.position)
    found: dict[int, str] = {}
    for (object_id, action), positions in kinds.items():
        found |= await records.read(snapshot, snapshot.objects[object_id], action, positions)
    return found
