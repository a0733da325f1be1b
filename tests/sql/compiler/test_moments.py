"""Moments at changes of the clocks: each period of the calendar begins with the first instant of its first day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from fieldstone.sql.compiler.moments import compile_moment
from fieldstone.sql.plan.operands import Constant, Moment, TimeUnit
from fieldstone.sql.types import SqlType

CHANGES = {
    "back to midnight": ("Atlantic/Azores", "2026-10-25T01:00Z"),
    "back to midnight of a month": ("America/Havana", "2026-11-01T05:00Z"),
    "back to the day before": ("Asia/Beirut", "2026-10-24T21:00Z"),
    "from midnight": ("Africa/Cairo", "2026-04-23T22:00Z"),
    "to midnight": ("America/Nuuk", "2026-03-29T01:00Z"),
    "at night": ("Europe/Berlin", "2026-10-25T01:00Z"),
    "by half an hour": ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    "by a day": ("Pacific/Apia", "2011-12-30T10:00Z"),
}


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The first quarter of an hour whose local date is this one, or a later one where the zone has no such date."""
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while moment.astimezone(zone).date() < day:
        moment += timedelta(minutes=15)
    return moment


def start_of(unit: TimeUnit, now: datetime, zone: str, start: int, first_day: int | None = None) -> sql.SQL:
    """The start of a unit in a transaction of `now`."""
    named = Constant(slot=0, type=SqlType.TEXT, text=zone)
    shift = None if first_day is None else Constant(slot=1, type=SqlType.INTEGER, text=str(first_day))
    moment = Moment(type=SqlType.TIMESTAMP, zone=named, unit=unit, start=start, first_day=shift)
    return sql.SQL(compile_moment(moment).text.replace("now()", f"timestamptz '{now.isoformat()}'"))


@pytest.mark.parametrize(("zone", "change"), CHANGES.values(), ids=CHANGES)
def test_a_day_has_all_of_its_instants(empty_database: str, zone: str, change: str) -> None:
    place, at = ZoneInfo(zone), datetime.fromisoformat(change)
    with psycopg.connect(empty_database) as connection:
        for minutes in (-1441, -1440, -121, -120, -61, -60, -31, -30, -15, 0, 15, 30, 59, 60, 120, 1439, 1440):
            now = at + timedelta(minutes=minutes)
            day = now.astimezone(place).date()
            ends = sql.SQL(",").join(start_of(TimeUnit.DAY, now, zone, start) for start in (0, 1))
            row = connection.execute(sql.SQL("SELECT {}").format(ends)).fetchone()
            assert row == (first_instant(day, place), first_instant(day + timedelta(1), place)), now


# In Havana the first of November 2026 is a Sunday, at whose end of its first hour the clocks go back to midnight.
LONGER = {
    "a week that begins on Sunday": (TimeUnit.WEEK, 6, date(2026, 11, 1), date(2026, 11, 8)),
    "a week that begins on Monday": (TimeUnit.WEEK, None, date(2026, 10, 26), date(2026, 11, 2)),
    "a month": (TimeUnit.MONTH, None, date(2026, 11, 1), date(2026, 12, 1)),
    "a quarter": (TimeUnit.QUARTER, None, date(2026, 10, 1), date(2027, 1, 1)),
}


@pytest.mark.parametrize(("unit", "first_day", "first", "behind"), LONGER.values(), ids=LONGER)
def test_longer_periods_begin_with_a_day(
    empty_database: str, unit: TimeUnit, first_day: int | None, first: date, behind: date
) -> None:
    zone = "America/Havana"
    now = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    ends = sql.SQL(",").join(start_of(unit, now, zone, start, first_day) for start in (0, 1))
    with psycopg.connect(empty_database) as connection:
        row = connection.execute(sql.SQL("SELECT {}").format(ends)).fetchone()
    assert row == tuple(first_instant(day, ZoneInfo(zone)) for day in (first, behind))
