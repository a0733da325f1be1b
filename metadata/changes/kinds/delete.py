"""What deleting an object, a field or an index does to a snapshot."""

from collections.abc import Iterator
from dataclasses import replace

from fieldstone.metadata.changes.kinds.create_index import TRIGRAM
from fieldstone.metadata.changes.rules.lookup import find_field, find_object, without_fields
from fieldstone.metadata.changes.rules.search import vectors_over
from fieldstone.metadata.changes.rules.system_fields import BY_CREATION
from fieldstone.metadata.changes.types import Applied, DeleteField, DeleteIndex, DeleteObject
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Index, Object, Relation, Snapshot


def apply_delete_object(snapshot: Snapshot, change: DeleteObject) -> Applied:
    """Return the snapshot without an object, and without the relations that begin or end there.

    Raises:
        InvalidChange: it is a standard object, or one that the engine needs.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change.object_id)
    if object_.is_system or not object_.is_custom:
        kind = "system" if object_.is_system else "standard"
        raise InvalidChange(
            f"{object_.name_singular} is a {kind} object, which cannot be deleted; updateObject with isActive: false"
            " hides it",
            field="id",
        )
    relations = [
        relation
        for relation in snapshot.relations.values()
        if object_.id in {relation.source_object_id, relation.target_object_id}
    ]
    after = _without_relations(snapshot, relations)
    return Applied(
        snapshot=replace(
            after,
            objects={id_: other for id_, other in after.objects.items() if id_ != object_.id},
            indexes={id_: index for id_, index in after.indexes.items() if index.object_id != object_.id},
            retired_tables=after.retired_tables | {object_.table.name},
        )
    )


def apply_delete_field(snapshot: Snapshot, change: DeleteField) -> Applied:
    """Return the snapshot without a field; of a relation, without both of its ends.

    Raises:
        InvalidChange: it is a standard field, or one that the engine needs.
        UnknownObject: there is no such field.
    """
    object_, field = find_field(snapshot, change.field_id)
    _check_deletable(object_, field)
    if vectors := vectors_over(object_, field):
        names = ", ".join(vector.name for vector in vectors)
        raise InvalidChange(f"{names} is computed from {field.name}; delete that field first", field="id")
    if field.relation_id is None:
        return Applied(snapshot=without_fields(snapshot, (field,)))
    relation = snapshot.relations[field.relation_id]
    for owner, end in _ends(snapshot, relation):
        _check_deletable(owner, end)
    return Applied(snapshot=_without_relations(snapshot, [relation]))


def apply_delete_index(snapshot: Snapshot, change: DeleteIndex) -> Applied:
    """Return the snapshot without an index.

    Raises:
        InvalidChange: it is the one that makes a field unique, or that the engine needs.
        UnknownObject: there is no such index.
    """
    index = snapshot.indexes.get(change.index_id)
    if index is None:
        raise UnknownObject(f"there is no index {change.index_id}", field="id")
    fields = [snapshot.objects[index.object_id].by_id[id_] for id_ in index.field_ids]
    if index.is_unique and len(fields) == 1 and fields[0].is_unique:
        raise InvalidChange(
            f"{index.name} is what makes {fields[0].name} unique; updateField with isUnique: false removes it",
            field="id",
        )
    if is_kept(snapshot, index):
        raise InvalidChange(f"{index.name} is an index that the engine needs", field="id")
    return Applied(
        snapshot=replace(snapshot, indexes={id_: one for id_, one in snapshot.indexes.items() if id_ != index.id})
    )


def is_kept(snapshot: Snapshot, index: Index) -> bool:
    """Tell whether an index is there for as long as its fields are: it makes one unique, or the engine needs it."""
    fields = [snapshot.objects[index.object_id].by_id[id_] for id_ in index.field_ids]
    if index.is_partial or index.method == TRIGRAM:
        return False
    if len(fields) == 1:
        return index.is_unique or fields[0].relation_id is not None or fields[0].type is FieldType.TS_VECTOR
    return not index.is_unique and tuple(field.name for field in fields) == BY_CREATION


def _check_deletable(object_: Object, field: Field) -> None:
    if field.is_system:
        raise InvalidChange(f"{field.name} is a system field, which every object has", field="id")
    if not (field.is_custom or object_.is_custom):
        raise InvalidChange(
            f"{field.name} is a standard field of {object_.name_singular}, which cannot be deleted; updateField with"
            " isActive: false hides it",
            field="id",
        )


def _without_relations(snapshot: Snapshot, relations: list[Relation]) -> Snapshot:
    ends = [end for relation in relations for _, end in _ends(snapshot, relation)]
    gone = {relation.id for relation in relations}
    return replace(
        without_fields(snapshot, ends),
        relations={id_: relation for id_, relation in snapshot.relations.items() if id_ not in gone},
    )


def _ends(snapshot: Snapshot, relation: Relation) -> Iterator[tuple[Object, Field]]:
    for object_id, field_id in (
        (relation.source_object_id, relation.source_field_id),
        (relation.target_object_id, relation.target_field_id),
    ):
        object_ = snapshot.objects[object_id]
        yield object_, object_.by_id[field_id]
