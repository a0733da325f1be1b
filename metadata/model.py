"""The model of one workspace, immutable: objects, fields, relations, indexes and the snapshot that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from uuid import UUID

from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType, subfields_of
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.operators import EQUALITY, Operator
from fieldstone.metadata.roles.role import Role
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.plan.elements import Column, Table
from fieldstone.sql.text_order import VERSION as TEXT_ORDER
from fieldstone.sql.types import SqlType

_SNAPSHOT_BYTES, _OBJECT_BYTES, _FIELD_BYTES, _OPTION_BYTES = 3_000, 2_000, 900, 150
_RELATION_BYTES, _INDEX_BYTES = 500, 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A tenant: its records live in the PostgreSQL schema `schema`."""

    id: UUID
    name: str
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field's metadata.

    Attributes:
        column: the physical name that its columns start with, fixed at creation; "" where it has none.
        relation_id: for a RELATION, the relation that it is one of the two ends of.
        parts: its columns, which follow from its other values.
        status: BUILDING while the rows of a big table are looked through for it.
        backfill: until it is READY, the cells for the rows that have none.
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

    def __post_init__(self) -> None:
        data_type = self.settings.get("dataType")
        parts = _build_parts(self.type, self.column, self.can_be_null, self.options, data_type)
        object.__setattr__(self, "parts", parts)

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


class OnDelete(Enum):
    """The effect of destroying the target on the records that point to it."""

    SET_NULL = "SET_NULL"
    CASCADE = "CASCADE"
    RESTRICT = "RESTRICT"


class RelationType(Enum):
    """A relation as one of its ends sees it."""

    MANY_TO_ONE = "MANY_TO_ONE"
    ONE_TO_MANY = "ONE_TO_MANY"
    ONE_TO_ONE = "ONE_TO_ONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """The source object's field holds the key of a record of the target object; one-to-one where it is unique."""

    id: UUID
    source_object_id: UUID
    source_field_id: UUID
    target_object_id: UUID
    target_field_id: UUID
    on_delete: OnDelete = OnDelete.SET_NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index on a table; `fields` in the order of its columns. `name` is physical, unique in the schema.

    One that is unique, or partial, is of the live records alone. `sub_field` is the one of a composite that it is on,
    `text_order` the order of its texts (`sql/text_order.py`; 0 is the database's). `failure` tells why it is FAILED.
    """

    id: UUID
    object_id: UUID
    name: str
    field_ids: tuple[UUID, ...]
    is_unique: bool = False
    is_partial: bool = False
    method: str = "btree"
    sub_field: str | None = None
    text_order: int = TEXT_ORDER
    status: Status = Status.READY
    failure: str | None = None


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object's metadata with its fields. Not slotted: the look-up tables are made at first use.

    Attributes:
        retired_columns: physical names that were used once and must not be used again.
        owner: the column that holds the workspace's id, where the table is shared by all workspaces.
    """

    id: UUID
    name_singular: str
    name_plural: str
    label_singular: str
    label_plural: str
    description: str | None = None
    icon: str | None = None
    table: Table
    is_custom: bool = True
    is_system: bool = False
    is_active: bool = True
    fields: tuple[Field, ...] = ()
    retired_columns: frozenset[str] = frozenset()
    owner: Column | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The active fields by name."""
        return {field.name: field for field in self.fields if field.is_active}

    @cached_property
    def by_id(self) -> Mapping[UUID, Field]:
        """All fields by id."""
        return {field.id: field for field in self.fields}

    @cached_property
    def key(self) -> Column:
        """The primary key's column."""
        return self.by_name["id"].parts[0].column

    @cached_property
    def deleted_at(self) -> Column | None:
        """The column that marks a record as deleted; None where records are only ever removed."""
        marked = self.by_name.get("deletedAt")
        return marked.parts[0].column if marked else None

    @cached_property
    def foreign_keys(self) -> Mapping[str, Field]:
        """The active fields that hold a key, by the name under which the API shows the key: the field's name + Id."""
        return {f"{name}Id": field for name, field in self.by_name.items() if field.relation_id and field.parts}

    @cached_property
    def morphs(self) -> tuple[tuple[Field, ...], ...]:
        """The morph relations: the fields of each, active or not, of which a record has at most one set."""
        groups: dict[str, list[Field]] = {}
        for held in self.fields:
            if held.type is FieldType.MORPH_RELATION:
                groups.setdefault(held.settings[MORPH_SETTING]["id"], []).append(held)
        return tuple(map(tuple, groups.values()))

    @cached_property
    def weight(self) -> int:
        """About the bytes of memory that it takes, its look-up tables among them; measured with tracemalloc."""
        return _OBJECT_BYTES + len(self.description or "") + sum(map(_field_weight, self.fields))

    @cached_property
    def is_wholly_active(self) -> bool:
        """Whether it and all of its fields are active."""
        return self.is_active and all(field.is_active for field in self.fields)

    @cached_property
    def type_name(self) -> str:
        """The name of the GraphQL type of a record."""
        return capitalised(self.name_singular)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that one workspace's API is built from. A change makes a new one that shares every untouched object."""

    workspace: Workspace
    version: int
    objects: Mapping[UUID, Object]
    relations: Mapping[UUID, Relation]
    indexes: Mapping[UUID, Index]
    retired_tables: frozenset[str] = frozenset()
    roles: Mapping[UUID, Role] = field(default_factory=dict)

    @cached_property
    def by_singular(self) -> Mapping[str, Object]:
        """The active objects by nameSingular."""
        return {object_.name_singular: object_ for object_ in self.objects.values() if object_.is_active}

    def named(self, name_singular: str) -> Object | None:
        """Return the object with this name, active or not."""
        return next((object_ for object_ in self.objects.values() if object_.name_singular == name_singular), None)

    @cached_property
    def by_plural(self) -> Mapping[str, Object]:
        """The active objects by namePlural."""
        return {object_.name_plural: object_ for object_ in self.objects.values() if object_.is_active}

    @cached_property
    def by_type_name(self) -> Mapping[str, Object]:
        """The active objects by the name of their GraphQL type."""
        return {object_.type_name: object_ for object_ in self.objects.values() if object_.is_active}

    @cached_property
    def weight(self) -> int:
        """About the bytes of memory that it takes, if it shares nothing with another."""
        shared = _RELATION_BYTES * len(self.relations) + _INDEX_BYTES * len(self.indexes)
        return _SNAPSHOT_BYTES + shared + sum(object_.weight for object_ in self.objects.values())

    @cached_property
    def indexes_of(self) -> Mapping[UUID, tuple[Index, ...]]:
        """The indexes of each object that has any."""
        found: dict[UUID, tuple[Index, ...]] = {}
        for index in self.indexes.values():
            found[index.object_id] = (*found.get(index.object_id, ()), index)
        return found

    @cached_property
    def constraints(self) -> Mapping[str, Index]:
        """The indexes by their physical name."""
        return {index.name: index for index in self.indexes.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """Return the relation that a RELATION field is an end of; None where the other end is not active."""
    if end.relation_id is None:
        return None
    relation = snapshot.relations[end.relation_id]
    holds_key = end.id == relation.source_field_id
    target = snapshot.objects[relation.target_object_id if holds_key else relation.source_object_id]
    target_field = target.by_id[relation.target_field_id if holds_key else relation.source_field_id]
    if not (target.is_active and target_field.is_active):
        return None
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


def _field_weight(field: Field) -> int:
    texts = len(field.description or "") + len(field.label)
    return _FIELD_BYTES + texts + _OPTION_BYTES * len(field.options)


def capitalised(name: str) -> str:
    """Return the name with its first letter in upper case."""
    return name[0].upper() + name[1:]


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
