"""Which objects a change has moved, so that another process knows what to load again."""

from collections.abc import Iterator, Mapping
from typing import TypeVar
from uuid import UUID

from metadata.model import Snapshot

T = TypeVar("T")


def find_moved(before: Snapshot, after: Snapshot) -> frozenset[UUID]:
    """Return the objects of `after` of which anything differs: own values, fields, indexes, relations."""
    moved = {thing.id for thing in _differing(before.objects, after.objects)}
    moved |= {index.object_id for index in _differing(before.indexes, after.indexes)}
    for relation in _differing(before.relations, after.relations):
        moved |= {relation.source_object_id, relation.target_object_id}
    return frozenset(moved & after.objects.keys())


def _differing(before: Mapping[UUID, T], after: Mapping[UUID, T]) -> Iterator[T]:
    """Yield what is new, gone, or another instance."""
    yield from (one for id_, one in after.items() if before.get(id_) is not one)
    yield from (one for id_, one in before.items() if id_ not in after)
