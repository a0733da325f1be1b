"""The notation of the Metadata API's mutations: their arguments, their inputs, and the members of these."""

from collections.abc import Callable, Collection, Mapping

from graphql import GraphQLField, GraphQLInputField, GraphQLInputObjectType, GraphQLNonNull

from fieldstone.engine.schema.roots.role_types import NullableInput
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.unlisted import OpenInput
from fieldstone.engine.schema.values.notation import JSON, UUID, InputMember, field_of, input_fields

InputType = Callable[[TypeScope], GraphQLInputObjectType]
"""Builds an input type for a schema."""


def input_of(
    name: str,
    members: Callable[[TypeScope], Mapping[str, InputMember]],
    description: str,
    *,
    is_one_of: bool = False,
    unlisted: Collection[str] = (),
) -> InputType:
    """Return the function that builds an input type; its members are built at first use, the unlisted ones JSON."""
    if unlisted:
        ignored = dict.fromkeys(unlisted, GraphQLInputField(JSON))
        return lambda scope: OpenInput(name, lambda: input_fields(members(scope)), ignored, description=description)
    return lambda scope: GraphQLInputObjectType(
        name, lambda: input_fields(members(scope)), description=description, is_one_of=is_one_of
    )


def mutation(
    output_name: str,
    description: str,
    *,
    by_id: bool = False,
    id_type: NullableInput | None = None,
    input_name: str | None = None,
    input_description: str = "The input.",
) -> Callable[[TypeScope], GraphQLField]:
    """Return the function that builds a mutation which takes an `id`, an `input`, or both; it answers with a record.

    Args:
        output_name: the type of the record.
        description: that of the mutation.
        by_id: True if it takes the id of a record.
        id_type: the type of its `id`, which may be something else as well.
        input_name: the type of its `input`, where it takes one.
        input_description: that of its input.
    """

    def build(scope: TypeScope) -> GraphQLField:
        arguments: dict[str, InputMember] = {}
        if by_id or id_type:
            arguments["id"] = (GraphQLNonNull(id_type or UUID), "The id of its subject.")
        if input_name:
            arguments["input"] = (GraphQLNonNull(scope.input_type(input_name)), input_description)
        return field_of(GraphQLNonNull(scope.object_type(output_name)), description, arguments)

    return build
