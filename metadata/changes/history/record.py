"""How changes are kept in the history of the model: written as JSON, and read back."""

from dataclasses import fields
from enum import Enum
from typing import Any
from uuid import UUID

from fieldstone.metadata.access.role_display import show_role
from fieldstone.metadata.changes.apply import describe
from fieldstone.metadata.changes.history.inverse import invert
from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, NewRelation
from fieldstone.metadata.changes.kinds.fields.update_field import UpdateField
from fieldstone.metadata.changes.kinds.indexes.create_index import CreateIndex
from fieldstone.metadata.changes.kinds.table import KINDS, kind_of
from fieldstone.metadata.changes.members import FIELD, NUMBERS, OBJECT, kept_values, snake_case
from fieldstone.metadata.changes.plan import ChangePlan
from fieldstone.metadata.changes.rules.options import options_json
from fieldstone.metadata.changes.types import UNSET, Change
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Index, Object, RelationType, Snapshot
from fieldstone.metadata.roles.role import Role


def encode_change(change: Change) -> JsonValue:
    """Return a change as JSON, whole."""
    return {"action": kind_of(change).action, **_encode(change)}


def decode_change(given: JsonValue) -> Change:
    """Return the change that `encode_change` wrote."""
    values = {snake_case(name): value for name, value in given.items() if name != "action"}
    relation, morph = values.pop("relation", None), values.pop("morph", ())
    decoded: dict[str, Any] = {name: _decode(name, value) for name, value in values.items()}
    if "type" in decoded:
        decoded["type"] = FieldType(decoded["type"])
    if relation is not None:
        decoded["relation"] = _decode_relation(relation)
    if morph:
        decoded["morph"] = tuple(map(_decode_relation, morph))
    kind: type[Change] = KINDS[given["action"]].type
    # Older inverses do not say that they make something again, or give it its type again, as all of them do.
    if kind in {CreateField, CreateIndex}:
        decoded.setdefault("is_recreated", True)
    if kind is UpdateField:
        decoded.setdefault("is_restored", "type" in decoded)
    return kind(**decoded)


def record_change(plan: ChangePlan) -> JsonValue:
    """Return a change as the history keeps it: with the parts of the model before and after it, and its inverse."""
    inverse = invert(plan.before, plan.draft.change, plan.applied.snapshot)
    return {
        **describe(plan.draft.change),
        **_show_difference(plan),
        "inverse": [encode_change(step) for step in inverse],
    }


def _show_difference(plan: ChangePlan) -> dict[str, JsonValue]:
    difference, before, after = plan.difference, plan.before, plan.applied.snapshot
    was = [changed.before for changed in difference.fields]
    now = [changed.after for changed in difference.fields]
    gone = [field for _, field in difference.removed_fields]
    return {
        "before": [
            *map(_show_object, difference.objects_before),
            *map(_show_object, difference.removed_objects),
            *map(_show_field, was + gone),
            *map(_show_index, difference.removed_indexes),
            *(_show_role(before, role) for role in (*difference.roles_before, *difference.removed_roles)),
        ],
        "after": [
            *map(_show_object, (*difference.new_objects, *difference.objects)),
            *map(_show_field, (*now, *difference.all_new_fields)),
            *map(_show_index, difference.new_indexes),
            *(_show_role(after, role) for role in (*difference.new_roles, *difference.roles)),
        ],
    }


def _encode(change: object) -> dict[str, JsonValue]:
    values = {one.name: getattr(change, one.name) for one in fields(change)}  # type: ignore[arg-type]  # a dataclass
    return {_camel(name): _plain(value) for name, value in values.items() if value is not UNSET}


def _plain(value: object) -> JsonValue:
    match value:
        case UUID():
            return str(value)
        case Enum():
            return value.value
        case NewRelation():
            return _encode(value)
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _decode_relation(given: JsonValue) -> NewRelation:
    values: dict[str, Any] = {snake_case(name): _decode(snake_case(name), value) for name, value in given.items()}
    return NewRelation(**{**values, "type": RelationType(values["type"])})


def _decode(name: str, value: JsonValue) -> object:
    if name == "id" or name.endswith("_id"):
        return UUID(value)
    if name in NUMBERS and value is not None:
        return float(value)
    if name.endswith("_ids"):
        return tuple(map(UUID, value))
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _show_object(object_: Object) -> JsonValue:
    return {"kind": "object", "id": str(object_.id), **kept_values(OBJECT, object_)}


def _show_field(field: Field) -> JsonValue:
    return {
        "kind": "field",
        "id": str(field.id),
        "objectMetadataId": str(field.object_id),
        **kept_values(FIELD, field),
        "type": field.type.value,
        "options": options_json(field.options),
        "settings": dict(field.settings) or None,
        "status": field.status.value,
        "failure": field.failure,
    }


def _show_index(index: Index) -> JsonValue:
    return {
        "kind": "index",
        "id": str(index.id),
        "objectMetadataId": str(index.object_id),
        "name": index.name,
        "fieldMetadataIds": list(map(str, index.field_ids)),
        "method": index.method,
        "subField": index.sub_field,
        "isUnique": index.is_unique,
        "status": index.status.value,
        "failure": index.failure,
    }


def _show_role(snapshot: Snapshot, role: Role) -> JsonValue:
    return {"kind": "role", "id": str(role.id), **show_role(snapshot, role)}
