"""The embedded server ends although nobody stopped it: the processes that use it start it again by themselves."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import psycopg
import pytest

from fieldstone.sql.embedded import EmbeddedServer, Watch, start, stop
from fieldstone.sql.embedded.folder import DataFolder, socket_name
from fieldstone.sql.embedded.locks import exclusively
from tests.processes.embedded_runs import is_running, kill_postmaster, postmaster_of, records, running
from tests.processes.forking import CONSTANTS
from tests.processes.serving import Served, serving
from tests.waiting import eventually, until

pytestmark = pytest.mark.long

_STARTED_AGAIN = "had ended and was started again"
_CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id } }"


class Clients:
    """Readers and writers that go on whatever they are answered.

    Attributes:
        acknowledged: the ids of the records that were created.
        reads: how many reads were answered with data.
        codes: those of all errors.
    """

    def __init__(self, served: Served) -> None:
        self.acknowledged: list[str] = []
        self.reads = 0
        self.codes: set[str] = set()
        self._served = served
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in [self._write] * 3 + [self._read] * 3]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def go_on(self) -> None:
        """Return when reads and writes have been answered from now on."""
        reads, writes = self.reads, len(self.acknowledged)
        eventually(
            lambda: self.reads > reads + 20 and len(self.acknowledged) > writes + 20, f"no answers: {self.codes}"
        )

    def _write(self) -> None:
        with self._served.client() as client:
            while not self._is_over.is_set():
                answer = client.post("/graphql", json={"query": _CREATE, "variables": {"name": "one"}})
                if self._has_data(answer):
                    self.acknowledged.append(answer.json()["data"]["createCompany"]["id"])

    def _read(self) -> None:
        with self._served.client() as client:
            while not self._is_over.is_set():
                self.reads += self._has_data(client.post("/graphql", json={"query": "{ companies { totalCount } }"}))

    def _has_data(self, answer: httpx.Response) -> bool:
        errors = answer.json().get("errors", [])
        self.codes |= {error["extensions"]["code"] for error in errors}
        if errors:
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        return not errors


def _all_ids(served: Served) -> set[str]:
    query = "query ($after: String) { companies(first: 200, after: $after) { edges { node { id } } pageInfo"
    query += " { hasNextPage endCursor } } }"
    found: set[str] = set()
    cursor = None
    with served.client() as client:
        while True:
            answer = client.post("/graphql", json={"query": query, "variables": {"after": cursor}}).json()
            page = answer["data"]["companies"]
            found |= {edge["node"]["id"] for edge in page["edges"]}
            cursor = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return found


def test_a_killed_postmaster_is_started_again_under_readers_and_writers_and_nothing_is_lost(data_dir: Path) -> None:
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served:
        with Clients(served) as clients:
            for _ in range(2):
                clients.go_on()
                before = postmaster_of(data_dir)
                kill_postmaster(data_dir)
                eventually(lambda before=before: _postmaster(data_dir) not in {before, None}, "not started")  # type: ignore[misc]  # mypy knows no such default
                clients.go_on()
        assert set(clients.acknowledged) <= _all_ids(served)
        assert clients.codes == {"SERVICE_UNAVAILABLE"}
        eventually(lambda: httpx.get(f"{served.url}/healthz").status_code == 200, "not healthy")
    assert sum(_STARTED_AGAIN in line for line in served.errors) == 2
    assert not is_running(data_dir)


def _postmaster(data_dir: Path) -> int | None:
    try:
        return postmaster_of(data_dir)
    except (FileNotFoundError, IndexError):
        return None


def test_of_two_processes_on_a_folder_one_starts_it_and_both_serve(data_dir: Path) -> None:
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as one, serving(FIELDSTONE_DATA_DIR=str(data_dir)) as other:
        kill_postmaster(data_dir)
        both = (one, other)
        # The other one may not have looked in the meantime.
        eventually(lambda: any("serves again" in line for served in both for line in served.errors), "not noticed")
        for served in both:
            with served.client() as client:
                eventually(
                    lambda client=client: client.get("/readyz").status_code == 200,  # type: ignore[misc]  # likewise
                    "not ready",
                )
    assert sum(_STARTED_AGAIN in line for served in both for line in served.errors) == 1
    assert not is_running(data_dir)


def test_healthz_fails_while_it_cannot_be_started_and_is_well_again_when_it_can(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = DataFolder(root=data_dir).cluster / "global" / "pg_control"
    away = control.with_name("elsewhere")
    # After fewer starts in vain: with the pauses between them four take some eight seconds, and so does the next one.
    monkeypatch.setitem(CONSTANTS, "fieldstone.sql.embedded.watch._MOST_TRIES", 2)
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served, served.client() as client:
        control.rename(away)
        kill_postmaster(data_dir)
        eventually(lambda: client.get("/healthz").status_code == 503, "healthz says nothing")
        assert client.get("/healthz").json() == {"status": "the embedded PostgreSQL cannot be started"}
        away.rename(control)
        eventually(lambda: client.get("/healthz").status_code == 200, "it is not started", limit=60)
        answer = client.post("/graphql", json={"query": "{ companies { totalCount } }"}).json()
        assert answer == {"data": {"companies": {"totalCount": 0}}}
    reason = "cannot be started (try 1, the next in 1 s): PostgreSQL did not start"
    assert any(reason in line for line in served.errors)


@contextlib.contextmanager
def _watched(server: EmbeddedServer) -> Iterator[Watch]:
    """Watch over a server with pauses of hundredths of a second; for the length of the block, on a loop of its own."""
    watch = Watch(server, interval=0.01, first_pause=0.01)
    loop = asyncio.new_event_loop()
    task = loop.create_task(watch.run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])))
    thread.start()
    try:
        yield watch
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_an_orphan_that_computes_on_is_ended_before_the_server_starts_again(data_dir: Path) -> None:
    with running(data_dir) as server:

        def compute() -> None:
            with psycopg.connect(server.dsn) as connection, pytest.raises(psycopg.OperationalError):
                connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")

        thread = threading.Thread(target=compute)
        thread.start()
        with psycopg.connect(server.dsn, autocommit=True) as connection, _watched(server):
            connection.execute("CREATE TABLE record AS SELECT 7 AS number")
            query = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
            eventually(lambda: connection.execute(query).fetchone() is not None, "nothing computes")
            kill_postmaster(data_dir)
            eventually(lambda: _serves(server), "not started")
        thread.join()
        assert records(server.dsn) == [7]


def _serves(server: EmbeddedServer) -> bool:
    try:
        psycopg.connect(server.dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_address_stays_the_same_where_the_path_is_too_long_for_a_socket_and_starts_fail(new_data_dir: Path) -> None:
    place = new_data_dir / ("deep/" * 60 + "er")
    with running(place) as server, _watched(server) as watch:
        control = server.folder.cluster / "global" / "pg_control"
        away = control.with_name("elsewhere")
        control.rename(away)
        kill_postmaster(place)
        eventually(lambda: watch.is_broken, "it is not noticed")
        away.rename(control)
        eventually(lambda: not watch.is_broken and _serves(server), "not started")
        # A new process meets the others there.
        with running(place) as beside:
            assert beside.dsn == server.dsn
    assert not server.socket_folder.exists()


def test_a_cluster_that_is_gone_is_not_made_anew(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An empty data folder, such as a disk that is not mounted any more leaves, would pass for an empty database."""
    with running(data_dir) as server, _watched(server) as watch:
        moved = data_dir.with_name("moved")
        kill_postmaster(data_dir)
        data_dir.rename(moved)
        data_dir.mkdir()
        eventually(lambda: watch.is_broken, "it is not noticed")
        assert not server.folder.cluster.exists()
        for left in data_dir.iterdir():
            left.unlink()
        data_dir.rmdir()
        moved.rename(data_dir)
        eventually(lambda: not watch.is_broken and _serves(server), "not started")
    assert "is gone" in caplog.text


async def test_the_starts_in_vain_of_another_process_leave_it_broken_and_a_long_recovery_does_not(
    data_dir: Path,
) -> None:
    """On a full disk the recovery of each start ends after a moment, for which the server is there but not ready."""
    passed = 0.0
    server = await asyncio.to_thread(start, data_dir)
    watch = Watch(server, interval=0.01, first_pause=0.01, clock=lambda: time.monotonic() + passed)
    control = server.folder.cluster / "global" / "pg_control"
    away = control.with_name("elsewhere")
    control.rename(away)
    kill_postmaster(data_dir)
    task = asyncio.create_task(watch.run())
    try:
        await until(lambda: watch.is_broken)
        with exclusively(server.folder.change_lock), _recovering(server) as looks:
            await until(lambda: watch._silent_since is None)
            passed += 5
            before = len(looks)
            await until(lambda: len(looks) > before + 6)
            verdicts = [watch.is_broken]
            passed += 6
            await until(lambda: not watch.is_broken)
            assert verdicts == [True]
        away.rename(control)
        await until(lambda: watch._away_since is None)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await asyncio.to_thread(stop, server)
    assert not is_running(data_dir)


async def test_long_recoveries_that_all_end_in_vain_make_it_broken_until_it_serves(data_dir: Path) -> None:
    """Each of them took back the failures before it, so that a disk that fills late in each left /healthz at 200."""
    passed = 0.0
    server = await asyncio.to_thread(start, data_dir)
    watch = Watch(server, interval=0.01, first_pause=0.01, clock=lambda: time.monotonic() + passed)
    verdicts = []
    task = None
    try:
        with exclusively(server.folder.change_lock):
            kill_postmaster(data_dir)
            task = asyncio.create_task(watch.run())
            for _ in range(5):
                await until(lambda: watch._silent_since is not None)
                verdicts.append(watch.is_broken)
                with _recovering(server) as looks:
                    await until(lambda: watch._silent_since is None)
                    passed += 11
                    before = len(looks)
                    await until(lambda before=before, looks=looks: len(looks) > before + 6)  # type: ignore[misc]  # mypy knows no such default
                    verdicts.append(watch.is_broken)
        assert verdicts == [False] * 8 + [True] * 2
        await until(lambda: not watch.is_broken)
        await asyncio.to_thread(eventually, lambda: _serves(server), "not started")
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await asyncio.to_thread(stop, server)
    assert not is_running(data_dir)


async def test_long_recoveries_that_end_between_two_looks_make_it_broken_too(data_dir: Path) -> None:
    """Another process had started the server again before this one looked: it took them all for one recovery."""
    passed = 0.0
    server = await asyncio.to_thread(start, data_dir)
    watch = Watch(server, interval=0.01, first_pause=0.01, clock=lambda: time.monotonic() + passed)
    verdicts = []
    task = None
    try:
        with exclusively(server.folder.change_lock):
            kill_postmaster(data_dir)
            task = asyncio.create_task(watch.run())
            await until(lambda: watch._silent_since is not None)
            with _recovering(server) as looks:
                await until(lambda: watch._silent_since is None)
                for number in range(5):
                    _record_start(server.folder, number)
                    for seconds in (0, 11):
                        passed += seconds
                        before = len(looks)
                        await until(lambda before=before, looks=looks: len(looks) > before + 6)  # type: ignore[misc]  # mypy knows no such default
                        verdicts.append(watch.is_broken)
        assert verdicts == [False] * 8 + [True] * 2
        await until(lambda: not watch.is_broken)
        await asyncio.to_thread(eventually, lambda: _serves(server), "not started")
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await asyncio.to_thread(stop, server)
    assert not is_running(data_dir)


def _record_start(folder: DataFolder, seconds: int) -> None:
    """Write the postmaster file of a server that was started at this time, in place of the one that is there."""
    lines = folder.postmaster_file.read_text().splitlines()
    made = folder.root / "postmaster.made"
    made.write_text("\n".join([*lines[:2], str(seconds), *lines[3:], ""]))
    made.replace(folder.postmaster_file)


@contextlib.contextmanager
def _recovering(server: EmbeddedServer) -> Iterator[list[None]]:
    """Listen for the length of the block in the place of a server that is away, as one that recovers."""
    address = server.socket_folder / socket_name(server.port)
    with socket.socket(socket.AF_UNIX) as other:
        address.unlink(missing_ok=True)
        other.bind(str(address))
        other.listen()
        looks: list[None] = []
        accepting = threading.Thread(target=_hang_up, args=(other, looks))
        accepting.start()
        try:
            yield looks
        finally:
            address.unlink()
            other.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _hang_up(listening: socket.socket, looks: list[None]) -> None:
    """Accept connections as a server that recovers does, which refuses each, and count them."""
    with contextlib.suppress(OSError):
        while True:
            listening.accept()[0].close()
            looks.append(None)


async def test_another_process_that_holds_the_start_up_makes_it_broken_after_a_minute(data_dir: Path) -> None:
    """It may have been stopped while it held the lock: nobody else can start the server, so a supervisor must help."""
    now = time.monotonic()
    server = await asyncio.to_thread(start, data_dir)
    watch = Watch(server, interval=0.01, clock=lambda: now)
    try:
        with exclusively(server.folder.change_lock):
            kill_postmaster(data_dir)
            task = asyncio.create_task(watch.run())
            await until(lambda: watch._silent_since is not None)
            verdicts = [watch.is_broken]
            now += 61
            verdicts.append(watch.is_broken)
            assert verdicts == [False, True]
        await until(lambda: not watch.is_broken)
        task.cancel()
        await asyncio.wait([task])
    finally:
        await asyncio.to_thread(stop, server)
    assert not is_running(data_dir)
