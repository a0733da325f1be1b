"""A primary that takes no writes for now: with several hosts in the address, too, its readers are served on."""

import contextlib
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql.driver import standby
from fieldstone.sql.errors import DatabaseUnavailable, WritesRefused
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.replicas.standbys import run_sql, running_primary
from tests.sql.driving import ECHO
from tests.waiting import eventually

pytestmark = pytest.mark.long

NOTE = Statement(text="INSERT INTO public.note VALUES ('a') RETURNING text")
SETTINGS = PoolSettings(connections=1, sessions=1, acquire_timeout=3, open_timeout=3)


def refuse_writes(dsn: str, value: str) -> None:
    """Set the default of all sessions of a server, open ones included."""
    run_sql(dsn, f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    run_sql(dsn, "SELECT pg_reload_conf()")
    eventually(lambda: run_sql(dsn, "SHOW default_transaction_read_only") == [(value,)], "the setting is not there")


async def serve_readers(database: Database) -> None:
    """Write in vain, and read: over each kind of connection."""
    for _ in range(3):
        with pytest.raises(WritesRefused):
            await database.write(NOTE, (), share=None)
        with pytest.raises(WritesRefused):
            async with database.session() as session:
                await session.execute("INSERT INTO public.note VALUES ('b')")
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]
        async with database.session() as session:
            await session.execute("SELECT 1")


@pytest.mark.parametrize("given", [{}, {"target_session_attrs": "read-write"}], ids=["any", "read-write"])
async def test_the_readers_of_one_of_several_hosts_are_served_on(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(standby, "_DROP_EACH", 0.0)
    with running_primary() as primary:
        async with contextlib.AsyncExitStack() as opened:
            run_sql(primary.dsn, "CREATE TABLE public.note (text text)")
            host = conninfo_to_dict(primary.dsn)["host"]
            address = make_conninfo(primary.dsn, host=f"{host},{tmp_path}", **given)
            database, other = (Database.connect(address, settings=SETTINGS) for _ in range(2))
            opened.push_async_callback(database.close)
            opened.push_async_callback(other.close)
            await database.open()
            assert await database.write(NOTE, (), share=None) == [(b"a",)]
            refuse_writes(primary.dsn, "on")
            await serve_readers(database)
            # One that starts meanwhile serves as well, unless the address is only for a server that takes writes.
            if given:
                with pytest.raises(DatabaseUnavailable):
                    await other.open()
            else:
                await other.open()
                await serve_readers(other)
            refuse_writes(primary.dsn, "off")
            assert await database.write(NOTE, (), share=None) == [(b"a",)]
