"""sql/driver/sharing/processors.py: the statements that keep a processor, of a database on this machine."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fieldstone.sql.driver.sharing.processors import find_process, processor_seconds
from fieldstone.sql.statement import Statement
from tests.sql.driving import BACKEND, ECHO, SLEEP, opened

BUSY = Statement(text="SELECT count(*) FROM generate_series(1, $1::int)")


@contextmanager
def connected(source: str) -> Iterator[int]:
    """Yield the file descriptor of a connection from an address to a listener on 127.0.0.1."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), source_address=(source, 0)) as client,
    ):
        yield client.fileno()


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


async def test_a_backend_of_this_machine_has_a_process(empty_database: str, two_processors: None) -> None:
    async with opened(empty_database) as database:
        pid = int((await database.read(BACKEND, (), share=1))[0][0] or b"")
        assert [one.measured_pid for one in database._pool._all] == [pid]
        assert processor_seconds(pid) is not None
        with connected("127.0.0.1") as here, connected("127.0.0.2") as elsewhere:
            assert find_process(pid, here, most_long=1) == pid
            # A backend of another machine, as a node of Citus is, may have the number of one of this machine.
            assert find_process(pid, elsewhere, most_long=1) is None
            # Our own process is no backend.
            assert find_process(os.getpid(), here, most_long=1) is None
    assert processor_seconds(2**22 + 1) is None


def test_with_more_processors_the_long_statements_leave_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.sql.driver.sharing.processors._read", lambda *_: b"postgres\n")
    with connected("127.0.0.1") as here:
        for count, most_long, found in ((1, 1, 7), (2, 1, 7), (3, 1, None), (3, 2, 7), (64, 2, None)):
            monkeypatch.setattr(os, "sched_getaffinity", lambda _, count=count: set(range(count)))
            assert find_process(7, here, most_long=most_long) == found


async def test_a_statement_that_computes_keeps_a_processor_and_one_that_waits_does_not(
    empty_database: str, two_processors: None
) -> None:
    async with opened(empty_database, connections=8) as database:
        find = database._lanes.paces.find
        for _ in range(12):
            await database.read(BUSY, (b"100000",), share=1)
            await database.read(SLEEP, (b"0.02",), share=1)
            await database.read(ECHO, (b"x",), share=2)
        assert [find(one).keeps_processor for one in (BUSY, SLEEP, ECHO)] == [True, False, False]


async def test_where_processors_are_many_nothing_is_measured(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    async with opened(empty_database, connections=8) as database:
        for _ in range(12):
            await database.read(BUSY, (b"100000",), share=1)
        assert not database._lanes.paces.find(BUSY).keeps_processor
