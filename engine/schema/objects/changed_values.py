"""An object's types for changes of values by the values before: numbers, lists, and JSON documents."""

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
)

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.descriptions import describe_field
from fieldstone.engine.schema.values.enums import enum_value_type
from fieldstone.engine.schema.values.json_paths import JSON_PATH
from fieldstone.engine.schema.values.notation import input_type_of
from fieldstone.engine.schema.values.scalars import SCALARS, scalar_type
from fieldstone.engine.schema.values.value_changes import fields_of
from fieldstone.metadata.api_names import JSON_PATH_VALUE, TypeRole, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import JSON

PATH_VALUE = input_type_of(
    JSON_PATH_VALUE,
    "A value inside a JSON document.",
    {
        "path": (GraphQLNonNull(JSON_PATH), "The keys that lead to the value; in a list its index, as a text."),
        "value": (SCALARS[JSON.name], "The new value; null is JSON's null."),
    },
)

_MEANINGS = {
    TypeRole.INCREMENT: "Numbers to add to the fields of a record of {}; NULL stays NULL.",
    TypeRole.LIST_ITEMS: "Items of lists of a record of {}.",
    TypeRole.SET_PATH: "Values to set inside the JSON documents of a record of {}.",
    TypeRole.DELETE_PATH: "Values to remove from the JSON documents of a record of {}.",
}


def build_changed_values(scope: TypeScope, object_: Object, role: TypeRole) -> GraphQLInputObjectType:
    """Return an input with a member for each field that can be changed in this way."""
    return GraphQLInputObjectType(
        type_name(object_, role),
        lambda: {
            name: GraphQLInputField(_member(scope, object_, field, role), description=describe_field(field))
            for name, field in fields_of(object_, role).items()
        },
        description=_MEANINGS[role].format(object_.label_plural),
    )


def _member(scope: TypeScope, object_: Object, field: Field, role: TypeRole) -> GraphQLInputType:
    match role:
        case TypeRole.SET_PATH:
            return GraphQLList(GraphQLNonNull(PATH_VALUE))
        case TypeRole.DELETE_PATH:
            return GraphQLList(GraphQLNonNull(JSON_PATH))
        case _ if FIELD_TYPES[field.type].has_options:
            return enum_value_type(scope, object_, field)
        case _:
            return scalar_type(field.parts[0].scalar)
