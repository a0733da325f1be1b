"""The values that rows are grouped by, as plain frozen data."""

from enum import Enum

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Hop
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.types import SqlType


class Bucket(Enum):
    """A period that times are grouped by, or a part of a date that recurs; the value is its PostgreSQL name."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    HOUR_OF_DAY = "hour of day"
    DAY_OF_WEEK = "day of week"
    MONTH_OF_YEAR = "month of year"
    QUARTER_OF_YEAR = "quarter of year"


INSTANTS = frozenset({Bucket.MINUTE, Bucket.HOUR})
"""The periods that begin at an instant; all longer ones begin on a local date."""
PARTS = frozenset({Bucket.HOUR_OF_DAY, Bucket.DAY_OF_WEEK, Bucket.MONTH_OF_YEAR, Bucket.QUARTER_OF_YEAR})
"""The parts of a date that recur, each a number."""


@frozen
class Dimension:
    """A value that rows are grouped by: that of a column across hops, as it is, in buckets, or in steps of a width.

    Attributes:
        zone: the time zone in whose calendar the buckets of a timestamptz lie.
        first_day: the day that weeks begin on, in days after Monday.
        width: the steps, whose lower ends are the values; greater than 0.
    """

    hops: tuple[Hop, ...] = ()
    column: Column
    bucket: Bucket | None = None
    zone: Parameter | None = None
    first_day: int = 0
    width: Parameter | None = None

    def result(self, index: int) -> Column:
        """Return the column that has the value in the groups, where this is the dimension of this number."""
        return Column(name="k" + str(index), type=self._type())

    def _type(self) -> SqlType:
        if self.width is not None:
            return SqlType.NUMERIC
        if self.bucket is None:
            return self.column.type
        if self.bucket in PARTS:
            return SqlType.INTEGER
        return SqlType.TIMESTAMP if self.bucket in INSTANTS else SqlType.DATE
