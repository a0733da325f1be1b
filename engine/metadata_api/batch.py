"""The changes of an `applyChanges`: JSON objects that become changes of the model, with names in the place of ids."""

from collections.abc import Callable, Mapping
from typing import cast

from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema

from fieldstone.engine.documents.suggestions import find_close
from fieldstone.engine.errors import BadUserInput, QueryTooComplex
from fieldstone.engine.metadata_api.mutations.changes import unwrapped
from fieldstone.engine.planner.arguments.input_values import check_input
from fieldstone.engine.schema.roots.metadata_changes import MUTATIONS, alias_of, input_name
from fieldstone.metadata.changes import Change
from fieldstone.metadata.changes.kinds.kind import Mutation
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.errors import InvalidChange, InvalidValue, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.role import find_role
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import shown

_ID_ALONE = "DeleteOneObjectInput"
_DEEPEST = 100


def read_change(schema: GraphQLSchema, given: JsonValue, place: int) -> Callable[[Snapshot], Change]:
    """Return the function that builds the change `changes[place]` for a model; it raises InvalidChange."""

    def build(snapshot: Snapshot) -> Change:
        action, values = _read_member(given, place)
        asked = MUTATIONS[action]
        named = _resolve(snapshot, asked, values) if isinstance(values, dict) else values
        declared = cast("GraphQLInputObjectType", schema.type_map[_input_of(action)])
        try:
            check_input(GraphQLNonNull(declared), named, f"changes[{place}].{action}", "changes", _DEEPEST)
        except (BadUserInput, QueryTooComplex) as error:
            raise InvalidChange(error.message, field="changes") from None
        change: Change = KINDS[action].read(unwrapped(named, asked.answer.value))
        return change

    return build


def _read_member(given: JsonValue, place: int) -> tuple[str, JsonValue]:
    """Return the kind of a change and its input."""
    known = ", ".join(MUTATIONS)
    if not isinstance(given, dict):
        raise InvalidChange(
            f"changes[{place}] must be an object with one of {known}, not {shown(given)}.", field="changes"
        )
    if len(given) != 1:
        raise InvalidChange(
            f"changes[{place}] must be an object with one member, one of {known}, and it has {len(given)}.",
            field="changes",
        )
    ((action, values),) = given.items()
    if action not in MUTATIONS:
        close = find_close(action, MUTATIONS)
        hint = f"did you mean {close[0]}?" if close else f"it must be one of {known}."
        raise InvalidChange(f"changes[{place}] has the unknown member {shown(action)}: {hint}", field="changes")
    return action, values


def _input_of(action: str) -> str:
    """Return the name of the type that a change in a list has: that of the alias's input where there is an `id`."""
    asked = MUTATIONS[action]
    if asked.id_shape is None:
        return input_name(action)
    return input_name(alias_of(action, asked)) if asked.has_alias else _ID_ALONE


def _resolve(snapshot: Snapshot, asked: Mutation, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the input with ids in the place of names: of an object its nameSingular, of a field `object.field`."""
    shapes = {member.name: member.shape for member in asked.members} | {"id": asked.id_shape}
    named = {name: _resolve_value(snapshot, shapes[name], values[name]) for name in shapes if name in values}
    return {**values, **named}


def _resolve_value(snapshot: Snapshot, shape: Shape | None, value: JsonValue) -> JsonValue:
    match shape:
        case Shape.OBJECT if isinstance(value, str):
            return _object_id(snapshot, value)
        case Shape.FIELD if isinstance(value, str):
            return _field_id(snapshot, value)
        case Shape.ROLE if isinstance(value, str):
            return _role_id(snapshot, value)
        case Shape.FIELDS if isinstance(value, list):
            return [_resolve_value(snapshot, Shape.FIELD, one) for one in value]
        case Shape.RELATION:
            return _resolve_target(snapshot, value)
        case Shape.RELATIONS if isinstance(value, list):
            return [_resolve_target(snapshot, one) for one in value]
        case _:
            return value


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


def _role_id(snapshot: Snapshot, name: str) -> str:
    if _is_id(name):
        return name
    found = find_role(snapshot.roles, name)
    if found is None:
        raise UnknownObject(f"there is no role {shown(name)}", field="changes")
    return str(found.id)


def _named_object(snapshot: Snapshot, name: str) -> Object:
    found = snapshot.named(name)
    if found is None:
        raise UnknownObject(f"there is no object {shown(name)}", field="changes")
    return found


def _is_id(name: str) -> bool:
    try:
        UUID_SCALAR.coerce(name)
    except InvalidValue:
        return False
    return True
