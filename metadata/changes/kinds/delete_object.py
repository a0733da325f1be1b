"""deleteObject: the end of an object with its table and its relations."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.indexes.delete_index import recreate_indexes
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.kinds.recreation import recreate_object
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.changes.rules.lookup import find_object, without_relations
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen


@frozen
class DeleteObject(Change):
    """The end of an object: its table, and every relation that begins or ends there."""

    object_id: UUID


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
    after = without_relations(snapshot, relations)
    return Applied(
        snapshot=replace(
            after,
            objects={id_: other for id_, other in after.objects.items() if id_ != object_.id},
            indexes={id_: index for id_, index in after.indexes.items() if index.object_id != object_.id},
            retired_tables=after.retired_tables | {object_.table.name},
        )
    )


def _invert(before: Snapshot, change: DeleteObject, after: Snapshot) -> list[Change]:
    object_ = find_object(before, change.object_id)
    return [*recreate_object(before, object_), *recreate_indexes(before, after)]


DELETE_OBJECT = Kind(
    action="deleteObject",
    type=DeleteObject,
    apply=apply_delete_object,
    target="object_id",
    invert=_invert,
    mutation=Mutation(
        answer=Subject.OBJECT,
        description="Deletes an object with its records, and every relation to it; answers with the object as it was.",
        id_shape=Shape.OBJECT,
        is_removal=True,
    ),
)
