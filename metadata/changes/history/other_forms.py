"""Values that come back from another type in another form than they had. Pure."""

from collections.abc import Mapping
from typing import Final

from fieldstone.metadata.field_types import FieldType, subfields_of
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.types import SqlType

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
_WITHOUT_SCALE: Final = frozenset({SqlType.INTEGER, SqlType.BIGINT, SqlType.DOUBLE, SqlType.BOOLEAN})

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
    if entry["action"] != "updateField":
        return None
    sides = (entry["before"], entry["after"])
    found = [one for side in sides for one in side if one["id"] == entry["id"]]
    if len(found) != len(sides):
        return None
    was, now = (FieldType(one["type"]) for one in found)
    before, after = map(_find_column_type, found)
    # Of a currency the number is in its first column, in millionths.
    if before is SqlType.NUMERIC and (after in _WITHOUT_SCALE or now is FieldType.CURRENCY):
        return "numbers come back without the last zeros of their fractions"
    return _OTHER_FORMS.get((was, now))


def _find_column_type(field: JsonValue) -> SqlType | None:
    subfields = subfields_of(FieldType(field["type"]), (field.get("settings") or {}).get("dataType"))
    return subfields[0].scalar.sql_type if subfields else None
