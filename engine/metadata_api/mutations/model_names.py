"""The names that may stand in the place of ids in the inputs of changes of the model."""

from collections.abc import Mapping

from fieldstone.metadata.changes.kinds.kind import Mutation
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.errors import InvalidValue, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.role import find_role
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import shown


def resolve_names(snapshot: Snapshot, asked: Mutation, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the input of a mutation with ids in the place of names.

    An object has its nameSingular, a field `object.field`, a role its name.

    Raises:
        UnknownObject: the model has none of that name.
    """
    shapes = {member.name: member.shape for member in asked.members} | {"id": asked.id_shape}
    named = {name: _resolve(snapshot, name, shapes[name], values[name]) for name in shapes if name in values}
    return {**values, **named}


def _resolve(snapshot: Snapshot, member: str, shape: Shape | None, value: JsonValue) -> JsonValue:
    match shape:
        case Shape.OBJECT if isinstance(value, str):
            return _object_id(snapshot, member, value)
        case Shape.FIELD if isinstance(value, str):
            return _field_id(snapshot, member, value)
        case Shape.ROLE if isinstance(value, str):
            return _role_id(snapshot, member, value)
        case Shape.FIELDS if isinstance(value, list):
            return [_resolve(snapshot, member, Shape.FIELD, one) for one in value]
        case Shape.RELATION:
            return _resolve_target(snapshot, member, value)
        case Shape.RELATIONS if isinstance(value, list):
            return [_resolve_target(snapshot, member, one) for one in value]
        case _:
            return value


def _resolve_target(snapshot: Snapshot, member: str, payload: JsonValue) -> JsonValue:
    if isinstance(payload, dict) and isinstance(name := payload.get("targetObjectMetadataId"), str):
        return {**payload, "targetObjectMetadataId": _object_id(snapshot, member, name)}
    return payload


def _object_id(snapshot: Snapshot, member: str, name: str) -> str:
    return name if _is_id(name) else str(_named_object(snapshot, member, name).id)


def _field_id(snapshot: Snapshot, member: str, name: str) -> str:
    if _is_id(name):
        return name
    object_name, _, field_name = name.partition(".")
    fields: tuple[Field, ...] = _named_object(snapshot, member, object_name).fields
    found = next((field for field in fields if field.name == field_name), None)
    if found is None:
        raise UnknownObject(f"there is no field {shown(name)}; a field is named object.field", field=member)
    return str(found.id)


def _role_id(snapshot: Snapshot, member: str, name: str) -> str:
    if _is_id(name):
        return name
    found = find_role(snapshot.roles, name)
    if found is None:
        raise UnknownObject(f"there is no role {shown(name)}", field=member)
    return str(found.id)


def _named_object(snapshot: Snapshot, member: str, name: str) -> Object:
    found = snapshot.named(name)
    if found is None:
        plural = snapshot.by_plural.get(name)
        hint = f"; did you mean {shown(plural.name_singular)}?" if plural else ""
        raise UnknownObject(f"there is no object {shown(name)}{hint}", field=member)
    return found


def _is_id(name: str) -> bool:
    try:
        UUID_SCALAR.coerce(name)
    except InvalidValue:
        return False
    return True
