"""sql/listen.py"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from fieldstone.sql.errors import ConnectionLost, DatabaseUnavailable
from fieldstone.sql.executor import Database
from fieldstone.sql.listen import APPLICATION_NAME, MOST_BYTES, NOTIFY, Listener
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.waiting import until

SETTINGS = PoolSettings(connections=2)


@asynccontextmanager
async def listening(dsn: str, channel: str = "news") -> AsyncIterator[Listener]:
    listener = await Listener.open(dsn, channel, settings=SETTINGS)
    try:
        yield listener
    finally:
        await listener.close()


@pytest.fixture
async def database(empty_database: str) -> AsyncIterator[Database]:
    opened = Database.connect(empty_database, settings=SETTINGS)
    await opened.open()
    yield opened
    await opened.close()


async def notify(database: Database, channel: str, payload: str) -> None:
    await database.write(NOTIFY, [channel.encode(), payload.encode()], share=None)


def end_listeners(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [APPLICATION_NAME],
        )
        return len(cursor.fetchall())


async def test_what_is_sent_is_heard_in_order(database: Database, empty_database: str) -> None:
    async with listening(empty_database) as listener:
        payloads = ["one", "", "naïve ☃", "x" * MOST_BYTES]
        for payload in payloads:
            await notify(database, "news", payload)
        assert [await listener.next() for _ in payloads] == payloads


async def test_a_limit_of_idle_sessions_does_not_end_it(database: Database, empty_database: str) -> None:
    """It was lost and made again each time, and each process logged that it does not hear the others."""
    with psycopg.connect(empty_database, autocommit=True) as connection:
        (name,) = connection.execute("SELECT quote_ident(current_database())").fetchone() or ("",)
        connection.execute(f"ALTER DATABASE {name} SET idle_session_timeout = '10ms'".encode())
        async with listening(empty_database) as listener:
            # The time is over for the listener, too, when it is over for a later session.
            with psycopg.connect(empty_database) as idle:
                alive = "SELECT FROM pg_stat_activity WHERE pid = %s"
                pid = idle.info.backend_pid
                await until(lambda: not connection.execute(alive, [pid]).fetchall())
            await notify(database, "news", "one")
            assert await listener.next() == "one"


async def test_several_of_one_transaction_are_all_heard(database: Database, empty_database: str) -> None:
    async with listening(empty_database) as listener:
        await database.pipeline([(NOTIFY, [b"news", str(number).encode()]) for number in range(100)], share=None)
        assert [await listener.next() for _ in range(100)] == [str(number) for number in range(100)]


async def test_another_channel_is_not_heard(database: Database, empty_database: str) -> None:
    # A channel is an identifier, quoted as such.
    async with listening(empty_database, 'odd "channel"') as listener:
        await notify(database, "news", "no")
        await notify(database, 'odd "channel"', "yes")
        assert await listener.next() == "yes"


async def test_a_listener_waits_until_something_is_sent(database: Database, empty_database: str) -> None:
    async with listening(empty_database) as listener:
        heard = asyncio.create_task(listener.next())
        await asyncio.sleep(0.01)
        assert not heard.done()
        await notify(database, "news", "at last")
        assert await heard == "at last"


async def test_a_cancelled_wait_misses_nothing(database: Database, empty_database: str) -> None:
    async with listening(empty_database) as listener:
        heard = asyncio.create_task(listener.next())
        await asyncio.sleep(0.01)
        heard.cancel()
        await asyncio.wait([heard])
        await notify(database, "news", "still here")
        assert await listener.next() == "still here"


async def test_the_end_of_the_connection_is_noticed_at_once(empty_database: str) -> None:
    async with listening(empty_database) as listener:
        heard = asyncio.create_task(listener.next())
        await asyncio.sleep(0)
        assert await asyncio.to_thread(end_listeners, empty_database) == 1
        with pytest.raises(ConnectionLost, match="the listening connection was lost"):
            await heard


async def test_a_database_that_is_not_there() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot listen to the database"):
        await Listener.open("postgresql://nobody@127.0.0.1:1/nothing", "news", settings=SETTINGS)


async def test_closing_twice_is_closing_once(database: Database, empty_database: str) -> None:
    listener = await Listener.open(empty_database, "news", settings=SETTINGS)
    await listener.close()
    await listener.close()
    left = Statement(text="SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()")
    async with asyncio.timeout(30):
        while True:
            if not await database.read(left, [APPLICATION_NAME.encode()], share=None):
                break
            await asyncio.sleep(0.01)


async def test_an_address_of_its_own_goes_round_the_pool(database: Database, empty_database: str) -> None:
    listener = await database.listen("news", address=f"{empty_database} connect_timeout=3")
    try:
        await notify(database, "news", "direct")
        assert await listener.next() == "direct"
    finally:
        await listener.close()
