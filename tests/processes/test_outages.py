"""The broker of messages goes away and comes back, and PostgreSQL too, under subscribers and writes: nothing is lost.

Nobody starts a server again, and no client has to reconnect.
"""

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import httpx
import psycopg
import pytest

from fieldstone.sql.embedded import start as start_embedded
from fieldstone.sql.embedded import stop as stop_embedded
from tests.processes.embedded_runs import kill_postmaster
from tests.processes.event_clients import (
    Client,
    Server,
    Writing,
    check_that_all_arrived,
    following,
    make_key,
    servers,
)
from tests.processes.forking import CONSTANTS
from tests.processes.listeners import count_listeners, end_listeners
from tests.processes.model_changes import CREATE_OBJECT
from tests.processes.serving import Served, metric, serving
from tests.redis_server import running_redis
from tests.waiting import eventually

pytestmark = pytest.mark.long


class Scene:
    """Two servers with their subscribers, while people are written.

    Args:
        key: for both.
    """

    def __init__(self, dsn: str, both: list[Server], key: str, clients: list[Client], writing: Writing) -> None:
        self.dsn = dsn
        self.clients = clients
        self.writing = writing
        headers = {"authorization": f"Bearer {key}"}
        self._https = [httpx.Client(base_url=server.url, headers=headers, timeout=30) for server in both]
        self._objects = 0

    def close(self) -> None:
        for http in self._https:
            http.close()

    def metrics(self, name: str) -> list[float]:
        """Return a figure of each server."""
        return [metric(http, name) for http in self._https]

    def until_ready(self) -> None:
        """Return when both serve."""
        eventually(lambda: all(http.get("/readyz").status_code == 200 for http in self._https), "not ready")

    def until_delivered(self) -> None:
        """Return when each client has got every event written up to now."""
        written = set(self.writing.answered)
        for one in self.clients:
            eventually(
                lambda one=one: written <= {result["personCreated"]["email"] for result in one.results},  # type: ignore[misc]  # mypy knows no such default
                f"a client has {len(one.results)} events of more than {len(written)}",
            )

    def change(self) -> None:
        """Change the model through either server, and see the other notice it by itself, without a request for it."""
        for one, other in (self._https, reversed(self._https)):
            self._objects += 1
            name = f"thing{self._objects}"
            given = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}
            answer = one.post("/metadata", json={"query": CREATE_OBJECT, "variables": {"input": given}}).json()
            assert "errors" not in answer, answer
            eventually(lambda one=one, other=other: _version(other) == _version(one), "the model is stale")  # type: ignore[misc]  # likewise
            answer = other.post("/graphql", json={"query": f"{{ {name}s {{ totalCount }} }}"}).json()
            assert "errors" not in answer, answer


def _version(http: httpx.Client) -> str:
    (line,) = [line for line in http.get("/metrics").text.splitlines() if line.startswith("fieldstone_model_version{")]
    return line


@contextlib.contextmanager
def playing(dsn: str, folder: Path, **variables: str) -> Iterator[Scene]:
    """Set the scene; afterwards every client must have got every event, once and in order, over one connection."""
    with servers(dsn, 2, **variables) as both:
        key = make_key(dsn)
        processes = [server.served for server in both]
        with following(folder, both, key) as clients:
            with Writing(both, key) as writing:
                scene = Scene(dsn, both, key, clients, writing)
                try:
                    writing.go_on()
                    scene.change()
                    yield scene
                    writing.go_on()
                    scene.change()
                finally:
                    scene.close()
            assert check_that_all_arrived(dsn, clients, writing) > 60
            assert [one.connections for one in clients] == [1] * 4
        assert [server.served for server in both] == processes
        assert all(served is not None and served.process.poll() is None for served in processes)


def test_listening_connections_are_terminated(clients: Path, workspace_dsn: str) -> None:
    with playing(workspace_dsn, clients) as scene:
        for _ in range(3):
            # Each server has one, and has it again.
            end_listeners(workspace_dsn, 2)
            scene.writing.go_on()
            scene.until_delivered()
            scene.change()


def test_redis_is_stopped_and_started(clients: Path, workspace_dsn: str) -> None:
    with running_redis() as redis, playing(workspace_dsn, clients, FIELDSTONE_BROADCAST_URL=redis.url) as scene:
        assert count_listeners(workspace_dsn) == 0
        for _ in range(2):
            redis.stop()
            scene.writing.go_on()
            scene.until_delivered()
            scene.change()
            redis.start()
            scene.writing.go_on()
            scene.until_delivered()
        eventually(lambda: scene.metrics("fieldstone_broadcast_connected") == [1, 1], "not reconnected")


@pytest.mark.parametrize("medium", ["NOTIFY", "Redis"])
def test_postgresql_is_restarted(clients: Path, data_dir: Path, medium: str) -> None:
    with contextlib.ExitStack() as stack:
        server = start_embedded(data_dir)
        stack.callback(stop_embedded, server)
        variables = {}
        if medium == "Redis":
            variables["FIELDSTONE_BROADCAST_URL"] = stack.enter_context(running_redis()).url
        scene = stack.enter_context(playing(server.dsn, clients, **variables))
        for _ in range(2):
            kill_postmaster(data_dir)
            stack.callback(stop_embedded, start_embedded(data_dir))
            scene.until_ready()
            scene.writing.go_on()
            scene.until_delivered()
            scene.change()
            eventually(lambda: count_listeners(server.dsn) == (0 if variables else 2), "a server does not listen")


def test_a_database_that_is_away_fills_no_log(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each loop of a server wrote a line at each of its tries, of which most make two a second."""
    monkeypatch.setitem(CONSTANTS, "fieldstone.sql.concurrency.log_pause.SECONDS", PAUSE)
    name = psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
    elsewhere = psycopg.conninfo.make_conninfo(empty_database, dbname="postgres")
    with (
        serving(DATABASE_URL=empty_database, FIELDSTONE_LOG_FORMAT="json") as served,
        psycopg.connect(elsewhere, autocommit=True) as operator,
    ):
        operator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        # It is tried every two seconds.
        eventually(
            lambda: any(len(times) > 1 for times in _times(served)["import jobs wait"].values()),
            "there is no second line",
        )
        logged = _times(served)
        for event in AGAIN:
            # The connections that were lost, and those that cannot be made.
            assert 1 <= len(logged[event]) <= 2, (event, logged[event])
            for reason, times in logged[event].items():
                pauses = [later - earlier for earlier, later in pairwise(times)]
                assert all(pause > PAUSE - 0.1 for pause in pauses), (event, reason, pauses)
        operator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


PAUSE = 3.0
"""Seconds between two lines of a kind, in the place of ten; each loop tries again within less."""
AGAIN = {
    "webhooks wait",
    "events wait",
    "events wait to be sent to webhooks",
    "the versions of the models cannot be read",
    "import jobs wait",
}


def _times(served: Served) -> dict[str, dict[str, list[float]]]:
    """Return the times of the lines, by their texts up to the reason, and by the reason."""
    times = defaultdict[str, dict[str, list[float]]](lambda: defaultdict(list))
    for line in map(json.loads, list(served.errors)):
        event, _, reason = line["event"].partition(":")
        times[event][reason].append(datetime.fromisoformat(line["timestamp"]).timestamp())
    return times
