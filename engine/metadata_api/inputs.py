"""The inputs of the Metadata API's mutations become changes of the model."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.changes import (
    CreateField,
    CreateIndex,
    CreateObject,
    NewJunction,
    NewRelation,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.changes.kinds.create_index import BTREE
from fieldstone.metadata.changes.kinds.notation import FIELD_INPUTS, OBJECT_INPUTS
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import RelationType
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import shown

Input = Mapping[str, JsonValue]

_RELATION_MEMBERS = frozenset(
    {"targetObjectMetadataId", "targetFieldLabel", "targetFieldName", "targetFieldIcon", "type"}
    | {"junctionNameSingular", "junctionNamePlural"}
)
_MANY_TO_MANY = "MANY_TO_MANY"
_RELATION_TYPES = (*(known.value for known in RelationType), _MANY_TO_MANY)


def read_create_object(given: Input) -> CreateObject:
    """Return the change that a createObject asks for."""
    return CreateObject(
        name_singular=given["nameSingular"],
        name_plural=given["namePlural"],
        label_singular=given["labelSingular"],
        label_plural=given["labelPlural"],
        description=given.get("description"),
        icon=given.get("icon"),
        skip_name_field=bool(given.get("skipNameField")),
    )


def read_create_field(given: Input) -> CreateField:
    """Return the change that a createField asks for.

    Raises:
        BadUserInput: the relationCreationPayload is not one, or stands where it does not belong.
    """
    field_type = FieldType(given["type"])
    payload = given.get("relationCreationPayload")
    relation = None
    if field_type is FieldType.RELATION:
        relation = _read_relation(payload)
    elif payload is not None:
        raise BadUserInput(
            f"A field of type {field_type.value} takes no relationCreationPayload.", field="relationCreationPayload"
        )
    return CreateField(
        object_id=UUID(given["objectMetadataId"]),
        name=given["name"],
        label=given["label"],
        type=field_type,
        description=given.get("description"),
        icon=given.get("icon"),
        default=given.get("defaultValue"),
        options=given.get("options"),
        settings=given.get("settings"),
        is_nullable=_flag(given, "isNullable", default=True),
        is_unique=_flag(given, "isUnique", default=False),
        is_active=_flag(given, "isActive", default=True),
        relation=relation,
        morph=_read_morph(field_type, given.get("morphRelationsCreationPayload")),
    )


def read_update_object(object_id: UUID, given: Input) -> UpdateObject:
    """Return the change that an updateObject asks for."""
    return UpdateObject(object_id=object_id, **{OBJECT_INPUTS[name]: value for name, value in given.items()})


def read_update_field(field_id: UUID, given: Input) -> UpdateField:
    """Return the change that an updateField asks for."""
    values = {FIELD_INPUTS[name]: value for name, value in given.items()}
    if values.get("type") is not None:
        values["type"] = FieldType(values["type"])
    if "allow_data_loss" in values:
        values["allow_data_loss"] = bool(values["allow_data_loss"])
    return UpdateField(field_id=field_id, **values)


def read_create_index(given: Input) -> CreateIndex:
    """Return the change that a createIndex asks for."""
    method = given.get("method")
    return CreateIndex(
        object_id=UUID(given["objectMetadataId"]),
        field_ids=tuple(map(UUID, given["fieldMetadataIds"])),
        method=BTREE if method is None else method,
        is_unique=_flag(given, "isUnique", default=False),
        is_partial=_flag(given, "isPartial", default=False),
    )


def _flag(given: Input, name: str, *, default: bool) -> bool:
    value = given.get(name)
    return default if value is None else bool(value)


def _read_relation(payload: JsonValue) -> NewRelation:
    blame = "relationCreationPayload"
    if not isinstance(payload, dict):
        raise BadUserInput(
            "A RELATION takes a relationCreationPayload { targetObjectMetadataId targetFieldLabel type }.", field=blame
        )
    if unknown := sorted(payload.keys() - _RELATION_MEMBERS):
        raise BadUserInput(
            f"The relationCreationPayload has no member '{unknown[0]}'; it has {', '.join(sorted(_RELATION_MEMBERS))}.",
            field=unknown[0],
        )
    try:
        target = UUID(UUID_SCALAR.coerce(payload.get("targetObjectMetadataId")))
    except InvalidValue as error:
        raise BadUserInput(f"targetObjectMetadataId {error.message}.", field="targetObjectMetadataId") from None
    relation_type = payload.get("type", RelationType.MANY_TO_ONE.value)
    if relation_type not in _RELATION_TYPES:
        raise BadUserInput(
            f"type must be one of {', '.join(_RELATION_TYPES)}, not {shown(relation_type)}.", field="type"
        )
    return NewRelation(
        target_object_id=target,
        target_field_label=_text(payload, "targetFieldLabel", required=True) or "",
        target_field_name=_text(payload, "targetFieldName"),
        target_field_icon=_text(payload, "targetFieldIcon"),
        type=RelationType.MANY_TO_ONE if relation_type == _MANY_TO_MANY else RelationType(relation_type),
        junction=_read_junction(payload, relation_type),
    )


def _read_morph(field_type: FieldType, payload: JsonValue) -> tuple[NewRelation, ...]:
    blame = "morphRelationsCreationPayload"
    if payload is None:
        return ()
    if field_type is not FieldType.MORPH_RELATION:
        raise BadUserInput(f"A field of type {field_type.value} takes no {blame}.", field=blame)
    targets = tuple(map(_read_relation, payload if isinstance(payload, list) else [payload]))
    if any(target.junction or target.type is not RelationType.MANY_TO_ONE for target in targets):
        raise BadUserInput(f"The relations of a {blame} are all MANY_TO_ONE; leave type out.", field="type")
    return targets


def _read_junction(payload: Input, relation_type: str) -> NewJunction | None:
    names = {name: _text(payload, name) for name in ("junctionNameSingular", "junctionNamePlural")}
    if relation_type == _MANY_TO_MANY:
        return NewJunction(name_singular=names["junctionNameSingular"], name_plural=names["junctionNamePlural"])
    for name, value in names.items():
        if value is not None:
            raise BadUserInput(f"{name} is for a relation of the type MANY_TO_MANY; leave it out.", field=name)
    return None


def _text(payload: Input, name: str, *, required: bool = False) -> str | None:
    value = payload.get(name)
    if isinstance(value, str) or (value is None and not required):
        return value
    raise BadUserInput(f"{name} must be text, not {shown(value)}.", field=name)
