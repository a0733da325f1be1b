"""Operators: an operator and its argument in a filter become a condition on one part of a field."""

from collections.abc import Callable
from typing import cast

from fieldstone.engine.planner.arguments.trees import Blame, Leaf, Tree, array_literal, bind_tree
from fieldstone.engine.planner.context import ParameterList, PlanContext
from fieldstone.engine.planner.reads.filters.json_paths import build_paths
from fieldstone.engine.planner.reads.filters.relative_dates import build_period, note_operator
from fieldstone.engine.planner.reads.measures import operand_of
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Part
from fieldstone.metadata.operators import Argument, Operator, meant
from fieldstone.metadata.scalars import STRING, Scalar
from fieldstone.sql.plan.elements import Condition
from fieldstone.sql.plan.operands import Operand, Parameter
from fieldstone.sql.types import SqlType


def operator_condition(
    context: PlanContext, operator: Operator, part: Part, tree: Tree, blame: Blame
) -> Condition | None:
    """Return the condition of one operator on a part of a field; None where its argument says nothing."""
    context.count_comparison()
    operator, operand = meant(operator, tree.sample if isinstance(tree, Leaf) else None), operand_of(part)
    if tree is None:
        if operator.when_null is None:
            raise blame.error(f"The operator '{operator.name}' of '{blame.field}' must not be null.")
        return operator.when_null(operand)
    scalar = part.scalar
    parameters = context.parameters
    match operator.argument:
        case Argument.VALUE:
            value = _bind(parameters, tree, encoder(scalar), blame, scalar)
            return operator.condition(operand, value)
        case Argument.TEXT:
            convert = _pattern_encoder(operator.pattern)
            text = _bind(parameters, tree, convert, blame, STRING, pattern=operator.pattern)
            return operator.condition(operand, text)
        case Argument.VALUES | Argument.TEXTS:
            if tree == [] and operator.when_empty is not None:
                return operator.when_empty(operand)
            item = STRING if operator.argument is Argument.TEXTS else scalar.element or scalar
            values = _bind(parameters, tree, list_encoder(item), blame, item, array=True)
            return operator.condition(operand, values)
        case Argument.RANGE:
            return operator.condition(operand, *_range(context, scalar, tree, blame))
        case Argument.PATHS:
            terms = build_paths(context, part.column, tree, blame)
            return operator.condition(operand, *terms) if terms else None
        case Argument.PERIOD:
            return operator.condition(operand, *build_period(context, part.column, tree, blame))
        case Argument.FLAG | Argument.PRESENCE:
            if operator.is_relative:
                note_operator(context, operator, part.column)
            return _without_value(operator, operand, cast("Leaf", tree).sample)


def _bind(
    parameters: ParameterList,
    tree: Tree,
    convert: Callable[[JsonValue], bytes],
    blame: Blame,
    scalar: Scalar,
    *,
    array: bool = False,
    pattern: Callable[[str], str] | None = None,
) -> Parameter:
    """Return the parameter of an operator's argument; a principal's value has one for all places that write it so."""
    binder = bind_tree(tree, convert, blame)
    if isinstance(tree, Leaf) and tree.claim is not None:
        key = (tree.claim, scalar.name, scalar.sql_type, array, pattern)
        return parameters.add_claim(key, binder, scalar.sql_type, array=array)
    return parameters.add(binder, scalar.sql_type, array=array)


def _without_value(operator: Operator, operand: Operand, sample: JsonValue) -> Condition:
    """Return the meaning of an operator whose argument is part of the shape."""
    if sample in (True, "NULL"):
        return operator.condition(operand)
    if sample not in (False, "NOT_NULL"):
        raise TypeError(f"the argument of '{operator.name}' is no part of the shape")
    opposite = operator.when_false if operator.argument is Argument.FLAG else operator.when_not_null
    return cast("Callable[[Operand], Condition]", opposite)(operand)


def _range(context: PlanContext, scalar: Scalar, tree: Tree, blame: Blame) -> tuple[Parameter, Parameter]:
    def end(place: int) -> Parameter:
        encode = encoder(scalar)

        def convert(value: JsonValue) -> bytes:
            ends = value if isinstance(value, list) else [value]
            if len(ends) != 2 or None in ends:
                raise InvalidValue("must have a list of two values for between")
            return encode(ends[place])

        return context.parameters.add(bind_tree(tree, convert, blame), scalar.sql_type)

    return end(0), end(1)


def encoder(scalar: Scalar) -> Callable[[JsonValue], bytes]:
    """Return a function from a client's value to the parameter's text."""
    if scalar.sql_type is SqlType.JSONB:
        return lambda value: dumps(scalar.coerce(value)).encode()
    coerce: Callable[[JsonValue], str] = scalar.coerce
    return lambda value: coerce(value).encode()


def list_encoder(scalar: Scalar) -> Callable[[JsonValue], bytes]:
    """Return a function from a client's list (or single value) to the text of an array parameter."""

    def encode(value: JsonValue) -> bytes:
        items = value if isinstance(value, list) else [value]
        if None in items:
            raise InvalidValue("must not have null in its list")
        return array_literal([scalar.coerce(item) for item in items])

    return encode


def _pattern_encoder(pattern: Callable[[str], str]) -> Callable[[JsonValue], bytes]:
    return lambda value: pattern(cast("str", STRING.coerce(value))).encode()
