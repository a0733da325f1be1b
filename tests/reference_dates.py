"""Dates relative to now as the reference evaluates them, on Python's clock and calendar."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fieldstone.engine.schema.values.relative_dates import DAYS

_CLOCK = {"MINUTE": timedelta(minutes=1), "HOUR": timedelta(hours=1)}
_DAYS = {"DAY": timedelta(1), "WEEK": timedelta(7)}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def is_relative(value: date, name: str, argument: Any) -> bool:
    """An operator's verdict on a date (or a date and time) now."""
    now = datetime.now(UTC)
    match name:
        case "inPast":
            return (value < _like(value, now, UTC)) is argument
        case "inFuture":
            return (value > _like(value, now, UTC)) is argument
        case "isToday":
            return is_relative(value, "within", {"this": True, "unit": "DAY"}) is argument
        case _:
            return _is_within(value, now, argument)


def _is_within(value: date, now: datetime, given: Mapping[str, Any]) -> bool:
    zone = ZoneInfo(given.get("timeZone", "UTC"))
    unit = given["unit"]
    if "this" in given:
        local = _start(now.astimezone(zone).replace(tzinfo=None), unit, given.get("firstDayOfWeek", "MONDAY"))
        start = local.replace(tzinfo=zone)
        ends = [_like(value, end, zone) for end in (start, _move(start, unit, 1))]
        return bool(ends[0] <= value < ends[1])
    count = given["next"] if "next" in given else -given["last"]
    moved = _move(now.astimezone(zone), unit, count)
    low, high = sorted((_like(value, now, zone), _like(value, moved, zone)))
    return bool(low <= value <= high)


def _like(value: date, moment: datetime, zone: Any) -> Any:
    """The moment, as a date where the value is one."""
    return moment.astimezone(UTC) if isinstance(value, datetime) else moment.astimezone(zone).date()


def _move(local: datetime, unit: str, count: int) -> datetime:
    """The time so many units on: of the clock in real time, of longer ones on the calendar of the zone."""
    if unit in _CLOCK:
        return local.astimezone(UTC) + count * _CLOCK[unit]
    if unit in _DAYS:
        return local + count * _DAYS[unit]
    years, month = divmod(local.month - 1 + count * _MONTHS[unit], 12)
    year = local.year + years
    return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))


def _start(local: datetime, unit: str, first_day: str) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "MINUTE":
            return local.replace(second=0, microsecond=0)
        case "HOUR":
            return local.replace(minute=0, second=0, microsecond=0)
        case "DAY":
            return midnight
        case "WEEK":
            return midnight - timedelta((local.weekday() - DAYS.index(first_day)) % 7)
        case _:
            months = _MONTHS[unit]
            return midnight.replace(day=1, month=(local.month - 1) // months * months + 1)
