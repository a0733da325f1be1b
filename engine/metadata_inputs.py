"""The inputs of the Metadata API's mutations become changes of the model."""

from collections.abc import Mapping
from uuid import UUID

from engine.errors import BadUserInput
from metadata.changes import CreateField, CreateObject, NewRelation
from metadata.errors import InvalidValue
from metadata.field_types import FieldType
from metadata.json_text import JsonValue
from metadata.model import RelationType
from metadata.scalars import UUID as UUID_SCALAR
from metadata.scalars import shown

Input = Mapping[str, JsonValue]

_RELATION_MEMBERS = frozenset(
    {"targetObjectMetadataId", "targetFieldLabel", "targetFieldName", "targetFieldIcon", "type"}
)


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
    if relation_type not in {known.value for known in RelationType}:
        raise BadUserInput(f"type must be MANY_TO_ONE or ONE_TO_MANY, not {shown(relation_type)}.", field="type")
    return NewRelation(
        target_object_id=target,
        target_field_label=_text(payload, "targetFieldLabel", required=True) or "",
        target_field_name=_text(payload, "targetFieldName"),
        target_field_icon=_text(payload, "targetFieldIcon"),
        type=RelationType(relation_type),
    )


def _text(payload: Input, name: str, *, required: bool = False) -> str | None:
    value = payload.get(name)
    if isinstance(value, str) or (value is None and not required):
        return value
    raise BadUserInput(f"{name} must be text, not {shown(value)}.", field=name)
