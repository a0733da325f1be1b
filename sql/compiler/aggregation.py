"""Constructors of aggregates and window functions: values of several rows."""

from collections.abc import Sequence

from fieldstone.sql.compiler.expressions import COUNT, listed
from fieldstone.sql.compiler.terms import Expression


def aggregate(
    function: str, *arguments: Expression, order: Expression | None = None, only: Expression | None = None
) -> Expression:
    """Return an aggregate, its input in `order` and only those rows that fulfil `only`."""
    inside = ",".join([argument.text for argument in arguments])
    ordered = inside if order is None else inside + " ORDER BY " + order.text
    filtered = "" if only is None else " FILTER (WHERE " + only.text + ")"
    return Expression(function + "(" + ordered + ")" + filtered)


def count_if(condition: Expression) -> Expression:
    """Return the number of rows that fulfil the condition."""
    return Expression(COUNT.text + " FILTER (WHERE " + condition.text + ")")


def count_distinct(value: Expression, *, only: Expression | None = None) -> Expression:
    """Return the number of different values, in only those rows that fulfil `only`."""
    return aggregate("count", Expression("DISTINCT " + value.text), only=only)


def first_half_end(item: Expression) -> Expression:
    """Return the first value, in the order of an ORDER BY item, behind which at most half of them lie."""
    return Expression("percentile_disc(0.5) WITHIN GROUP (ORDER BY " + item.text + ")")


def over_all(function: Expression) -> Expression:
    """Return a window function over all rows in the order in which they come."""
    return Expression(function.text + " OVER ()")


def over(function: Expression, *, by: Sequence[Expression] = (), order: Expression) -> Expression:
    """Return a window function over the rows that have the same values, in order."""
    partition = "PARTITION BY " + listed(by).text + " " if by else ""
    return Expression(function.text + " OVER (" + partition + "ORDER BY " + order.text + ")")


def count_alike(by: Sequence[Expression]) -> Expression:
    """Return the number of the rows that have the same values as the row."""
    return Expression(COUNT.text + " OVER (PARTITION BY " + ",".join([value.text for value in by]) + ")")
