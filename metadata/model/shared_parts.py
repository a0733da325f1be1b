"""The differences between a model and the one before it, found without a look at their shared parts."""

from collections.abc import Mapping
from itertools import islice
from operator import is_
from typing import TypeVar
from uuid import UUID

from fieldstone.metadata.model.snapshots import Snapshot

T = TypeVar("T")


def find_moved(before: Snapshot, after: Snapshot) -> frozenset[UUID]:
    """Return the objects of `after` that differ in anything: own values, fields, indexes, relations."""
    moved = {id_ for id_, _, _ in find_differing(before.objects, after.objects)}
    for _, old_index, index in find_differing(before.indexes, after.indexes):
        moved |= {one.object_id for one in (index or old_index,) if one}
    for _, old, new in find_differing(before.relations, after.relations):
        moved |= {id_ for one in (new or old,) if one for id_ in (one.source_object_id, one.target_object_id)}
    return frozenset(id_ for id_ in moved if id_ in after.objects)


def find_differing(before: Mapping[UUID, T], after: Mapping[UUID, T]) -> list[tuple[UUID, T | None, T | None]]:
    """Return the values that are not the same instance under an id before and after; None stands for a missing one.

    Where `after` is a copy of `before` with some values in others' places, and more behind them, no id is hashed: a
    UUID's hash is computed each time, and there may be thousands.
    """
    if before is after:
        return []
    if len(before) <= len(after) and all(map(is_, before, after)):
        rows = zip(before, before.values(), after.values(), strict=False)
        changed: list[tuple[UUID, T | None, T | None]] = [(id_, old, new) for id_, old, new in rows if old is not new]
        return changed + [(id_, None, new) for id_, new in islice(after.items(), len(before), None)]
    found = [(id_, one, after.get(id_)) for id_, one in before.items() if after.get(id_) is not one]
    return found + [(id_, None, one) for id_, one in after.items() if id_ not in before]
