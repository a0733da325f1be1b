"""The types of groups by numbers and dates: the scalars that say how, and the values that groups have."""

from graphql import GraphQLArgument, GraphQLBoolean, GraphQLInt, GraphQLScalarType

from fieldstone.engine.schema.values.notation import enum_of, type_of
from fieldstone.engine.schema.values.open_enums import OpenEnum
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION
from fieldstone.engine.schema.values.scalars import SCALARS, build_scalar, check_members
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import DATE, DATE_TIME, Scalar
from fieldstone.sql.plan.groups import Bucket

NO_BUCKET = "NONE"

BUCKETS = {
    **{bucket.name: bucket for bucket in Bucket},
    "DAY_OF_THE_WEEK": Bucket.DAY_OF_WEEK,
    "MONTH_OF_THE_YEAR": Bucket.MONTH_OF_YEAR,
    "QUARTER_OF_THE_YEAR": Bucket.QUARTER_OF_YEAR,
    NO_BUCKET: None,
}
"""The buckets by their names, each of the parts of a date by Twenty's too."""

_MEANINGS: dict[Bucket | None, str] = {
    **{bucket: f"The {bucket.value} that a time lies in." for bucket in Bucket},
    Bucket.HOUR_OF_DAY: "The hour of the day, from 0 to 23.",
    Bucket.DAY_OF_WEEK: "The day of the week, from 1 (Monday) to 7.",
    Bucket.MONTH_OF_YEAR: "The month of the year, from 1 to 12.",
    Bucket.QUARTER_OF_YEAR: "The quarter of the year, from 1 to 4.",
    None: "The date or the time itself.",
}

DATE_BUCKET = enum_of(
    "DateBucket",
    "A period that dates and times are grouped by, or a part of them.",
    {name: _MEANINGS[bucket] for name, bucket in BUCKETS.items()},
)

DATE_GROUP = type_of(
    "DateGroup",
    "The date, the time or the number that a group has; the other members are null.",
    {
        "date": (SCALARS[DATE.name], "The first local date of a period from DAY to YEAR."),
        "dateTime": (SCALARS[DATE_TIME.name], "The start of a period of HOUR or MINUTE."),
        "number": (GraphQLInt, "The part of the date, such as DAY_OF_WEEK."),
    },
)

BUCKET_ARGUMENT = {
    "bucket": GraphQLArgument(DATE_BUCKET, description="The bucket, where the field is grouped by several.")
}


GRANULARITY = "granularity"
BUCKET_NAMES = ("bucket", GRANULARITY)
"""The names of the member that has the bucket: ours and Twenty's."""


def _check_number(value: JsonValue) -> None:
    if value is not True:
        check_members(value, "true or an object { width: .. }", ("width",))


def _check_date(value: JsonValue) -> None:
    if value is True:
        return
    form = "true or an object { bucket: .. timeZone: .. firstDayOfWeek: .. }"
    given = check_members(value, form, (*BUCKET_NAMES, "timeZone", "firstDayOfWeek"))
    if given.keys() >= {*BUCKET_NAMES}:
        raise InvalidValue("has both 'bucket' and 'granularity', which is another name of it")


def _is_order(value: JsonValue) -> bool:
    form = "a direction, or an object { orderBy: .. granularity: .. }"
    return isinstance(value, dict) and check_members(value, form, ("orderBy", GRANULARITY)) is value


DATE_DIRECTION = OpenEnum(ORDER_BY_DIRECTION, _is_order)
"""The direction of an order of groups by a date, in whose place Twenty's `{ orderBy granularity }` may stand."""

NUMBER_GROUPING = build_scalar(
    "NumberGrouping",
    "A group by a number: `true` for each number, or `{ width: 1000 }` for steps of such a width.",
    _check_number,
)
DATE_GROUPING = build_scalar(
    "DateGrouping",
    'A group by a date or a time: `true` for each, or an object such as `{ bucket: MONTH timeZone: "Europe/Berlin"'
    " firstDayOfWeek: SUNDAY }`; the bucket is DAY, the time zone UTC and the first day MONDAY unless given;"
    " `granularity` is another name of `bucket`.",
    _check_date,
)


def grouping_type(scalar: Scalar) -> GraphQLScalarType | None:
    """Return the type of a group by a column of this scalar, None where there is none."""
    if not scalar.is_comparable:
        return None
    if scalar in {DATE, DATE_TIME}:
        return DATE_GROUPING
    return GraphQLBoolean if scalar.total is None else NUMBER_GROUPING
