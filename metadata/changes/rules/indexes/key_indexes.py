"""The indexes on relations' keys: each relation brings one that serves for the live records and for all."""

from dataclasses import replace
from uuid import uuid5

from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE
from fieldstone.metadata.changes.rules.indexes.label_indexes import name_index
from fieldstone.metadata.model import Index, Object, Snapshot, Status


def is_key_index(object_: Object, index: Index) -> bool:
    """Return whether an index finds the records that a key leads from, the live ones without looking at them."""
    fields = [object_.by_id[id_] for id_ in index.field_ids]
    return _is_plain(index) and fields[0].relation_id is not None and [one.name for one in fields[1:]] == ["deletedAt"]


def is_bare_key(object_: Object, index: Index) -> bool:
    """Return whether an index is on a relation's key alone: counts of live records must then look at each of them."""
    is_alone = _is_plain(index) and len(index.field_ids) == 1
    return is_alone and object_.by_id[index.field_ids[0]].relation_id is not None


def find_key_index(snapshot: Snapshot, bare: Index) -> Index | None:
    """Return the key index that serves in the place of an index on the key alone."""
    object_ = snapshot.objects[bare.object_id]
    known = snapshot.indexes_of.get(object_.id, ())
    return next((one for one in known if is_key_index(object_, one) and one.field_ids[:1] == bare.field_ids), None)


def is_superfluous(snapshot: Snapshot, index: Index) -> bool:
    """Return whether an index is on a key alone though the relation has brought a key index, no successor of it."""
    object_ = snapshot.objects[index.object_id]
    if not is_bare_key(object_, index):
        return False
    key_index = find_key_index(snapshot, index)
    return key_index is not None and key_index.id != key_successor(object_, index).id


def key_successor(object_: Object, bare: Index) -> Index:
    """Return the key index that takes the place of an index on the key alone."""
    fields = (*bare.field_ids, object_.by_name["deletedAt"].id)
    id_ = uuid5(bare.id, "live records")
    return name_index(object_, replace(bare, id=id_, field_ids=fields, status=Status.READY, failure=None))


def _is_plain(index: Index) -> bool:
    return index.method == BTREE and not (index.is_unique or index.is_partial)
