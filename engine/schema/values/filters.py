"""The filter inputs of single columns: one for each scalar, and one for each enum of options."""

from collections.abc import Mapping, Sequence

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from fieldstone.engine.schema.values.json_paths import JSON_PATH, STEPS
from fieldstone.engine.schema.values.notation import input_type_of
from fieldstone.engine.schema.values.presence import PRESENCE
from fieldstone.engine.schema.values.relative_dates import RELATIVE_DATE
from fieldstone.engine.schema.values.scalars import SCALARS, all_subfields
from fieldstone.metadata.operators import AT_PATH, EQUALITY, Argument, Operator
from fieldstone.metadata.scalars import JSON, UUID, Scalar

_IS_OPERATOR = "operator"


def operator_fields(
    operators: Sequence[Operator], value: GraphQLScalarType | GraphQLEnumType
) -> dict[str, GraphQLInputField]:
    """Return a filter's fields: one for each operator on columns of the type `value`."""
    return {
        operator.name: operator_field(_argument(operator.argument, value), operator.description)
        for operator in operators
    }


def operator_field(argument: GraphQLInputType, description: str) -> GraphQLInputField:
    """Return an operator's field of a filter."""
    return GraphQLInputField(argument, description=description, extensions={_IS_OPERATOR: True})


def is_operator(member: GraphQLInputField) -> bool:
    """Return whether a member of an input is an operator on the field of its parent."""
    return _IS_OPERATOR in member.extensions


def _argument(argument: Argument, value: GraphQLScalarType | GraphQLEnumType) -> GraphQLInputType:
    match argument:
        case Argument.VALUE:
            return value
        case Argument.VALUES | Argument.RANGE:
            return GraphQLList(GraphQLNonNull(value))
        case Argument.TEXT:
            return GraphQLString
        case Argument.FLAG:
            return GraphQLBoolean
        case Argument.PRESENCE:
            return PRESENCE
        case Argument.PERIOD:
            return RELATIVE_DATE
        case Argument.PATHS:
            return GraphQLList(GraphQLNonNull(JSON_PATH_FILTER))
        case Argument.TEXTS:
            return GraphQLList(GraphQLNonNull(GraphQLString))


JSON_PATH_FILTER = input_type_of(
    "JSONPathFilter",
    "Conditions on the value at a path in a JSON document; all of them must hold.",
    {
        "path": (GraphQLNonNull(JSON_PATH), STEPS),
        **{one.name: (_argument(one.argument, SCALARS[JSON.name]), one.description) for one in AT_PATH},
    },
)


def _scalar_filters() -> dict[str, GraphQLInputObjectType]:
    operators: dict[str, tuple[Operator, ...]] = {}
    filters: dict[str, GraphQLInputObjectType] = {}
    for scalar, accepted in [(UUID, EQUALITY), *((sub.scalar, sub.operators) for sub in all_subfields())]:
        name = scalar.filter_name
        if operators.setdefault(name, accepted) != accepted:
            msg = f"{name} stands for two sets of operators"
            raise TypeError(msg)
        if name not in filters:
            filters[name] = GraphQLInputObjectType(
                name,
                operator_fields(accepted, SCALARS[scalar.name]),
                description=f"Conditions on a {'list of values' if scalar.element else 'value'} of type {scalar.name};"
                " all of them must hold.",
            )
    return filters


SCALAR_FILTERS: Mapping[str, GraphQLInputObjectType] = _scalar_filters()
"""The scalars' filter inputs by their names."""


def scalar_filter(scalar: Scalar) -> GraphQLInputObjectType:
    """Return a scalar's filter input."""
    return SCALAR_FILTERS[scalar.filter_name]
