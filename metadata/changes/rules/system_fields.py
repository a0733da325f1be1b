"""The fields and indexes that every object starts with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from fieldstone.metadata.changes.members import FIELD, shown_values
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_ids
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Access, Field, Index, build_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _SystemField:
    name: str
    type: FieldType
    label: str
    description: str
    icon: str
    is_nullable: bool = True
    is_unique: bool = False
    is_system: bool = True
    default: JsonValue = None
    access: Access = Access.READ_WRITE


_NAME = "name"

BY_CREATION = ("createdAt", "id")
"""The fields of the index for the commonest order."""

_SYSTEM_INDEXES = 2

_SYSTEM_FIELDS = (
    _SystemField(
        name="id",
        type=FieldType.UUID,
        label="Id",
        description="The record's id, a UUID of version 7 unless the client gave one.",
        icon="key",
        is_nullable=False,
        is_unique=True,
        default="uuid",
        access=Access.CREATE_ONLY,
    ),
    _SystemField(
        name=_NAME, type=FieldType.TEXT, label="Name", description="The record's name.", icon="tag", is_system=False
    ),
    _SystemField(
        name="createdAt",
        type=FieldType.DATE_TIME,
        label="Created at",
        description="When the record was created.",
        icon="calendar",
        is_nullable=False,
        default="now",
        access=Access.CREATE_ONLY,
    ),
    _SystemField(
        name="updatedAt",
        type=FieldType.DATE_TIME,
        label="Updated at",
        description="When the record was last changed.",
        icon="calendar-clock",
        is_nullable=False,
        default="now",
        access=Access.READ_ONLY,
    ),
    _SystemField(
        name="deletedAt",
        type=FieldType.DATE_TIME,
        label="Deleted at",
        description="When the record was deleted; it can be restored.",
        icon="calendar-x",
        access=Access.READ_ONLY,
    ),
    _SystemField(
        name="createdBy",
        type=FieldType.ACTOR,
        label="Created by",
        description="The record's author, and the means.",
        icon="user",
        access=Access.CREATE_ONLY,
    ),
    _SystemField(
        name="position",
        type=FieldType.POSITION,
        label="Position",
        description="The record's place in a hand-made order.",
        icon="arrows-sort",
        is_nullable=False,
        default=0,
    ),
)


def new_field_ids() -> tuple[UUID, ...]:
    """Return the ids of the fields of a new object."""
    return new_ids(len(_SYSTEM_FIELDS))


def new_index_ids() -> tuple[UUID, ...]:
    """Return the ids of the indexes of a new object."""
    return new_ids(_SYSTEM_INDEXES)


def build_system_fields(object_id: UUID, ids: tuple[UUID, ...], *, skip_name: bool) -> Iterator[Field]:
    """Yield the fields of a new object; `ids` holds one for each, used or not."""
    for spec, id_ in zip(_SYSTEM_FIELDS, ids, strict=True):
        if skip_name and spec.name == _NAME:
            continue
        yield Field(
            id=id_,
            object_id=object_id,
            name=spec.name,
            type=spec.type,
            **shown_values(FIELD, spec),
            column=spec.name,
            is_nullable=spec.is_nullable,
            is_unique=spec.is_unique,
            is_custom=False,
            is_system=spec.is_system,
            default=spec.default,
            access=spec.access,
            parts=build_parts(
                field_type=spec.type, column=spec.name, is_nullable=spec.is_nullable, options=(), data_type=None
            ),
        )


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
    primary, by_creation = ids
    return (
        Index(
            id=primary,
            object_id=object_id,
            name=index_name(table, (), "pkey"),
            field_ids=(by_name["id"],),
            is_unique=True,
        ),
        Index(
            id=by_creation,
            object_id=object_id,
            name=index_name(table, BY_CREATION, "idx"),
            field_ids=tuple(by_name[name] for name in BY_CREATION),
        ),
    )
