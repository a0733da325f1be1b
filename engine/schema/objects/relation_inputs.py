"""The input types of relations in a record's data: the verbs for the records that they lead to."""

from collections.abc import Iterator

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
)

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import CONNECT_TARGET, SCALARS
from fieldstone.metadata.api_names import TypeRole, Verb, lacking, type_name
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import UUID

_ID = SCALARS[UUID.name]


def build_relation_input(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the verbs of a to-one relation to the object, those that the role has a right to."""

    def members() -> Iterator[tuple[str, GraphQLInputField]]:
        if _may(object_, Verb.CREATE):
            data = scope.input_of(object_, TypeRole.INPUT)
            yield "create", GraphQLInputField(data, description="A record to create and lead to.")
        yield (
            "connect",
            GraphQLInputField(
                CONNECT_TARGET, description="The record to lead to: its id, or a unique field and its value."
            ),
        )
        if _may(object_, Verb.CREATE):
            yield (
                "connectOrCreate",
                GraphQLInputField(
                    scope.input_of(object_, TypeRole.CONNECT_OR_CREATE),
                    description="The record to lead to, which is created if no live one has the unique key.",
                ),
            )
        yield "disconnect", GraphQLInputField(GraphQLBoolean, description="True: lead to no record any more.")
        if _may(object_, Verb.UPDATE):
            data = scope.input_of(object_, TypeRole.INPUT)
            yield "update", GraphQLInputField(data, description="The changes of the record that the relation leads to.")

    return GraphQLInputObjectType(
        type_name(object_, TypeRole.RELATION_INPUT),
        lambda: dict(members()),
        description=f"One verb: the record of {object_.label_plural} that a relation shall lead to.",
    )


def _may(object_: Object, verb: Verb) -> bool:
    return lacking(object_, verb) is None


def build_connect_or_create(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return a record to connect to by a unique key, and to create where there is none."""
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.CONNECT_OR_CREATE),
        lambda: {
            "where": GraphQLInputField(
                GraphQLNonNull(scope.input_of(object_, TypeRole.UNIQUE_KEY)), description="The record's unique key."
            ),
            "create": GraphQLInputField(
                GraphQLNonNull(scope.input_of(object_, TypeRole.INPUT)),
                description="The record to create if no live one has that key.",
            ),
        },
        description=f"A record of {object_.label_plural} to connect, or else to create.",
    )


def build_relation_list_input(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the verbs of a to-many relation to the object, those that the role has a right to."""

    def members() -> Iterator[tuple[str, GraphQLInputField]]:
        ids = _list_of(_ID)
        if _may(object_, Verb.CREATE):
            data = _list_of(scope.input_of(object_, TypeRole.INPUT))
            yield "create", GraphQLInputField(data, description="Records to create and connect.")
        targets = _list_of(CONNECT_TARGET)
        by = "by their ids, or a unique field and its value"
        yield "connect", GraphQLInputField(targets, description=f"Records to connect, {by}.")
        yield "disconnect", GraphQLInputField(ids, description="Records to disconnect, by their ids.")
        description = "Exactly these shall be connected; all others are disconnected."
        yield "set", GraphQLInputField(targets, description=description)
        if _may(object_, Verb.UPDATE):
            updates = _list_of(scope.input_of(object_, TypeRole.UPDATE_ITEM))
            yield "update", GraphQLInputField(updates, description="Changes of records that are connected.")
        if _may(object_, Verb.DELETE):
            yield "delete", GraphQLInputField(ids, description="Connected records to delete; they can be restored.")

    return GraphQLInputObjectType(
        type_name(object_, TypeRole.RELATION_LIST_INPUT),
        lambda: dict(members()),
        description=f"Verbs for the records of {object_.label_plural} that a relation leads to.",
    )


def build_update_item(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the changes of one of several records."""
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.UPDATE_ITEM),
        lambda: {
            "id": GraphQLInputField(GraphQLNonNull(_ID), description="The record's id."),
            "data": GraphQLInputField(
                GraphQLNonNull(scope.input_of(object_, TypeRole.INPUT)), description="The fields to change."
            ),
        },
        description=f"The changes of one record of {object_.label_plural}.",
    )


def _list_of(item: GraphQLInputType) -> GraphQLInputType:
    return GraphQLList(GraphQLNonNull(item))
