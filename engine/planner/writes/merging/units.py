"""The columns of an object that a merge fills: fields, composites and morph relations, each as a unit."""

from collections.abc import Iterator

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Access, Object, Snapshot
from fieldstone.sql.plan.operands import Column


def merged_units(object_: Object) -> Iterator[tuple[Column, ...]]:
    """Yield the columns that have their values from one record: those of a composite, or of a morph relation."""
    morphs = {field.id: group for group in object_.morphs for field in group}
    for field in object_.fields:
        if field.is_system or not field.parts or field.type is FieldType.TS_VECTOR:
            continue
        if field.access is Access.READ_ONLY:
            continue
        group = morphs.get(field.id, (field,))
        if group[0] is field:
            yield tuple(part.column for one in group for part in one.parts)


def own_keys(snapshot: Snapshot, object_: Object) -> Iterator[Column]:
    """Yield the columns that hold keys of records of the same object."""
    for relation in snapshot.relations.values():
        if relation.source_object_id == relation.target_object_id == object_.id:
            yield object_.by_id[relation.source_field_id].parts[0].column
