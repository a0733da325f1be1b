"""New indexes as Twenty's clients give them: `fields` with the ids and sub-fields, and `indexType`."""

from collections.abc import Mapping
from typing import Final

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.schema.roots.twenty_names import FIELD_IDS, FIELDS, INDEX_TYPE
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, INVERTED
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import UUID

_METHODS: Final = {"BTREE": BTREE, "GIN": INVERTED}
_MEMBERS: Final = frozenset({"fieldMetadataId", "subFieldName"})


def read_index(given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the members of a new index as `createIndex` takes them.

    Raises:
        BadUserInput: members are missing, contradict each other, or have not the form that they must have.
    """
    values = {name: value for name, value in given.items() if name not in {FIELDS, INDEX_TYPE}}
    fields, type_ = given.get(FIELDS), given.get(INDEX_TYPE)
    if (fields is None) == (FIELD_IDS not in given):
        raise BadUserInput(f"The fields of an index are given by '{FIELD_IDS}' or by '{FIELDS}'.", field=FIELDS)
    if fields is not None:
        values |= _read_fields(fields)
    if type_ is not None:
        if type_ not in _METHODS or "method" in given:
            raise BadUserInput(
                f"'{INDEX_TYPE}' must be {' or '.join(_METHODS)}, and stands in the place of 'method'.",
                field=INDEX_TYPE,
            )
        values["method"] = _METHODS[type_]
    return values


def _read_fields(fields: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(fields, list) or not all(isinstance(one, dict) and one.keys() <= _MEMBERS for one in fields):
        raise BadUserInput(f"'{FIELDS}' must be a list of {{ fieldMetadataId subFieldName }}.", field=FIELDS)
    try:
        ids = [UUID.coerce(one.get("fieldMetadataId")) for one in fields]
    except InvalidValue as error:
        raise BadUserInput(f"'fieldMetadataId' {error.message}.", field="fieldMetadataId") from None
    parts = [one["subFieldName"] for one in fields if one.get("subFieldName") is not None]
    if parts and (len(fields) > 1 or not isinstance(parts[0], str)):
        raise BadUserInput(
            "'subFieldName' is the name of a sub-field of the one field of an index.", field="subFieldName"
        )
    return {FIELD_IDS: ids, **({"subField": parts[0]} if parts else {})}
