"""Live queries of one workspace against all that others do: heavy ones, and very many of them."""

import asyncio
import time
from typing import Any

import pytest

from tests.attacks.subscribers import (
    CREATED,
    WITHIN,
    Socket,
    Tenant,
    check_that_events_arrive,
    locked,
    opened,
    two_workspaces,
    until_subscribed,
)
from tests.processes.serving import SHEDDING, serving
from tests.waiting import until

pytestmark = pytest.mark.long

HEAVY = 24
LIVE = "subscription { people(interval: 100) { totalCount } }"


async def check_that_answers_arrive(victim: Tenant, hearing: Socket, count: int) -> None:
    """Have a live query of the victim, whose id is `live`, answered again after as many writes, each at once."""
    heard = hearing.results["live"]
    for _ in range(count):
        before = len(heard)
        await victim.create(f"{time.monotonic_ns()}@example.com")
        async with asyncio.timeout(WITHIN):
            while len(heard) == before:
                await asyncio.sleep(0.002)


async def check_that_requests_are_answered(victim: Tenant) -> None:
    begun = time.monotonic()
    assert (await victim.data("{ people { totalCount } }"))["people"]["totalCount"] > 0
    assert time.monotonic() - begun < WITHIN


async def test_heavy_live_queries_of_one_workspace_delay_nothing_of_another(dsn: str) -> None:
    with serving(DATABASE_URL=dsn, **SHEDDING) as served:
        async with two_workspaces(served, dsn) as (attacker, victim), opened(served, victim.key) as hearing:
            await hearing.subscribe("v", CREATED)
            await hearing.subscribe("live", LIVE)
            id_ = await attacker.create("a@example.com")
            async with opened(served, attacker.key) as heavy:
                for number in range(HEAVY):
                    query = f"g{number}: people(interval: 100) {{ edges {{ node {{ city company {{ name }} }} }} }}"
                    await heavy.subscribe(f"{number}", f"subscription {{ {query} }}")
                await heavy.subscribe("light", "subscription { personUpdated { city } }")
                await until_subscribed(served, lambda: HEAVY + 3)
                await until(lambda: all(len(heavy.results[f"{number}"]) >= 1 for number in range(HEAVY)))
                with locked(dsn):
                    end, number = time.monotonic() + 6, 0
                    while time.monotonic() < end:
                        number += 1
                        await attacker.update(id_, f"city {number}")
                        await check_that_events_arrive(victim, hearing, 1)
                        await check_that_answers_arrive(victim, hearing, 1)
                        await check_that_requests_are_answered(victim)
                        # The victim of its own live queries: its event subscriptions go on too.
                        await until(lambda number=number: len(heavy.results["light"]) == number)  # type: ignore[misc]  # mypy knows no such default
                # Each that was not ended for its time has the newest answer in the end.
                left = [f"{one}" for one in range(HEAVY) if f"{one}" not in heavy.errors]
                await until(lambda: all(_city(heavy.results[one][-1]) == f"city {number}" for one in left))
                assert left


def _city(result: Any) -> str:
    (people,) = result["data"].values()
    return str(people["edges"][0]["node"]["city"])


async def test_very_many_different_live_queries_are_refused(dsn: str) -> None:
    with serving(DATABASE_URL=dsn, FIELDSTONE_MAX_LIVE_QUERIES="50") as served:
        async with (
            two_workspaces(served, dsn) as (attacker, victim),
            opened(served, victim.key) as hearing,
            opened(served, attacker.key) as many,
        ):
            await hearing.subscribe("v", CREATED)
            await hearing.subscribe("live", LIVE)
            query = "subscription ($c: String) { people(filter: { city: { eq: $c } }, interval: 100) { totalCount } }"
            for number in range(200):
                await many.subscribe(f"{number}", query, c=f"{number % 100}")
            await until(lambda: len(many.errors) + sum(map(bool, many.results.values())) == 200)
            assert len(many.errors) == 100
            (error,) = next(iter(many.errors.values()))
            assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
            assert "FIELDSTONE_MAX_LIVE_QUERIES" in error["message"]
            await attacker.create("a@example.com")
            await check_that_events_arrive(victim, hearing, 3)
            await check_that_answers_arrive(victim, hearing, 3)
