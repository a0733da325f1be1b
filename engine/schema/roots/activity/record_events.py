"""The type of a write of an object's record, and its parts that all objects share: the action and the author."""

from typing import Final

from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.notation import DATE_TIME, UUID, enum_of, type_of
from fieldstone.metadata.api_names import EVENT_TYPE_NAMES, TypeRole, type_name
from fieldstone.metadata.catalog.webhooks import ACTIONS
from fieldstone.metadata.model import Object

_ACTION, _ACTOR = EVENT_TYPE_NAMES

RECORD_EVENT_ACTION: Final = enum_of(
    _ACTION, "The write that an event tells of.", {action.upper(): f"The record was {action}." for action in ACTIONS}
)
RECORD_EVENT_ACTOR: Final = type_of(
    _ACTOR,
    "The author of a write.",
    {
        "kind": (GraphQLString, "The kind of the identity, such as `API_KEY`."),
        "id": (UUID, "The id of the key or the user."),
        "name": (GraphQLString, "The name of the key or the user."),
    },
)


def build_record_event(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of the writes of an object's records."""
    names = GraphQLList(GraphQLNonNull(scope.enum_type(type_name(object_, TypeRole.FIELD_NAME))))
    return GraphQLObjectType(
        type_name(object_, TypeRole.RECORD_EVENT),
        lambda: {
            "action": GraphQLField(GraphQLNonNull(RECORD_EVENT_ACTION), description="The write."),
            "record": GraphQLField(
                GraphQLNonNull(scope.output_of(object_, TypeRole.RECORD)),
                description="The record as the write left it; a destroyed one as it was before.",
            ),
            "changed": GraphQLField(GraphQLNonNull(names), description="The fields that an update changed."),
            "actor": GraphQLField(GraphQLNonNull(RECORD_EVENT_ACTOR), description="The author of the write."),
            "at": GraphQLField(GraphQLNonNull(DATE_TIME), description="The time of the write."),
        },
        description=f"A write of a record of {object_.label_plural}.",
    )
