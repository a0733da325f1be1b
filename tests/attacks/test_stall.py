"""A database that is there and answers nothing, as behind a proxy that accepts and passes nothing on."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.processes.serving import SHEDDING, Served, serving
from tests.sql.network import Network, network

LIMIT = 15.0
"""Seconds: twice the statement's time of 1, the 5 that its end may take, and the second between two looks at it."""

READ = "{ companies { totalCount } }"
WRITE = 'mutation { createCompany(data: {name: "A"}) { id } }'
BOTH = 'mutation { createCompany(data: {name: "B"}) { id } createOpportunity(data: {name: "B"}) { id } }'
OBJECTS = '{ objects(filter: {nameSingular: {eq: "company"}}) { edges { node { id } } } }'
CHANGE = """mutation ($of: UUID!) {
    createField(input: { objectMetadataId: $of, name: "NAME", label: "Extra", type: TEXT }) { id } }"""


@contextlib.asynccontextmanager
async def served_through(dsn: str, folder: Path) -> AsyncIterator[tuple[Network, Served, httpx.AsyncClient]]:
    """A server whose database lies behind a network."""
    async with network(dsn, folder) as (between, near):
        with contextlib.ExitStack() as stack:
            address = make_conninfo(near, connect_timeout="2")
            server = serving(DATABASE_URL=address, FIELDSTONE_STATEMENT_TIMEOUT="1", **SHEDDING)
            served = await asyncio.to_thread(stack.enter_context, server)
            headers = {"authorization": f"Bearer {served.key}"}
            async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=60) as client:
                yield between, served, client
            between.carries.set()
            await asyncio.to_thread(stack.close)


async def ask(client: httpx.AsyncClient, path: str, query: str, **variables: Any) -> httpx.Response:
    return await client.post(path, json={"query": query, "variables": variables})


async def staged(dsn: str) -> int:
    """How many events are still to be moved to the log; the server does not hear of a move whose answer was lost."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        row = await (await connection.execute("SELECT count(*) FROM fieldstone.event_staging")).fetchone()
    assert row is not None
    return int(row[0])


async def until_answered(client: httpx.AsyncClient, path: str, *queries: str, **variables: Any) -> Any:
    """Return the data of an operation as soon as it is answered; each attempt is the next of the queries.

    Until then the database may be away, and where other processes take the processors a statement may have its second
    without having had its turn.
    """
    async with asyncio.timeout(60):
        attempts = itertools.cycle(queries)
        while True:
            answer = await ask(client, path, next(attempts), **variables)
            codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
            if not codes:
                return answer.json()["data"]
            assert codes <= {"SERVICE_UNAVAILABLE", "TIMEOUT"}, answer.text
            await asyncio.sleep(0.05)


def creates(name: str) -> list[str]:
    """Return changes that create a field each: an attempt that was not answered may have created its own."""
    return [CHANGE.replace("NAME", f"{name}{attempt}") for attempt in range(500)]


@pytest.mark.alone
async def test_nobody_waits_for_a_database_that_answers_nothing(dsn: str, folder: Path) -> None:
    """Reads were answered after two times four limits, changes of the model when it was over."""
    async with served_through(dsn, folder) as (between, served, client):
        objects = await until_answered(client, "/metadata", OBJECTS)
        company = objects["objects"]["edges"][0]["node"]["id"]
        # From then on these are answered without a task.
        for _ in range(4):
            await until_answered(client, "/graphql", READ)
            await until_answered(client, "/graphql", WRITE)
        await until_answered(client, "/metadata", *creates("before"), of=company)
        between.carries.clear()

        async def timed(path: str, query: str, **variables: Any) -> tuple[int, float]:
            begun = time.monotonic()
            return (await ask(client, path, query, **variables)).status_code, time.monotonic() - begun

        answers = await asyncio.gather(
            timed("/graphql", READ),
            timed("/graphql", WRITE),
            timed("/graphql", BOTH),
            timed("/graphql", "{ people { totalCount } }"),
            timed("/metadata", OBJECTS),
            timed("/metadata", CHANGE.replace("NAME", "during"), of=company),
        )
        assert [status for status, _ in answers] == [503] * len(answers), answers
        assert max(seconds for _, seconds in answers) < LIMIT, answers
        between.carries.set()
        for query in (READ, WRITE, BOTH):
            await until_answered(client, "/graphql", query)
        await until_answered(client, "/metadata", *creates("afterwards"), of=company)
        # The background work goes on: each written event is moved to the log.
        async with asyncio.timeout(30):
            while await staged(dsn):
                await asyncio.sleep(0.05)
    assert not [line for line in served.errors if "unexpected error" in line]
