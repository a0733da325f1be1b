"""The fields and indexes that every object starts with."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from fieldstone.metadata.changes.rules.names import index_name, labelled
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_ids
from fieldstone.metadata.model import Access, Field, Index

_NAME = "name"

BY_CREATION = ("createdAt", "id")
"""The fields of the index for the commonest order."""

_SYSTEM_INDEXES = 2


def _row(name: str, type_: FieldType, description: str, icon: str, **more: Any) -> Mapping[str, Any]:
    return labelled(name, type_, description, icon, **{"is_system": True, "column": name, **more})


# One row a field.
# fmt: off
_SYSTEM_FIELDS = (
    _row("id", FieldType.UUID, "The record's id, a UUID of version 7 unless the client gave one.", "key",
        is_nullable=False, is_unique=True, default="uuid", access=Access.CREATE_ONLY),
    _row(_NAME, FieldType.TEXT, "The record's name.", "tag", is_system=False),
    _row("createdAt", FieldType.DATE_TIME, "When the record was created.", "calendar",
        is_nullable=False, default="now", access=Access.CREATE_ONLY),
    _row("updatedAt", FieldType.DATE_TIME, "When the record was last changed.", "calendar-clock",
        is_nullable=False, default="now", access=Access.READ_ONLY),
    _row("deletedAt", FieldType.DATE_TIME, "When the record was deleted; it can be restored.", "calendar-x",
        access=Access.READ_ONLY),
    _row("createdBy", FieldType.ACTOR, "The record's author, and the means.", "user", access=Access.CREATE_ONLY),
    _row("position", FieldType.POSITION, "The record's place in a hand-made order.", "arrows-sort",
        is_nullable=False, default=0),
)
# fmt: on


def new_field_ids() -> tuple[UUID, ...]:
    """Return the ids of the fields of a new object."""
    return new_ids(len(_SYSTEM_FIELDS))


def new_index_ids() -> tuple[UUID, ...]:
    """Return the ids of the indexes of a new object."""
    return new_ids(_SYSTEM_INDEXES)


def build_system_fields(object_id: UUID, ids: tuple[UUID, ...], *, skip_name: bool) -> Iterator[Field]:
    """Yield the fields of a new object; `ids` holds one for each, used or not."""
    for values, id_ in zip(_SYSTEM_FIELDS, ids, strict=True):
        if not (skip_name and values["name"] == _NAME):
            yield Field(id=id_, object_id=object_id, is_custom=False, **values)


@cache
def usual_fields() -> Mapping[str, Field]:
    """Return the fields of an object that nobody has changed, by name; their ids mean nothing."""
    ids = tuple(UUID(int=place) for place in range(len(_SYSTEM_FIELDS)))
    return {field.name: field for field in build_system_fields(UUID(int=0), ids, skip_name=False)}


def build_system_indexes(
    object_id: UUID, table: str, fields: tuple[Field, ...], ids: tuple[UUID, ...]
) -> tuple[Index, ...]:
    """Return the primary key, and the index for the commonest order: by creation, the id where times are equal."""
    by_name = {field.name: field.id for field in fields}
    primary = Index(
        id=ids[0], object_id=object_id, name=index_name(table, (), "pkey"), field_ids=(by_name["id"],), is_unique=True
    )
    ordered = tuple(by_name[name] for name in BY_CREATION)
    by_creation = Index(id=ids[1], object_id=object_id, name=index_name(table, BY_CREATION, "idx"), field_ids=ordered)
    return primary, by_creation
