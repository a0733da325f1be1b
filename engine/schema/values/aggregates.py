"""The parts that all types of aggregates share."""

from graphql import GraphQLNonNull, GraphQLOutputType

from fieldstone.metadata.aggregates import ALWAYS, ROLES
from fieldstone.metadata.api_names import TypeRole


def result_type(role: TypeRole, value: GraphQLOutputType) -> GraphQLOutputType:
    """Return the type of a member of the type that `role` stands for, whose values are of the type `value`."""
    return GraphQLNonNull(value) if role in ALWAYS and not isinstance(value, GraphQLNonNull) else value


def describe_results(role: TypeRole) -> str:
    """Return the results that the type holds, as descriptions say it."""
    first, *others = [aggregation.description.partition(":")[0] for aggregation in ROLES[role]]
    return ", or ".join([first, *(other[0].lower() + other[1:] for other in others)])
