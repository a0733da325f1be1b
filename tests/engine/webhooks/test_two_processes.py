"""engine/webhooks: each event becomes a delivery, whatever another process reads or leaves undone at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from fieldstone.engine.webhooks import deliveries, fan_out
from fieldstone.engine.webhooks.apart import CONSUMER, name_of
from fieldstone.engine.webhooks.fan_out import FanOut
from fieldstone.sql.concurrency.wakeup import Wake
from tests.apis import WORKSPACE_ID
from tests.engine.webhooks.conftest import Sending
from tests.engine.webhooks.target import TargetServer
from tests.waiting import until_found, until_true

pytestmark = pytest.mark.long

_TICK = FanOut.tick
_NEWEST = "(SELECT coalesce(max(position), 0) FROM fieldstone.event_log)"
_KEY = 4711
_LOGGED = "SELECT 1 FROM fieldstone.event_log HAVING count(*) = %s"
_BEGUN = """
    INSERT INTO fieldstone.log_consumer (name, position)
    SELECT %s, position - %s FROM fieldstone.log_consumer WHERE name = %s
"""
_CAUGHT_UP = "SELECT 1 FROM fieldstone.log_consumer HAVING count(*) = 2 AND count(DISTINCT position) = 1"
_WAITS = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"


class Killed(Exception):
    """A process ends here."""


@asynccontextmanager
async def two(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[FanOut, FanOut]]:
    """Two processes beside that of the app, which reads no events any more."""
    is_idle = asyncio.Event()

    async def idle(_: FanOut) -> None:
        is_idle.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(FanOut, "tick", idle)
    await is_idle.wait()
    foundation = sending.services.foundation
    first, second = (FanOut(foundation.database, foundation.current, wake=Wake(), made=lambda: None) for _ in range(2))
    yield first, second
    await first._apart.close()
    await second._apart.close()


@pytest.fixture
async def watcher(workspace_dsn: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection whose statements each see all committed rows."""
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        yield connection


class Halt:
    """The point between its reading and its statements at which the first process stands still, until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.over = asyncio.Event(), asyncio.Event()
        make = deliveries.make_deliveries

        async def held(*given: Any) -> int | None:
            if not self.reached.is_set():
                self.reached.set()
                await self.over.wait()
            return await make(*given)

        monkeypatch.setattr(fan_out, "make_deliveries", held)


async def until_made(sending: Sending, count: int, *processes: FanOut) -> None:
    """Return when a workspace has so many deliveries, which the processes make."""

    async def are_made() -> bool:
        for one in processes:
            await _TICK(one)
        return len(await sending.deliveries()) == count

    await until_true(are_made, 10)


async def test_a_consumer_that_ends_while_another_process_reads_leaves_no_event_out(
    sending: Sending, target: TargetServer, watcher: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one read the new position and the old consumers, and left events to one that had ended."""
    await sending.webhook(target.url, "person.created")
    await sending.person("a@example.com")
    await target.until_taken(1)
    async with two(sending, monkeypatch) as (first, second):
        await watcher.execute(_BEGUN, [name_of(WORKSPACE_ID), 0, CONSUMER])
        await sending.person("b@example.com")
        await until_found(watcher, _LOGGED, [2])
        halt = Halt(monkeypatch)
        ending = asyncio.create_task(_TICK(first))
        await halt.reached.wait()
        await sending.person("c@example.com")
        await until_found(watcher, _LOGGED, [3])
        begin = fan_out._BEGIN
        late = begin.statement.text.replace(_NEWEST, f"{_NEWEST[:-1]}, pg_advisory_xact_lock({_KEY}))")
        assert late != begin.statement.text
        monkeypatch.setattr(fan_out, "_BEGIN", replace(begin, statement=replace(begin.statement, text=late)))
        await watcher.execute("SELECT pg_advisory_lock(%s)", [_KEY])
        reading = asyncio.create_task(_TICK(second))
        await until_found(watcher, _WAITS, [_KEY])
        halt.over.set()
        await ending
        await watcher.execute("SELECT pg_advisory_unlock(%s)", [_KEY])
        await reading
        await until_made(sending, 3, first, second)


async def test_a_process_that_dies_within_an_event_has_ended_no_consumer(
    sending: Sending, target: TargetServer, watcher: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one that had read the same position left events to the consumer that had ended."""
    other = await sending.beside()
    for number in range(2):
        await other.webhook(f"{target.url}/{number}", "person.created")
    await sending.webhook(target.url, "person.created")
    await sending.person("a@example.com")
    await target.until_taken(1)
    async with two(sending, monkeypatch) as (first, second):
        await watcher.execute(_BEGUN, [name_of(WORKSPACE_ID), 1, CONSUMER])
        await other.person("b@example.com")
        await sending.person("c@example.com")
        await until_found(watcher, _LOGGED, [3])
        halt = Halt(monkeypatch)
        reading = asyncio.create_task(_TICK(first))
        await halt.reached.wait()
        await until_found(watcher, _CAUGHT_UP)
        insert = deliveries._insert

        async def insert_and_die(*given: Any) -> None:
            await insert(*given)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(deliveries, "MOST_AT_ONCE", 1)
            patched.setattr(deliveries, "_insert", insert_and_die)
            with pytest.raises(Killed):
                await _TICK(second)
        halt.over.set()
        await reading
        await until_made(sending, 2, first, second)
        await until_made(other, 2, first, second)
