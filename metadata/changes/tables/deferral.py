"""The work on big tables that a change leaves for after its commit, so that no client waits while rows are read."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.difference import Difference
from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.changes.row_work import FillValues
from fieldstone.metadata.changes.rules.lookup import with_field
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.model import Field, Snapshot, Status


def find_slow(before: Snapshot, difference: Difference) -> frozenset[UUID]:
    """Return the objects of the model before of which each row is read: for an index, a key, a NOT NULL."""
    found = {index.object_id for index in difference.new_indexes}
    found |= {relation.source_object_id for relation in difference.new_relations}
    found |= {field.object_id for field in _newly_required(difference)}
    return frozenset(found & before.objects.keys())


def defer(applied: Applied, difference: Difference, big: frozenset[UUID]) -> Applied:
    """Return the change with its later work marked as such: the fields and indexes of big tables are BUILDING.

    Args:
        applied: the change.
        difference: its difference from the model before.
        big: the objects whose tables are big.
    """
    if not big:
        return applied
    snapshot = applied.snapshot
    keys = [
        snapshot.objects[relation.source_object_id].by_id[relation.source_field_id]
        for relation in difference.new_relations
        if relation.source_object_id in big
    ]
    required = [field for field in _newly_required(difference) if field.object_id in big]
    fills = {
        work.field.id: [*work.values]
        for work in applied.work
        if isinstance(work, FillValues) and work.field.object_id in big
    }
    marked = [replace(field, status=Status.BUILDING, backfill=fills.get(field.id)) for field in (*keys, *required)]
    indexes = {
        index.id: replace(index, status=Status.BUILDING) for index in difference.new_indexes if index.object_id in big
    }
    for field in marked:
        snapshot = with_field(snapshot, field)
    return Applied(
        snapshot=replace(snapshot, indexes={**snapshot.indexes, **indexes}),
        work=tuple(work for work in applied.work if not (isinstance(work, FillValues) and work.field.id in fills)),
    )


def _newly_required(difference: Difference) -> Iterator[Field]:
    return (one.after for one in difference.fields if is_required(one.after) and not is_required(one.before))
