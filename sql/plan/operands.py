"""Operands of a plan: columns, parameters, times, and the values that columns are compared and ordered by."""

from enum import Enum

from fieldstone.sql.frozen import frozen
from fieldstone.sql.types import SqlType


@frozen
class Column:
    """A column of the row at hand, by its physical name."""

    name: str
    type: SqlType
    nullable: bool = True


@frozen
class Parameter:
    """The statement's parameter number `slot + 1`, cast to `type` (to an array of it where `array` is set).

    With `in_set` it is the value number `slot` of the parameter set at hand: see `sql/plan/read.py`. With
    `unplanned` PostgreSQL is not to see its value when it plans. One `of_principal` is a value that rules name.
    """

    slot: int
    type: SqlType
    array: bool = False
    in_set: bool = False
    unplanned: bool = False
    of_principal: bool = False


@frozen
class Constant(Parameter):
    """A parameter whose value `text` stands in the statement itself: the definition of a view has no parameters."""

    text: str


@frozen
class Ranked:
    """The position of the column's text among `values` (1-based), NULL where it is none of them.

    Of a text[] the list of its items' positions, which orders as lists do: item by item, the shorter first.
    """

    column: Column
    values: tuple[str, ...]


@frozen
class Sorted:
    """The key of the column's text in the order of texts: see `sql/text_order.py`."""

    column: Column


@frozen
class AtPath:
    """The value at a path in a jsonb column, as a `type`.

    TEXT is the text of any value, by code points; NUMERIC and BOOLEAN are NULL where the value is of another type.
    """

    column: Column
    steps: tuple[str, ...]
    type: SqlType


Operand = Column | Ranked | Sorted | AtPath


def column_of(operand: Operand) -> Column:
    """Return the column that an operand reads."""
    return operand if isinstance(operand, Column) else operand.column


def type_of(operand: Operand) -> SqlType:
    """Return the type of the values that an operand is compared with."""
    return operand.type if isinstance(operand, AtPath) else column_of(operand).type


class TimeUnit(Enum):
    """A unit of time, from the smallest; the value is PostgreSQL's name of it."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@frozen
class Moment:
    """A time that PostgreSQL computes from the transaction's, as the `type` DATE or TIMESTAMP.

    It is the transaction's own time without a `unit`. `moved` adds (subtracts, where it goes `back`) so many units, on
    the clock and calendar of the `zone`, which is UTC where none is given. `start` is the number of whole units from
    the start of the current one: 0 is that start. A week begins `first_day` days after Monday.
    """

    type: SqlType
    zone: Parameter | None = None
    unit: TimeUnit | None = None
    moved: Parameter | None = None
    back: bool = False
    start: int | None = None
    first_day: Parameter | None = None
