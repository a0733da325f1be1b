"""The changes of the model as plain data: what is asked for, and what came of it."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVar
from uuid import UUID

from fieldstone.metadata.changes.row_work import RowWork
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id, new_ids
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Index, Object, Relation, RelationType, Snapshot


class Unset(Enum):
    """The value of what a change leaves as it is."""

    UNSET = "left as it is"


UNSET: Final = Unset.UNSET

T = TypeVar("T")


def chosen(given: T | Unset, old: T) -> T:
    """Return the value that is given, or else the old one."""
    return old if isinstance(given, Unset) else given


SYSTEM_FIELD_COUNT = 7
SYSTEM_INDEX_COUNT = 2


def _system_field_ids() -> tuple[UUID, ...]:
    return new_ids(SYSTEM_FIELD_COUNT)


def _system_index_ids() -> tuple[UUID, ...]:
    return new_ids(SYSTEM_INDEX_COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateObject:
    """A new object with its system fields, without `name` where `skip_name_field` is set."""

    name_singular: str
    name_plural: str
    label_singular: str
    label_plural: str
    description: str | None = None
    icon: str | None = None
    skip_name_field: bool = False
    is_custom: bool = True
    id: UUID = field(default_factory=new_id)
    field_ids: tuple[UUID, ...] = field(default_factory=_system_field_ids)
    index_ids: tuple[UUID, ...] = field(default_factory=_system_index_ids)

    @property
    def name_field_id(self) -> UUID:
        """The id of the field `name`, where the object gets one."""
        return self.field_ids[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionEnd:
    """The ids of what makes one of a junction's two relations."""

    field_id: UUID = field(default_factory=new_id)
    relation_id: UUID = field(default_factory=new_id)
    index_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJunction:
    """The object whose records link those of two others; its names are made of theirs where they are None."""

    name_singular: str | None = None
    name_plural: str | None = None
    id: UUID = field(default_factory=new_id)
    field_ids: tuple[UUID, ...] = field(default_factory=_system_field_ids)
    index_ids: tuple[UUID, ...] = field(default_factory=_system_index_ids)
    source: JunctionEnd = field(default_factory=JunctionEnd)
    target: JunctionEnd = field(default_factory=JunctionEnd)
    pair_index_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelation:
    """The other end of a new RELATION field.

    Attributes:
        type: the relation as the new field sees it; ONE_TO_MANY puts the key into the target object.
        target_field_name: derived from its label where it is None.
        junction: for a many-to-many relation, whose `type` then says nothing, the object that holds both keys.
        lookup_index_id: the id of the index by which a one-to-one relation is found among deleted records too; in a
            morph relation, behind its first target, that of the key's index.
        field_id: in a morph relation, behind its first target, the id of the field that leads to this one.
    """

    target_object_id: UUID
    target_field_label: str
    target_field_name: str | None = None
    target_field_icon: str | None = None
    type: RelationType = RelationType.MANY_TO_ONE
    junction: NewJunction | None = None
    id: UUID = field(default_factory=new_id)
    target_field_id: UUID = field(default_factory=new_id)
    field_id: UUID = field(default_factory=new_id)
    lookup_index_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateField:
    """A new field of an object; for a RELATION, both of its ends.

    Attributes:
        default: a JSON value, or the name of a function of the field's type ("now").
        options: a list of `{ value label color position }`.
        morph: for a MORPH_RELATION, its targets; each gets a field, called by the name and the target.
        is_nullable: False for a required field; of a relation, whichever end it is made from, that of the key.
        index_id: the id of the index on it, where it is unique or holds a relation's key.
    """

    object_id: UUID
    name: str
    label: str
    type: FieldType
    description: str | None = None
    icon: str | None = None
    default: JsonValue = None
    options: JsonValue = None
    settings: JsonValue = None
    is_nullable: bool = True
    is_unique: bool = False
    is_active: bool = True
    is_custom: bool = True
    relation: NewRelation | None = None
    morph: tuple[NewRelation, ...] = ()
    id: UUID = field(default_factory=new_id)
    index_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex:
    """A new index on fields of an object.

    Attributes:
        method: btree, trigram for `contains` on one text field, or gin for what is inside one field of lists or JSON.
        is_unique: whether no two live records may share the values of all fields, of which there are several.
        is_partial: whether it is of the live records alone.
    """

    object_id: UUID
    field_ids: tuple[UUID, ...]
    method: str = "btree"
    is_unique: bool = False
    is_partial: bool = False
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateObject:
    """New values of an object; a rename leaves the table as it is."""

    object_id: UUID
    name_singular: str | Unset = UNSET
    name_plural: str | Unset = UNSET
    label_singular: str | Unset = UNSET
    label_plural: str | Unset = UNSET
    description: str | Unset | None = UNSET
    icon: str | Unset | None = UNSET
    is_active: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateField:
    """New values of a field; a rename leaves its columns as they are.

    Attributes:
        type: another type, whose values the field's become; its column gets another name by that.
        allow_data_loss: whether values that the new type cannot hold as they are may lose something, or go.
        options: the whole list as it is to be.
        option_mapping: for a value that is no longer an option, the one that takes its place, or None for no value.
        backfill: the value for the records that have none, where the field becomes required.
        index_id: the id of the index, where the field becomes unique.
    """

    field_id: UUID
    type: FieldType | Unset = UNSET
    name: str | Unset = UNSET
    label: str | Unset = UNSET
    description: str | Unset | None = UNSET
    icon: str | Unset | None = UNSET
    is_active: bool | Unset = UNSET
    is_nullable: bool | Unset = UNSET
    is_unique: bool | Unset = UNSET
    default: JsonValue | Unset = UNSET
    options: JsonValue | Unset = UNSET
    settings: JsonValue | Unset = UNSET
    option_mapping: JsonValue = None
    backfill: JsonValue = None
    allow_data_loss: bool = False
    index_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleField:
    """The end of what a field was BUILDING, FAILED where there is a `failure`; only the builder asks for it."""

    field_id: UUID
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleIndex:
    """The end of what an index was BUILDING, FAILED where there is a `failure`; only the builder asks for it."""

    index_id: UUID
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBuild:
    """Another try to build an index or a field that is FAILED."""

    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteObject:
    """The end of an object: its table, and every relation that begins or ends there."""

    object_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteField:
    """The end of a field: its columns, or for a RELATION both of its ends."""

    field_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteIndex:
    """The end of an index that was made on demand."""

    index_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The next snapshot (its version still that of the one before), and what is new in it.

    `fields` holds those of new objects too; each sequence is in the order of creation. What became of the others, and
    what is gone, is the difference between the snapshots.

    Attributes:
        work: what is asked of the rows, and done to them, before the tables are changed.
    """

    snapshot: Snapshot
    objects: tuple[Object, ...] = ()
    fields: tuple[Field, ...] = ()
    relations: tuple[Relation, ...] = ()
    indexes: tuple[Index, ...] = ()
    work: tuple[RowWork, ...] = ()
