"""Dates relative to now: the argument of `within` becomes the two ends of a period, which PostgreSQL computes."""

from collections.abc import Mapping

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, bind_tree
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.schema.values.relative_dates import DAYS
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.operators import Operator
from fieldstone.metadata.scalars import INT, STRING, shown
from fieldstone.metadata.time_zones import coerce_zone
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column, Moment, Parameter, TimeUnit
from fieldstone.sql.types import SqlType

_A_THOUSAND_YEARS: Mapping[TimeUnit, int] = {
    TimeUnit.MINUTE: 525_600_000,
    TimeUnit.HOUR: 8_760_000,
    TimeUnit.DAY: 365_000,
    TimeUnit.WEEK: 52_000,
    TimeUnit.MONTH: 12_000,
    TimeUnit.QUARTER: 4_000,
    TimeUnit.YEAR: 1_000,
}
"""The longest periods: PostgreSQL has no times beyond the year 4713 BC."""


def build_period(context: PlanContext, column: Column, tree: Tree, blame: Blame) -> tuple[Moment, Moment, Comparison]:
    """Return the start of a period, its end, and the comparison of a column with the end.

    Raises:
        BadUserInput: the period has not exactly one of `last`, `next` and `this`, or another member does not fit.
    """
    given = (
        {name: item for name, item in tree.items() if not isinstance(item, Absent)} if isinstance(tree, dict) else {}
    )
    for name, item in given.items():
        if item is None:
            raise blame.at(name).error(f"'{name}' must not be null: leave it out.")
    named = [name for name in ("last", "next", "this") if name in given]
    unit = _unit(given.get("unit"), blame)
    if len(named) != 1:
        raise blame.error("'within' takes exactly one of 'last', 'next' and 'this'.")
    (kind,) = named
    if column.type is SqlType.DATE and unit in {TimeUnit.MINUTE, TimeUnit.HOUR}:
        raise blame.at("unit").error("The unit of a period of dates must be DAY or a longer one.")
    if "firstDayOfWeek" in given and not (kind == "this" and unit is TimeUnit.WEEK):
        raise blame.at("firstDayOfWeek").error("'firstDayOfWeek' goes with 'this' and the unit WEEK alone.")
    zone = time_zone(context, given["timeZone"], blame.at("timeZone")) if "timeZone" in given else None
    if kind == "this":
        note_relative(context, unit)
        first_day = _first_day(context, given, blame)
        _check_this(given[kind], blame.at(kind))
        ends = [Moment(type=column.type, zone=zone, unit=unit, start=start, first_day=first_day) for start in range(2)]
        return ends[0], ends[1], Comparison.LT
    note_relative(context, TimeUnit.DAY if column.type is SqlType.DATE else TimeUnit.MINUTE)
    now = Moment(type=column.type, zone=zone)
    count = _count(context, given[kind], unit, blame.at(kind))
    other = Moment(type=column.type, zone=zone, unit=unit, moved=count, back=kind == "last")
    return (other, now, Comparison.LE) if kind == "last" else (now, other, Comparison.LE)


def note_relative(context: PlanContext, unit: TimeUnit) -> None:
    """Note that the plan's answer may change at the next start of a unit of time."""
    units = list(TimeUnit)
    if context.changes_each is None or units.index(unit) < units.index(context.changes_each):
        context.changes_each = unit


def note_operator(context: PlanContext, operator: Operator, column: Column) -> None:
    """Note how often the answer of an operator without an argument may change."""
    is_of_days = column.type is SqlType.DATE or operator.name == "isToday"
    note_relative(context, TimeUnit.DAY if is_of_days else TimeUnit.MINUTE)


def time_zone(context: PlanContext, tree: Tree, blame: Blame) -> Parameter:
    """Return the parameter of a time zone's name; that of a rule was checked when the rule was given."""
    coerce = STRING.coerce if context.is_rule else coerce_zone
    binder = bind_tree(tree, lambda value: coerce(value).encode(), blame)
    context.zones.append(binder)
    return context.parameters.add(binder, SqlType.TEXT)


def _unit(tree: Tree, blame: Blame) -> TimeUnit:
    name = tree.sample if isinstance(tree, Leaf) else None
    if not isinstance(name, str):
        raise blame.at("unit").error("'within' needs a 'unit'.")
    return TimeUnit[name]


def _count(context: PlanContext, tree: Tree, unit: TimeUnit, blame: Blame) -> Parameter:
    most = _A_THOUSAND_YEARS[unit]

    def convert(value: JsonValue) -> bytes:
        count = int(INT.coerce(value))
        if not 1 <= count <= most:
            raise InvalidValue(f"must be a whole number from 1 to {most} of the unit {unit.name}, not {shown(value)}")
        return str(count).encode()

    return context.parameters.add(bind_tree(tree, convert, blame), SqlType.INTEGER)


def _first_day(context: PlanContext, given: Mapping[str, Tree], blame: Blame) -> Parameter | None:
    if "firstDayOfWeek" not in given:
        return None

    def convert(value: JsonValue) -> bytes:
        if value not in DAYS:
            raise InvalidValue(f"must be one of {' '.join(DAYS)}, not {shown(value)}")
        return str(DAYS.index(value)).encode()

    binder = bind_tree(given["firstDayOfWeek"], convert, blame.at("firstDayOfWeek"))
    return context.parameters.add(binder, SqlType.INTEGER)


def _check_this(tree: Tree, blame: Blame) -> None:
    if not (isinstance(tree, Leaf) and tree.sample is True):
        raise blame.error("'this' must be true: the other periods are 'last' and 'next'.")
