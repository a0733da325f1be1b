"""sql/driver/sharing/processors.py: the statements that keep a processor, of a database on this machine."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.sharing.processors import find_process, processor_seconds
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement
from tests.sql.driving import BACKEND, ECHO, SLEEP, opened
from tests.waiting import until_true

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


async def until_measured(database: Database, statement: Statement, parameter: bytes, *, keeps_processor: bool) -> None:
    """Run a statement until a measured run says so of it, having begun with the opposite.

    On a busy machine a backend may wait for a processor longer than it sleeps, and its client longer than it computes.
    """
    pace = database._lanes.paces.find(statement)
    pace.keeps_processor = not keeps_processor

    async def is_measured() -> bool:
        await database.read(statement, (parameter,), share=1)
        return pace.keeps_processor is keeps_processor

    await until_true(is_measured)


async def test_a_statement_that_computes_keeps_a_processor_and_one_that_waits_does_not(
    empty_database: str, two_processors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle: list[float] = []
    note = Pace.note_processor

    def note_idle(pace: Pace, seconds: float, kept: float) -> None:
        idle.append(kept - seconds)
        note(pace, seconds, kept)

    async with opened(empty_database, connections=8) as database:
        await until_measured(database, BUSY, b"200000", keeps_processor=True)
        monkeypatch.setattr(Pace, "note_processor", note_idle)
        await until_measured(database, SLEEP, b"0.1", keeps_processor=False)
    # However long it waited for a processor: the time of the sleep is no time of one.
    assert min(idle) > 0.09


async def test_a_short_statement_is_not_measured(
    empty_database: str, two_processors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []
    monkeypatch.setattr("fieldstone.sql.driver.connection.processor_seconds", measured.append)
    async with opened(empty_database, connections=8) as database:
        pace = database._lanes.paces.find(ECHO)
        # A busy machine makes any run long: as long as is expected here.
        for seconds in (0.002, *[0.0009] * 12):
            pace.seconds = seconds
            await database.read(ECHO, (b"x",), share=2)
            assert len(measured) == 1


async def test_where_processors_are_many_nothing_is_measured(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    async with opened(empty_database, connections=8) as database:
        for _ in range(12):
            await database.read(BUSY, (b"100000",), share=1)
        assert not database._lanes.paces.find(BUSY).keeps_processor
