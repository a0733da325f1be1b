"""deleteIndex: the end of an index that was made on demand."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.indexes.create_index import CreateIndex, recreate_index
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.changes.rules.indexes.indexed_values import TRIGRAM
from fieldstone.metadata.changes.rules.indexes.key_indexes import is_bare_key, is_key_index, is_superfluous
from fieldstone.metadata.changes.rules.indexes.label_indexes import is_label_index
from fieldstone.metadata.changes.rules.settings import SKIP_LABEL_INDEX
from fieldstone.metadata.changes.rules.system_fields import BY_CREATION
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Index, Snapshot
from fieldstone.sql.frozen import frozen


@frozen
class DeleteIndex(Change):
    """The end of an index that was made on demand."""

    index_id: UUID


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
            f"{index.name} makes {fields[0].name} unique; updateField with isUnique: false removes it",
            field="id",
        )
    if is_label_index(snapshot.objects[index.object_id], index):
        raise InvalidChange(
            f"{index.name} comes with {fields[0].name}; updateField with settings: {{ {SKIP_LABEL_INDEX}: true }}"
            " gives it up",
            field="id",
        )
    if is_kept(snapshot, index):
        raise InvalidChange(f"{index.name} is an index that the engine needs", field="id")
    return Applied(
        snapshot=replace(snapshot, indexes={id_: one for id_, one in snapshot.indexes.items() if id_ != index.id})
    )


def is_kept(snapshot: Snapshot, index: Index) -> bool:
    """Return whether an index stays as long as its fields: it makes one unique, or the engine needs it."""
    object_ = snapshot.objects[index.object_id]
    fields = [object_.by_id[id_] for id_ in index.field_ids]
    if index.is_partial or index.method == TRIGRAM:
        return False
    if is_label_index(object_, index):
        return True
    if is_bare_key(object_, index):
        return not is_superfluous(snapshot, index)
    if len(fields) == 1:
        return index.is_unique or fields[0].type is FieldType.TS_VECTOR
    if index.is_unique:
        return False
    return is_key_index(object_, index) or tuple(field.name for field in fields) == BY_CREATION


def recreate_indexes(before: Snapshot, after: Snapshot) -> Iterator[CreateIndex]:
    """Yield the changes that make the deleted indexes again that do not come with a field of their own."""
    for index in before.indexes.values():
        if index.id not in after.indexes and not is_kept(before, index):
            yield recreate_index(index)


DELETE_INDEX = Kind(
    action="deleteIndex",
    type=DeleteIndex,
    apply=apply_delete_index,
    target="index_id",
    invert=lambda before, change, _after: [recreate_index(before.indexes[change.index_id])],
    mutation=Mutation(
        answer=Subject.INDEX,
        description="Deletes an index; answers with the index as it was.",
        id_shape=Shape.INDEX,
        is_removal=True,
    ),
)
