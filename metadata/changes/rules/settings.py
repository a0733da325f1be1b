"""A field's settings: which there are for its type."""

from collections.abc import Mapping

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import OnDelete
from fieldstone.metadata.scalars import STRING, shown

KEEP_ACCENTS = "keepAccents"
"""True: `contains` and the like tell texts with accents from those without them."""

SKIP_LABEL_INDEX = "skipLabelIndex"
"""True: the field brings no index for the order of its label."""

_FLAGS = frozenset({KEEP_ACCENTS, SKIP_LABEL_INDEX})
_LABELS = frozenset({FieldType.TEXT, FieldType.FULL_NAME, FieldType.EMAILS})


def read_settings(field_type: FieldType, settings: JsonValue) -> dict[str, JsonValue]:
    """Return the settings of a field as the catalog keeps them.

    Raises:
        InvalidChange: a setting is unknown to the type, or has a value that it cannot have.
    """
    if settings is None:
        return {}
    if not isinstance(settings, Mapping):
        raise InvalidChange(f"settings must be an object, not {shown(settings)}", field="settings")
    allowed = settings_of(field_type)
    for key, value in settings.items():
        if key not in allowed:
            known = f"it has {', '.join(allowed)}" if allowed else "it has none"
            raise InvalidChange(f"a {field_type.value} field has no setting {shown(key)}; {known}", field="settings")
        if key in _FLAGS and value is not None and not isinstance(value, bool):
            raise InvalidChange(f"settings.{key} must be true or false, not {shown(value)}", field="settings")
        if key not in _FLAGS and value is not None and (not isinstance(value, str) or value not in allowed[key]):
            raise InvalidChange(
                f"settings.{key} must be one of {', '.join(allowed[key])}, not {shown(value)}", field="settings"
            )
    return {key: value for key, value in settings.items() if value is not None}


def settings_of(field_type: FieldType) -> dict[str, tuple[str, ...]]:
    """Return the settings of a type with the values that each may have; none are named of a flag."""
    allowed: dict[str, tuple[str, ...]] = {}
    entry = FIELD_TYPES[field_type]
    if not entry.has_options and any(part.scalar is STRING for part in entry.subfields):
        allowed[KEEP_ACCENTS] = ()
    if field_type in _LABELS:
        allowed[SKIP_LABEL_INDEX] = ()
    if variants := entry.variants:
        allowed["dataType"] = tuple(filter(None, variants))
    if field_type in RELATIONS:
        allowed["onDelete"] = tuple(rule.value for rule in OnDelete)
    return allowed
