"""The inputs of periods that are relative to now."""

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLString,
)

from fieldstone.sql.plan.operands import TimeUnit

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

FIRST_DAY_OF_WEEK = GraphQLEnumType(
    "FirstDayOfWeek",
    {day: GraphQLEnumValue(day, description=f"Weeks begin on {day.capitalize()}.") for day in DAYS},
    description="The day that a week begins on.",
)

RELATIVE_DATE_UNIT = GraphQLEnumType(
    "RelativeDateUnit",
    {unit.name: GraphQLEnumValue(unit.name, description=f"A {unit.value}.") for unit in TimeUnit},
    description="A unit of time.",
)

RELATIVE_DATE = GraphQLInputObjectType(
    "RelativeDateInput",
    {
        "last": GraphQLInputField(GraphQLInt, description="From so many units ago until now."),
        "next": GraphQLInputField(GraphQLInt, description="From now until so many units ahead."),
        "this": GraphQLInputField(GraphQLBoolean, description="True: the current minute, hour, day and so on."),
        "unit": GraphQLInputField(GraphQLNonNull(RELATIVE_DATE_UNIT), description="The unit of the period."),
        "timeZone": GraphQLInputField(
            GraphQLString, description="The time zone of the calendar, such as Europe/Berlin; UTC unless given."
        ),
        "firstDayOfWeek": GraphQLInputField(
            FIRST_DAY_OF_WEEK, description="With `this` and WEEK: the day that a week begins on; Monday unless given."
        ),
    },
    description="A period relative to now: exactly one of `last`, `next` and `this`.",
)
