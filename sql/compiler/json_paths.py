"""Values within jsonb columns: none of these expressions fails because of a record's value."""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.scope import RowReference
from fieldstone.sql.compiler.terms import Binding, Expression
from fieldstone.sql.plan.elements import Comparison, JsonOperator, JsonTest
from fieldstone.sql.plan.operands import AtPath
from fieldstone.sql.types import SqlType

_OF_KEYS = frozenset({JsonOperator.HAS_KEY, JsonOperator.HAS_ANY_KEY, JsonOperator.HAS_ALL_KEYS})
_OF_WHOLES = frozenset({JsonOperator.CONTAINS, *_OF_KEYS})
"""The operators that an index of the column can serve where they are about the whole value."""


def read_path(document: Expression, path: Expression) -> Expression:
    """Return the value at a path, NULL where there is none."""
    return Expression(document.within(Binding.OPERATOR) + " #> " + path.within(Binding.MATCH), Binding.OPERATOR)


def compile_at_path(operand: AtPath, document: Expression) -> Expression:
    """Return the value that records are ordered by."""
    steps = expressions.texts(operand.steps)
    if operand.type is SqlType.TEXT:
        text = document.within(Binding.OPERATOR) + " #>> " + steps.text
        return Expression("(" + text + ') COLLATE "C"', Binding.OPERATOR)
    kind = "number" if operand.type is SqlType.NUMERIC else "boolean"
    return _if_type(expressions.parenthesised(read_path(document, steps)), kind, f"::{operand.type.value}")


def _if_type(value: Expression, kind: str, conversion: str) -> Expression:
    return Expression(f"CASE WHEN jsonb_typeof({value.text}) = '{kind}' THEN {value.text}{conversion} END")


def compile_json_test(test: JsonTest, row: RowReference) -> Expression:
    """Return the test of a row's value."""
    document = row.column(test.column.name)
    operator = test.operator
    given = None if test.value is None else expressions.parameter(test.value)
    if test.path is None:
        if operator in _OF_WHOLES and given is not None:
            return (
                _has_keys(document, operator, given)
                if operator in _OF_KEYS
                else _infix(document, operator.value, given)
            )
        value = document
    else:
        value = read_path(document, expressions.parameter(test.path))
    value = expressions.call("NULLIF", value, Expression("'null'::jsonb"))
    match operator:
        case JsonOperator.IS_NULL | JsonOperator.IS_NOT_NULL:
            return expressions.is_null(value, negated=operator is JsonOperator.IS_NOT_NULL)
        case JsonOperator.IS_EMPTY | JsonOperator.HAS_MEMBERS:
            return _infix(value, operator.value, Expression("('{}'::jsonb,'[]'::jsonb)"))
    if given is None:
        raise TypeError(f"{operator} has no value")
    match operator:
        case JsonOperator.HAS_KEY | JsonOperator.HAS_ANY_KEY | JsonOperator.HAS_ALL_KEYS:
            return _has_keys(value, operator, given)
        case JsonOperator.AMONG | JsonOperator.NOT_AMONG:
            # PostgreSQL compares nothing with an empty array, not even NULL.
            among = expressions.equal_to_any if operator is JsonOperator.AMONG else expressions.unlike_all
            return expressions.case([(expressions.is_null(value, negated=True), among(value, given))])
        case JsonOperator.LIKE | JsonOperator.ILIKE:
            return _infix(_text(value), operator.value, given)
        case JsonOperator.CONTAINS if test.pattern is not None:
            texts = f"jsonb_typeof({value.text}) = 'string' AND jsonb_typeof({given.text}) = 'string'"
            pattern = expressions.parameter(test.pattern).text
            found = f"{value.text} #>> '{{}}' ILIKE {pattern}"
            return Expression(f"CASE WHEN {texts} THEN {found} ELSE {value.text} @> {given.text} END")
        case JsonOperator.GT | JsonOperator.GE | JsonOperator.LT | JsonOperator.LE:
            return _compare_typed(value.text, operator.value, given.text)
        case _:
            return _infix(value, operator.value, given)


def _infix(left: Expression, operator: str, right: Expression) -> Expression:
    return Expression(
        left.within(Binding.MATCH) + " " + operator + " " + right.within(Binding.MATCH), Binding.COMPARISON
    )


def _has_keys(value: Expression, operator: JsonOperator, given: Expression) -> Expression:
    """Return the condition on the keys of an object or the texts of a list; to PostgreSQL a text has itself."""
    kind = expressions.call("jsonb_typeof", value)
    fits = expressions.compare(kind, Comparison.NE, expressions.text_literal("string"))
    if operator is JsonOperator.HAS_ALL_KEYS:
        fits = expressions.any_of((fits, expressions.is_empty(given)))
    return expressions.all_of((_infix(value, operator.value, given), fits))


def _text(value: Expression) -> Expression:
    return Expression(f"CASE WHEN jsonb_typeof({value.text}) = 'string' THEN {value.text} #>> '{{}}' END")


def _compare_typed(value: str, operator: str, given: str) -> Expression:
    branches = [
        f"WHEN '{kind}' THEN CASE WHEN jsonb_typeof({value}) = '{kind}' THEN "
        + left.format(value)
        + f" {operator} "
        + right.format(given)
        + " END"
        for kind, left, right in (
            ("string", "({} #>> '{{}}') COLLATE \"C\"", "({} #>> '{{}}')"),
            ("number", "{}::numeric", "({})::numeric"),
            ("boolean", "{}::boolean", "({})::boolean"),
        )
    ]
    return Expression(f"CASE jsonb_typeof({given}) {' '.join(branches)} END")
