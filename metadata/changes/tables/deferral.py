"""The work on big tables that a change leaves for after its commit, so that no client waits while rows are read."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.difference import Difference
from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.changes.row_work import FillValues
from fieldstone.metadata.changes.rules.lookup import with_object
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.model import Field, Snapshot, Status, with_parts


def find_slow(before: Snapshot, applied: Applied, difference: Difference) -> frozenset[UUID]:
    """Return the objects of the model before of which each row is read: for an index, a key, a NOT NULL."""
    found = {index.object_id for index in applied.indexes}
    found |= {relation.source_object_id for relation in applied.relations}
    found |= {field.object_id for field in _newly_required(difference)}
    return frozenset(found & before.objects.keys())


def defer(applied: Applied, difference: Difference, big: frozenset[UUID]) -> tuple[Applied, Applied]:
    """Return the change with its later work marked as such, and the part of it that is made at once.

    Args:
        applied: the change.
        difference: its difference from the model before.
        big: the objects whose tables are big.
    """
    if not big:
        return applied, applied
    snapshot = applied.snapshot
    keys = [
        snapshot.objects[relation.source_object_id].by_id[relation.source_field_id]
        for relation in applied.relations
        if relation.source_object_id in big
    ]
    required = [field for field in _newly_required(difference) if field.object_id in big]
    fills = {
        work.field.id: work.cells
        for work in applied.work
        if isinstance(work, FillValues) and work.field.object_id in big
    }
    marked = {
        field.id: with_parts(replace(field, status=Status.BUILDING, backfill=_cells(fills.get(field.id))))
        for field in (*keys, *required)
    }
    indexes = {index.id: replace(index, status=Status.BUILDING) for index in applied.indexes if index.object_id in big}
    marked_fields = _with_fields(snapshot, marked.values())
    left = replace(
        applied,
        snapshot=replace(marked_fields, indexes={**snapshot.indexes, **indexes}),
        fields=tuple(marked.get(field.id, field) for field in applied.fields),
        indexes=tuple(indexes.get(index.id, index) for index in applied.indexes),
        work=tuple(work for work in applied.work if not (isinstance(work, FillValues) and work.field.id in fills)),
    )
    return left, replace(left, indexes=tuple(index for index in left.indexes if index.id not in indexes))


def _cells(cells: tuple[object, ...] | None) -> list[object] | None:
    return None if cells is None else list(cells)


def _newly_required(difference: Difference) -> Iterator[Field]:
    return (one.after for one in difference.fields if is_required(one.after) and not is_required(one.before))


def _with_fields(snapshot: Snapshot, fields: Iterable[Field]) -> Snapshot:
    for field in fields:
        object_ = snapshot.objects[field.object_id]
        others = tuple(field if one.id == field.id else one for one in object_.fields)
        snapshot = with_object(snapshot, replace(object_, fields=others))
    return snapshot
