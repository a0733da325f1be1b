"""Relative dates: an answer that changes because time passes."""

import psycopg
import pytest

from fieldstone.engine.events.live.boundaries import MINUTE, period_of
from fieldstone.sql.plan.operands import TimeUnit
from tests.engine.events.desk import Desk
from tests.waiting import until

pytestmark = pytest.mark.long

DUE = "subscription { activities(filter: { dueAt: { inPast: true } }) { edges { node { title } } } }"


@pytest.mark.parametrize("unit", TimeUnit)
def test_every_start_of_a_unit_is_a_boundary_in_every_time_zone(unit: TimeUnit) -> None:
    # The offsets of all time zones are multiples of a quarter of an hour.
    assert period_of(unit) == (60 if unit is TimeUnit.MINUTE else 900)


async def test_a_boundary_of_a_relative_date_runs_the_statement(desk: Desk, workspace_dsn: str) -> None:
    await desk.data('mutation { createActivity(data: { title: "call", dueAt: "2999-01-01T00:00:00Z" }) { id } }')
    await desk.logged(1)
    boundaries = desk.events.hub.live.boundaries
    now = 10 * MINUTE - 1.0

    reads = 0

    async def read_clock() -> float:
        nonlocal reads
        reads += 1
        return now

    boundaries._read_clock = read_clock
    timed = await desk.subscribe(DUE)
    plain = await desk.subscribe("subscription { activities { totalCount } }")
    assert (await timed.until(1))[0] == {"edges": []}
    await plain.until(1)
    await until(lambda: reads >= 2)
    before = desk.events.hub.counters.live_statements
    # As if it were due by now: no event tells of it.
    with psycopg.connect(workspace_dsn) as connection:
        connection.execute("""UPDATE workspace_default.activity SET "dueAt" = now() - interval '1 second'""")
    # The task sleeps until the minute ends: one second by the clock that it reads.
    now = 10 * MINUTE + 0.5
    assert (await timed.until(2))[1] == {"edges": [{"node": {"title": "call"}}]}
    assert desk.events.hub.counters.live_statements == before + 1
    assert len(plain.results) == 1


async def test_nothing_watches_the_clock_without_relative_dates(desk: Desk) -> None:
    asked = 0

    async def read_clock() -> float:
        nonlocal asked
        asked += 1
        return 0.0

    boundaries = desk.events.hub.live.boundaries
    boundaries._read_clock = read_clock
    await (await desk.subscribe("subscription { activities { totalCount } }")).until(1)
    assert asked == 0
    await desk.subscribe(DUE)
    await until(lambda: asked == 1)
