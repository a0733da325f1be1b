"""Aggregates in plans: values that are computed from many rows, as plain frozen data."""

from enum import Enum

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Measured
from fieldstone.sql.plan.operands import Column, Operand, column_of
from fieldstone.sql.types import Encoding, SqlType


class AggregateFunction(Enum):
    """An aggregate of values; NULLs are left out of all but the ones that count empty values.

    A value is empty that is NULL, a text or a list without anything in it, or a JSON document with no value in it.
    """

    COUNT_DISTINCT = "count distinct"
    COUNT_EMPTY = "count empty"
    COUNT_NOT_EMPTY = "count not empty"
    PERCENT_EMPTY = "percent empty"
    PERCENT_NOT_EMPTY = "percent not empty"
    COUNT_TRUE = "count true"
    COUNT_FALSE = "count false"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"
    """The standard deviation of a sample: NULL below two values."""
    VARIANCE = "variance"
    """The variance of a sample: NULL below two values."""
    MEDIAN = "median"
    """The middle value; of an even number of them the mean of the two in the middle, the lower one of dates."""


SORTING = frozenset({AggregateFunction.COUNT_DISTINCT, AggregateFunction.MEDIAN})
"""The aggregates for which PostgreSQL sorts the values."""


COUNTS = frozenset(
    {
        AggregateFunction.COUNT_DISTINCT,
        AggregateFunction.COUNT_EMPTY,
        AggregateFunction.COUNT_NOT_EMPTY,
        AggregateFunction.COUNT_TRUE,
        AggregateFunction.COUNT_FALSE,
    }
)
"""The aggregates that are counts, which are never NULL."""


@frozen
class Computed(Measured):
    """An aggregate of a value; the ones that count take several operands, whose values together are one.

    Of a Ranked operand the ranks are added up, and the smallest and the largest value is the text with that rank.
    """

    function: AggregateFunction
    operands: tuple[Operand, ...]
    encoding: Encoding


@frozen
class Count(Measured):
    """The number of rows."""


Measure = Computed | Count


def measure_type(measure: Measure) -> SqlType:
    """Return the type of a measure's value."""
    if isinstance(measure, Count) or measure.function in COUNTS:
        return SqlType.BIGINT
    column = column_of(measure.operands[0])
    match measure.function:
        case AggregateFunction.MIN | AggregateFunction.MAX:
            return column.type
        case AggregateFunction.MEDIAN if column.type in {SqlType.DATE, SqlType.TIMESTAMP}:
            return column.type
        case _:
            return SqlType.NUMERIC


def measure_column(measure: Measure, index: int) -> Column:
    """Return the column that has a measure in the groups, where it is the measure of this number."""
    nullable = isinstance(measure, Computed) and measure.function not in COUNTS
    return Column(name="m" + str(index), type=measure_type(measure), nullable=nullable)
