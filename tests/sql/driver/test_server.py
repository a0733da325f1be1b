"""Waiting for the server, and refusing one that is too old."""

import asyncio
import contextlib
from pathlib import Path

import psycopg
import pytest

from fieldstone.sql.driver.server import require_version, wait_for_server
from fieldstone.sql.errors import DatabaseUnavailable, UnsupportedServer
from fieldstone.sql.pool_settings import PoolSettings
from tests.replicas.standbys import running_primary


@pytest.mark.parametrize("version", [150000, 180006, 200001])
def test_versions_that_will_do(version: int) -> None:
    require_version(version)


@pytest.mark.parametrize(("version", "shown"), [(149999, "14.9999"), (140011, "14.11"), (90624, "9.624")])
def test_an_old_server_is_refused_by_name(version: int, shown: str) -> None:
    with pytest.raises(UnsupportedServer) as raised:
        require_version(version)
    assert str(raised.value) == f"the server runs PostgreSQL {shown}; PostgreSQL 15 or newer is needed"


async def test_one_that_answers_is_connected_to(empty_database: str) -> None:
    async with await wait_for_server(empty_database, PoolSettings(open_timeout=0)) as connection:
        require_version(connection.info.server_version)


async def test_one_that_is_not_there_is_waited_for_so_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot connect"):
        await wait_for_server(f"host={tmp_path} dbname=x user=x", PoolSettings(open_timeout=0.3))
    # Short waits are those of looks at a replica, one after another.
    assert caplog.messages == []


async def test_the_reason_of_a_wait_is_told_once_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    conninfo = "host=127.0.0.1 port=1 dbname=x user=x password=hidden"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait_for_server(conninfo, PoolSettings(open_timeout=60)), 0.8)
    (told,) = caplog.messages
    assert told.startswith("waiting up to 60 s for the database: ")
    assert "port 1 failed" in told
    assert "hidden" not in told


async def test_one_that_turns_us_away_is_not_waited_for(empty_database: str, caplog: pytest.LogCaptureFixture) -> None:
    conninfo = psycopg.conninfo.make_conninfo(empty_database, dbname="no such database")
    async with asyncio.timeout(60):
        with pytest.raises(DatabaseUnavailable, match="no such database"):
            await wait_for_server(conninfo, PoolSettings(open_timeout=1000))
    assert caplog.messages == []


@pytest.mark.long
async def test_one_whose_connections_are_all_taken_is_waited_for() -> None:
    with running_primary() as server, contextlib.ExitStack() as taken:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(psycopg.connect(server.dsn))
        waiting = asyncio.create_task(wait_for_server(server.dsn, PoolSettings(open_timeout=60)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 1)
        taken.close()
        await (await waiting).close()
