"""The subject of a change found by its id, and put in its place in the next snapshot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Field, Index, Object, Relation, Snapshot


def find_object(snapshot: Snapshot, object_id: UUID, argument: str = "id") -> Object:
    """Return the object, active or not.

    Raises:
        UnknownObject: there is none.
    """
    object_ = snapshot.objects.get(object_id)
    if object_ is None:
        raise UnknownObject(f"there is no object {object_id}", field=argument)
    return object_


def find_target(snapshot: Snapshot, object_id: UUID) -> Object:
    """Return the active object that a new relation leads to.

    Raises:
        InvalidChange: it is hidden.
        UnknownObject: there is none.
    """
    target = find_object(snapshot, object_id, "targetObjectMetadataId")
    if not target.is_active:
        raise InvalidChange(
            f"{target.name_singular} is hidden, and no relation can lead to it; updateObject with isActive: true"
            " shows it again",
            field="targetObjectMetadataId",
        )
    return target


def find_field(snapshot: Snapshot, field_id: UUID) -> tuple[Object, Field]:
    """Return the field, active or not, with its object.

    Raises:
        UnknownObject: there is none.
    """
    for object_ in snapshot.objects.values():
        if field := object_.by_id.get(field_id):
            return object_, field
    raise UnknownObject(f"there is no field {field_id}", field="id")


def with_field(snapshot: Snapshot, field: Field) -> Snapshot:
    """Return the snapshot with this field in the place of the one with its id."""
    object_ = snapshot.objects[field.object_id]
    fields = tuple(field if one.id == field.id else one for one in object_.fields)
    return with_object(snapshot, replace(object_, fields=fields))


def with_new_field(snapshot: Snapshot, field: Field) -> Snapshot:
    """Return the snapshot with this field behind the others of its object."""
    object_ = snapshot.objects[field.object_id]
    return with_object(snapshot, replace(object_, fields=(*object_.fields, field)))


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


def without_relations(snapshot: Snapshot, relations: Iterable[Relation]) -> Snapshot:
    """Return the snapshot without these relations and both ends of each."""
    relations = tuple(relations)
    ends = [end for relation in relations for _, end in relation_ends(snapshot, relation)]
    gone = {relation.id for relation in relations}
    return replace(
        without_fields(snapshot, ends),
        relations={id_: relation for id_, relation in snapshot.relations.items() if id_ not in gone},
    )


def relation_ends(snapshot: Snapshot, relation: Relation) -> Iterator[tuple[Object, Field]]:
    """Yield the two fields of a relation, each with its object: the key's end first."""
    for object_id, field_id in (
        (relation.source_object_id, relation.source_field_id),
        (relation.target_object_id, relation.target_field_id),
    ):
        object_ = snapshot.objects[object_id]
        yield object_, object_.by_id[field_id]
