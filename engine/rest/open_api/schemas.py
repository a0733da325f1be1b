"""The schemas of an object's records, and of the data of their writes."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.engine.rest.open_api.references import ANY_VALUE, ID, nullable, schema
from fieldstone.metadata import scalars
from fieldstone.metadata.access.effective import fields_to_give
from fieldstone.metadata.access.role_checks import required_fields
from fieldstone.metadata.api_names import Verb, lacking
from fieldstone.metadata.field_types import FIELD_TYPES, FieldTypeEntry
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Object, Snapshot, relation_end
from fieldstone.metadata.roles.role import Action
from fieldstone.metadata.scalars import Scalar

RELATED, RELATED_LIST = "related", "relatedList"
"""The schemas of the input of a relation."""
ANY = "anyValue"
"""The schema of any JSON in the paths of all objects."""

_AMOUNT = "amountMicros"
_READ: Mapping[str, dict[str, JsonValue]] = {
    scalars.UUID.name: {"type": "string", "format": "uuid"},
    scalars.STRING.name: {"type": "string"},
    scalars.BOOLEAN.name: {"type": "boolean"},
    scalars.DECIMAL.name: {"type": "number"},
    scalars.INT.name: {"type": "integer", "format": "int32"},
    scalars.BIG_INT.name: {"type": "string", "pattern": "^-?[0-9]+$"},
    scalars.BIG_FLOAT.name: {"type": "string"},
    scalars.DATE.name: {"type": "string", "format": "date"},
    scalars.DATE_TIME.name: {"type": "string", "format": "date-time"},
    scalars.TS_VECTOR.name: {"type": "string"},
    scalars.JSON.name: ANY_VALUE,
}
GIVEN: Mapping[str, dict[str, JsonValue]] = {
    **_READ,
    scalars.BIG_INT.name: {"type": ["string", "integer"]},
    scalars.BIG_FLOAT.name: {"type": ["string", "number"]},
}
"""The schemas of values that are given, by the names of their scalars."""


def write_schemas(view: Snapshot, object_: Object) -> str:
    """Return the schemas of an object as the role sees it, as members of a JSON object."""
    found: dict[str, Any] = {object_.type_name: _record(view, object_)}
    for verb, action in ((Verb.CREATE, Action.CREATE), (Verb.UPDATE, Action.UPDATE)):
        if lacking(object_, verb) is None:
            found[data_name(object_, verb)] = _data(view, object_, action)
    if (changes := found.get(data_name(object_, Verb.UPDATE))) is not None:
        # In this order the text differs from that of the changes in one place, which costs few bytes when deflated.
        found[item_name(object_)] = {
            "type": "object",
            "required": ["id"],
            "properties": {"id": ID, **changes["properties"]},
            "additionalProperties": False,
        }
    return dumps(found)[1:-1]


def data_name(object_: Object, verb: Verb) -> str:
    """Return the name of the schema of a record's data for a create or an update."""
    # No object's type has a point in its name.
    return f"{object_.type_name}.{verb.value}"


def item_name(object_: Object) -> str:
    """Return the name of the schema of a record's data in an update of several records, which names the record."""
    return f"{object_.type_name}.updateItem"


def write_composites() -> dict[str, JsonValue]:
    """Return the schemas of composites, as they are read and as they are given."""
    found: dict[str, JsonValue] = {}
    for entry in FIELD_TYPES.values():
        if entry.composite:
            for given in (False, True):
                members: dict[str, JsonValue] = {
                    sub.name or "": {"description": sub.description, **_part(sub.name, sub.scalar, given=given)}
                    for sub in entry.subfields
                }
                one: dict[str, JsonValue] = {"type": "object", "description": entry.description, "properties": members}
                found[_composite(entry, given=given)] = one | (
                    {"additionalProperties": False} if given else {"required": [*members]}
                )
    return found


def _part(name: str | None, scalar: Scalar, *, given: bool) -> JsonValue:
    if name == _AMOUNT and not given:
        return nullable({"type": "integer", "format": "int64"})
    return nullable((GIVEN if given else _READ)[scalar.name])


def _composite(entry: FieldTypeEntry, *, given: bool) -> str:
    # Names of objects' types begin with a capital letter.
    name = entry.composite or ""
    return name[0].lower() + name[1:] + ("Input" if given else "")


def _record(view: Snapshot, object_: Object) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    required: list[str] = []
    for name, field in object_.by_name.items():
        if field.relation_id is None:
            members[name] = _value(field, given=False)
            required.append(name)
            continue
        if field.parts:
            members[field.key_name] = _value(field, given=False)
            required.append(field.key_name)
        if end := relation_end(view, field):
            target = schema(end.target.type_name)
            members[name] = nullable(target) if end.to_one else {"type": "array", "items": target}
    found = {"type": "object", "title": object_.label_singular, "properties": members, "required": required}
    return found | ({"description": object_.description} if object_.description else {})


def _data(view: Snapshot, object_: Object, action: Action) -> dict[str, Any]:
    members = dict(_givable(view, object_, action))
    found: dict[str, JsonValue] = {"type": "object", "properties": members, "additionalProperties": False}
    if action is Action.CREATE and object_.access is None:
        # A relation is given as its key or as its record, and a role may fill fields by itself.
        needed = [one.name for one in required_fields(object_) if one.name in members and one.relation_id is None]
        return found | ({"required": needed} if needed else {})
    return found


def _givable(view: Snapshot, object_: Object, action: Action) -> Iterator[tuple[str, JsonValue]]:
    for name, field in fields_to_give(object_, action).items():
        if field.relation_id is None:
            yield name, _value(field, given=True)
            continue
        if end := relation_end(view, field):
            yield name, schema(RELATED if end.to_one else RELATED_LIST)
        if field.parts:
            yield field.key_name, _value(field, given=True)


def _value(field: Field, *, given: bool) -> dict[str, Any]:
    entry = FIELD_TYPES[field.type]
    if entry.composite:
        found = schema(_composite(entry, given=given))
    else:
        part = field.parts[0]
        found = (GIVEN if given else _READ)[part.scalar.name]
        if part.options is not None:
            found = {**found, "enum": [*part.options]}
        if part.scalar.element is not None:
            found = {"type": "array", "items": found}
    shown = nullable(found) if field.can_be_null else found
    return {**shown, "description": field.description} if field.description else shown
