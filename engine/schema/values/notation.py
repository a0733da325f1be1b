"""GraphQL types in few words: required scalars, lists, enums, and types of described members."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

InputMember = tuple[GraphQLInputType, str]
"""The type of a member of an input, and its description."""

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


def enum_of(name: str, description: str, values: Mapping[str, str]) -> GraphQLEnumType:
    """Return the enum of these values, each with its description."""
    members = {value: GraphQLEnumValue(value, description=described) for value, described in values.items()}
    return GraphQLEnumType(name, members, description=description)


def type_of(name: str, description: str, members: Mapping[str, tuple[GraphQLOutputType, str]]) -> GraphQLObjectType:
    """Return the type of these members, each with its description."""
    fields = {member: GraphQLField(type_, description=described) for member, (type_, described) in members.items()}
    return GraphQLObjectType(name, fields, description=description)


def input_type_of(name: str, description: str, members: Mapping[str, InputMember]) -> GraphQLInputObjectType:
    """Return the input of these members."""
    return GraphQLInputObjectType(name, input_fields(members), description=description)


def input_fields(members: Mapping[str, InputMember]) -> dict[str, GraphQLInputField]:
    """Return the members of an input as graphql-core takes them."""
    return {name: GraphQLInputField(type_, description=described) for name, (type_, described) in members.items()}


def arguments_of(members: Mapping[str, InputMember]) -> dict[str, GraphQLArgument]:
    """Return the arguments of a field as graphql-core takes them."""
    return {name: GraphQLArgument(type_, description=described) for name, (type_, described) in members.items()}


def field_of(
    type_: GraphQLOutputType, description: str, arguments: Mapping[str, InputMember] | None = None
) -> GraphQLField:
    """Return the field of this type that takes these arguments, each with its description."""
    return GraphQLField(type_, args=arguments_of(arguments or {}), description=description)


def root_field(
    type_: GraphQLOutputType, description: str, arguments: Mapping[str, InputMember] | None = None
) -> Callable[[object], GraphQLField]:
    """Return the builder of a root field, whose types are those of every schema."""
    return lambda _scope: field_of(type_, description, arguments)


def fixed(*types: GraphQLNamedType) -> dict[str, Callable[[object], GraphQLNamedType]]:
    """Return the builders of types by name; every schema has these very instances."""
    return {type_.name: lambda _scope, type_=type_: type_ for type_ in types}  # type: ignore[misc]  # its own
