"""The changes of the model as plain data: what is asked for, and what came of it."""

from dataclasses import dataclass, field
from uuid import UUID

from metadata.field_types import FieldType
from metadata.ids import new_id, new_ids
from metadata.json_text import JsonValue
from metadata.model import Field, Index, Object, Relation, RelationType, Snapshot

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
class NewRelation:
    """The other end of a new RELATION field.

    Attributes:
        type: the relation as the new field sees it; ONE_TO_MANY puts the key into the target object.
        target_field_name: derived from its label where it is None.
    """

    target_object_id: UUID
    target_field_label: str
    target_field_name: str | None = None
    target_field_icon: str | None = None
    type: RelationType = RelationType.MANY_TO_ONE
    id: UUID = field(default_factory=new_id)
    target_field_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateField:
    """A new field of an object; for a RELATION, both of its ends.

    Attributes:
        default: a JSON value, or the name of a function of the field's type ("now").
        options: a list of `{ value label color position }`.
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
    id: UUID = field(default_factory=new_id)
    index_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex:
    """A new index on fields of an object; the method is btree, or trigram for `contains` on one text field."""

    object_id: UUID
    field_ids: tuple[UUID, ...]
    method: str = "btree"
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The next snapshot (its version still that of the one before), and what is new in it.

    `fields` holds those of new objects too; each sequence is in the order of creation.
    """

    snapshot: Snapshot
    objects: tuple[Object, ...] = ()
    fields: tuple[Field, ...] = ()
    relations: tuple[Relation, ...] = ()
    indexes: tuple[Index, ...] = ()
