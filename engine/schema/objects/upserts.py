"""An object's types for upserts: how a record that is there is found and changed, and the result."""

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.model import Object


def build_on_conflict(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the input that makes a create an upsert."""
    fields = GraphQLList(GraphQLNonNull(scope.enum_type(type_name(object_, TypeRole.FIELD_NAME))))
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.ON_CONFLICT),
        {
            "fields": GraphQLInputField(
                GraphQLNonNull(fields), description="The fields of one unique key, by which a record is found."
            ),
            "update": GraphQLInputField(
                fields,
                description="The fields to change in a record that is there, of those given; all of them unless said, "
                "and with an empty list none.",
            ),
            "revive": GraphQLInputField(
                GraphQLBoolean,
                description="True: where no live record has the key, the last deleted one is restored and changed.",
            ),
        },
        description=f"The record of {object_.label_plural} that is changed in place of a new one.",
    )


def build_upsert_result(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the result of an upsert of one record."""
    return GraphQLObjectType(
        type_name(object_, TypeRole.UPSERT_RESULT),
        lambda: {
            "created": GraphQLField(
                GraphQLNonNull(GraphQLBoolean),
                description="True for a created record, false for one that existed and was changed.",
            ),
            "record": GraphQLField(
                GraphQLNonNull(scope.output_of(object_, TypeRole.RECORD)), description="The record itself."
            ),
        },
        description=f"A record of {object_.label_plural} that was created or changed.",
    )
