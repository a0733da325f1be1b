"""Changes of a table of a million records while it is read and written: how long they take, and the waiting requests.

    python -m benchmarks.big_table [--rows 1000000] [--seconds 4]

For each case: how long the change took, how much of that was after the end of the longest statement that was running
on the table, and the 50th and 99th percentile and the longest of the reads and writes meanwhile, in milliseconds.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from benchmarks.events import Server, serving

TABLE = "workspace_default.ledger"
READERS, WRITERS = 4, 2
_PACE = 0.04
"""Seconds between two requests of a client: the measure must not be of the two client processes."""

READ = "query ($first: Int) { ledgers(first: $first, orderBy: [{ createdAt: DESC }]) { edges { node { id name } } } }"
WRITE = "mutation ($data: LedgerInput!) { createLedger(data: $data) { id name } }"
_CREATE_OBJECT = """mutation { createObject(input: { nameSingular: "ledger", namePlural: "ledgers",
    labelSingular: "Ledger", labelPlural: "Ledgers" }) { id } }"""
_CREATE_FIELD = """mutation ($of: UUID!, $name: String!) { createField(input: { objectMetadataId: $of, name: $name,
    label: $name, type: TEXT, defaultValue: "none" }) { id } }"""
_CREATE_INDEX = """mutation ($of: UUID!, $fields: [UUID!]!) { createIndex(input: { objectMetadataId: $of,
    fieldMetadataIds: $fields }) { id status } }"""
_REQUIRE = """mutation ($id: UUID!) { updateField(id: $id, input: { isNullable: false, backfillValue: "none" }) {
    status } }"""
_FIELDS = """query ($of: UUID!) { fields(filter: { objectMetadataId: { eq: $of } }) {
    edges { node { id name status } } } }"""


@dataclass(slots=True)
class Load:
    """The readers and writers: the milliseconds of each request, and the failures."""

    client: httpx.AsyncClient
    took: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def run(self, number: int) -> None:
        """Send requests until cancelled."""
        for turn in range(1_000_000):
            body: dict[str, Any] = {"query": READ, "variables": {"first": 20}}
            if number < WRITERS:
                body = {"query": WRITE, "variables": {"data": {"name": f"{number}.{turn}"}}}
            began = time.perf_counter()
            answer = (await self.client.post("/graphql", json=body)).json()
            self.took.append((time.perf_counter() - began) * 1_000)
            if "errors" in answer:
                self.failed.append(answer["errors"][0]["message"])
            await asyncio.sleep(_PACE)


async def change(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The data of an operation of the Metadata API, which must succeed."""
    answer = (await client.post("/metadata", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, json.dumps(answer)
    return answer["data"]


@contextlib.asynccontextmanager
async def under_load(client: httpx.AsyncClient) -> AsyncIterator[Load]:
    """Keep readers and writers at it meanwhile."""
    load = Load(client)
    tasks = [asyncio.create_task(load.run(number)) for number in range(READERS + WRITERS)]
    try:
        yield load
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def fill(dsn: str, rows: int) -> None:
    """Put the records into the table."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            f"INSERT INTO {TABLE} (id, name) SELECT gen_random_uuid(), 'n' || n FROM generate_series(1, %s) AS n",  # noqa: S608 - a constant
            [rows],
        )
        connection.execute(f"VACUUM ANALYZE {TABLE}")


def report(case: str, load: Load, took: float, after: float | None) -> None:
    """Print the line of a case."""
    cuts = statistics.quantiles(load.took, n=100)
    behind = "" if after is None else f"{after * 1_000:.0f}"
    print(
        f"{case:<44}{took * 1_000:>9.0f}{behind:>9}{cuts[49]:>8.1f}{cuts[98]:>8.1f}{max(load.took):>8.0f}"
        f"{len(load.took):>8}{len(load.failed):>7}"
    )
    for message in load.failed[:3]:
        print(f"    {message}")


async def until(watch: psycopg.AsyncConnection[Any], query: str, limit: float) -> bool:
    """Wait until a query has a row; tell whether it had one within so many seconds."""
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        if await (await watch.execute(query.encode())).fetchone() is not None:
            return True
        await asyncio.sleep(0.02)
    return False


async def measure(server: Server, rows: int, seconds: float) -> None:
    """Make the table, and each case after the other."""
    headers = {"Authorization": f"Bearer {server.key}"}
    async with (
        httpx.AsyncClient(base_url=f"http://{server.host}:{server.port}", headers=headers, timeout=120) as client,
        await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as watch,
    ):
        of = (await change(client, _CREATE_OBJECT))["createObject"]["id"]
        await asyncio.to_thread(fill, server.dsn, rows)
        fields = {
            edge["node"]["name"]: edge["node"]["id"]
            for edge in (await change(client, _FIELDS, of=of))["fields"]["edges"]
        }
        print(f"{rows:,} records; {READERS} readers, {WRITERS} writers; milliseconds")
        print(f"{'':<44}{'took':>9}{'after':>9}{'p50':>8}{'p99':>8}{'max':>8}{'sent':>8}{'failed':>7}")

        async def case(name: str, act: Callable[[], Awaitable[Any]]) -> None:
            async with under_load(client) as load:
                await asyncio.sleep(0.5)
                began = time.perf_counter()
                ended = await act()
                now = time.perf_counter()
                await asyncio.sleep(0.5)
            report(name, load, now - began, now - ended if isinstance(ended, float) else None)

        await case("nothing", lambda: asyncio.sleep(seconds))
        await case("a field", lambda: change(client, _CREATE_FIELD, of=of, name="one"))

        async def beside_statement() -> float:
            over = 0.0

            async def hold() -> None:
                nonlocal over
                async with await psycopg.AsyncConnection.connect(server.dsn) as other:
                    await other.execute(
                        f"SELECT count(*), pg_sleep({seconds}) FROM (SELECT FROM {TABLE} LIMIT 10) AS few".encode()  # noqa: S608 - constants
                    )
                    over = time.perf_counter()

            held = asyncio.create_task(hold())
            await until(
                watch, "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()", 5
            )
            await change(client, _CREATE_FIELD, of=of, name="two")
            await held
            return over

        await case(f"a field beside a statement of {seconds:g} s", beside_statement)

        async def beside_build() -> None:
            made = await change(client, _CREATE_INDEX, of=of, fields=[fields["name"]])
            assert made["createIndex"]["status"] == "BUILDING"
            building = "SELECT FROM pg_stat_progress_create_index"
            print(f"    the index is being built: {await until(watch, building, 10)}")
            await change(client, _CREATE_FIELD, of=of, name="three")

        await case("an index, and a field while it is built", beside_build)

        async def beside_vacuum() -> None:
            await watch.execute(
                f"ALTER TABLE {TABLE} SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,"
                " autovacuum_vacuum_cost_delay = 20, autovacuum_vacuum_cost_limit = 10)".encode()
            )
            await watch.execute(f"DELETE FROM {TABLE} WHERE name LIKE 'n%1'".encode())  # noqa: S608 - a constant
            vacuuming = f"SELECT FROM pg_stat_progress_vacuum WHERE relid = '{TABLE}'::regclass"
            print(f"    autovacuum is at it: {await until(watch, vacuuming, 60)}")
            began = time.perf_counter()
            await change(client, _CREATE_FIELD, of=of, name="four")
            print(f"    the field beside it took {(time.perf_counter() - began) * 1_000:.0f}")

        await watch.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        await watch.execute("SELECT pg_reload_conf()")
        await case("a tenth deleted, autovacuum, and a field", beside_vacuum)

        async def requirement() -> None:
            began = time.perf_counter()
            made = await change(client, _REQUIRE, id=fields["name"])
            print(f"    answered {made['updateField']['status']} after {(time.perf_counter() - began) * 1_000:.0f}")
            while True:
                nodes = (await change(client, _FIELDS, of=of))["fields"]["edges"]
                if next(edge["node"]["status"] for edge in nodes if edge["node"]["name"] == "name") == "READY":
                    return
                await asyncio.sleep(0.1)

        await watch.execute(f"UPDATE {TABLE} SET name = NULL WHERE name LIKE 'n%2'".encode())  # noqa: S608 - a constant
        await case("required, a tenth filled, until it is READY", requirement)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of the longest statement")
    given = parser.parse_args()
    with serving() as server:
        asyncio.run(measure(server, given.rows, given.seconds))


if __name__ == "__main__":
    main()
