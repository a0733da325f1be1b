"""Subscriptions of one workspace against those of another: heavy ones, big ones, and ones that can never be served."""

import asyncio
import time
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.attacks.subscribers import (
    CREATED,
    WITHIN,
    Tenant,
    check_that_events_arrive,
    locked,
    opened,
    schema_of,
    tenant,
    two_workspaces,
    until_subscribed,
)
from tests.processes.forking import CONSTANTS
from tests.processes.serving import SHEDDING, serving
from tests.waiting import eventually, until

pytestmark = pytest.mark.long

NAMES = 60_000


def _stuck(dsn: str) -> int:
    """How many statements wait for a table's lock."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        return int(row[0]) if row else 0


async def test_heavy_subscriptions_of_one_workspace_delay_those_of_no_other(dsn: str) -> None:
    with serving(DATABASE_URL=dsn, **SHEDDING) as served:
        async with two_workspaces(served, dsn) as (attacker, victim), opened(served, victim.key) as hearing:
            await hearing.subscribe("v", CREATED)
            id_ = await attacker.create("a@example.com")
            async with opened(served, attacker.key) as heavy:
                for number in range(24):
                    await heavy.subscribe(
                        f"{number}", f"subscription {{ g{number}: personUpdated {{ city company {{ name }} }} }}"
                    )
                await heavy.subscribe("light", "subscription { personUpdated { city } }")
                await until_subscribed(served, lambda: 26)
                await attacker.update(id_, "Rome")
                await until(lambda: len(heavy.results["light"]) == 1)
                with locked(dsn):
                    await attacker.update(id_, "Oslo")
                    eventually(lambda: _stuck(dsn) > 0, "no statement is stuck")
                    end = time.monotonic() + 5
                    while time.monotonic() < end:
                        await check_that_events_arrive(victim, hearing, 5)
                        await attacker.update(id_, f"{time.monotonic()}")
                    assert len(heavy.errors) < 24
                    # A subscriber that leaves takes the statement along that ran for it.
                    await heavy.connection.close()
                    eventually(lambda: _stuck(dsn) == 0, "statements of nobody go on", limit=5)
                    await check_that_events_arrive(victim, hearing, 5)


SQLSTATES = {
    "out of memory": "RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'no memory for this';",
    "kills its backend": "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);",
    "internal error": "RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'never';",
}


@pytest.mark.parametrize("failure", SQLSTATES.values(), ids=SQLSTATES)
async def test_subscriptions_that_can_never_be_served_end_and_the_others_hear_on(
    dsn: str, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There are several tries, and the first pause between them is of half a second, each other one twice as long.
    monkeypatch.setitem(CONSTANTS, "fieldstone.engine.events.delivery.work.PAUSE", 0.05)
    with serving(DATABASE_URL=dsn) as served:
        async with (
            two_workspaces(served, dsn) as (attacker, victim),
            opened(served, victim.key) as hearing,
            opened(served, attacker.key) as failing,
        ):
            await hearing.subscribe("v", CREATED)
            await failing.subscribe("fails", "subscription { personUpdated { company { name } } }")
            await failing.subscribe("goes on", "subscription { personUpdated { city } }")
            await until_subscribed(served, lambda: 3)
            create = 'mutation { createCompany(data: { name: "Acme" }) { id } }'
            company = (await attacker.data(create))["createCompany"]["id"]
            id_ = await attacker.create("a@example.com", companyId=company)
            await attacker.update(id_, "Rome")
            await until(lambda: len(failing.results["fails"]) == len(failing.results["goes on"]) == 1)
            _break(dsn, failure)
            await attacker.update(id_, "Oslo")
            await until(lambda: len(failing.results["goes on"]) == 2)
            while "fails" not in failing.errors:
                await check_that_events_arrive(victim, hearing, 1)
            await check_that_events_arrive(victim, hearing, 1)
            error = await failing.until_failed("fails")
            assert error["extensions"]["code"] in {"SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"}
            await attacker.update(id_, "Bonn")
            await until(lambda: len(failing.results["goes on"]) == 3)
            assert len(failing.results["fails"]) == 1


def _break(dsn: str, failure: str) -> None:
    """Put a view that fails in place of the attacker's companies; their keys still refer to the table."""
    with psycopg.connect(dsn) as connection:
        schema = schema_of(connection)
        company, before = sql.Identifier(schema, "company"), sql.Identifier(schema, "company_before")
        body = sql.Literal(f"BEGIN {failure} RETURN true; END")
        connection.execute(
            sql.SQL("CREATE FUNCTION fieldstone.fail() RETURNS boolean LANGUAGE plpgsql AS {}").format(body)
        )
        connection.execute(sql.SQL("ALTER TABLE {} RENAME TO company_before").format(company))
        connection.execute(
            sql.SQL("CREATE VIEW {} AS SELECT * FROM {} WHERE fieldstone.fail()").format(company, before)
        )


async def test_an_id_is_bounded(dsn: str) -> None:
    with serving(DATABASE_URL=dsn) as served:
        async with tenant(served, dsn, "attacker") as attacker, opened(served, attacker.key) as socket:
            await socket.subscribe("i" * 256, CREATED)
            await attacker.create("a@example.com")
            await until(lambda: len(socket.results["i" * 256]) == 1)
            await socket.subscribe("i" * 257, CREATED)
            assert await socket.until_over() == 4400
            assert socket.reason == "The id of 'subscribe' may have 256 characters"


def names(number: int) -> list[str]:
    return [f"{number}x{one}" for one in range(NAMES)]


BIG = "subscription ($names: [String!]) { personUpdated(filter: { firstName: { in: $names } }) { city } }"


@pytest.mark.alone
async def test_big_variables_are_bounded_and_cost_nobody_the_loop(dsn: str) -> None:
    """60,000 names are some 600 KB as they are sent, and as much again as a filter."""
    with serving(DATABASE_URL=dsn, FIELDSTONE_MAX_SUBSCRIPTION_BYTES="8000000") as served:
        async with (
            two_workspaces(served, dsn) as (attacker, victim),
            opened(served, victim.key) as hearing,
            opened(served, attacker.key) as big,
        ):
            await hearing.subscribe("v", CREATED)
            id_ = await attacker.create("a@example.com", firstName="0x1")
            await big.subscribe("0", BIG, names=names(0))
            await until_subscribed(served, lambda: 2)
            for number in range(1, 20):
                await big.subscribe(f"{number}", BIG, names=names(number))
            await until(lambda: len(big.errors) > 12)
            error = await big.until_failed(next(iter(big.errors)))
            assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
            assert "FIELDSTONE_MAX_SUBSCRIPTION_BYTES" in error["message"]
            await until_subscribed(served, lambda: 21 - len(big.errors))
            await attacker.update(id_, "Rome")
            longest = await _longest_wait(victim, lambda: len(big.results["0"]) == 1)
            assert longest < WITHIN
            await check_that_events_arrive(victim, hearing, 5)
            # A subscription that has ended makes room.
            for id_left in range(20):
                await big.send(id=f"{id_left}", type="complete")
            await big.subscribe("again", BIG, names=names(0))
            await until_subscribed(served, lambda: 2)
            await attacker.update(id_, "Oslo")
            await until(lambda: len(big.results["again"]) == 1 or "again" in big.errors)
            assert "again" not in big.errors


async def _longest_wait(client: Tenant, is_over: Any) -> float:
    """Return the longest time that a request waited until something was over."""
    longest = 0.0
    async with asyncio.timeout(30):
        while not is_over():
            begun = time.monotonic()
            assert (await client.http.get("/healthz")).status_code == 200
            longest = max(longest, time.monotonic() - begun)
    return longest


async def test_what_all_workspaces_keep_is_bounded_too(dsn: str) -> None:
    settings = {"FIELDSTONE_MAX_SUBSCRIPTION_BYTES": "3000000", "FIELDSTONE_MAX_SUBSCRIPTION_BYTES_TOTAL": "4000000"}
    with serving(DATABASE_URL=dsn, **settings) as served:
        async with (
            two_workspaces(served, dsn) as (attacker, victim),
            opened(served, victim.key) as hearing,
            opened(served, attacker.key) as big,
        ):
            for socket in (big, hearing):
                for number in range(3):
                    await socket.subscribe(f"{number}", BIG, names=names(number))
                await until(lambda socket=socket: bool(socket.errors))  # type: ignore[misc]  # mypy knows no such default
            (error,) = next(iter(hearing.errors.values()))
            assert "FIELDSTONE_MAX_SUBSCRIPTION_BYTES_TOTAL" in error["message"]
            (error,) = next(iter(big.errors.values()))
            assert "FIELDSTONE_MAX_SUBSCRIPTION_BYTES." in error["message"]


async def test_subscriptions_and_sockets_of_a_workspace_are_bounded(dsn: str) -> None:
    with serving(DATABASE_URL=dsn, FIELDSTONE_MAX_SUBSCRIPTIONS="3", FIELDSTONE_MAX_SOCKETS="2") as served:
        async with (
            two_workspaces(served, dsn) as (attacker, victim),
            opened(served, victim.key) as hearing,
            opened(served, attacker.key) as one,
        ):
            await hearing.subscribe("v", CREATED)
            async with opened(served, attacker.key) as other:
                for socket, id_ in ((one, "1"), (one, "2"), (other, "1")):
                    await socket.subscribe(id_, CREATED)
                await until_subscribed(served, lambda: 4)
                await other.subscribe("2", CREATED)
                error = await other.until_failed("2")
                assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
                assert "FIELDSTONE_MAX_SUBSCRIPTIONS" in error["message"]
                await check_that_a_stream_is_refused(attacker.http)
                async with opened(served, attacker.key) as third:
                    assert await third.until_over() == 1013
                    assert "FIELDSTONE_MAX_SOCKETS" in third.reason
            await until_subscribed(served, lambda: 3)
            await check_that_events_arrive(victim, hearing, 1)
            # Subscribers that have gone make room for others.
            async with opened(served, attacker.key) as again:
                await again.subscribe("1", CREATED)
                await until_subscribed(served, lambda: 4)
                await attacker.create("a@example.com")
                await until(lambda: len(again.results["1"]) == 1)


async def check_that_a_stream_is_refused(http: httpx.AsyncClient) -> None:
    streamed = await http.post("/graphql/stream", json={"query": CREATED}, headers={"accept": "text/event-stream"})
    assert "FIELDSTONE_MAX_SUBSCRIPTIONS" in streamed.text
