"""`fieldTypes`: the types that a field may have, for programs that show forms."""

from functools import cache
from typing import Any

from fieldstone.metadata.changes.kinds.fields.conversion import conversions_of
from fieldstone.metadata.changes.rules.settings import settings_of
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType, SubField, label_of
from fieldstone.metadata.json_text import JsonValue


@cache
def describe_field_types() -> JsonValue:
    """Return the members of each `FieldTypeInfo`."""
    return [_describe(type_) for type_ in FieldType]


def _describe(type_: FieldType) -> dict[str, Any]:
    entry = FIELD_TYPES[type_]
    return {
        "type": type_.value,
        "label": label_of(type_),
        "description": entry.description,
        "composite": entry.composite,
        "parts": [_describe_part(part) for part in entry.subfields],
        "settings": [
            {"name": name, "values": list(values), "isFlag": not values} for name, values in settings_of(type_).items()
        ],
        "hasOptions": entry.has_options,
        "fixedOptions": list(entry.fixed_options),
        "canBeUnique": entry.can_be_unique,
        "canDefault": entry.can_default,
        "functions": list(entry.functions),
        "conversions": [kind.value for kind in conversions_of(type_)],
    }


def _describe_part(part: SubField) -> dict[str, Any]:
    return {
        "name": part.name,
        "description": part.description,
        "scalar": part.scalar.name,
        "filters": [operator.name for operator in part.operators],
        "identifies": part.identifies,
    }
