"""createField: a new field of an object, of a relation both of its ends."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fieldstone.metadata.changes.kinds.fields.junction import apply_create_junction
from fieldstone.metadata.changes.kinds.fields.morph import apply_create_morph
from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, NewJunction, NewRelation
from fieldstone.metadata.changes.kinds.fields.plain import apply_plain_field
from fieldstone.metadata.changes.kinds.fields.relation import apply_create_relation
from fieldstone.metadata.changes.kinds.fields.relation_payload import read_morph, read_relation
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import FIELD
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot


def apply_create_field(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with a new field, and with the other ends of its relations.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    match change:
        case CreateField(type=FieldType.RELATION, relation=NewRelation(junction=NewJunction())):
            return apply_create_junction(snapshot, change)
        case CreateField(type=FieldType.RELATION):
            return apply_create_relation(snapshot, change)
        case CreateField(type=FieldType.MORPH_RELATION):
            return apply_create_morph(snapshot, change)
        case _:
            return apply_plain_field(snapshot, change)


def _describe(change: CreateField) -> dict[str, JsonValue]:
    return {"objectMetadataId": str(change.object_id), "name": change.name, "type": change.type.value}


def _makes(change: CreateField) -> Iterator[tuple[Subject, UUID]]:
    if change.relation is not None and change.relation.junction is not None:
        yield Subject.OBJECT, change.relation.junction.id
        return
    yield Subject.FIELD, change.id
    for target in change.morph[1:]:
        yield Subject.FIELD, target.field_id


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with the relations in the place of their payloads."""
    type_ = values["type"]
    relation, morph = read_relation(type_, values.get("relation")), read_morph(type_, values.get("morph"))
    return {**values, "relation": relation, "morph": morph}


CREATE_FIELD = Kind(
    action="createField",
    type=CreateField,
    apply=apply_create_field,
    describe=_describe,
    makes=_makes,
    complete=_complete,
    mutation=Mutation(
        answer=Subject.FIELD,
        description="Creates a field, and its columns; for a RELATION, both of its ends.",
        input_description="A field to create.",
        members=tuple(member for member in FIELD if member.created),
    ),
)
