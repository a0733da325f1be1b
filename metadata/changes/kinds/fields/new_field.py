"""The data of a createField, and the field that it begins with whatever its type is."""

from dataclasses import field
from uuid import UUID

from fieldstone.metadata.changes.members import FIELD, shown_values
from fieldstone.metadata.changes.rules.names import SYSTEM_COLUMNS, choose_physical
from fieldstone.metadata.changes.rules.system_fields import new_field_ids, new_index_ids
from fieldstone.metadata.changes.types import Change
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Access, Field, Object, Option, RelationType
from fieldstone.sql.frozen import frozen


@frozen
class JunctionEnd:
    """The ids of the parts of one of a junction's two relations."""

    field_id: UUID = field(default_factory=new_id)
    relation_id: UUID = field(default_factory=new_id)
    index_id: UUID = field(default_factory=new_id)


@frozen
class NewJunction:
    """The object whose records link those of two others; its names are made of theirs where they are None."""

    name_singular: str | None = None
    name_plural: str | None = None
    id: UUID = field(default_factory=new_id)
    field_ids: tuple[UUID, ...] = field(default_factory=new_field_ids)
    index_ids: tuple[UUID, ...] = field(default_factory=new_index_ids)
    source: JunctionEnd = field(default_factory=JunctionEnd)
    target: JunctionEnd = field(default_factory=JunctionEnd)
    pair_index_id: UUID = field(default_factory=new_id)


@frozen
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


@frozen
class CreateField(Change):
    """A new field of an object; for a RELATION, both of its ends.

    Attributes:
        default: a JSON value, or the name of a function of the field's type ("now").
        options: a list of `{ value label color position }`.
        morph: for a MORPH_RELATION, its targets; each gets a field, called by the name and the target.
        is_nullable: False for a required field; of a relation, whichever end it is made from, that of the key.
        is_recreated: True if it was deleted before: a rule for new fields alone does not hold.
        index_id: the id of the index on it, where it is unique or holds a relation's key.
    """

    object_id: UUID
    name: str
    label: str
    type: FieldType
    description: str | None = None
    icon: str | None = None
    position: float | None = None
    default: JsonValue = None
    options: JsonValue = None
    settings: JsonValue = None
    is_nullable: bool = True
    is_unique: bool = False
    is_active: bool = True
    is_custom: bool = True
    relation: NewRelation | None = None
    morph: tuple[NewRelation, ...] = ()
    is_recreated: bool = False
    id: UUID = field(default_factory=new_id)
    index_id: UUID = field(default_factory=new_id)


def build_field(
    change: CreateField,
    *,
    object_: Object,
    column: str,
    options: tuple[Option, ...] = (),
    settings: dict[str, object],
    default: object = None,
) -> Field:
    """Return the field that a change asks for, its inputs read already."""
    return Field(
        id=change.id,
        object_id=object_.id,
        name=change.name,
        type=change.type,
        **shown_values(FIELD, change),
        column=column,
        is_nullable=change.is_nullable,
        is_unique=change.is_unique,
        is_active=change.is_active,
        is_custom=change.is_custom,
        default=default,
        options=options,
        settings=settings,
        access=Access.READ_ONLY if change.type is FieldType.TS_VECTOR else Access.READ_WRITE,
    )


def choose_column(object_: Object, wanted: str, suffixes: tuple[str, ...] = ("",)) -> str:
    """Return the physical name for a new field: as wanted, or with a number where that was ever used."""
    used = (
        {part.column.name for field in object_.fields for part in field.parts}
        | object_.retired_columns
        | SYSTEM_COLUMNS
    )
    return choose_physical(wanted, used.__contains__, suffixes)
