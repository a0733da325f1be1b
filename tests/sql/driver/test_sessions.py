"""sql/driver/sessions.py: the connection that a caller gets, and the fate of that connection."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from fieldstone.sql.errors import DatabaseUnavailable
from fieldstone.sql.executor import Database
from tests.sql.driving import observing, opened
from tests.sql.network import network
from tests.waiting import until


def backend(session: psycopg.AsyncConnection) -> int:
    return session.info.backend_pid


async def test_a_session_is_used_again(empty_database: str) -> None:
    async with opened(empty_database) as database:
        backends = set()
        for _ in range(3):
            async with database.session() as session:
                backends.add(backend(session))
        assert len(backends) == 1


async def test_one_that_has_ended_or_is_old_is_replaced(empty_database: str) -> None:
    async with opened(empty_database) as database, observing(empty_database) as observer:
        async with database.session() as session:
            before = backend(session)
        await observer.terminate()
        async with database.session() as session:
            assert backend(session) != before
    async with opened(empty_database, max_age=0.0) as database:
        for _ in range(2):
            async with database.session() as session:
                assert backend(session) != before
                before = backend(session)


async def test_one_that_was_left_in_autocommit_is_not_used_again(empty_database: str) -> None:
    async with opened(empty_database) as database:
        async with database.session() as session:
            await session.set_autocommit(True)
        async with database.session() as session:
            assert not session.autocommit


async def begin_and_raise(database: Database, error: type[BaseException]) -> None:
    async with database.session() as session:
        await session.execute("CREATE TABLE public.left_over (id int)")
        raise error


async def test_what_was_begun_is_rolled_back_whatever_leaves_the_block(empty_database: str) -> None:
    async with opened(empty_database) as database:
        for error in (LookupError, asyncio.CancelledError):
            with pytest.raises(error):
                await begin_and_raise(database, error)
        async with database.session() as session:
            cursor = await session.execute("SELECT to_regclass('public.left_over')")
            assert await cursor.fetchone() == (None,)


async def test_waiting_is_bounded(empty_database: str) -> None:
    async with opened(empty_database, sessions=1, acquire_timeout=0.05) as database:
        async with database.session():
            with pytest.raises(DatabaseUnavailable, match="no session came free"):
                async with database.session():
                    pass
        async with database.session() as session:
            await session.execute("SELECT 1")


async def test_one_that_is_in_use_ends_when_it_comes_back_to_what_is_closed(empty_database: str) -> None:
    async with opened(empty_database) as database, observing(empty_database) as observer:
        async with database.session() as session:
            await database.close()
            await session.execute("SELECT 1")
        await observer.until_connected(0)
        with pytest.raises(DatabaseUnavailable, match="closed"):
            async with database.session():
                pass


async def test_after_an_outage_nobody_waits(empty_database: str) -> None:
    """However often a connection could not be made meanwhile; psycopg's own pool had callers wait as long again."""
    name = psycopg.sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]))
    maintenance = psycopg.conninfo.make_conninfo(empty_database, dbname="postgres")
    # A caller that waits here for anything does not come back in time for the test.
    async with (
        opened(empty_database, acquire_timeout=1_000) as database,
        await psycopg.AsyncConnection.connect(maintenance, autocommit=True) as other,
    ):
        async with database.session() as session:
            ended = session.info.backend_pid
        await other.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        await other.execute("SELECT pg_terminate_backend(%s::int, 5000)", [ended])
        for _ in range(20):
            with pytest.raises(DatabaseUnavailable):
                async with database.session():
                    pass
        await other.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
        async with database.session() as session:
            await session.execute("SELECT 1")


@pytest.mark.long
async def test_a_session_ends_where_the_database_answers_nobody(empty_database: str, folder: Path) -> None:
    """It had waited for as long as the database was silent; so did the caller that checked it."""
    async with (
        network(empty_database, folder) as (between, dsn),
        opened(dsn, session_patience=0.2, connect_timeout=2, close_timeout=0.1) as database,
    ):
        async with database.session() as first, database.session() as second:
            assert backend(first) != backend(second)

        async def ask() -> None:
            async with database.session() as session:
                between.carries.clear()
                await session.execute("SELECT 1")

        with pytest.raises(DatabaseUnavailable):
            await ask()
        # Nor is one after the other looked at.
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            async with database.session():
                pass
        between.carries.set()
        async with database.session() as session:
            await session.execute("SELECT 1")


@pytest.mark.long
async def test_a_session_may_take_long_where_the_database_answers(empty_database: str, folder: Path) -> None:
    async with (
        network(empty_database, folder) as (between, dsn),
        # So long an answer may take, too, of a database that shares its processors with others.
        opened(dsn, session_patience=0.5) as database,
        observing(empty_database) as observer,
    ):
        async with database.session() as session:
            before = between.admitted
            asleep = asyncio.create_task(session.execute("SELECT pg_sleep(60)"))
            # Several times somebody has looked, and found it alive.
            await until(lambda: between.admitted >= before + 3)
            await observer.connection.execute(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
            )
            with pytest.raises(psycopg.errors.QueryCanceled):
                await asleep
            await session.rollback()
            assert backend(session)
        await observer.until_connected(1)


async def test_a_refusal_is_an_answer(empty_database: str) -> None:
    name = psycopg.sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]))
    maintenance = psycopg.conninfo.make_conninfo(empty_database, dbname="postgres")
    async with (
        opened(empty_database, session_patience=0.05) as database,
        await psycopg.AsyncConnection.connect(maintenance, autocommit=True) as other,
        database.session() as session,
    ):
        await other.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        await session.execute("SELECT pg_sleep(0.5)")
        await other.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
