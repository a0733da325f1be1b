"""The values of dimensions: a column's own, the bucket of a time, the lower end of a step."""

from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.output import UTC
from fieldstone.sql.compiler.terms import Expression
from fieldstone.sql.plan.groups import INSTANTS, PARTS, Bucket, Dimension
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.types import SqlType

_SMALLEST = {kind: expressions.number(-(2**bits)) for kind, bits in ((SqlType.INTEGER, 31), (SqlType.BIGINT, 63))}
"""The smallest whole numbers of a type: the steps that they lie in may begin below them."""
_FIRST_DATE = expressions.cast(expressions.text_literal("0001-01-01"), SqlType.DATE)
_LAST_DATE = expressions.cast(expressions.text_literal("9999-12-31"), SqlType.DATE)
_FIRST_INSTANT = expressions.cast(expressions.text_literal("0001-01-01 00:00+00"), SqlType.TIMESTAMP)
"""The ends of the calendar, across which a zone moves a time, and a week may begin."""
_FIELDS = {
    Bucket.HOUR_OF_DAY: "hour",
    Bucket.DAY_OF_WEEK: "isodow",
    Bucket.MONTH_OF_YEAR: "month",
    Bucket.QUARTER_OF_YEAR: "quarter",
}


def compile_bucket(dimension: Dimension, value: Expression) -> Expression:
    """Return the value that a row is grouped by; `value` is that of the dimension's column."""
    if dimension.width is not None:
        return _lower_end(value, dimension.column.type, expressions.parameter(dimension.width))
    if dimension.bucket is None:
        return value
    is_date, zone = dimension.column.type is SqlType.DATE, zone_of(dimension.zone)
    is_moved = dimension.zone is not None and not is_date
    if dimension.bucket in INSTANTS and not is_date:
        # By the instant: the two hours at the end of summer time are not one.
        start = expressions.call("date_trunc", expressions.text_literal(dimension.bucket.value), value, zone)
        return _at_least(start, _FIRST_INSTANT, value) if is_moved else start
    # By the local date: where summer time begins at midnight, that day has no such instant.
    local = expressions.cast(value, SqlType.DATE) if is_date else expressions.call("timezone", zone, value)
    if dimension.bucket in PARTS or not (is_moved or dimension.first_day):
        return _date_bucket(dimension.bucket, local, dimension.first_day)
    within = expressions.call("least", local, _LAST_DATE) if is_moved else local
    return _at_least(_date_bucket(dimension.bucket, within, dimension.first_day), _FIRST_DATE, value)


def zone_of(zone: Parameter | None) -> Expression:
    """Return the time zone's name: UTC unless another one is given."""
    return UTC if zone is None else expressions.parameter(zone)


def _lower_end(value: Expression, kind: SqlType, width: Expression) -> Expression:
    """Return the largest multiple of the width up to the value: by remainders, since divisions are rounded."""
    number = expressions.as_decimal(value) if kind is SqlType.DOUBLE else expressions.cast(value, SqlType.NUMERIC)
    rest = expressions.arithmetic(expressions.call("mod", number, width), "+", width)
    lower = expressions.arithmetic(number, "-", expressions.call("mod", rest, width))
    smallest = _SMALLEST.get(kind)
    if smallest is None:
        return lower
    return _at_least(lower, smallest, value)


def _at_least(bucket: Expression, smallest: Expression, value: Expression) -> Expression:
    """Return the bucket of a value, or the smallest there may be if it lies below that; NULL for NULL."""
    # LEAST and GREATEST pass over NULL.
    bounded = expressions.call("greatest", bucket, smallest)
    return expressions.case([(expressions.is_null(value, negated=True), bounded)])


def _date_bucket(bucket: Bucket, local: Expression, first_day: int) -> Expression:
    """Return the first date of a period, or a part of a date, of a local date or timestamp."""
    match bucket:
        case Bucket.DAY:
            return expressions.cast(local, SqlType.DATE)
        case Bucket.WEEK if first_day:
            day = expressions.cast(local, SqlType.DATE)
            shift = expressions.number(first_day)
            moved = expressions.parenthesised(expressions.arithmetic(day, "-", shift))
            return expressions.arithmetic(_first_date(bucket, moved), "+", shift)
        case Bucket.WEEK | Bucket.MONTH | Bucket.QUARTER | Bucket.YEAR:
            return _first_date(bucket, local)
        case Bucket.HOUR_OF_DAY | Bucket.DAY_OF_WEEK | Bucket.MONTH_OF_YEAR | Bucket.QUARTER_OF_YEAR:
            part = expressions.call("date_part", expressions.text_literal(_FIELDS[bucket]), local)
            return expressions.cast(part, SqlType.INTEGER)
        case Bucket.MINUTE | Bucket.HOUR:
            msg = f"{bucket} is no period of dates"
            raise ValueError(msg)
        case _:
            assert_never(bucket)


def _first_date(bucket: Bucket, local: Expression) -> Expression:
    local = expressions.cast_to_timestamp(local)
    return expressions.cast(expressions.call("date_trunc", expressions.text_literal(bucket.value), local), SqlType.DATE)
