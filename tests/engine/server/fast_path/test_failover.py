"""A standby takes over: with several hosts in the address the process finds it, and no request gets a 500."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql import embedded
from fieldstone.sql.driver.server import wait_for_server
from fieldstone.sql.errors import ReadOnlyServer
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.engine.server.fast_path.talking import Serve
from tests.replicas.standbys import run_sql, running_primary, running_standby
from tests.waiting import eventually

pytestmark = pytest.mark.long

CREATE = "mutation ($n: String) { createCompany(data: {name: $n}) { name } }"
NAMES = "{ companies(first: 200) { edges { node { name } } } }"


def of_both(one: str, other: str) -> str:
    """Return the address of a server that is one of two."""
    hosts = [conninfo_to_dict(dsn)["host"] for dsn in (one, other)]
    return make_conninfo(one, host=",".join(map(str, hosts)), port="5432,5432")


async def test_the_standby_that_takes_over_is_found(serve: Serve) -> None:
    with running_primary() as primary, running_standby(primary) as standby:
        async with serve(creates=False, database_url=of_both(primary.dsn, standby.dsn), pool_size=4) as serving:
            talk = await serving.talk()
            kept: list[str] = []

            async def create() -> int:
                name = str(uuid4())
                answered = await talk.ask(CREATE, n=name)
                if answered.status == 200:
                    assert answered.json["data"] == {"createCompany": {"name": name}}
                    kept.append(name)
                else:
                    assert answered.status == 503, answered.body
                status: int = answered.status
                return status

            for _ in range(10):
                assert await create() == 200
            ((position,),) = run_sql(primary.dsn, "SELECT pg_current_wal_flush_lsn()")
            replayed = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
            eventually(lambda: standby.run(replayed) == [(True,)], "the standby lags")
            await asyncio.to_thread(embedded.stop, primary)
            assert await create() == 503
            standby.run("SELECT pg_promote()")
            async with asyncio.timeout(120):
                while await create() != 200:
                    await asyncio.sleep(0.05)
            found: Any = (await talk.ask(NAMES)).json["data"]["companies"]["edges"]
            assert {edge["node"]["name"] for edge in found} >= set(kept)


async def test_a_write_that_meets_a_standby_makes_all_connections_again(tmp_path: Path) -> None:
    with running_primary() as primary:
        run_sql(primary.dsn, "CREATE TABLE public.note (text text)")
        with running_standby(primary) as standby:
            address = tmp_path / "address"
            address.symlink_to(str(conninfo_to_dict(standby.dsn)["host"]))
            moving = make_conninfo(standby.dsn, host=str(address))
            database = Database.connect(moving, settings=PoolSettings(connections=2))
            await database.open()
            write = Statement(text="INSERT INTO public.note VALUES ('x') RETURNING text")
            assert await database.read(Statement(text="SELECT pg_is_in_recovery()"), (), share=None) == [(b"t",)]
            # The same address leads to the new primary by now.
            address.unlink()
            address.symlink_to(str(conninfo_to_dict(primary.dsn)["host"]))
            assert await database.write(write, (), share=None) == [(b"x",)]
            assert database.stats().opened >= 2
            await database.close()
            # A server that starts waits for a primary.
            database = Database.connect(standby.dsn, settings=PoolSettings(connections=2))
            await database.open()
            with pytest.raises(ReadOnlyServer):
                await database.write(write, (), share=None)
            writable = make_conninfo(standby.dsn, target_session_attrs="read-write")
            starting = asyncio.create_task(wait_for_server(writable, PoolSettings(open_timeout=60)))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(starting), 1)
            standby.run("SELECT pg_promote()")
            await (await starting).close()
            assert await database.write(write, (), share=None) == [(b"x",)]
            await database.close()
