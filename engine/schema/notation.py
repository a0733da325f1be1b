"""Types of the Metadata API in few words: required scalars, lists, and types of described members."""

from collections.abc import Mapping
from typing import Final

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

TEXT: Final = GraphQLNonNull(GraphQLString)
FLAG: Final = GraphQLNonNull(GraphQLBoolean)
COUNT: Final = GraphQLNonNull(GraphQLInt)
UUID: Final = SCALARS[scalars.UUID.name]
DATE_TIME: Final = SCALARS[scalars.DATE_TIME.name]
BIG_INT: Final = SCALARS[scalars.BIG_INT.name]
JSON: Final = SCALARS[scalars.JSON.name]


def list_of(item: GraphQLOutputType) -> GraphQLOutputType:
    """Return the type of a list that is there, without nulls."""
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(item)))


def type_of(name: str, description: str, members: Mapping[str, tuple[GraphQLOutputType, str]]) -> GraphQLObjectType:
    """Return the type of these members, each with its description."""
    fields = {member: GraphQLField(type_, description=described) for member, (type_, described) in members.items()}
    return GraphQLObjectType(name, fields, description=description)
