"""The inputs of values within JSON documents: conditions on the value at a path, and orders by it."""

from graphql import GraphQLArgument, GraphQLBoolean, GraphQLList, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.values.notation import enum_of, input_type_of
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION
from fieldstone.engine.schema.values.presence import PRESENCE
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata.scalars import JSON

_JSON = SCALARS[JSON.name]
_PATH = GraphQLList(GraphQLNonNull(GraphQLString))
_STEPS = "The keys, and the places in lists from 0, that lead to the value."

_VALUE = {
    "eq": "Equal to; null: is NULL.",
    "neq": "Not equal to (a NULL never matches); null: is not NULL.",
    "gt": "Greater than a text, a number or a boolean; values of other types never match.",
    "gte": "Greater than or equal to, as for `gt`.",
    "lt": "Less than, as for `gt`.",
    "lte": "Less than or equal to, as for `gt`.",
    "contains": "A text has this one in it, whatever the case; another value contains this one, as by PostgreSQL's @>.",
}
_VALUES = {
    "in": "Equal to one of these; an empty list matches nothing.",
    "notIn": "Equal to none of these (a NULL never matches); an empty list matches every value.",
    "between": "From the first to the second of two values, both included, as for `gt`.",
}
_TEXT = {
    "startsWith": "A text that starts with this one, whatever the case.",
    "endsWith": "A text that ends with this one, whatever the case.",
    "like": "A text that matches this pattern: % is any text, _ any character, the backslash escapes.",
    "ilike": "A text that matches this pattern, whatever the case.",
    "ieq": "A text equal to this one, whatever the case.",
    "hasKey": "Has this key, or, as a list, this text.",
}
_TEXTS = {
    "hasAnyKeys": "Has at least one of these keys; an empty list matches nothing.",
    "hasAllKeys": "Has each of these keys; an empty list matches every value, but not NULL.",
}

JSON_PATH_FILTER = input_type_of(
    "JSONPathFilter",
    "Conditions on the value at a path in a JSON document; all of them must hold.",
    {
        "path": (GraphQLNonNull(_PATH), _STEPS),
        **{name: (_JSON, text) for name, text in _VALUE.items()},
        **{name: (GraphQLList(GraphQLNonNull(_JSON)), text) for name, text in _VALUES.items()},
        **{name: (GraphQLString, text) for name, text in _TEXT.items()},
        **{name: (_PATH, text) for name, text in _TEXTS.items()},
        "isEmpty": (GraphQLBoolean, "Is an object or a list without members, or, where false, another value."),
        "is": (PRESENCE, "Is NULL (not there, or null) or NOT_NULL."),
        "isNot": (PRESENCE, "Is not NULL, or is not NOT_NULL."),
    },
)

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
        "path": (GraphQLNonNull(_PATH), _STEPS),
        "direction": (GraphQLNonNull(ORDER_BY_DIRECTION), "The direction."),
        "type": (JSON_ORDER_TYPE, "How the values are compared; TEXT unless given."),
    },
)


def path_argument() -> GraphQLArgument:
    """Return the argument that selects the value at a path."""
    return GraphQLArgument(_PATH, description=f"Only the value at this path, null where there is none. {_STEPS}")
