"""What differs between two snapshots of a workspace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from metadata.model import Field, Index, Object, Relation, Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A field as it was and as it is, both with their objects."""

    thing_before: Object
    thing: Object
    before: Field
    after: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one snapshot has that the other has not, or has otherwise.

    Attributes:
        objects: those whose own values differ, as they are; not those of which only a field differs.
        objects_before: the same as they were.
        removed_fields: with their objects as they were; not those of removed objects.
    """

    objects: tuple[Object, ...]
    objects_before: tuple[Object, ...]
    removed_objects: tuple[Object, ...]
    fields: tuple[Changed, ...]
    removed_fields: tuple[tuple[Object, Field], ...]
    relations: tuple[Relation, ...]
    removed_relations: tuple[Relation, ...]
    indexes: tuple[Index, ...]
    removed_indexes: tuple[Index, ...]


def compare(before: Snapshot, after: Snapshot) -> Difference:
    """Return what became of what `before` has; the cost is that of the objects that are not the same instances."""
    pairs = [(thing, after.objects[id_]) for id_, thing in before.objects.items() if id_ in after.objects]
    touched = [(old, new) for old, new in pairs if old is not new]
    changed = [(old, new) for old, new in touched if _own_values(old) != _own_values(new)]
    return Difference(
        objects=tuple(new for _, new in changed),
        objects_before=tuple(old for old, _ in changed),
        removed_objects=tuple(_removed(before.objects, after.objects)),
        fields=tuple(
            Changed(thing_before=old, thing=new, before=old.by_id[field.id], after=field)
            for old, new in touched
            for field in new.fields
            if field.id in old.by_id and old.by_id[field.id] != field
        ),
        removed_fields=tuple((old, field) for old, new in touched for field in old.fields if field.id not in new.by_id),
        relations=tuple(_changed(before.relations, after.relations)),
        removed_relations=tuple(_removed(before.relations, after.relations)),
        indexes=tuple(_changed(before.indexes, after.indexes)),
        removed_indexes=tuple(_removed(before.indexes, after.indexes)),
    )


def _own_values(thing: Object) -> tuple[object, ...]:
    texts = (thing.name_singular, thing.name_plural, thing.label_singular, thing.label_plural)
    return (*texts, thing.description, thing.icon, thing.is_active)


def _removed(before: Mapping[UUID, T], after: Mapping[UUID, T]) -> Iterator[T]:
    return (one for id_, one in before.items() if id_ not in after)


def _changed(before: Mapping[UUID, T], after: Mapping[UUID, T]) -> Iterator[T]:
    return (after[id_] for id_, one in before.items() if id_ in after and after[id_] != one)
