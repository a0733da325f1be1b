"""The inverse of a change: changes that bring the model back to its state before, without the values that are gone."""

from collections.abc import Callable, Mapping
from uuid import UUID

from fieldstone.metadata.changes.kinds.delete_field import DeleteField
from fieldstone.metadata.changes.kinds.delete_object import DeleteObject
from fieldstone.metadata.changes.kinds.indexes.delete_index import DeleteIndex
from fieldstone.metadata.changes.kinds.kind import Subject
from fieldstone.metadata.changes.kinds.roles.delete_role import DeleteRole
from fieldstone.metadata.changes.kinds.table import kind_of
from fieldstone.metadata.changes.types import Change
from fieldstone.metadata.model import Snapshot

_DELETIONS: Mapping[Subject, Callable[[UUID], Change]] = {
    Subject.OBJECT: lambda id_: DeleteObject(object_id=id_),
    Subject.FIELD: lambda id_: DeleteField(field_id=id_),
    Subject.INDEX: lambda id_: DeleteIndex(index_id=id_),
    Subject.ROLE: lambda id_: DeleteRole(role_id=id_),
}


def invert(before: Snapshot, change: Change, after: Snapshot) -> list[Change]:
    """Return the changes that undo a change, in their order."""
    kind = kind_of(change)
    deletions = [_DELETIONS[subject](id_) for subject, id_ in kind.makes(change)]
    return deletions or list(kind.invert(before, change, after))
