"""Several hosts in one address: a silent one holds no other up, and none is lost sight of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql.driver.hosts import Hosts
from tests.sql.driving import observing
from tests.sql.network import Network, near_end, network
from tests.waiting import until

PATIENCE = 20.0
"""Seconds that a test waits, far fewer than a silent host is waited for."""


def of(*nears: str | Path) -> str:
    """Return the address of several hosts, each known by its folder or by its own address."""
    folders = [str(conninfo_to_dict(near)["host"]) if isinstance(near, str) else str(near) for near in nears]
    one = next(near for near in nears if isinstance(near, str))
    return make_conninfo(one, host=",".join(folders), connect_timeout=300, application_name="driven")


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / name for name in "abc"]
    for folder in made:
        folder.mkdir()
    return made


async def connect(hosts: Hosts) -> str:
    """Connect, and return the folder of the host that has accepted."""
    async with asyncio.timeout(PATIENCE):
        connection, conninfo = await hosts.connect(psycopg.AsyncConnection[Any], autocommit=True)
    assert (await (await connection.execute("SELECT 1")).fetchone()) == (1,)
    await connection.close()
    return str(conninfo_to_dict(conninfo)["host"])


class Host(Network):
    """A host in front of the database, which lets nobody in until it is told to.

    Attributes:
        asked: how many connections were made to it, let in or not.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.asked = 0
        self.admits.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await super().accept(reader, writer)


@asynccontextmanager
async def silent_host(dsn: str, folder: Path) -> AsyncIterator[tuple[Host, str]]:
    """Run a host that is silent within the block."""
    host = Host(dsn)
    async with near_end(host, dsn, folder) as near:
        yield host, near
        host.admits.set()
        await until(lambda: host.admitted == host.asked)


async def test_a_silent_host_holds_no_other_up_and_the_one_that_answered_is_tried_first(
    empty_database: str, folders: list[Path]
) -> None:
    async with (
        silent_host(empty_database, folders[0]) as (silent, near),
        network(empty_database, folders[1]) as (_, other),
    ):
        hosts = Hosts(of(near, other))
        assert await connect(hosts) == str(folders[1])
        assert silent.asked == 1
        assert await connect(hosts) == str(folders[1])
        assert silent.asked == 1


async def test_a_host_that_refuses_is_asked_again_while_another_is_silent(
    empty_database: str, folders: list[Path]
) -> None:
    refused = asyncio.Event()

    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        refused.set()

    async with silent_host(empty_database, folders[0]) as (_, near):
        async with await asyncio.start_unix_server(refuse, folders[1] / ".s.PGSQL.5432"):
            connecting = asyncio.create_task(connect(Hosts(of(near, folders[1]))))
            await refused.wait()
        # From Python 3.13 on the end of the server has removed it.
        (folders[1] / ".s.PGSQL.5432").unlink(missing_ok=True)
        async with network(empty_database, folders[1]):
            assert await connecting == str(folders[1])


async def test_each_that_refuses_is_named(empty_database: str, folders: list[Path]) -> None:
    hosts = Hosts(make_conninfo(empty_database, host=f"{folders[0]},{folders[1]}"))
    with pytest.raises(psycopg.OperationalError) as raised:
        await connect(hosts)
    assert all(str(folder) in str(raised.value) for folder in folders[:2])


async def test_of_two_that_accept_one_connection_is_left(empty_database: str, folders: list[Path]) -> None:
    async with (
        observing(empty_database) as observer,
        silent_host(empty_database, folders[0]) as (one, near),
        silent_host(empty_database, folders[1]) as (other, far),
    ):
        hosts = Hosts(of(near, far))
        connecting = asyncio.create_task(hosts.connect(psycopg.AsyncConnection[Any], autocommit=True))
        await until(lambda: one.asked == other.asked == 1)
        for each in (one, other):
            each.admits.set()
        connection, _ = await connecting
        await observer.until_connected(1)
        await connection.close()


async def test_lists_that_do_not_match_are_refused_as_libpq_does(empty_database: str) -> None:
    hosts = Hosts(make_conninfo(empty_database, host="a,b", port="1,2,3"))
    with pytest.raises(psycopg.Error, match="could not match 3 port numbers to 2 hosts"):
        await hosts.connect(psycopg.AsyncConnection[Any])


@pytest.mark.parametrize("twice", [2, 3])
async def test_a_host_that_is_named_twice_refuses_once(empty_database: str, folders: list[Path], twice: int) -> None:
    hosts = Hosts(
        of(empty_database, *folders[:1] * twice).replace(str(conninfo_to_dict(empty_database)["host"]) + ",", "")
    )
    with pytest.raises(psycopg.OperationalError, match="No such file or directory"):
        await connect(hosts)
