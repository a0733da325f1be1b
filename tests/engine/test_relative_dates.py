"""Dates relative to now: periods, today, past and future, of dates and of dates and times."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.valid_operation import QueryPlan
from fieldstone.sql.plan.operands import TimeUnit
from tests.apis import PRINCIPAL, WORKSPACE_ID, Apis, Served, serve, workspace_template
from tests.databases import Databases
from tests.engine.events.desk import open_desk
from tests.engine.records import check_refused
from tests.waiting import leave_room

HOURS = (-24 * 400, -24 * 40, -24 * 8, -24 * 6, -30, -2, -0.04, 0.04, 2, 30, 24 * 6, 24 * 8, 24 * 40, 24 * 400)
"""The moments of the activities, from now."""
DAYS = (-400, -8, -7, -1, 0, 1, 7, 8, 400)
"""The dates of the opportunities, from today."""
ACTIVITIES = "query ($p: DateTimeFilter) { activities(filter: {dueAt: $p}) { edges { node { title } } } }"
COUNT = "query ($p: DateTimeFilter) { activities(filter: {dueAt: $p}) { totalCount } }"
OPPORTUNITIES = "query ($p: DateFilter) { opportunities(filter: {closeDate: $p}) { edges { node { name } } } }"


@pytest.fixture(scope="module")
def dsn(databases: Databases) -> Iterator[str]:
    # No day begins in any of the zones until the module has ended.
    leave_room(30, period=900)
    with databases.clone(workspace_template(databases)) as made:
        with psycopg.connect(made, autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for hours in HOURS:
                connection.execute(
                    'INSERT INTO workspace_default.activity (title, "dueAt") VALUES (%s, now() + %s)',
                    (str(hours), timedelta(hours=hours)),
                )
            for days in DAYS:
                connection.execute(
                    'INSERT INTO workspace_default.opportunity (name, "closeDate") VALUES (%s, current_date + %s)',
                    (str(days), days),
                )
            connection.execute("INSERT INTO workspace_default.activity (title) VALUES ('none')")
            connection.execute("INSERT INTO workspace_default.opportunity (name) VALUES ('none')")
        yield made


@pytest.fixture(scope="module")
def dated(dsn: str) -> Iterator[Served]:
    """The APIs over records with these dates, and one of each object without any."""
    yield from serve(dsn)


def moments(served: Served, period: Any) -> list[float]:
    answer = served.ask(ACTIVITIES, {"p": period})
    return sorted(float(edge["node"]["title"]) for edge in answer["data"]["activities"]["edges"])


def days(served: Served, period: Any) -> list[int]:
    answer = served.ask(OPPORTUNITIES, {"p": period})
    return sorted(int(edge["node"]["name"]) for edge in answer["data"]["opportunities"]["edges"])


PERIODS: dict[str, tuple[dict[str, Any], Sequence[float]]] = {
    "minutes": ({"last": 5, "unit": "MINUTE"}, [-0.04]),
    "hours": ({"last": 3, "unit": "HOUR"}, [-2, -0.04]),
    "hours of a place": ({"last": 3, "unit": "HOUR", "timeZone": "Asia/Kathmandu"}, [-2, -0.04]),
    "a day": ({"last": 1, "unit": "DAY"}, [-2, -0.04]),
    "days": ({"last": 7, "unit": "DAY", "timeZone": "Europe/Berlin"}, [-144, -30, -2, -0.04]),
    "weeks": ({"last": 2, "unit": "WEEK"}, [-192, -144, -30, -2, -0.04]),
    "months": ({"last": 2, "unit": "MONTH"}, [-960, -192, -144, -30, -2, -0.04]),
    "a quarter": ({"last": 1, "unit": "QUARTER"}, [-960, -192, -144, -30, -2, -0.04]),
    "years": ({"last": 1000, "unit": "YEAR"}, [-9600, -960, -192, -144, -30, -2, -0.04]),
    "minutes ahead": ({"next": 5, "unit": "MINUTE"}, [0.04]),
    "minutes ahead of a place": ({"next": 5, "unit": "MINUTE", "timeZone": "Europe/Berlin"}, [0.04]),
    "days ahead": ({"next": 7, "unit": "DAY"}, [0.04, 2, 30, 144]),
    "a quarter ahead": ({"next": 1, "unit": "QUARTER"}, [0.04, 2, 30, 144, 192, 960]),
    "years ahead": ({"next": 1000, "unit": "YEAR"}, [0.04, 2, 30, 144, 192, 960, 9600]),
}


@pytest.mark.parametrize(("period", "expected"), PERIODS.values(), ids=PERIODS)
def test_periods(dated: Served, period: dict[str, Any], expected: Sequence[float]) -> None:
    assert moments(dated, {"within": period}) == expected


def test_periods_of_dates(dated: Served) -> None:
    assert days(dated, {"within": {"last": 7, "unit": "DAY"}}) == [-7, -1, 0]
    assert days(dated, {"within": {"next": 7, "unit": "DAY"}}) == [0, 1, 7]
    assert days(dated, {"within": {"this": True, "unit": "DAY"}}) == [0]
    assert days(dated, {"within": {"last": 1, "unit": "WEEK"}}) == [-7, -1, 0]
    assert days(dated, {"within": {"next": 2, "unit": "YEAR"}}) == [0, 1, 7, 8, 400]


def test_today_past_and_future(dated: Served) -> None:
    past = [hours for hours in HOURS if hours < 0]
    future = [hours for hours in HOURS if hours > 0]
    assert moments(dated, {"inPast": True}) == moments(dated, {"inFuture": False}) == past
    assert moments(dated, {"inPast": False}) == moments(dated, {"inFuture": True}) == future
    assert [days(dated, {"inPast": flag}) for flag in (True, False)] == [[-400, -8, -7, -1], [0, 1, 7, 8, 400]]
    assert [days(dated, {"inFuture": flag}) for flag in (True, False)] == [[1, 7, 8, 400], [-400, -8, -7, -1, 0]]
    assert days(dated, {"isToday": True}) == [0]
    assert days(dated, {"isToday": False}) == [day for day in DAYS if day]
    today = moments(dated, {"isToday": True})
    assert {-0.04, 0.04} & set(today)
    assert sorted([*today, *moments(dated, {"isToday": False})]) == list(HOURS)
    # The flag in a variable of its own is part of the plan, too.
    text = "query ($f: Boolean) { activities(filter: {dueAt: {inPast: $f}}) { totalCount } }"
    counts = [dated.ask(text, {"f": flag})["data"]["activities"]["totalCount"] for flag in (True, False)]
    assert counts == [len(past), len(future)]
    assert dated.ask(text)["data"]["activities"]["totalCount"] == len(HOURS) + 1


def test_the_names_of_zones(dsn: str, dated: Served) -> None:
    """Each name in PostgreSQL is one, unless it reads an abbreviation in it, or a file of the server's."""
    with psycopg.connect(dsn) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM pg_timezone_names")}
    refused = {"CET", "EET", "MET", "WET", "Factory", "GMT+0", "GMT-0", "GMT0", "localtime", "posixrules"}
    for name in sorted(one for one in known - refused if not one.startswith(("posix/", "right/"))):
        answer = dated.ask(COUNT, {"p": {"within": {"last": 1, "unit": "DAY", "timeZone": name}}})
        assert "errors" not in answer, name


def test_zones_differ(dated: Served) -> None:
    """There is always a day between these two places."""
    leave_room(5, period=900)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Etc/GMT+12"):
        here = datetime.now(ZoneInfo(zone)).date()
        there = (here - datetime.now(UTC).date()).days
        assert days(dated, {"within": {"this": True, "unit": "DAY", "timeZone": zone}}) == [there]


@pytest.mark.parametrize("unit", ["MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"])
@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Australia/Lord_Howe"])
def test_this_period_holds_now(dated: Served, unit: str, zone: str) -> None:
    found = moments(dated, {"within": {"this": True, "unit": unit, "timeZone": zone}})
    assert all(abs(hours) <= 24 * 366 for hours in found)
    text = '{ activities(filter: { createdAt: { within: { this: true unit: %s timeZone: "%s" } } }) { totalCount } }'
    if unit not in {"MINUTE", "HOUR"}:
        assert dated.ask(text % (unit, zone))["data"]["activities"]["totalCount"] > 0


def test_the_first_day_of_a_week(dsn: str, dated: Served) -> None:
    today = datetime.now(UTC).date()
    names = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
    for number, name in enumerate(names):
        start = today - timedelta((today.weekday() - number) % 7)
        week = [day for day in DAYS if start <= today + timedelta(day) < start + timedelta(7)]
        period = {"this": True, "unit": "WEEK", "firstDayOfWeek": name}
        assert days(dated, {"within": period}) == week, (name, dsn)


UNKNOWN = 'time zone "Europe/Nowhere" not recognized'
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({"unit": "DAY"}, "dueAt", "'within' takes exactly one of 'last', 'next' and 'this'."),
    "two": (
        {"last": 1, "this": True, "unit": "DAY"},
        "dueAt",
        "'within' takes exactly one of 'last', 'next' and 'this'.",
    ),
    "null": ({"last": None, "unit": "DAY"}, "last", "'last' must not be null: leave it out."),
    "zero": (
        {"last": 0, "unit": "DAY"},
        "last",
        "Field 'last' must be a whole number from 1 to 365000 of the unit DAY, not 0.",
    ),
    "below zero": (
        {"next": -1, "unit": "YEAR"},
        "next",
        "Field 'next' must be a whole number from 1 to 1000 of the unit YEAR, not -1.",
    ),
    "too many": (
        {"next": 1001, "unit": "YEAR"},
        "next",
        "Field 'next' must be a whole number from 1 to 1000 of the unit YEAR, not 1001.",
    ),
    "not this": (
        {"this": False, "unit": "DAY"},
        "this",
        "'this' must be true: the other periods are 'last' and 'next'.",
    ),
    "a first day of no week": (
        {"last": 1, "unit": "WEEK", "firstDayOfWeek": "SUNDAY"},
        "firstDayOfWeek",
        "'firstDayOfWeek' goes with 'this' and the unit WEEK alone.",
    ),
    "an offset": (
        {"last": 1, "unit": "DAY", "timeZone": "+02:00"},
        "timeZone",
        "Field 'timeZone' must be the name of a time zone, such as Europe/Berlin or UTC, not \"+02:00\".",
    ),
    "an offset after a name": (
        {"last": 1, "unit": "DAY", "timeZone": "UTC+2"},
        "timeZone",
        "Field 'timeZone' must be the name of a time zone, such as Europe/Berlin or UTC, not \"UTC+2\".",
    ),
    **{
        f"{name}, which PostgreSQL takes for an offset": (
            {"last": 1, "unit": "DAY", "timeZone": name},
            "timeZone",
            f"Field 'timeZone' must be the name of a time zone, such as Europe/Berlin or UTC, not \"{name}\".",
        )
        for name in ("FOO5BAR", "CEST", "CET", "Etc/GMT+13", "Etc/GMT5", "foo")
    },
    "a zone that does not exist": (
        {"last": 1, "unit": "DAY", "timeZone": "Europe/Nowhere"},
        "timeZone",
        f"'timeZone' must be the name of a time zone, such as Europe/Berlin or UTC: {UNKNOWN}.",
    ),
    "a zone that does not exist, where it would change nothing": (
        {"last": 1, "unit": "HOUR", "timeZone": "Europe/Nowhere"},
        "timeZone",
        f"'timeZone' must be the name of a time zone, such as Europe/Berlin or UTC: {UNKNOWN}.",
    ),
}


@pytest.mark.parametrize(("period", "field", "message"), REFUSED.values(), ids=REFUSED)
async def test_refusals(apis: Apis, period: dict[str, Any], field: str, message: str) -> None:
    (error,) = (await apis.ask(ACTIVITIES, p={"within": period}))["errors"]
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT", "field": field})
    (error,) = (await apis.ask(COUNT, p={"within": period}))["errors"]
    assert error["message"] == message
    text = "mutation ($p: DateTimeFilter) { deleteActivities(filter: {dueAt: $p}) { id } }"
    await check_refused(apis, text, "BAD_USER_INPUT", message, field=field, p={"within": period})


async def test_more_refusals(apis: Apis) -> None:
    (error,) = (await apis.ask(OPPORTUNITIES, p={"within": {"last": 3, "unit": "HOUR"}}))["errors"]
    assert error["message"] == "The unit of a period of dates must be DAY or a longer one."
    for operator in ("within", "isToday", "inPast", "inFuture"):
        (error,) = (await apis.ask(ACTIVITIES, p={operator: None}))["errors"]
        assert error["message"] == f"The operator '{operator}' of 'dueAt' must not be null."
    text = """query ($n: Int, $u: RelativeDateUnit!) {
        activities(filter: {dueAt: {within: {last: $n unit: $u}}}) { totalCount } }"""
    (error,) = (await apis.ask(text, u="DAY"))["errors"]
    assert error["message"] == "'within' takes exactly one of 'last', 'next' and 'this'."
    assert await apis.data(text, u="DAY", n=3) == await apis.data(text, u="YEAR", n=3)
    assert len({one for one in apis.database.log.texts if "interval" in one}) == 2
    (error,) = (await apis.ask(text, u="YEAR", n=3000))["errors"]
    assert error["extensions"]["field"] == "last"


async def test_a_bulk_write(apis: Apis) -> None:
    for title, due in (("old", date(2001, 1, 1)), ("new", datetime.now(UTC).date() + timedelta(3))):
        data = {"title": title, "dueAt": due.isoformat()}
        await apis.data("mutation ($d: ActivityInput!) { createActivity(data: $d) { id } }", d=data)
    text = "mutation { deleteActivities(filter: {dueAt: {inPast: true}}) { title } }"
    assert await apis.data(text) == {"deleteActivities": [{"title": "old"}]}


async def test_a_subscription(workspace_dsn: str) -> None:
    """A zone that does not exist would have ended the other members of its group."""
    text = """subscription ($z: String) {
        activityCreated(filter: {dueAt: {within: {next: 2 unit: DAY timeZone: $z}}}) { title } }"""
    async with open_desk(workspace_dsn) as desk:
        listener = await desk.subscribe(text, z="Europe/Berlin")
        with pytest.raises(Refused) as refused:
            await desk.subscribe(text, z="Europe/Nowhere")
        assert refused.value.errors[0].formatted()["extensions"] == {"code": "BAD_USER_INPUT", "field": "timeZone"}
        for title, moved in (("late", 50), ("soon", 1), ("past", -1)):
            due = (datetime.now(UTC) + timedelta(hours=moved)).isoformat()
            create = "mutation ($d: ActivityInput!) { createActivity(data: $d) { id } }"
            await desk.data(create, d={"title": title, "dueAt": due})
        await desk.delivered(3)
        assert listener.results == [{"title": "soon"}]


UNITS = {
    "{ activities(filter: {dueAt: {is: NULL}}) { totalCount } }": None,
    "{ activities(filter: {dueAt: {inPast: true}}) { totalCount } }": TimeUnit.MINUTE,
    "{ activities(filter: {dueAt: {isToday: true}}) { totalCount } }": TimeUnit.DAY,
    "{ activities(filter: {dueAt: {within: {this: true unit: MONTH}}}) { totalCount } }": TimeUnit.MONTH,
    "{ opportunities(filter: {closeDate: {within: {last: 2 unit: YEAR}}}) { totalCount } }": TimeUnit.DAY,
    """{ opportunities(filter: {closeDate: {within: {this: true unit: YEAR}}}) { totalCount }
        activities(filter: {dueAt: {within: {this: true unit: HOUR}}}) { totalCount } }""": TimeUnit.HOUR,
}


@pytest.mark.parametrize(("text", "unit"), UNITS.items())
async def test_a_plan_knows_how_often_its_answer_changes(apis: Apis, text: str, unit: TimeUnit | None) -> None:
    await apis.data(text)
    key = OperationKey(workspace=WORKSPACE_ID.int, text=text, operation_name=None)
    operation = await apis.core.compiler.operation(key, await apis.snapshot(), PRINCIPAL)
    (kept,) = operation.plans.values()
    assert isinstance(kept.plan, QueryPlan)
    assert kept.plan.changes_each is unit


@pytest.mark.parametrize("unit", ["DAY", "HOUR"])
async def test_an_index_serves_them(apis: Apis, workspace_dsn: str, unit: str) -> None:
    period = {"last": 7, "unit": unit, "timeZone": "Europe/Berlin"}
    await apis.data(ACTIVITIES, p={"within": period})
    statement, parameters = apis.database.log.steps[-1]
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute('CREATE INDEX by_due ON workspace_default.activity ("dueAt")')
        for setting in ("enable_seqscan = off", "enable_indexscan = on", "plan_cache_mode = force_generic_plan"):
            connection.execute(f"SET {setting}".encode())
        connection.execute(f"PREPARE asked AS {statement.text}".encode())
        values = ",".join(f"'{(value or b'').decode()}'" for value in parameters)
        plan = connection.execute(f"EXPLAIN EXECUTE asked({values})".encode()).fetchall()
    conditions = [line for (line,) in plan if "Index Cond" in line and "dueAt" in line]
    assert len(conditions) == 1, plan
    assert conditions[0].count('"dueAt"') == 2
