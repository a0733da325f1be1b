"""The enum that asks for the presence of a value."""

from graphql import GraphQLEnumType, GraphQLEnumValue

PRESENCE = GraphQLEnumType(
    "Presence",
    {
        "NULL": GraphQLEnumValue("NULL", description="There is no value."),
        "NOT_NULL": GraphQLEnumValue("NOT_NULL", description="There is a value."),
    },
    description="Whether there is a value.",
)
