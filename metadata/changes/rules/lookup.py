"""What a change is about, found by its id, and put in its place in the next snapshot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Field, Index, Object, Snapshot


def find_object(snapshot: Snapshot, object_id: UUID) -> Object:
    """Return the object, active or not.

    Raises:
        UnknownObject: there is none.
    """
    object_ = snapshot.objects.get(object_id)
    if object_ is None:
        raise UnknownObject(f"there is no object {object_id}", field="id")
    return object_


def find_field(snapshot: Snapshot, field_id: UUID) -> tuple[Object, Field]:
    """Return the field, active or not, with its object.

    Raises:
        UnknownObject: there is none.
    """
    for object_ in snapshot.objects.values():
        if field := object_.by_id.get(field_id):
            return object_, field
    raise UnknownObject(f"there is no field {field_id}", field="id")


def with_object(snapshot: Snapshot, object_: Object) -> Snapshot:
    """Return the snapshot with this object in the place of the one with its id."""
    return replace(snapshot, objects={**snapshot.objects, object_.id: object_})


def with_indexes(snapshot: Snapshot, indexes: Sequence[Index]) -> Mapping[UUID, Index]:
    """Return the indexes of the snapshot and these; where there are none the same mapping, which nobody compares."""
    return {**snapshot.indexes, **{index.id: index for index in indexes}} if indexes else snapshot.indexes


def without_fields(snapshot: Snapshot, fields: Iterable[Field]) -> Snapshot:
    """Return the snapshot without these fields: their columns are retired, the indexes on them go."""
    gone = {field.id: field for field in fields}
    objects = dict(snapshot.objects)
    for owner in {field.object_id for field in gone.values()}:
        object_ = objects[owner]
        retired = {part.column.name for id_, one in gone.items() if id_ in object_.by_id for part in one.parts}
        objects[owner] = replace(
            object_,
            fields=tuple(one for one in object_.fields if one.id not in gone),
            retired_columns=object_.retired_columns | retired,
        )
    indexes = {id_: index for id_, index in snapshot.indexes.items() if gone.keys().isdisjoint(index.field_ids)}
    return replace(snapshot, objects=objects, indexes=indexes)


def check_not_null(values: Iterable[tuple[object, str]]) -> Iterable[InvalidChange]:
    """Yield why null cannot be given for arguments that cannot be without a value."""
    return (
        InvalidChange(f"{argument} must not be null; leave it out to keep it", field=argument)
        for value, argument in values
        if value is None
    )
