"""The common parts of every connection: its arguments, its page info, the directions of its order."""

from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from fieldstone.engine.schema.unlisted import UNLISTED, WithUnlisted
from fieldstone.engine.schema.values.notation import FLAG, InputMember, arguments_of, enum_of, type_of

ORDER_BY_DIRECTION = enum_of(
    "OrderByDirection",
    "A direction to order by.",
    {
        "ASC": "Ascending, NULL last.",
        "DESC": "Descending, NULL first.",
        "AscNullsFirst": "Ascending, NULL first.",
        "AscNullsLast": "Ascending, NULL last.",
        "DescNullsFirst": "Descending, NULL first.",
        "DescNullsLast": "Descending, NULL last.",
    },
)

PAGE_INFO = type_of(
    "PageInfo",
    "The position of a page among all records that match.",
    {
        "hasNextPage": (FLAG, "Whether records follow this page."),
        "hasPreviousPage": (FLAG, "Whether records come before this page."),
        "startCursor": (GraphQLString, "The cursor of the page's first record, null where the page is empty."),
        "endCursor": (GraphQLString, "The cursor of the page's last record, null where the page is empty."),
    },
)


CURSOR_PAGING = GraphQLInputObjectType(
    "CursorPaging",
    {
        name: GraphQLInputField(of_type)
        for name, of_type in (
            ("first", GraphQLInt),
            ("after", GraphQLString),
            ("last", GraphQLInt),
            ("before", GraphQLString),
        )
    },
    description="A page, as clients of Twenty ask for it.",
    extensions={UNLISTED: True},
)
PAGING: Final = "paging"
"""The argument that has a page in one object."""


def take_paging(field: GraphQLField) -> GraphQLField:
    """Return a field that holds a connection, which from now on takes a page in one object, too."""
    field.args = WithUnlisted(field.args, {PAGING: GraphQLArgument(CURSOR_PAGING)})
    return field


def filter_argument(filter_input: GraphQLInputObjectType, *, required: bool = False) -> InputMember:
    """Return the argument `filter`."""
    if required:
        return GraphQLNonNull(filter_input), "The records to write; a filter without a condition is refused."
    return filter_input, "Only records that match."


def connection_arguments(
    filter_input: GraphQLInputObjectType, order_input: GraphQLInputObjectType, distinct: GraphQLEnumType
) -> dict[str, GraphQLArgument]:
    """Return the arguments of a connection."""
    order = "The order: a list of objects with one key each, or one such object."
    first = "Only the first record in order for each of these values; the order begins with them."
    return {
        **arguments_of({"filter": filter_argument(filter_input), "orderBy": (GraphQLList(order_input), order)}),
        **_PAGE_ARGUMENTS,
        "distinctOn": GraphQLArgument(GraphQLList(GraphQLNonNull(distinct)), description=first),
    }


_COUNTED = "At most so many records, counted from the {} of those that `after` and `before` leave."
_PAGE_ARGUMENTS = arguments_of(
    {
        "first": (GraphQLInt, _COUNTED.format("start")),
        "after": (GraphQLString, "Only records that follow the one with this cursor."),
        "last": (GraphQLInt, _COUNTED.format("end")),
        "before": (GraphQLString, "Only records that come before the one with this cursor."),
        "limit": (GraphQLInt, "Another name of `first`."),
        "offset": (GraphQLInt, "Skip so many records first."),
    }
)
