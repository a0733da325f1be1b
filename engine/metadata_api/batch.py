"""The changes of an `applyChanges`: JSON objects that become changes of the model, with names in the place of ids."""

from collections.abc import Callable, Mapping
from typing import cast
from uuid import UUID

from graphql import GraphQLInputObjectType, GraphQLSchema
from graphql.utilities import validate_input_value

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.metadata_api.inputs import (
    Input,
    read_create_field,
    read_create_index,
    read_create_object,
    read_update_field,
    read_update_object,
)
from fieldstone.metadata.changes import Change, DeleteField, DeleteIndex, DeleteObject, RetryBuild
from fieldstone.metadata.errors import InvalidValue, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import shown

_INPUTS: Mapping[str, tuple[str, Callable[[Input], Change]]] = {
    "createObject": ("CreateObjectInput", read_create_object),
    "createField": ("CreateFieldInput", read_create_field),
    "createIndex": ("CreateIndexInput", read_create_index),
    "updateObject": ("UpdateOneObjectInput", lambda given: read_update_object(UUID(given["id"]), given["update"])),
    "updateField": ("UpdateOneFieldInput", lambda given: read_update_field(UUID(given["id"]), given["update"])),
    "deleteObject": ("DeleteOneObjectInput", lambda given: DeleteObject(object_id=UUID(given["id"]))),
    "deleteField": ("DeleteOneFieldInput", lambda given: DeleteField(field_id=UUID(given["id"]))),
    "deleteIndex": ("DeleteOneObjectInput", lambda given: DeleteIndex(index_id=UUID(given["id"]))),
    "retryBuild": ("DeleteOneObjectInput", lambda given: RetryBuild(id=UUID(given["id"]))),
}


def read_change(schema: GraphQLSchema, given: JsonValue, place: int) -> Callable[[Snapshot], Change]:
    """Return what builds the change `changes[place]` for a model.

    Raises:
        BadUserInput: it is not one.
    """
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in _INPUTS:
        raise BadUserInput(
            f"changes[{place}] must be an object with one of {', '.join(_INPUTS)}, not {shown(given)}.", field="changes"
        )
    ((action, values),) = given.items()
    type_name, read = _INPUTS[action]

    def build(snapshot: Snapshot) -> Change:
        named = _resolve(snapshot, action, values) if isinstance(values, dict) else values
        found: list[str] = []
        declared = cast("GraphQLInputObjectType", schema.type_map[type_name])
        validate_input_value(named, declared, lambda error, _path: found.append(error.message), hide_suggestions=True)
        if found:
            raise BadUserInput(f"changes[{place}].{action}: {' '.join(found)}", field="changes")
        return read(named)

    return build


def _resolve(snapshot: Snapshot, action: str, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the input with the ids of what it names: an object by its nameSingular, a field as `object.field`."""
    resolved = dict(values)
    if isinstance(name := values.get("objectMetadataId"), str):
        resolved["objectMetadataId"] = _object_id(snapshot, name)
    if isinstance(names := values.get("fieldMetadataIds"), list):
        resolved["fieldMetadataIds"] = [_field_id(snapshot, name) if isinstance(name, str) else name for name in names]
    if isinstance(name := values.get("id"), str):
        find = _object_id if action.endswith("Object") else _field_id
        resolved["id"] = name if action == "deleteIndex" else find(snapshot, name)
    if "relationCreationPayload" in values:
        resolved["relationCreationPayload"] = _resolve_target(snapshot, values["relationCreationPayload"])
    if isinstance(payloads := values.get("morphRelationsCreationPayload"), list):
        resolved["morphRelationsCreationPayload"] = [_resolve_target(snapshot, payload) for payload in payloads]
    return resolved


def _resolve_target(snapshot: Snapshot, payload: JsonValue) -> JsonValue:
    if isinstance(payload, dict) and isinstance(name := payload.get("targetObjectMetadataId"), str):
        return {**payload, "targetObjectMetadataId": _object_id(snapshot, name)}
    return payload


def _object_id(snapshot: Snapshot, name: str) -> str:
    return name if _is_id(name) else str(_named_object(snapshot, name).id)


def _field_id(snapshot: Snapshot, name: str) -> str:
    if _is_id(name):
        return name
    object_name, _, field_name = name.partition(".")
    fields: tuple[Field, ...] = _named_object(snapshot, object_name).fields
    found = next((field for field in fields if field.name == field_name), None)
    if found is None:
        raise UnknownObject(f"there is no field {shown(name)}; a field is named object.field", field="changes")
    return str(found.id)


def _named_object(snapshot: Snapshot, name: str) -> Object:
    found = next((object_ for object_ in snapshot.objects.values() if object_.name_singular == name), None)
    if found is None:
        raise UnknownObject(f"there is no object {shown(name)}", field="changes")
    return found


def _is_id(name: str) -> bool:
    try:
        UUID_SCALAR.coerce(name)
    except InvalidValue:
        return False
    return True
