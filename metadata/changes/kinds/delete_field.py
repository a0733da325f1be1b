"""deleteField: the end of a field with its columns, of a relation both of its ends."""

from uuid import UUID

from fieldstone.metadata.changes.kinds.indexes.delete_index import recreate_indexes
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.kinds.recreation import recreate_field
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.changes.rules.lookup import find_field, relation_ends, without_fields, without_relations
from fieldstone.metadata.changes.rules.search import vectors_over
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.sql.frozen import frozen


@frozen
class DeleteField(Change):
    """The end of a field: its columns, or for a RELATION both of its ends."""

    field_id: UUID


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
    for owner, end in relation_ends(snapshot, relation):
        _check_deletable(owner, end)
    return Applied(snapshot=without_relations(snapshot, [relation]))


def _check_deletable(object_: Object, field: Field) -> None:
    if field.is_system:
        raise InvalidChange(f"{field.name} is a system field, which every object has", field="id")
    if not (field.is_custom or object_.is_custom):
        raise InvalidChange(
            f"{field.name} is a standard field of {object_.name_singular}, which cannot be deleted; updateField with"
            " isActive: false hides it",
            field="id",
        )


def _invert(before: Snapshot, change: DeleteField, after: Snapshot) -> list[Change]:
    _, field = find_field(before, change.field_id)
    return [*recreate_field(before, field), *recreate_indexes(before, after)]


DELETE_FIELD = Kind(
    action="deleteField",
    type=DeleteField,
    apply=apply_delete_field,
    target="field_id",
    invert=_invert,
    mutation=Mutation(
        answer=Subject.FIELD,
        description="Deletes a field with its values, of a RELATION both ends; answers with the field as it was.",
        id_shape=Shape.FIELD,
        is_removal=True,
    ),
)
