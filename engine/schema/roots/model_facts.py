"""The root fields of the Metadata API about the model as a whole: version, field types, names, sizes, builds."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

FIELD_TYPE_INFO: Final = "FieldTypeInfo"
DERIVED_NAMES: Final = "DerivedNames"
OBJECT_STATS: Final = "ObjectStats"
BUILD: Final = "Build"
MODEL_CHANGE: Final = "ModelChange"
_FIELD_TYPE: Final = "FieldTypeEnum"

_BIG_INT = SCALARS[scalars.BIG_INT.name]
_UUID = SCALARS[scalars.UUID.name]
_TEXT = GraphQLNonNull(GraphQLString)
_FLAG = GraphQLNonNull(GraphQLBoolean)


def _list(item: GraphQLOutputType) -> GraphQLOutputType:
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(item)))


def _type(name: str, description: str, members: Mapping[str, tuple[GraphQLOutputType, str]]) -> GraphQLObjectType:
    fields = {member: GraphQLField(type_, description=described) for member, (type_, described) in members.items()}
    return GraphQLObjectType(name, fields, description=description)


_PART = _type(
    "FieldTypePart",
    "A column of a field as the API shows it.",
    {
        "name": (GraphQLString, "The name of the sub-field; null where the field is this column alone."),
        "description": (_TEXT, "Its meaning."),
        "scalar": (_TEXT, "The scalar of its values, without a dataType among the settings."),
        "filters": (_list(GraphQLString), "The operators of its filter."),
        "identifies": (_FLAG, "Whether it is in the key of a field that is unique."),
    },
)
_SETTING = _type(
    "FieldTypeSetting",
    "A setting of a type of field.",
    {
        "name": (_TEXT, "Its name in `settings`."),
        "values": (_list(GraphQLString), "The values that it may have; none of a flag."),
        "isFlag": (_FLAG, "Whether it is true or false."),
    },
)
_NAMES = _type(
    DERIVED_NAMES,
    "The names that a label suggests, as far as they are free.",
    {
        "nameSingular": (GraphQLString, "The name of one record; null where no number makes it free."),
        "namePlural": (GraphQLString, "The name of several records; likewise."),
        "labelSingular": (_TEXT, "The label of one record."),
        "labelPlural": (_TEXT, "The label of several records."),
        "isTaken": (_FLAG, "Whether a number was put behind a name of an object, as the name itself is taken."),
        "fieldName": (GraphQLString, "The name of a field: free in the object that is named."),
    },
)
_STATS = _type(
    OBJECT_STATS,
    "The size of an object's table.",
    {
        "object": (_TEXT, "The object's nameSingular."),
        "objectMetadataId": (GraphQLNonNull(_UUID), "The object's id."),
        "records": (GraphQLNonNull(_BIG_INT), "The number of its records, deleted ones left out."),
        "deleted": (GraphQLNonNull(_BIG_INT), "The number of its deleted records, which can be restored."),
        "bytes": (GraphQLNonNull(_BIG_INT), "The bytes of its table, with its indexes."),
        "estimated": (_FLAG, "Whether the numbers are PostgreSQL's estimate: those of a small table are exact."),
    },
)
_BUILD = _type(
    BUILD,
    "Work on a big table beside readers and writers.",
    {
        "id": (GraphQLNonNull(_UUID), "The id of the index or the field."),
        "kind": (_TEXT, "`INDEX` or `FIELD`."),
        "object": (_TEXT, "The object's nameSingular."),
        "fields": (_list(GraphQLString), "The names of the fields."),
        "phase": (_TEXT, "The phase, of an index in PostgreSQL's words."),
        "done": (_BIG_INT, "The blocks or rows of the phase that are done; null where PostgreSQL does not tell."),
        "total": (_BIG_INT, "All blocks or rows of the phase; likewise."),
    },
)


_CHANGE = _type(
    MODEL_CHANGE,
    "Changes of the model since the message before.",
    {
        "version": (GraphQLNonNull(_BIG_INT), "The model's version by now."),
        "objects": (
            _list(_UUID),
            "The ids of the objects that have changed, those of a restricted role alone; none in the first message.",
        ),
        "rights": (_FLAG, "Whether roles have changed, so that any object may look otherwise."),
    },
)


def _info(scope: TypeScope) -> GraphQLObjectType:
    kind = scope.enum_type(_FIELD_TYPE)
    return _type(
        FIELD_TYPE_INFO,
        "A type that a field may have.",
        {
            "type": (GraphQLNonNull(kind), "The type."),
            "label": (_TEXT, "Its name that is shown."),
            "description": (_TEXT, "Its meaning."),
            "composite": (GraphQLString, "The type of its values in the API where it has several columns."),
            "parts": (_list(_PART), "Its columns; none of relations."),
            "settings": (_list(_SETTING), "Its settings."),
            "hasOptions": (_FLAG, "Whether its values are options."),
            "fixedOptions": (_list(GraphQLString), "The options that each field of it has; none are given then."),
            "canBeUnique": (_FLAG, "Whether a field of it may be unique."),
            "canDefault": (_FLAG, "Whether a field of it takes a defaultValue."),
            "functions": (_list(GraphQLString), "The default values that are computed for each record."),
            "conversions": (_list(kind), "The types that a field of it may get."),
        },
    )


MODEL_FACT_TYPES: Final[Mapping[str, Callable[[TypeScope], GraphQLNamedType]]] = {
    FIELD_TYPE_INFO: _info,
    **{type_.name: lambda _scope, type_=type_: type_ for type_ in (_PART, _SETTING, _NAMES, _STATS, _BUILD, _CHANGE)},  # type: ignore[misc]  # its own
}
"""The types that only these root fields use."""


def _stats(_scope: TypeScope) -> GraphQLField:
    objects = GraphQLArgument(
        GraphQLNonNull(GraphQLList(_TEXT)), description="The names or ids of the objects, 200 at most."
    )
    return GraphQLField(
        _list(_STATS),
        args={"objects": objects},
        description="The sizes of objects, of which the role may count all records. No large table is read for them.",
    )


def _derive(_scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(_NAMES),
        args={
            "label": GraphQLArgument(_TEXT, description="The label, such as `Team member`."),
            "object": GraphQLArgument(
                GraphQLString, description="The nameSingular of the object in which the field's name is to be free."
            ),
        },
        description="The names that a label suggests for an object and for a field.",
    )


MODEL_FACTS: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "modelVersion": lambda _scope: GraphQLField(
        GraphQLNonNull(_BIG_INT), description="The model's version, which each change of it raises."
    ),
    "fieldTypes": lambda scope: GraphQLField(
        _list(scope.object_type(FIELD_TYPE_INFO)), description="The types that a field may have."
    ),
    "deriveNames": _derive,
    "objectStats": _stats,
    "builds": lambda _scope: GraphQLField(
        _list(_BUILD), description="The indexes and fields that are being built, with their progress."
    ),
}
"""The root fields. Every role may ask for all but `deriveNames` and `builds`."""

MODEL_SUBSCRIPTIONS: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "modelChanged": lambda _scope: GraphQLField(
        GraphQLNonNull(_CHANGE),
        description="The model's version, at once and after each change; several changes may be one message.",
    ),
}
"""The subscriptions. Every role may ask for them."""
