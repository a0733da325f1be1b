"""The names under which clients of Twenty ask for the members of objects, fields, relations and indexes.

The Metadata API answers them and does not list them in its schema. Members that mean nothing here are constants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.api_model.notation import catalog_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import BOOLEAN, STRING, Scalar
from fieldstone.metadata.scalars import UUID as UUID_SCALAR


@dataclass(frozen=True, slots=True)
class Same:
    """Another name of a field."""

    field: str


@dataclass(frozen=True, slots=True)
class Items:
    """All records of a relation in a list."""

    relation: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same for all records."""

    value: JsonValue
    scalar: Scalar


OtherName = Same | Items | Constant

MOST_ITEMS: Final = 2_000
"""Records in a list: more than the columns that a table can have."""

_TRUE, _FALSE = Constant(True, BOOLEAN), Constant(False, BOOLEAN)
_NO_TEXT, _NO_ID = Constant(None, STRING), Constant(None, UUID_SCALAR)

_NAMES: Final[Mapping[UUID, Mapping[str, OtherName]]] = {
    catalog_id("object"): {
        "fieldsList": Items("fields"),
        "indexMetadatas": Same("indexes"),
        "indexMetadataList": Items("indexes"),
        "universalIdentifier": Same("id"),
        "labelIdentifierFieldMetadataId": _NO_ID,
        "imageIdentifierFieldMetadataId": _NO_ID,
        "shortcut": _NO_TEXT,
        "color": _NO_TEXT,
        "isRemote": _FALSE,
        "isSearchable": _TRUE,
        "isUIReadOnly": _FALSE,
        "isUIEditable": _TRUE,
        "isUICreatable": _TRUE,
        "isLabelSyncedWithName": _FALSE,
    },
    catalog_id("field"): {
        "universalIdentifier": Same("id"),
        "isUIReadOnly": _FALSE,
        "isUIEditable": _TRUE,
        "isLabelSyncedWithName": _FALSE,
    },
    catalog_id("relation"): {
        "sourceObjectMetadata": Same("sourceObject"),
        "targetObjectMetadata": Same("targetObject"),
        "sourceFieldMetadata": Same("sourceField"),
        "targetFieldMetadata": Same("targetField"),
    },
    catalog_id("index"): {"universalIdentifier": Same("id"), "isCustom": _TRUE, "indexWhereClause": _NO_TEXT},
}


_PLAIN_LISTS: Final = frozenset({(catalog_id("webhookDelivery"), "tries")})


def is_plain_list(object_: Object, name: str) -> bool:
    """Return whether a to-many relation of an object of the catalog is a list of its records, and no connection."""
    return (object_.id, name) in _PLAIN_LISTS


def find_other_name(object_: Object, name: str) -> OtherName | None:
    """Return the meaning of a name that an object of the catalog has for clients of Twenty, None where it has none."""
    return _NAMES.get(object_.id, {}).get(name)
