"""Values that come back from another type in another form than they had. Pure."""

from collections.abc import Mapping
from typing import Final

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue

_LISTS: Final = (FieldType.ARRAY, FieldType.MULTI_SELECT)
_TEXTS: Final = (FieldType.TEXT, FieldType.SELECT, FieldType.RATING)
_SPELLED: Final = (
    FieldType.NUMBER,
    FieldType.NUMERIC,
    FieldType.POSITION,
    FieldType.BOOLEAN,
    FieldType.DATE_TIME,
    FieldType.UUID,
)

_OTHER_FORMS: Final[Mapping[tuple[FieldType, FieldType], str]] = {
    (FieldType.RAW_JSON, FieldType.TEXT): "values that were no texts come back as texts of JSON",
    **{(was, now): "empty lists come back as null" for was in _LISTS for now in _TEXTS},
    **{(FieldType.TEXT, now): f"texts come back as {now.value} values are written" for now in _SPELLED},
}
"""The values that come back in another form, by the type before a change and the one that it gave."""


def find_other_form(entry: JsonValue) -> str | None:
    """Return the values of a field that come back in another form from the type which a change gave it.

    Args:
        entry: the change, as `record_change` returns it.
    """
    if entry["action"] != "updateField" or "type" not in entry:
        return None
    before = next((one["type"] for one in entry["before"] if one["id"] == entry["id"]), entry["type"])
    return _OTHER_FORMS.get((FieldType(before), FieldType(entry["type"])))
