"""The inputs of periods that are relative to now."""

from graphql import GraphQLBoolean, GraphQLInt, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.values.notation import enum_of, input_type_of
from fieldstone.sql.plan.operands import TimeUnit

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

FIRST_DAY_OF_WEEK = enum_of(
    "FirstDayOfWeek", "The day that a week begins on.", {day: f"Weeks begin on {day.capitalize()}." for day in DAYS}
)

RELATIVE_DATE_UNIT = enum_of(
    "RelativeDateUnit",
    "A unit of time.",
    {unit.name: f"{'An' if unit is TimeUnit.HOUR else 'A'} {unit.value}." for unit in TimeUnit},
)

RELATIVE_DATE = input_type_of(
    "RelativeDateInput",
    "A period relative to now: exactly one of `last`, `next` and `this`.",
    {
        "last": (GraphQLInt, "From so many units ago until now."),
        "next": (GraphQLInt, "From now until so many units ahead."),
        "this": (GraphQLBoolean, "True: the current minute, hour, day and so on."),
        "unit": (GraphQLNonNull(RELATIVE_DATE_UNIT), "The unit of the period."),
        "timeZone": (GraphQLString, "The time zone of the calendar, such as Europe/Berlin; UTC unless given."),
        "firstDayOfWeek": (
            FIRST_DAY_OF_WEEK,
            "With `this` and WEEK: the day that a week begins on; Monday unless given.",
        ),
    },
)
