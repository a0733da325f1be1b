"""Relay's `Node`: every record by one id, for the clients that ask for it (FIELDSTONE_RELAY)."""

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLID,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
)

from fieldstone.engine.schema.scope import NODE, TypeScope

NODE_ID = GraphQLField(
    GraphQLNonNull(GraphQLID), description="The record's id among the records of all objects, for `node` and `nodes`."
)


def build_node() -> GraphQLInterfaceType:
    """Return the interface of all records."""
    return GraphQLInterfaceType(NODE, {"nodeId": NODE_ID}, description="A record of any object.")


def node_field(scope: TypeScope, name: str) -> GraphQLField | None:
    """Return the root field `node` or `nodes`, None for another name and where the schema has no `Node`."""
    if not scope.has_nodes:
        return None
    node = scope.interface_type(NODE)
    match name:
        case "node":
            argument = GraphQLArgument(GraphQLNonNull(GraphQLID), description="The record's `nodeId`.")
            return GraphQLField(node, args={"nodeId": argument}, description="A record, null where there is none.")
        case "nodes":
            ids = GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLID)))
            argument = GraphQLArgument(ids, description="The `nodeId`s of records of any objects.")
            description = "The records, in the order of the ids; null where there is none."
            return GraphQLField(GraphQLNonNull(GraphQLList(node)), args={"nodeIds": argument}, description=description)
    return None
