"""Moments: times relative to the transaction's, which PostgreSQL computes once for a statement.

They are made of stable functions alone, so a comparison with a column can be answered by an index.
"""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.terms import Binding, Expression
from fieldstone.sql.plan.operands import Moment, Parameter, TimeUnit
from fieldstone.sql.types import SqlType

_OF_THE_CLOCK = frozenset({TimeUnit.MINUTE, TimeUnit.HOUR})
"""The units of which a day with another offset has more or fewer: they are counted in real time."""


def compile_moment(moment: Moment) -> Expression:
    """Return the moment's value."""
    zone = "'UTC'" if moment.zone is None else expressions.parameter(moment.zone).text
    if moment.unit is None and moment.type is SqlType.TIMESTAMP:
        return expressions.NOW
    local = f"(now() AT TIME ZONE {zone})"
    if moment.unit in _OF_THE_CLOCK and moment.type is SqlType.TIMESTAMP:
        if moment.start is not None:
            text = f"date_trunc('{moment.unit.value}',now(),{zone})"
        else:
            # The zone changes nothing, but a name that is none is refused all the same.
            text = "now()" if moment.zone is None else f"CASE WHEN {local} IS NOT NULL THEN now() END"
        return Expression(f"{text}{_offset(moment)}", Binding.OPERATOR)
    if moment.unit is not None:
        local = f"({_start(moment, local) if moment.start is not None else local}{_offset(moment)})"
    if moment.type is SqlType.DATE:
        return Expression(f"{local}::date", Binding.OPERATOR)
    if moment.start is not None and moment.zone is not None:
        return Expression(_first_instant(local, zone))
    return Expression(f"({local} AT TIME ZONE {zone})")


def _first_instant(local: str, zone: str) -> str:
    """Return the first instant with a local time.

    If the clocks go back to midnight, PostgreSQL takes the second midnight. The instant behind the last microsecond of
    the day before is the first midnight; if that microsecond does not exist, because the clocks go forward to midnight,
    it lies later.
    """
    tick = "interval '1 microsecond'"
    return f"LEAST(({local} AT TIME ZONE {zone}),({local} - {tick}) AT TIME ZONE {zone} + {tick})"


def _start(moment: Moment, local: str) -> str:
    unit = moment.unit.value if moment.unit else ""
    if moment.first_day is None:
        return f"date_trunc('{unit}',{local})"
    shift = _times(moment.first_day, "1 day")
    return f"date_trunc('{unit}',{local} - {shift}) + {shift}"


def _offset(moment: Moment) -> str:
    """Return the addition to the base of a moment, with its operator."""
    if moment.unit is None:
        return ""
    length = "3 months" if moment.unit is TimeUnit.QUARTER else f"1 {moment.unit.value}"
    if moment.moved is not None:
        return f" {'-' if moment.back else '+'} {_times(moment.moved, length)}"
    return f" + {moment.start} * interval '{length}'" if moment.start else ""


def _times(count: Parameter, length: str) -> str:
    return f"{expressions.parameter(count).text} * interval '{length}'"
