"""One driven connection: its loop, its socket, its end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import psycopg
import pytest
import uvloop

from fieldstone.sql import sqlstate
from fieldstone.sql.driver.connection_pool import ConnectionPool
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    DatabaseError,
    DatabaseUnavailable,
    NoAnswer,
    ResponseTooLarge,
    StatementTimeout,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolCounters
from fieldstone.sql.statement import Row, Statement
from tests.sql.driving import BACKEND, ECHO, HELD, QUICK, SLEEP, Called, holding, impatient, observing, opened
from tests.sql.network import network
from tests.waiting import until

PREPARED = Statement(text="SELECT count(*) FROM pg_prepared_statements")


async def ask_quickly(database: Database, *, writes: bool) -> list[Row]:
    """Called a statement without a task."""
    told: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()

    def finish(rows: Sequence[Row], error: DatabaseError | None) -> None:
        if error is None:
            told.set_result(list(rows))
        else:
            told.set_exception(error)

    give_up = lambda: told.set_exception(AssertionError("it starts over"))  # noqa: E731
    database.begin(Called(ECHO, (b"x",), writes=writes, finish=finish, give_up=give_up))
    return await told


@pytest.mark.long
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_either_event_loop_will_do(empty_database: str, run: Callable[[Awaitable[None]], None]) -> None:
    async def use() -> None:
        large = b"x" * 8_000_000
        async with opened(empty_database, connections=2) as database, observing(empty_database) as observer:
            answers = await asyncio.gather(*(database.read(ECHO, (b"%d" % n,), share=None) for n in range(100)))
            assert answers == [[(b"%d" % n,)] for n in range(100)]
            assert await database.pipeline([(ECHO, (large,)), (ECHO, (b"x",))], share=None) == [[(large,)], [(b"x",)]]
            with pytest.raises(StatementTimeout):
                await database.read(SLEEP, (b"60",), timeout=0.05, share=None)
            before = await database.read(BACKEND, (), share=None)
            await observer.terminate()
            assert await database.read(BACKEND, (), share=None) != before
            caller = asyncio.create_task(database.read(SLEEP, (b"60",), share=None))
            await observer.until_active(1)
            caller.cancel()
            await observer.until_active(0)

    run(use())


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_connection_may_end_while_a_message_is_sent(
    empty_database: str, folder: Path, run: Callable[[Awaitable[None]], None]
) -> None:
    """The caller waited for ever."""

    async def use() -> None:
        async with network(empty_database, folder) as (between, dsn), opened(dsn, connections=1) as database:
            await database.read(ECHO, (b"x",), share=None)
            between.carries.clear()
            asking = asyncio.create_task(database.write(ECHO, (b"x" * 20_000_000,), share=None))
            await until(lambda: database.stats().in_use == 1)
            between.reset()
            with pytest.raises(CommitOutcomeUnknown):
                await asyncio.wait_for(asking, 30)
            between.carries.set()
            assert await database.read(ECHO, (b"back",), share=None) == [(b"back",)]

    run(use())


async def test_the_columns_behind_those_that_count_have_no_limit(empty_database: str) -> None:
    text = "SELECT $1::text, repeat('x', 2000)"
    async with opened(empty_database, response_limit=1000) as database:
        counted = Statement(text=text, counted=1)
        assert await database.read(counted, (b"y",), share=None) == [(b"y", b"x" * 2000)]
        assert await database.pipeline([(counted, (b"y",))], share=None) == [[(b"y", b"x" * 2000)]]
        with pytest.raises(ResponseTooLarge):
            await database.read(counted, (b"y" * 1001,), share=None)
        with pytest.raises(ResponseTooLarge):
            await database.read(Statement(text=text), (b"y",), share=None)


async def test_a_lost_second_phase_is_of_its_own_statement(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next statement of a connection was answered with the unknown outcome of one that had failed."""
    monkeypatch.setattr(sqlstate, "_COMMITS_WORKERS", "exec_stmt_raise")
    lost = "DO $$ BEGIN RAISE WARNING 'lost'; {} END $$"
    async with opened(empty_database, connections=1) as database:
        with pytest.raises(CommitOutcomeUnknown):
            await database.write(Statement(text=lost.format("")), (), share=None)
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]
        with pytest.raises(DatabaseError, match="refused"):
            await database.write(Statement(text=lost.format("RAISE EXCEPTION 'refused';")), (), share=None)
        assert await database.write(ECHO, (b"x",), share=None) == [(b"x",)]


async def test_an_idle_connection_that_dies_is_noticed_without_use(empty_database: str) -> None:
    async with opened(empty_database) as database, observing(empty_database) as observer:
        await database.read(ECHO, (b"x",), share=None)
        await observer.terminate()
        await until(lambda: not database.stats().idle)
        assert (database.stats().lost, database.stats().in_use) == (1, 0)


async def test_a_network_that_carries_nothing_ends_in_an_error(empty_database: str, folder: Path) -> None:
    async with (
        network(empty_database, folder) as (between, dsn),
        opened(dsn, connections=1, cancel_timeout=0.1, close_timeout=0.1) as database,
    ):
        await database.read(ECHO, (b"x",), share=None)
        between.carries.clear()
        with pytest.raises(CommitOutcomeUnknown):
            await database.write(SLEEP, (b"60",), timeout=0.05, share=None)
        assert database.stats().in_use == 0
        with impatient(database), pytest.raises(DatabaseUnavailable):
            await database.read(ECHO, (b"x",), share=None)
        between.carries.set()
        assert await database.read(ECHO, (b"back",), share=None) == [(b"back",)]


@pytest.mark.long
async def test_what_is_not_answered_in_time_is_not_asked_again(empty_database: str, folder: Path) -> None:
    """A read waited for the statement's time and for three more limits, and all of that a second time."""
    async with (
        network(empty_database, folder) as (between, dsn),
        opened(dsn, statement_timeout=0.6, cancel_timeout=0.2, close_timeout=0.1) as database,
    ):
        await database.read(ECHO, (b"x",), share=None)
        asked: list[tuple[type[DatabaseError], Callable[[], Awaitable[list[Row]]]]] = [
            (NoAnswer, lambda: database.read(ECHO, (b"x",), share=None)),
            (NoAnswer, lambda: database.read(ECHO, (b"x",), timeout=0.2, share=None)),
            (NoAnswer, lambda: ask_quickly(database, writes=False)),
            (CommitOutcomeUnknown, lambda: database.write(ECHO, (b"x",), share=None)),
            (CommitOutcomeUnknown, lambda: ask_quickly(database, writes=True)),
        ]
        for kind, ask in asked:
            between.carries.clear()
            with pytest.raises(kind):
                await ask()
            between.carries.set()
            assert await database.read(ECHO, (b"back",), share=None) == [(b"back",)]
        assert (database.stats().retried, database.stats().lost) == (0, 5)


async def test_a_rollback_that_is_not_answered_keeps_nobody_waiting(empty_database: str, folder: Path) -> None:
    async with (
        network(empty_database, folder) as (between, dsn),
        opened(dsn, statement_timeout=60, cancel_timeout=0.3, close_timeout=0.1) as database,
    ):

        async def leave() -> None:
            async with database.transaction(share=None) as transaction:
                await transaction.run(ECHO, (b"x",))
                between.carries.clear()
                raise LookupError

        with pytest.raises(LookupError):
            await leave()
        assert database.stats().in_use == 0
        between.carries.set()


async def test_a_late_cancellation_does_not_hit_the_next_caller(empty_database: str, folder: Path) -> None:
    async with (
        network(empty_database, folder) as (between, dsn),
        opened(dsn, connections=1, cancel_timeout=60) as database,
        observing(empty_database) as observer,
    ):
        async with holding(empty_database):
            leaving = asyncio.create_task(database.read(HELD, (b"7",), share=None))
            await observer.until_active(1)
            between.admits.clear()
            leaving.cancel()
        await observer.until_active(0)
        following = asyncio.create_task(database.read(SLEEP, (b"0.1",), share=None))
        await until(lambda: database.stats().waiting == 1)
        assert (database.stats().in_use, database.stats().waiting, await observer.active()) == (1, 1, 0)
        between.admits.set()
        assert await following == [(b"",)]


async def test_a_late_cancellation_leaves_the_next_statement_of_its_caller_alone(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hit_nothing(*_: object, **__: object) -> None:
        """Reach the server when the statement has ended."""

    monkeypatch.setattr(psycopg.AsyncConnection, "cancel_safe", hit_nothing)
    pool = ConnectionPool(empty_database, QUICK, PoolCounters())
    await pool.open()
    link = await pool.acquire()
    asyncio.get_running_loop().call_soon(link.cancel)
    assert [await link.execute(SLEEP, (b"0.1",)), await link.execute(SLEEP, (b"0.1",))] == [[(b"",)], [(b"",)]]
    if (restoring := link.release()) is not None:
        await restoring
    await pool.close()


async def test_a_network_that_is_cut_under_a_write_leaves_it_open(empty_database: str, folder: Path) -> None:
    async with (
        network(empty_database, folder) as (between, dsn),
        opened(dsn) as database,
        observing(empty_database) as observer,
    ):
        caller = asyncio.create_task(database.write(SLEEP, (b"60",), share=None))
        await observer.until_active(1)
        await between.close()
        with pytest.raises(CommitOutcomeUnknown):
            await caller
        await observer.terminate()


async def test_without_closing_in_the_protocol_statements_are_deallocated(empty_database: str) -> None:
    pool = ConnectionPool(empty_database, QUICK, PoolCounters())
    await pool.open()
    link = await pool.acquire()
    # As with a libpq from before version 17.
    link._can_close = False
    link._prepared._limit = 3
    for number in range(8):
        assert await link.execute(Statement(text=f"SELECT {number:d}"), ()) == [(b"%d" % number,)]
    assert await link.execute(PREPARED, ()) == [(b"3",)]
    link.forget([PREPARED])
    link.release()
    again = await pool.acquire()
    assert again is not link
    assert await again.execute(PREPARED, ()) == [(b"1",)]
    again.release()
    await pool.close()
    assert pool.stats().lost == 0
