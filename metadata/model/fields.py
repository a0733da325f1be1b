"""The fields of an object, and their parts: the columns that hold their values."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from functools import lru_cache
from uuid import UUID

from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType, subfields_of
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.operators import EQUALITY, Operator
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType


@frozen
class Option:
    """One value of a SELECT field; `position` orders them."""

    value: str
    label: str
    color: str | None = None
    position: float


class Status(Enum):
    """How far something is that is made beside readers and writers."""

    READY = "READY"
    BUILDING = "BUILDING"
    FAILED = "FAILED"


class Access(Enum):
    """When a client may write a field."""

    READ_WRITE = "read and write"
    CREATE_ONLY = "on create only"
    READ_ONLY = "never"


@frozen
class Part:
    """One column of a field, as the API shows it.

    Attributes:
        name: the sub-field's name in a composite, else None.
        options: the allowed texts in their order, where there are such.
        identifies: whether it is in the key of a field that is unique.
    """

    name: str | None
    description: str
    column: Column
    scalar: Scalar
    operators: tuple[Operator, ...]
    options: tuple[str, ...] | None = None
    identifies: bool = True


@frozen
class Field:
    """A field's metadata.

    Attributes:
        column: the physical name that its columns start with, fixed at creation; "" where it has none.
        former_columns: the names of its column before options went, the latest last: events from then have them.
        relation_id: for a RELATION, the relation that it is one of the two ends of.
        parts: its columns, which follow from its other values.
        status: BUILDING while the rows of a big table are looked through for it.
        backfill: until it is READY, the columns' values for the rows that have none.
        failure: why it is FAILED.
    """

    id: UUID
    object_id: UUID
    name: str
    type: FieldType
    label: str
    description: str | None = None
    icon: str | None = None
    column: str
    is_nullable: bool = True
    is_unique: bool = False
    is_active: bool = True
    is_custom: bool = True
    is_system: bool = False
    default: JsonValue = None
    options: tuple[Option, ...] = ()
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    relation_id: UUID | None = None
    parts: tuple[Part, ...] = field(init=False, compare=False)
    access: Access = Access.READ_WRITE
    status: Status = Status.READY
    backfill: JsonValue = None
    failure: str | None = None
    position: float | None = None
    former_columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        data_type = self.settings.get("dataType")
        parts = _build_parts(self.type, self.column, self.can_be_null, self.options, data_type)
        object.__setattr__(self, "parts", parts)

    @property
    def key_name(self) -> str:
        """The name of the key of a relation in the API."""
        return f"{self.name}Id"

    @property
    def member_name(self) -> str:
        """The name of the value in a record's data: of a relation that of its key."""
        return self.name if self.relation_id is None else self.key_name

    @property
    def can_be_null(self) -> bool:
        """Whether a record may be read that has no value of it."""
        return self.is_nullable or self.status is Status.BUILDING

    @property
    def is_composite(self) -> bool:
        """Whether it has sub-fields."""
        return FIELD_TYPES[self.type].composite is not None

    @property
    def unique_parts(self) -> tuple[Part, ...]:
        """The columns that a unique index on it is of."""
        return tuple(part for part in self.parts if part.identifies)


MORPH_SETTING = "morph"
"""Which morph relation a field is a part of: `{ id name }`."""


def capitalised(name: str) -> str:
    """Return the name with its first letter in upper case; an empty one is checked elsewhere."""
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=4096)
def _build_parts(
    field_type: FieldType, column: str, is_nullable: bool, options: tuple[Option, ...], data_type: str | None
) -> tuple[Part, ...]:
    """Return the columns of a field; a RELATION with a `column` holds its key. Objects share those of system fields."""
    if field_type in RELATIONS:
        if not column:
            return ()
        key = Column(name=column, type=SqlType.UUID, nullable=is_nullable)
        return (Part(name=None, description="", column=key, scalar=UUID_SCALAR, operators=EQUALITY),)
    ordered = sorted(options, key=lambda option: option.position)
    values = tuple(option.value for option in ordered) if FIELD_TYPES[field_type].has_options else None
    return tuple(
        Part(
            name=sub.name,
            description=sub.description,
            column=Column(
                name=column + capitalised(sub.name) if sub.name else column,
                type=sub.scalar.sql_type,
                nullable=is_nullable or place > 0,
            ),
            scalar=sub.scalar,
            operators=sub.operators,
            options=values,
            identifies=sub.identifies,
        )
        for place, sub in enumerate(subfields_of(field_type, data_type))
    )
