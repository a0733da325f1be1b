"""The dimensions of groups in a FROM clause: the values of a row, and the identity of its group."""

from collections.abc import Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.reads.grouping.buckets import compile_bucket, zone_of
from fieldstone.sql.compiler.reads.pages.ordering import compile_order
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, LeftJoin
from fieldstone.sql.plan.groups import Dimension
from fieldstone.sql.plan.outputs import OrderKey
from fieldstone.sql.types import SqlType


def compile_dimensions(
    dimensions: Sequence[Dimension], row: RowReference, draft: StatementDraft
) -> tuple[list[Expression], list[LeftJoin]]:
    """Return the values that the row is grouped by, and the joins that they need.

    Equal values have one text: the cursor of a group must not depend on which of its rows is read first.
    """
    read = [OrderKey(hops=dimension.hops, operand=dimension.column) for dimension in dimensions]
    keys, joins = compile_order(read, row, draft)
    values = [compile_bucket(dimension, key.value) for dimension, key in zip(dimensions, keys, strict=True)]
    types = [dimension.result(index).type for index, dimension in enumerate(dimensions)]
    return [_canonical(value, kind) for value, kind in zip(values, types, strict=True)], joins


def compile_zone_checks(dimensions: Sequence[Dimension]) -> list[Expression]:
    """Return conditions that are true, or an error where there is no such time zone, even if there are no rows."""
    zones = [zone_of(dimension.zone) for dimension in dimensions if dimension.zone is not None]
    return [expressions.is_null(expressions.call("timezone", zone, expressions.NOW), negated=True) for zone in zones]


def compile_identity(values: Sequence[Expression]) -> Expression:
    """Return a value that all rows of a group share, and no others: an array of texts, which can be hashed.

    NULLs in it are equal, as they are in groups.
    """
    return expressions.array([expressions.cast_to_text(value) for value in values])


def _canonical(value: Expression, kind: SqlType) -> Expression:
    """Return the value in the form that all values equal to it have."""
    match kind:
        case SqlType.NUMERIC:
            return expressions.call("trim_scale", value)
        case SqlType.DOUBLE:
            # There is a negative zero.
            return expressions.parenthesised(expressions.arithmetic(value, "+", expressions.number(0)))
        case _:
            return value
