"""A relation as one of its ends sees it."""

from fieldstone.metadata.model.fields import Field, Part
from fieldstone.metadata.model.objects import Object
from fieldstone.metadata.model.relations import Relation
from fieldstone.metadata.model.snapshots import Snapshot
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column


@frozen
class RelationEnd:
    """A relation as one of its ends sees it.

    Attributes:
        to_one: whether there is at most one live record at the other end.
        holds_key: whether the key is in this end's object; else it is in the target.
        target: the object at the other end, `target_field` its field for this relation.
        foreign_key: the part that holds the key.
        near, far: the columns of this end's object and of the target that are equal where two records are related.
    """

    relation: Relation
    to_one: bool
    holds_key: bool
    target: Object
    target_field: Field
    foreign_key: Part
    near: Column
    far: Column


def relation_end(snapshot: Snapshot, end: Field) -> RelationEnd | None:
    """Return the relation that a RELATION field is an end of; None if the other end is not active or readable.

    The records that point to one are told by the field that holds their key: without it, the inverse is hidden as well.
    """
    if end.relation_id is None:
        return None
    relation = snapshot.relations[end.relation_id]
    holds_key = end.id == relation.source_field_id
    target = snapshot.objects[relation.target_object_id if holds_key else relation.source_object_id]
    target_field = target.by_id[relation.target_field_id if holds_key else relation.source_field_id]
    if not (target.is_active and target_field.is_active and target.rights.read):
        return None
    if not holds_key and target.access is not None:
        # Records are linked by a key that the role may not read, or reads in some of them only.
        shown = target.by_name.get(target_field.name)
        if shown is None:
            return None
        target_field = shown
    source = end if holds_key else target_field
    foreign_key = source.parts[0]
    return RelationEnd(
        relation=relation,
        to_one=holds_key or source.is_unique,
        holds_key=holds_key,
        target=target,
        target_field=target_field,
        foreign_key=foreign_key,
        near=foreign_key.column if holds_key else snapshot.objects[end.object_id].key,
        far=target.key if holds_key else foreign_key.column,
    )
