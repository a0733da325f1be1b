"""The share of the server that one statement may take: memory for sorts, and temporary files."""

import logging
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql.errors import LimitExceeded
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.sql.driving import SLEEP, opened

BOUNDS = Statement(
    text="SELECT pg_catalog.current_setting('work_mem'),"
    " (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'temp_file_limit')"
)
LARGE_SORT = Statement(
    text="SELECT count(*) FROM (SELECT x FROM generate_series(1,300000) AS x ORDER BY md5(x::text) OFFSET 0) AS t"
)


@pytest.fixture
def stranger(empty_database: str) -> Iterator[tuple[str, str]]:
    """The name of a user that is no superuser, and the address of the database for that user."""
    name = f"stranger_{uuid4().hex}"
    role = sql.Identifier(name)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(name)))
        try:
            yield name, make_conninfo(empty_database, user=name, password=name)
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


async def test_statements_are_bounded(empty_database: str) -> None:
    async with opened(empty_database, work_mem_mb=3, temp_file_mb=7) as database:
        assert await database.read(BOUNDS, (), share=None) == [(b"3MB", b"7168")]


async def test_the_bound_of_the_files_can_be_left_to_the_server(empty_database: str) -> None:
    async with opened(empty_database, temp_file_mb=0) as database:
        assert await database.read(BOUNDS, (), share=None) == [(b"8MB", b"-1")]


async def test_a_statement_past_its_files_fails_and_is_no_outage(empty_database: str) -> None:
    async with opened(empty_database, work_mem_mb=1, temp_file_mb=1) as database:
        with pytest.raises(LimitExceeded, match="temp_file_limit") as caught:
            await database.read(LARGE_SORT, (), share=None)
        assert caught.value.sqlstate == "53400"
        assert await database.read(Statement(text="SELECT 1"), (), share=None) == [(b"1",)]


async def test_what_changes_the_model_may_take_what_it_needs(empty_database: str) -> None:
    async with (
        opened(empty_database, work_mem_mb=1, temp_file_mb=1) as database,
        database.session() as connection,
    ):
        assert await (await connection.execute(LARGE_SORT.sql)).fetchone() == (300_000,)


async def test_a_user_who_may_not_bound_the_files_is_served(
    stranger: tuple[str, str], empty_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    name, dsn = stranger
    settings = PoolSettings(connections=1, work_mem_mb=3)
    with caplog.at_level(logging.INFO, logger="fieldstone.sql.driver.server"):
        refused = Database(dsn, settings)
        await refused.open()
        assert await refused.read(BOUNDS, (), share=None) == [(b"3MB", b"-1")]
        await refused.close()
        assert [record.message.partition(",")[0] for record in caplog.records] == [
            "the user of DATABASE_URL may not set temp_file_limit"
        ]
        caplog.clear()
        with psycopg.connect(empty_database, autocommit=True) as connection:
            grant = sql.SQL("GRANT SET ON PARAMETER temp_file_limit TO {}").format(sql.Identifier(name))
            connection.execute(grant)
        granted = Database(dsn, settings)
        await granted.open()
        assert await granted.read(BOUNDS, (), share=None) == [(b"3MB", b"1048576")]
        await granted.close()
        assert not caplog.records


async def test_the_host_s_limit_of_transactions_ends_none(empty_database: str) -> None:
    name = str(conninfo_to_dict(empty_database)["dbname"])
    with psycopg.connect(empty_database, autocommit=True) as connection:
        if connection.info.server_version >= 170000:
            limit = sql.SQL("ALTER DATABASE {} SET transaction_timeout = '100ms'")
            connection.execute(limit.format(sql.Identifier(name)))
    async with opened(empty_database) as database:
        # The session that was made first, and another one.
        async with database.session() as first, database.session() as second:
            for session in (first, second):
                await session.execute("SELECT pg_sleep(0.2)")
        await database.read(SLEEP, (b"0.2",), share=None)
