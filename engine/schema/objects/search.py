"""The search over all objects: its root field, and the types of its answer."""

from collections.abc import Mapping

from graphql import (
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLString,
    GraphQLUnionType,
)

from fieldstone.engine.schema.scope import SEARCH_CONNECTION, SEARCH_EDGE, SEARCH_RECORD, SEARCH_RESULT, TypeScope
from fieldstone.engine.schema.values.notation import JSON, TEXT, InputMember, field_of, list_of, type_of
from fieldstone.engine.schema.values.paging import PAGE_INFO

_ARGUMENTS: Mapping[str, InputMember] = {
    "query": (TEXT, "Words, each the beginning of one; neither case nor accents matter."),
    "objects": (GraphQLList(TEXT), "The `nameSingular`s of the objects that are searched; all unless given."),
    "filter": (JSON, "Only records that match: a filter of the one object that is searched."),
    "first": (GraphQLInt, "At most so many hits, counted from the start of those that `after` leaves."),
    "after": (GraphQLString, "Only hits that follow the one with this cursor."),
    "limit": (GraphQLInt, "Another name of `first`."),
}


def search_field(scope: TypeScope) -> GraphQLField:
    """Return the root field `search`."""
    return field_of(
        GraphQLNonNull(scope.object_type(SEARCH_CONNECTION)),
        "The records of several objects that have all words of a query, the best first.",
        _ARGUMENTS,
    )


def build_search_type(scope: TypeScope, name: str) -> GraphQLNamedType:
    """Return a new type of the search by its name."""
    match name:
        case _ if name == SEARCH_CONNECTION:
            return type_of(
                name,
                "A page of hits.",
                {
                    "edges": (list_of(scope.object_type(SEARCH_EDGE)), "The hits, the best first."),
                    "pageInfo": (GraphQLNonNull(PAGE_INFO), "The position of the page among all hits."),
                },
            )
        case _ if name == SEARCH_EDGE:
            return type_of(
                name,
                "A hit and its place.",
                {
                    "node": (GraphQLNonNull(scope.object_type(SEARCH_RESULT)), "The hit."),
                    "cursor": (TEXT, "The hit's place, for `after`."),
                },
            )
        case _ if name == SEARCH_RESULT:
            return type_of(
                name,
                "A hit of a search.",
                {
                    "object": (TEXT, "The object's `nameSingular`."),
                    "rank": (
                        GraphQLNonNull(GraphQLFloat),
                        "From 1 to 2 where the record has all words, less where its label resembles them.",
                    ),
                    "snippet": (TEXT, "A part of the record's texts as HTML, with the words in `<b>`."),
                    "record": (GraphQLNonNull(scope.union_type(SEARCH_RECORD)), "The record."),
                },
            )
        case _:
            return GraphQLUnionType(
                name,
                lambda: [scope.object_type(object_.type_name) for object_ in scope.snapshot.readable.values()],
                description="A record of any object.",
            )
