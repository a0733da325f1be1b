"""The paths to values within JSON documents, and the orders by such a value."""

from graphql import GraphQLArgument, GraphQLList, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.values.notation import enum_of, input_type_of
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION

JSON_PATH = GraphQLList(GraphQLNonNull(GraphQLString))
STEPS = "The keys, and the places in lists from 0, that lead to the value."

JSON_ORDER_TYPE = enum_of(
    "JSONOrderType",
    "How the values at a path are compared.",
    {
        "TEXT": "By the texts of the values, code point by code point.",
        "NUMBER": "By numbers; a value of another type counts as NULL.",
        "BOOLEAN": "False before true; any other value counts as NULL.",
    },
)

JSON_ORDER_BY = input_type_of(
    "JSONOrderByInput",
    "An order by the value at a path in a JSON document.",
    {
        "path": (GraphQLNonNull(JSON_PATH), STEPS),
        "direction": (GraphQLNonNull(ORDER_BY_DIRECTION), "The direction."),
        "type": (JSON_ORDER_TYPE, "How the values are compared; TEXT unless given."),
    },
)


def path_argument() -> GraphQLArgument:
    """Return the argument that selects the value at a path."""
    return GraphQLArgument(JSON_PATH, description=f"Only the value at this path, null where there is none. {STEPS}")
