"""The names and inputs that clients of Twenty use for the Metadata API's own; its schema lists none of them."""

from collections.abc import Mapping
from typing import Final

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    get_nullable_type,
)

from fieldstone.engine.documents.allowances import ACCEPTS
from fieldstone.engine.schema.unlisted import OpenInput
from fieldstone.engine.schema.values.filters import operator_field, scalar_filter
from fieldstone.engine.schema.values.open_enums import OpenEnum
from fieldstone.engine.schema.values.paging import CURSOR_PAGING
from fieldstone.engine.schema.values.presence import PRESENCE
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata.changes.kinds.kind import Subject
from fieldstone.metadata.operators import EQUALITY, IS, IS_NOT
from fieldstone.metadata.scalars import BOOLEAN, JSON, STRING, UUID

_PRESENCE_OR_FLAG = OpenEnum(PRESENCE, lambda value: isinstance(value, bool), GraphQLBoolean.name)


def _boolean_filter() -> GraphQLInputObjectType:
    """Return the filter of Booleans, in which `is` and `isNot` take true and false, too."""
    shared = scalar_filter(BOOLEAN)
    lenient = {
        operator.name: operator_field(_PRESENCE_OR_FLAG, operator.description)
        for operator in EQUALITY
        if operator in {IS, IS_NOT}
    }
    return GraphQLInputObjectType(shared.name, {**shared.fields, **lenient}, description=shared.description)


BOOLEAN_FILTER: Final = _boolean_filter()
"""It stands in for the shared one."""

FIELD_IDS: Final = "fieldMetadataIds"
FIELDS: Final = "fields"
INDEX_TYPE: Final = "indexType"


class IndexInput(OpenInput):
    """The input of a new index, in which `fields` and `indexType` may stand for members of it.

    It equals the ordinary one: a schema has one of each name.

    Args:
        listed: the ordinary one.
    """

    def __init__(self, listed: GraphQLInputObjectType) -> None:
        def members() -> dict[str, GraphQLInputField]:
            ids = listed.fields[FIELD_IDS]
            lenient = GraphQLInputField(get_nullable_type(ids.type), description=ids.description)
            return {**listed.fields, FIELD_IDS: lenient}

        json = GraphQLInputField(SCALARS[JSON.name])
        super().__init__(listed.name, members, {FIELDS: json, INDEX_TYPE: json}, description=listed.description or "")
        self.extensions[ACCEPTS] = (listed.name,)
        self._listed = listed

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._listed

    def __hash__(self) -> int:
        return hash(self._listed)


UNLISTED_TYPES: Final[Mapping[str, GraphQLNamedType]] = {CURSOR_PAGING.name: CURSOR_PAGING}

OTHER_NAMES: Final = {
    "ConnectionCursor": STRING.name,
    "ObjectFilter": "ObjectFilterInput",
    "FieldFilter": "FieldFilterInput",
    "UUIDFilterComparison": UUID.filter_name,
    "BooleanFieldComparison": BOOLEAN_FILTER.name,
    "CreateOneFieldMetadataInput": "CreateOneFieldInput",
    "UpdateOneFieldMetadataInput": "UpdateOneFieldInput",
    "UpdateObjectPayload": "UpdateObjectInput",
    "FieldMetadataType": "FieldTypeEnum",
    "RelationType": "RelationTypeEnum",
}
"""The names by which variables may be declared, each with that of the type."""

_WITHOUT_EFFECT = ("isLabelSyncedWithName", "isRemote", "shortcut", "color", "isUIReadOnly", "isSystem")
IGNORED: Final = dict.fromkeys((Subject.OBJECT, Subject.FIELD), _WITHOUT_EFFECT)
"""By the subject of a mutation: members of its input that its other spelling takes and that mean nothing here."""

DISPLAY_SETTINGS: Final = (
    *("decimals", "type", "format", "displayedMaxRows"),
    *("displayFormat", "customUnicodeDateFormat", "subFields"),
)
"""Settings of a field that its other spelling takes and that mean nothing here."""
