"""How the Metadata API's mutations are described: what they take, and the members of their inputs."""

from collections.abc import Callable

from graphql import GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLInputType, GraphQLNonNull

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

_UUID = SCALARS[scalars.UUID.name]


def input_member(of_type: GraphQLInputType, description: str) -> GraphQLInputField:
    """Return a member of an input."""
    return GraphQLInputField(of_type, description=description)


def mutation(
    output_name: str, description: str, *, by_id: bool = False, input_name: str | None = None
) -> Callable[[TypeScope], GraphQLField]:
    """Return what builds a mutation that takes an `id`, an `input`, or both, and answers with an object."""

    def build(scope: TypeScope) -> GraphQLField:
        args: dict[str, GraphQLArgument] = {}
        if by_id:
            args["id"] = GraphQLArgument(GraphQLNonNull(_UUID), description="The id of what it is about.")
        if input_name:
            args["input"] = GraphQLArgument(GraphQLNonNull(scope.input_type(input_name)), description="What to do.")
        return GraphQLField(GraphQLNonNull(scope.object_type(output_name)), args=args, description=description)

    return build
