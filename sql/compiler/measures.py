"""Measures as SQL: aggregates over the rows of a FROM clause."""

from typing import assert_never

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.operands import compile_operand
from fieldstone.sql.compiler.output import EMPTY
from fieldstone.sql.compiler.scope import RowReference
from fieldstone.sql.compiler.terms import Expression
from fieldstone.sql.compiler.text_keys import text_of_key, whole_key
from fieldstone.sql.plan.aggregates import AggregateFunction, Computed, Count, measure_type
from fieldstone.sql.plan.elements import Measured
from fieldstone.sql.plan.operands import AtPath, Column, Operand, Ranked, Sorted, column_of
from fieldstone.sql.types import SqlType

_HALF = Expression("0.5")
_HUNDRED = Expression("100.0")
_NONE = expressions.number(0)
EMPTY_DOCUMENTS = Expression("""ARRAY['null','""','[]','{}']::jsonb[]""")
_NULL_DOCUMENT = Expression("'null'::jsonb")
_IN_SQL = {
    AggregateFunction.SUM: "sum",
    AggregateFunction.AVG: "avg",
    AggregateFunction.VARIANCE: "var_samp",
}


def compile_measure(measure: Measured, row: RowReference) -> Expression:
    """Return a measure's value over all rows of the FROM clause."""
    match measure:
        case Count():
            return expressions.COUNT
        case Computed():
            return _compute(measure, row)
        case _:
            raise TypeError(type(measure).__name__)


def _compute(measure: Computed, row: RowReference) -> Expression:
    operand = measure.operands[0]
    match measure.function:
        case AggregateFunction.COUNT_DISTINCT:
            return _count_distinct(measure, row)
        case AggregateFunction.COUNT_EMPTY | AggregateFunction.COUNT_NOT_EMPTY:
            return _count_empty(measure, row, negated=measure.function is AggregateFunction.COUNT_NOT_EMPTY)
        case AggregateFunction.PERCENT_EMPTY | AggregateFunction.PERCENT_NOT_EMPTY:
            share = _count_empty(measure, row, negated=measure.function is AggregateFunction.PERCENT_NOT_EMPTY)
            part = expressions.arithmetic(_HUNDRED, "*", share)
            return expressions.arithmetic(part, "/", expressions.call("NULLIF", expressions.COUNT, _NONE))
        case AggregateFunction.COUNT_TRUE | AggregateFunction.COUNT_FALSE:
            wanted = compile_operand(operand, row)
            if measure.function is AggregateFunction.COUNT_FALSE:
                wanted = expressions.negation(wanted)
            return aggregation.count_if(wanted)
        case AggregateFunction.MIN | AggregateFunction.MAX:
            return _extreme(measure.function.value, operand, row)
        case AggregateFunction.MEDIAN:
            return _median(measure, row)
        case AggregateFunction.STDDEV:
            # stddev_samp has as many digits behind the point as the variance, which are too few.
            return expressions.call("sqrt", expressions.call("var_samp", _number(operand, row)))
        case _:
            return expressions.call(_IN_SQL[measure.function], _number(operand, row))


def _extreme(function: str, operand: Operand, row: RowReference) -> Expression:
    match operand:
        case Column() | AtPath():
            return expressions.call(function, compile_operand(operand, row))
        case Ranked():
            found = expressions.call(function, compile_operand(operand, row))
            return expressions.element(expressions.texts(operand.values), found)
        case Sorted():
            # Of a key alone a long text would have to be looked up, under the condition of the rows once more.
            return text_of_key(expressions.call(function, whole_key(row.column(operand.column.name))))
        case _:
            assert_never(operand)


def _number(operand: Operand, row: RowReference) -> Expression:
    """Return the operand as a number to add up: in double precision sums depend on the order, and overflow."""
    value = compile_operand(operand, row)
    is_double = isinstance(operand, Column) and operand.type is SqlType.DOUBLE
    return expressions.as_decimal(value) if is_double else value


def _median(measure: Computed, row: RowReference) -> Expression:
    operand = measure.operands[0]
    value = _number(operand, row)
    if measure_type(measure) is not SqlType.NUMERIC:
        return aggregation.first_half_end(expressions.ordered(value, descending=False, nulls_first=None))
    if column_of(operand).type in {SqlType.INTEGER, SqlType.BIGINT} or isinstance(operand, Ranked):
        # The sum of the two in the middle may be no bigint.
        value = expressions.cast(value, SqlType.NUMERIC)
    lower, upper = [
        aggregation.first_half_end(expressions.ordered(value, descending=descending, nulls_first=None))
        for descending in (False, True)
    ]
    # percentile_cont would compute in double precision, and a division of long numbers drops the half.
    return expressions.arithmetic(expressions.parenthesised(expressions.arithmetic(lower, "+", upper)), "*", _HALF)


def _count_distinct(measure: Computed, row: RowReference) -> Expression:
    columns = [column_of(operand) for operand in measure.operands]
    values = [row.column(column.name) for column in columns]
    if len(values) == 1:
        # JSON's null is answered as NULL is, and counted as little.
        is_document = columns[0].type is SqlType.JSONB
        value = expressions.call("NULLIF", values[0], _NULL_DOCUMENT) if is_document else values[0]
        return aggregation.count_distinct(value)
    # A row of NULLs is no NULL.
    is_there = expressions.any_of([expressions.is_null(value, negated=True) for value in values])
    return aggregation.count_distinct(expressions.row(values), only=is_there)


def _count_empty(measure: Computed, row: RowReference, *, negated: bool) -> Expression:
    columns = [column_of(operand) for operand in measure.operands]
    empty = expressions.all_of([_is_empty(column, row.column(column.name)) for column in columns])
    return aggregation.count_if(expressions.negation(empty) if negated else empty)


def _is_empty(column: Column, value: Expression) -> Expression:
    """Return the condition that the column has no value: true or false, never unknown."""
    match column.type:
        case SqlType.TEXT:
            return expressions.equal(expressions.coalesce(value, EMPTY), EMPTY)
        case SqlType.TEXT_ARRAY:
            items = expressions.call("cardinality", value)
            return expressions.equal(expressions.coalesce(items, _NONE), _NONE)
        case SqlType.JSONB:
            found = expressions.coalesce(value, _NULL_DOCUMENT)
            return expressions.equal_to_any(found, EMPTY_DOCUMENTS)
        case _:
            return expressions.is_null(value)
