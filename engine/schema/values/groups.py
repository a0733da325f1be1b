"""The aggregates of a column, and the orders by it."""

from dataclasses import dataclass
from enum import Enum

from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.types import SqlType


class Computation(Enum):
    """Whether an aggregate adds values up or picks one of them."""

    TOTAL = "total"
    EXTREME = "extreme"


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateGroup:
    """A group of aggregates: a field of an object's aggregate.

    Attributes:
        result: its value, as descriptions say it.
    """

    name: str
    role: TypeRole
    computation: Computation
    result: str


GROUPS = (
    AggregateGroup(name="sum", role=TypeRole.SUM, computation=Computation.TOTAL, result="The sum"),
    AggregateGroup(name="avg", role=TypeRole.AVG, computation=Computation.TOTAL, result="The average"),
    AggregateGroup(name="min", role=TypeRole.MIN, computation=Computation.EXTREME, result="The smallest value"),
    AggregateGroup(name="max", role=TypeRole.MAX, computation=Computation.EXTREME, result="The largest value"),
)


def group_scalar(group: AggregateGroup, scalar: Scalar) -> Scalar | None:
    """Return the scalar of an aggregate's result, None where columns of `scalar` have no such aggregate."""
    match group.computation:
        case Computation.TOTAL:
            return scalar.total
        case Computation.EXTREME:
            return scalar if scalar.extremes else None


def is_orderable(scalar: Scalar) -> bool:
    """Whether records can be ordered by a column of this scalar: by any but a JSON document, or a search vector."""
    return scalar.sql_type not in {SqlType.JSONB, SqlType.TSVECTOR}
