"""Schemas printed in an order of their own."""

from graphql import (
    GraphQLSchema,
    lexicographic_sort_schema,
    print_schema,
)


def sorted_print(schema: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(schema))
