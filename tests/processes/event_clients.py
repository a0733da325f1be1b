"""Real clients of the events: the npm packages, each in a process of its own, and servers that get killed."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg

from tests.databases import fetch_row
from tests.npm_clients import NODE
from tests.ports import free_port
from tests.processes.serving import Served, close, run, start, wait_until_ready
from tests.waiting import eventually

CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id firstName email } }"

CLIENTS = {
    "graphql-ws": ("subscribe_ws.js", "ws", "/graphql"),
    "Apollo Client": ("subscribe_apollo.js", "ws", "/graphql"),
    "graphql-sse": ("subscribe_sse.js", "http", "/graphql/stream"),
}


@dataclass(slots=True)
class Client:
    """A subscriber in a process of its own, and its printed lines."""

    process: subprocess.Popen[str]
    said: list[dict[str, Any]] = field(default_factory=list)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._collect, daemon=True)
        self.reader.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    @property
    def connections(self) -> int:
        """How often it has connected."""
        return sum("connected" in one for one in list(self.said))

    @property
    def results(self) -> list[Any]:
        """The data of its results."""
        return [one["next"] for one in list(self.said) if "next" in one]

    @property
    def positions(self) -> list[int]:
        """The positions of its results, as they came."""
        return [int(one["position"]) for one in list(self.said) if "next" in one]


@contextlib.contextmanager
def client(folder: Path, script: str, *arguments: str) -> Iterator[Client]:
    """Run a client for the block."""
    process = subprocess.Popen(
        [NODE, folder / script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    running = Client(process)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        running.reader.join()
        if process.stdout is not None:
            process.stdout.close()


@dataclass(slots=True)
class Server:
    """A server on a port of its own, which may be killed and started again; without a dsn its variables name cells."""

    dsn: str
    variables: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    served: Served | None = None

    def start(self) -> None:
        """Begin to serve; it is ready when this returns."""
        database = {"DATABASE_URL": self.dsn} if self.dsn else {}
        settings = {**database, "FIELDSTONE_LOG_LEVEL": "warning", **self.variables}
        self.served = start("--port", str(self.port), **settings)
        wait_until_ready(self.served)

    def kill(self) -> None:
        """End it as a power failure would."""
        assert self.served is not None
        close(self.served)
        self.served = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def servers(dsn: str, count: int, **variables: str) -> Iterator[list[Server]]:
    """Run servers on one database."""
    made = [Server(dsn, variables) for _ in range(count)]
    try:
        for server in made:
            server.start()
        yield made
    finally:
        for server in made:
            if server.served is not None:
                server.kill()


def make_key(dsn: str) -> str:
    """Make a key of the workspace `default`."""
    done = run("api-key", "create", "--name", "events", DATABASE_URL=dsn)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def send(url: str, key: str, query: str, **variables: Any) -> Any:
    """Return the data of an operation."""
    answer = httpx.post(
        f"{url}/graphql",
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {key}"},
        timeout=30,
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


class Writing:
    """A thread that creates people on whichever server answers, until it is told to stop.

    Args:
        name: the beginning of the emails, where there are several.

    Attributes:
        answered: the emails of those whose creation was answered, in order.
        refused: the answers with errors.
    """

    def __init__(self, of: Sequence[Server], key: str, name: str = "") -> None:
        self._name = name
        self._servers = of
        self._key = key
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.answered: list[str] = []
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def go_on(self) -> None:
        """Return when some more have been written."""
        before = len(self.answered)
        eventually(lambda: len(self.answered) > before + 20, "nothing is written")

    def _write(self) -> None:
        number = 0
        query = "mutation ($email: String!) { createPerson(data: { email: $email }) { id } }"
        with httpx.Client(timeout=30, headers={"authorization": f"Bearer {self._key}"}) as http:
            while not self._ended.wait(0.01):
                number += 1
                server = self._servers[number % len(self._servers)]
                email = f"{self._name}{number}@example.com"
                body = {"query": query, "variables": {"email": email}}
                # One that was just started says so, and one that was killed says nothing.
                with contextlib.suppress(httpx.TransportError):
                    answer = http.post(f"{server.url}/graphql", json=body).json()
                    if "errors" in answer:
                        self.refused.append(str(answer))
                    else:
                        self.answered.append(email)


def logged_positions(dsn: str) -> list[int]:
    """Return the positions of all events that created something."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT position FROM fieldstone.event_log WHERE action = 'created' ORDER BY position"
        )
        return [position for (position,) in rows]


def staged(dsn: str) -> int:
    """Return how many events wait to be in the log."""
    return int(fetch_row(dsn, "SELECT count(*) FROM fieldstone.event_staging")[0])


@contextlib.contextmanager
def following(folder: Path, both: Sequence[Server], key: str) -> Iterator[list[Client]]:
    """Have two clients follow the events of new people on each server, from the beginning, by both protocols."""
    created = "subscription ($after: String) { personCreated(after: $after) { email } }"
    with contextlib.ExitStack() as stack:
        clients = []
        for server in both:
            socket_url = server.url.replace("http", "ws") + "/graphql"
            clients.append(stack.enter_context(client(folder, "subscribe_ws.js", socket_url, key, created, "0")))
            stream_url = server.url + "/graphql/stream"
            clients.append(stack.enter_context(client(folder, "subscribe_sse.js", stream_url, key, created, "0")))
        for one in clients:
            eventually(lambda one=one: one.connections > 0, f"a client has not connected: {one.said}")  # type: ignore[misc]  # mypy knows no such default
        yield clients


def check_that_all_arrived(dsn: str, clients: list[Client], *writing: Writing) -> int:
    """Compare each client's events with the log, and the log with the answered writes; return how many they are."""
    eventually(lambda: staged(dsn) == 0, "events wait")
    expected = logged_positions(dsn)
    assert expected == sorted(set(expected))
    for one in clients:
        eventually(
            lambda one=one: len(one.positions) >= len(expected),  # type: ignore[misc]  # mypy knows no such default
            f"a client has {len(one.positions)} of {len(expected)} events, {one.connections} connections",
        )
        assert one.positions == expected
        told = {result["personCreated"]["email"] for result in one.results}
        assert {email for writer in writing for email in writer.answered} <= told
    return len(expected)


def survive(dsn: str, folder: Path, kills: int) -> int:
    """Kill one of two servers, again and again, under writes; return how many events there were.

    A client that follows, over reconnections, may not have lost an event or have got one twice.
    """
    with servers(dsn, 2) as both:
        key = make_key(dsn)
        with following(folder, both, key) as clients:
            with Writing(both, key) as writing:
                for number in range(kills):
                    writing.go_on()
                    both[number % 2].kill()
                    writing.go_on()
                    both[number % 2].start()
            return check_that_all_arrived(dsn, clients, writing)
