"""The GraphQL scalars: graphql-core's five, and ours, which check a value and hand it on as the client sent it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.field_types import FIELD_TYPES, SubField
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import UUID, Scalar, shown
from fieldstone.sql.types import DIGITS

BUILT_IN: Mapping[str, GraphQLScalarType] = {
    scalar.name: scalar for scalar in (GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean)
}


def literal_value(node: ValueNode, variables: Mapping[str, JsonValue] | None) -> JsonValue:
    """Return the JSON value of a literal: numbers keep their digits, enum values become text.

    A variable without a value is left out of an object and is null in a list.

    Raises:
        InvalidValue: a number's exponent is beyond reason.
    """
    match node:
        case NullValueNode():
            return None
        case IntValueNode(value=digits):
            return int(digits) if len(digits) <= DIGITS else _decimal(digits)
        case FloatValueNode(value=digits):
            return _decimal(digits)
        case BooleanValueNode(value=flag):
            return flag
        case StringValueNode(value=text) | EnumValueNode(value=text):
            return text
        case VariableNode(name=name):
            return (variables or {}).get(name.value)
        case ListValueNode(values=items):
            return [literal_value(item, variables) for item in items]
        case ObjectValueNode(fields=fields):
            return {
                field.name.value: literal_value(field.value, variables)
                for field in fields
                if not (isinstance(field.value, VariableNode) and field.value.name.value not in (variables or {}))
            }
    msg = f"{type(node).__name__} is not a value"
    raise TypeError(msg)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise InvalidValue(f"must have at most {DIGITS} digits before and behind the point") from None


def _has_variables(node: ValueNode) -> bool:
    match node:
        case VariableNode():
            return True
        case ListValueNode(values=items):
            return any(map(_has_variables, items))
        case ObjectValueNode(fields=fields):
            return any(_has_variables(field.value) for field in fields)
    return False


def build_scalar(
    name: str, description: str, check: Callable[[JsonValue], object], specification: str | None = None
) -> GraphQLScalarType:
    """Return a scalar that hands on every value that `check` lets pass.

    Args:
        name: the GraphQL name.
        description: its text in the schema.
        check: raises InvalidValue ("must be ...").
        specification: the address of the text that says how the values are written.
    """

    def parse_value(value: JsonValue) -> JsonValue:
        try:
            check(value)
        except InvalidValue as error:
            raise GraphQLError(error.message) from None
        return value

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> JsonValue:
        try:
            value = literal_value(node, variables)
            # Validation knows no variables yet: a value that holds one is checked when it is executed.
            if variables is not None or not _has_variables(node):
                check(value)
        except InvalidValue as error:
            raise GraphQLError(f"The value {error.message}.", node) from None
        return value

    return GraphQLScalarType(
        name,
        parse_value=parse_value,
        parse_literal=parse_literal,
        description=description,
        specified_by_url=specification,
    )


def check_members(value: JsonValue, form: str, names: Collection[str]) -> Mapping[str, JsonValue]:
    """Return an object, which has members of these names alone.

    Args:
        value: the object.
        form: the right values, as a message names them.
        names: those that it may have.

    Raises:
        InvalidValue: it is no object, or has another member.
    """
    if not isinstance(value, dict):
        raise InvalidValue(f"must be {form}, not {shown(value)}")
    if unknown := next((name for name in value if name not in names), None):
        raise InvalidValue(f"has the unknown member {shown(unknown)}: it must be {form}")
    return value


def _check_connect_target(value: JsonValue) -> None:
    if isinstance(value, str):
        UUID.coerce(value)
        return
    form = "the id of a record, or { where: { <a unique field>: <its value> } }"
    where = check_members(value, form, ("where",)).get("where")
    if not isinstance(where, dict) or len(where) != 1:
        raise InvalidValue(f"must be {form}, with one field in 'where'")


CONNECT_TARGET = build_scalar(
    "ConnectTarget",
    "A record to connect to: its id, or `{ where: { <a unique field>: <its value> } }`.",
    _check_connect_target,
)


def all_subfields() -> Iterator[SubField]:
    """Yield every column that a field type can stand for."""
    for entry in FIELD_TYPES.values():
        yield from entry.subfields
        yield from (entry.variants or {}).values()


def _own_scalars() -> dict[str, GraphQLScalarType]:
    found: dict[str, GraphQLScalarType] = {}
    for sub in all_subfields():
        scalar = sub.scalar
        if scalar.name not in found and scalar.name not in BUILT_IN:
            found[scalar.name] = build_scalar(scalar.name, scalar.description, scalar.coerce, scalar.specification)
    return found


SCALARS: Mapping[str, GraphQLScalarType] = {**BUILT_IN, **_own_scalars(), CONNECT_TARGET.name: CONNECT_TARGET}
"""Every scalar of the API by its name."""


def scalar_type(scalar: Scalar) -> GraphQLScalarType | GraphQLList[GraphQLNonNull[GraphQLScalarType]]:
    """Return the GraphQL type of a scalar, a list where it is one."""
    named = SCALARS[scalar.name]
    return GraphQLList(GraphQLNonNull(named)) if scalar.element else named
