"""The aggregates: one entry each with its spellings, the type that holds its results, and the fields that have it."""

from collections.abc import Iterator, Mapping, Sequence

from fieldstone.metadata import scalars
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.field_types import FIELD_TYPES, FieldTypeEntry
from fieldstone.metadata.model import Field, Object, Part, capitalised
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import AggregateFunction


@frozen
class Aggregation:
    """An aggregate of a field's values in many records.

    Attributes:
        name: its field in an object's aggregate, which holds a member for each field that has it.
        role: the type of that field; the role alone decides which fields have the aggregate, and its scalar.
        description: its result, as descriptions say it.
        prefix: the beginning of its other name in a connection, before the field's: `sum` for `sumAmount`.
    """

    name: str
    role: TypeRole
    function: AggregateFunction
    description: str
    prefix: str | None = None


def _row(
    name: str, role: TypeRole, function: AggregateFunction, description: str, prefix: str | None = None
) -> Aggregation:
    return Aggregation(name=name, role=role, function=function, description=description, prefix=prefix)


_COUNTS, _PERCENTAGES, _BOOLEANS = TypeRole.COUNTS, TypeRole.PERCENTAGES, TypeRole.BOOLEANS
# fmt: off
AGGREGATIONS = (
    _row("countDistinct", _COUNTS, AggregateFunction.COUNT_DISTINCT,
        "The number of different values", "countUniqueValues"),
    _row("countEmpty", _COUNTS, AggregateFunction.COUNT_EMPTY,
        "The number of records without a value: NULL, an empty text or an empty list", "countEmpty"),
    _row("countNotEmpty", _COUNTS, AggregateFunction.COUNT_NOT_EMPTY,
        "The number of records with a value", "countNotEmpty"),
    _row("percentEmpty", _PERCENTAGES, AggregateFunction.PERCENT_EMPTY,
        "The percentage of records without a value, from 0 to 100", "percentageEmpty"),
    _row("percentNotEmpty", _PERCENTAGES, AggregateFunction.PERCENT_NOT_EMPTY,
        "The percentage of records with a value, from 0 to 100", "percentageNotEmpty"),
    _row("countTrue", _BOOLEANS, AggregateFunction.COUNT_TRUE,
        "The number of records in which it is true", "countTrue"),
    _row("countFalse", _BOOLEANS, AggregateFunction.COUNT_FALSE,
        "The number of records in which it is false", "countFalse"),
    _row("sum", TypeRole.SUM, AggregateFunction.SUM, "The sum", "sum"),
    _row("avg", TypeRole.AVG, AggregateFunction.AVG, "The average", "avg"),
    _row("min", TypeRole.MIN, AggregateFunction.MIN, "The smallest value", "min"),
    _row("max", TypeRole.MAX, AggregateFunction.MAX, "The largest value", "max"),
    _row("stddev", TypeRole.DEVIATIONS, AggregateFunction.STDDEV, "The standard deviation of the sample"),
    _row("variance", TypeRole.DEVIATIONS, AggregateFunction.VARIANCE, "The variance of the sample"),
    _row("median", TypeRole.MEDIAN, AggregateFunction.MEDIAN, "The median"),
)
# fmt: on

BY_NAME: Mapping[str, Aggregation] = {aggregation.name: aggregation for aggregation in AGGREGATIONS}
"""The aggregates by their names."""

ROLES: Mapping[TypeRole, tuple[Aggregation, ...]] = {
    role: tuple(one for one in AGGREGATIONS if one.role is role)
    for role in dict.fromkeys(one.role for one in AGGREGATIONS)
}
"""The aggregates that each type holds the results of."""

ALWAYS = frozenset({TypeRole.COUNTS, TypeRole.BOOLEANS})
"""The types whose results are never NULL."""


FILTERS: Mapping[TypeRole, TypeRole] = {
    TypeRole.COUNTS: TypeRole.COUNTS_FILTER,
    TypeRole.PERCENTAGES: TypeRole.PERCENTAGES_FILTER,
    TypeRole.BOOLEANS: TypeRole.BOOLEANS_FILTER,
    TypeRole.SUM: TypeRole.TOTALS_FILTER,
    TypeRole.AVG: TypeRole.TOTALS_FILTER,
    TypeRole.DEVIATIONS: TypeRole.TOTALS_FILTER,
    TypeRole.MIN: TypeRole.EXTREMES_FILTER,
    TypeRole.MAX: TypeRole.EXTREMES_FILTER,
    TypeRole.MEDIAN: TypeRole.MEDIAN_FILTER,
}
"""The filter of each type of results; types with the same members share one."""

ORDERS: Mapping[TypeRole, TypeRole] = {
    TypeRole.COUNTS: TypeRole.COUNTS_ORDER,
    TypeRole.PERCENTAGES: TypeRole.COUNTS_ORDER,
    TypeRole.BOOLEANS: TypeRole.BOOLEANS_ORDER,
    TypeRole.SUM: TypeRole.TOTALS_ORDER,
    TypeRole.AVG: TypeRole.TOTALS_ORDER,
    TypeRole.DEVIATIONS: TypeRole.TOTALS_ORDER,
    TypeRole.MIN: TypeRole.EXTREMES_ORDER,
    TypeRole.MAX: TypeRole.EXTREMES_ORDER,
    TypeRole.MEDIAN: TypeRole.MEDIAN_ORDER,
}
"""The order by each type of results; types with the same members share one."""

RESULTS_OF: Mapping[TypeRole, TypeRole] = {
    taken: results for shapes in (FILTERS, ORDERS) for results, taken in shapes.items()
}
"""A type of results whose members each of these filters and orders has."""


def result_scalar(role: TypeRole, scalar: Scalar, entry: FieldTypeEntry | None = None) -> Scalar | None:
    """Return the scalar of the aggregates that `role` stands for, None where a column of `scalar` has none of them.

    Args:
        role: the type that holds the results.
        scalar: the column's.
        entry: the column's field type; None for the key of a relation and the parts of composites.
    """
    has_options = entry is not None and entry.has_options
    is_rating = entry is not None and bool(entry.fixed_options)
    match role:
        case TypeRole.COUNTS:
            return None if scalar is scalars.TS_VECTOR else scalars.INT
        case TypeRole.PERCENTAGES:
            return None if scalar is scalars.TS_VECTOR else scalars.TOTAL
        case TypeRole.BOOLEANS:
            return scalars.INT if scalar is scalars.BOOLEAN else None
        case TypeRole.MIN | TypeRole.MAX:
            return scalar if scalar.extremes else None
        case TypeRole.MEDIAN if scalar is scalars.DATE or scalar is scalars.DATE_TIME:
            return scalar
        case TypeRole.SUM | TypeRole.AVG | TypeRole.DEVIATIONS | TypeRole.MEDIAN:
            if has_options:
                return scalars.TOTAL if is_rating else None
            return scalar.total
        case _:
            return None


def aggregated(object_: Object, role: TypeRole) -> Iterator[tuple[str, Field, Sequence[Part]]]:
    """Yield the members of an object's type of results: each with its name, its field, and the parts that have them."""
    for name, field in object_.by_name.items():
        entry = FIELD_TYPES[field.type]
        if field.relation_id is not None:
            if field.parts and result_scalar(role, field.parts[0].scalar):
                yield f"{name}Id", field, field.parts
            continue
        parts = [part for part in field.parts if result_scalar(role, part.scalar, entry)]
        if parts:
            yield name, field, parts


def find_shorthand(object_: Object, name: str) -> tuple[Aggregation, Field, tuple[Part, ...]] | None:
    """Return the meaning of an aggregate's other name in a connection, None where it is none.

    Of a composite there are both the aggregates of one part (`sumBudgetAmountMicros`), and counts over the parts that
    identify a value, or all of them that are no documents (`countEmptyBudget`).
    """
    for aggregation in AGGREGATIONS:
        prefix = aggregation.prefix
        if prefix is None or not name.startswith(prefix) or not name[len(prefix) : len(prefix) + 1].isupper():
            continue
        rest = name[len(prefix) :]
        found = object_.by_name.get(rest[0].lower() + rest[1:])
        if found is not None and found.relation_id is None:
            parts = _counted_parts(found) if found.is_composite else found.parts
            if found.is_composite and aggregation.role not in {TypeRole.COUNTS, TypeRole.PERCENTAGES}:
                return None
            entry = FIELD_TYPES[found.type]
            has_it = parts and all(result_scalar(aggregation.role, part.scalar, entry) for part in parts)
            return (aggregation, found, parts) if has_it else None
        for field in object_.by_name.values():
            if field.is_composite and rest.startswith(capitalised(field.name)):
                for part in field.parts:
                    if rest == capitalised(field.name) + capitalised(part.name or "") and result_scalar(
                        aggregation.role, part.scalar
                    ):
                        return aggregation, field, (part,)
    return None


def _counted_parts(field: Field) -> tuple[Part, ...]:
    """Return the parts of a composite whose values together are counted as one."""
    return tuple(part for part in field.parts if part.identifies) or tuple(
        part for part in field.parts if part.scalar is not scalars.JSON
    )
