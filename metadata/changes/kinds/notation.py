"""How an update is written as JSON: by the names of the Metadata API's inputs."""

from collections.abc import Mapping

from fieldstone.metadata.changes.types import UNSET, UpdateField, UpdateObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue

OBJECT_INPUTS: Mapping[str, str] = {
    "nameSingular": "name_singular",
    "namePlural": "name_plural",
    "labelSingular": "label_singular",
    "labelPlural": "label_plural",
    "description": "description",
    "icon": "icon",
    "isActive": "is_active",
}
"""What updateObject takes, each with the attribute that it stands for."""

FIELD_INPUTS: Mapping[str, str] = {
    "type": "type",
    "name": "name",
    "label": "label",
    "description": "description",
    "icon": "icon",
    "isActive": "is_active",
    "isNullable": "is_nullable",
    "isUnique": "is_unique",
    "defaultValue": "default",
    "options": "options",
    "settings": "settings",
    "optionMapping": "option_mapping",
    "backfillValue": "backfill",
    "allowDataLoss": "allow_data_loss",
}
"""What updateField takes, each with the attribute that it stands for."""

_UNSAID: Mapping[str, JsonValue] = {"optionMapping": None, "backfillValue": None, "allowDataLoss": False}


def describe_values(change: UpdateObject | UpdateField) -> dict[str, JsonValue]:
    """Return the values that an update gives."""
    inputs = OBJECT_INPUTS if isinstance(change, UpdateObject) else FIELD_INPUTS
    values = {name: getattr(change, attribute) for name, attribute in inputs.items()}
    return {
        name: value.value if isinstance(value, FieldType) else value
        for name, value in values.items()
        if value is not UNSET and not (name in _UNSAID and value == _UNSAID[name])
    }
