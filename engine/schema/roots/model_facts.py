"""The root fields of the Metadata API about the model as a whole: version, field types, names, sizes, builds."""

from typing import Final

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString

from fieldstone.engine.schema.scope import FieldBuilders, TypeBuilders, TypeScope
from fieldstone.engine.schema.values.notation import (
    BIG_INT,
    FLAG,
    TEXT,
    UUID,
    field_of,
    fixed,
    list_of,
    root_field,
    type_of,
)

FIELD_TYPE_INFO: Final = "FieldTypeInfo"
DERIVED_NAMES: Final = "DerivedNames"
OBJECT_STATS: Final = "ObjectStats"
BUILD: Final = "Build"
MODEL_CHANGE: Final = "ModelChange"
_FIELD_TYPE: Final = "FieldTypeEnum"


_PART = type_of(
    "FieldTypePart",
    "A column of a field as the API shows it.",
    {
        "name": (GraphQLString, "The name of the sub-field; null where the field is this column alone."),
        "description": (TEXT, "Its meaning."),
        "scalar": (TEXT, "The scalar of its values, without a dataType among the settings."),
        "filters": (list_of(GraphQLString), "The operators of its filter."),
        "identifies": (FLAG, "Whether it is in the key of a field that is unique."),
    },
)
_SETTING = type_of(
    "FieldTypeSetting",
    "A setting of a type of field.",
    {
        "name": (TEXT, "Its name in `settings`."),
        "values": (list_of(GraphQLString), "The values that it may have; none of a flag."),
        "isFlag": (FLAG, "Whether it is true or false."),
    },
)
_NAMES = type_of(
    DERIVED_NAMES,
    "The names that a label suggests, as far as they are free.",
    {
        "nameSingular": (GraphQLString, "The name of one record; null where no number makes it free."),
        "namePlural": (GraphQLString, "The name of several records; likewise."),
        "labelSingular": (TEXT, "The label of one record."),
        "labelPlural": (TEXT, "The label of several records."),
        "isTaken": (FLAG, "Whether a number was put behind a name of an object, as the name itself is taken."),
        "fieldName": (GraphQLString, "The name of a field: free in the object that is named."),
    },
)
_STATS = type_of(
    OBJECT_STATS,
    "The size of an object's table.",
    {
        "object": (TEXT, "The object's nameSingular."),
        "objectMetadataId": (GraphQLNonNull(UUID), "The object's id."),
        "records": (GraphQLNonNull(BIG_INT), "The number of its records, deleted ones left out."),
        "deleted": (GraphQLNonNull(BIG_INT), "The number of its deleted records, which can be restored."),
        "bytes": (GraphQLNonNull(BIG_INT), "The bytes of its table, with its indexes."),
        "estimated": (FLAG, "Whether the numbers are PostgreSQL's estimate: those of a small table are exact."),
    },
)
_BUILD = type_of(
    BUILD,
    "Work on a big table beside readers and writers.",
    {
        "id": (GraphQLNonNull(UUID), "The id of the index or the field."),
        "kind": (TEXT, "`INDEX` or `FIELD`."),
        "object": (TEXT, "The object's nameSingular."),
        "fields": (list_of(GraphQLString), "The names of the fields."),
        "phase": (TEXT, "The phase, of an index in PostgreSQL's words."),
        "done": (BIG_INT, "The blocks or rows of the phase that are done; null where PostgreSQL does not tell."),
        "total": (BIG_INT, "All blocks or rows of the phase; likewise."),
    },
)


_CHANGE = type_of(
    MODEL_CHANGE,
    "Changes of the model since the message before.",
    {
        "version": (GraphQLNonNull(BIG_INT), "The model's version by now."),
        "objects": (
            list_of(UUID),
            "The ids of the objects that have changed, those of a restricted role alone; none in the first message.",
        ),
        "rights": (FLAG, "Whether roles have changed, so that any object may look otherwise."),
    },
)


def _info(scope: TypeScope) -> GraphQLObjectType:
    kind = scope.enum_type(_FIELD_TYPE)
    return type_of(
        FIELD_TYPE_INFO,
        "A type that a field may have.",
        {
            "type": (GraphQLNonNull(kind), "The type."),
            "label": (TEXT, "Its name that is shown."),
            "description": (TEXT, "Its meaning."),
            "composite": (GraphQLString, "The type of its values in the API where it has several columns."),
            "parts": (list_of(_PART), "Its columns; none of relations."),
            "settings": (list_of(_SETTING), "Its settings."),
            "hasOptions": (FLAG, "Whether its values are options."),
            "fixedOptions": (list_of(GraphQLString), "The options that each field of it has; none are given then."),
            "canBeUnique": (FLAG, "Whether a field of it may be unique."),
            "canDefault": (FLAG, "Whether a field of it takes a defaultValue."),
            "functions": (list_of(GraphQLString), "The default values that are computed for each record."),
            "conversions": (list_of(kind), "The types that a field of it may get."),
        },
    )


MODEL_FACT_TYPES: Final[TypeBuilders] = {
    FIELD_TYPE_INFO: _info,
    **fixed(_PART, _SETTING, _NAMES, _STATS, _BUILD, _CHANGE),
}
"""The types that only these root fields use."""


MODEL_FACTS: Final[FieldBuilders] = {
    "modelVersion": root_field(GraphQLNonNull(BIG_INT), "The model's version, which each change of it raises."),
    "fieldTypes": lambda scope: field_of(
        list_of(scope.object_type(FIELD_TYPE_INFO)), "The types that a field may have."
    ),
    "deriveNames": root_field(
        GraphQLNonNull(_NAMES),
        "The names that a label suggests for an object and for a field.",
        {
            "label": (TEXT, "The label, such as `Team member`."),
            "object": (GraphQLString, "The nameSingular of the object in which the field's name is to be free."),
        },
    ),
    "objectStats": root_field(
        list_of(_STATS),
        "The sizes of objects, of which the role may count all records. No large table is read for them.",
        {"objects": (GraphQLNonNull(GraphQLList(TEXT)), "The names or ids of the objects, 200 at most.")},
    ),
    "builds": root_field(list_of(_BUILD), "The indexes and fields that are being built, with their progress."),
}
"""The root fields. Every role may ask for all but `deriveNames` and `builds`."""

MODEL_SUBSCRIPTIONS: Final[FieldBuilders] = {
    "modelChanged": root_field(
        GraphQLNonNull(_CHANGE),
        "The model's version, at once and after each change; several changes may be one message.",
    ),
}
"""The subscriptions. Every role may ask for them."""
