"""The payload of a createField that describes the other ends of its relations."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.metadata.changes.kinds.fields.new_field import NewJunction, NewRelation
from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import RelationType
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.metadata.scalars import shown

_RELATION_MEMBERS = frozenset(
    {"targetObjectMetadataId", "targetFieldLabel", "targetFieldName", "targetFieldIcon", "type"}
    | {"junctionNameSingular", "junctionNamePlural"}
)
_MANY_TO_MANY = "MANY_TO_MANY"
_RELATION_TYPES = (*(known.value for known in RelationType), _MANY_TO_MANY)


def read_relation(field_type: FieldType, payload: JsonValue) -> NewRelation | None:
    """Return the relation of a RELATION field.

    Raises:
        InvalidChange: the relationCreationPayload is not one, or stands where it does not belong.
    """
    if field_type is FieldType.RELATION:
        return _read_relation(payload)
    if payload is not None:
        raise InvalidChange(
            f"A field of type {field_type.value} takes no relationCreationPayload.", field="relationCreationPayload"
        )
    return None


def _read_relation(payload: JsonValue) -> NewRelation:
    blame = "relationCreationPayload"
    if not isinstance(payload, dict):
        raise InvalidChange(
            "A RELATION takes a relationCreationPayload { targetObjectMetadataId targetFieldLabel type }.", field=blame
        )
    if unknown := sorted(payload.keys() - _RELATION_MEMBERS):
        raise InvalidChange(
            f"The relationCreationPayload has no member '{unknown[0]}'; it has {', '.join(sorted(_RELATION_MEMBERS))}.",
            field=unknown[0],
        )
    try:
        target = UUID(UUID_SCALAR.coerce(payload.get("targetObjectMetadataId")))
    except InvalidValue as error:
        raise InvalidChange(f"targetObjectMetadataId {error.message}.", field="targetObjectMetadataId") from None
    relation_type = payload.get("type", RelationType.MANY_TO_ONE.value)
    if relation_type not in _RELATION_TYPES:
        raise InvalidChange(
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


def read_morph(field_type: FieldType, payload: JsonValue) -> tuple[NewRelation, ...]:
    """Return the targets of a MORPH_RELATION field.

    Raises:
        InvalidChange: the morphRelationsCreationPayload is not one, or stands where it does not belong.
    """
    blame = "morphRelationsCreationPayload"
    if payload is None:
        return ()
    if field_type is not FieldType.MORPH_RELATION:
        raise InvalidChange(f"A field of type {field_type.value} takes no {blame}.", field=blame)
    targets = tuple(map(_read_relation, payload if isinstance(payload, list) else [payload]))
    if any(target.junction or target.type is not RelationType.MANY_TO_ONE for target in targets):
        raise InvalidChange(f"The relations of a {blame} are all MANY_TO_ONE; leave type out.", field="type")
    return targets


def _read_junction(payload: Mapping[str, JsonValue], relation_type: str) -> NewJunction | None:
    names = {name: _text(payload, name) for name in ("junctionNameSingular", "junctionNamePlural")}
    if relation_type == _MANY_TO_MANY:
        return NewJunction(name_singular=names["junctionNameSingular"], name_plural=names["junctionNamePlural"])
    for name, value in names.items():
        if value is not None:
            raise InvalidChange(f"{name} is for a relation of the type MANY_TO_MANY; leave it out.", field=name)
    return None


def _text(payload: Mapping[str, JsonValue], name: str, *, required: bool = False) -> str | None:
    value = payload.get(name)
    if isinstance(value, str) or (value is None and not required):
        return value
    raise InvalidChange(f"{name} must be text, not {shown(value)}.", field=name)
