"""The difference between two snapshots of a workspace."""

from collections.abc import Iterable, Iterator
from typing import TypeVar
from uuid import UUID

from fieldstone.metadata.changes.members import OBJECT, kept_values
from fieldstone.metadata.model import Field, Index, Object, Relation, Snapshot
from fieldstone.metadata.model.shared_parts import find_differing
from fieldstone.metadata.roles.role import Role
from fieldstone.sql.frozen import frozen

T = TypeVar("T")


@frozen
class Changed:
    """A field as it was and as it is, with its object as that is."""

    object_: Object
    before: Field
    after: Field


@frozen
class Difference:
    """The new, the changed and the removed parts of a snapshot; the new ones in the order of creation.

    Attributes:
        pairs: all objects that are not the same instances, each as it was and as it is; None where it was or is not.
        new_fields: those of objects that were there before.
        objects: those whose own values differ, as they are; not those of which only a field differs.
        objects_before: the same as they were.
        roles: those that differ, as they are; `roles_before` the same as they were.
        removed_fields: with their objects as they were; not those of removed objects.
    """

    pairs: tuple[tuple[Object | None, Object | None], ...]
    new_objects: tuple[Object, ...]
    new_fields: tuple[Field, ...]
    new_relations: tuple[Relation, ...]
    new_indexes: tuple[Index, ...]
    objects: tuple[Object, ...]
    objects_before: tuple[Object, ...]
    removed_objects: tuple[Object, ...]
    fields: tuple[Changed, ...]
    removed_fields: tuple[tuple[Object, Field], ...]
    relations: tuple[Relation, ...]
    removed_relations: tuple[Relation, ...]
    indexes: tuple[Index, ...]
    removed_indexes: tuple[Index, ...]
    new_roles: tuple[Role, ...]
    roles: tuple[Role, ...]
    roles_before: tuple[Role, ...]
    removed_roles: tuple[Role, ...]

    @property
    def all_new_fields(self) -> tuple[Field, ...]:
        """The new fields, those of new objects too."""
        return (*self.new_fields, *(field for object_ in self.new_objects for field in object_.fields))


def compare(before: Snapshot, after: Snapshot) -> Difference:
    """Return the difference of `after` from `before`, at the cost of the objects that are not the same instances."""
    objects = find_differing(before.objects, after.objects)
    relations = find_differing(before.relations, after.relations)
    indexes = find_differing(before.indexes, after.indexes)
    roles = find_differing(before.roles, after.roles)
    changed_roles = [(old, new) for old, new in _both(roles) if old != new]
    touched = list(_both(objects))
    changed = [(old, new) for old, new in touched if kept_values(OBJECT, old) != kept_values(OBJECT, new)]
    return Difference(
        pairs=tuple((old, new) for _, old, new in objects),
        new_objects=tuple(_new(objects)),
        new_fields=tuple(field for old, new in touched for field in new.fields if field.id not in old.by_id),
        new_relations=tuple(_new(relations)),
        new_indexes=tuple(_new(indexes)),
        objects=tuple(new for _, new in changed),
        objects_before=tuple(old for old, _ in changed),
        removed_objects=tuple(_removed(objects)),
        fields=tuple(
            Changed(object_=new, before=old.by_id[field.id], after=field)
            for old, new in touched
            for field in new.fields
            if field.id in old.by_id and old.by_id[field.id] != field
        ),
        removed_fields=tuple((old, field) for old, new in touched for field in old.fields if field.id not in new.by_id),
        relations=tuple(new for old, new in _both(relations) if old != new),
        removed_relations=tuple(_removed(relations)),
        indexes=tuple(new for old, new in _both(indexes) if old != new),
        removed_indexes=tuple(_removed(indexes)),
        new_roles=tuple(_new(roles)),
        roles=tuple(new for _, new in changed_roles),
        roles_before=tuple(old for old, _ in changed_roles),
        removed_roles=tuple(_removed(roles)),
    )


def _new(differing: Iterable[tuple[UUID, T | None, T | None]]) -> Iterator[T]:
    return (new for _, old, new in differing if old is None and new is not None)


def _removed(differing: Iterable[tuple[UUID, T | None, T | None]]) -> Iterator[T]:
    return (old for _, old, new in differing if old is not None and new is None)


def _both(differing: Iterable[tuple[UUID, T | None, T | None]]) -> Iterator[tuple[T, T]]:
    return ((old, new) for _, old, new in differing if old is not None and new is not None)
