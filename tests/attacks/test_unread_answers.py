"""Answers that their clients do not read."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets import Subprotocol
from websockets.sync.client import connect

from tests.attacks.raw import Connection, Target
from tests.databases import Databases
from tests.engine.server.prepared import migrate
from tests.processes.serving import Served, serving
from tests.waiting import eventually

pytestmark = pytest.mark.long

MIB = 1 << 20
TEXT = 500_000
ALIASES = 20
LARGE = "{ " + " ".join(f"a{number}: activities {{ edges {{ node {{ body }} }} }}" for number in range(ALIASES)) + " }"
"""An answer of 10 MB."""
MOST = 16 * MIB


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    variables = {
        "FIELDSTONE_LOG_FORMAT": "json",
        "FIELDSTONE_UNREAD_TIMEOUT": "2",
        "FIELDSTONE_MAX_BUFFERED_BYTES": str(MOST),
        "FIELDSTONE_POOL_SIZE": "1",
    }
    with (
        databases.clone(databases.template("default workspace", migrate)) as dsn,
        serving(DATABASE_URL=dsn, **variables) as running,
    ):
        with running.client() as client:
            create = "mutation ($body: String) { createActivity(data: { body: $body }) { id } }"
            made = client.post("/graphql", json={"query": create, "variables": {"body": "x" * TEXT}})
            assert "errors" not in made.json(), made.text[:500]
        yield running


def unread(target: Target) -> float:
    return target.metrics()["fieldstone_buffered_bytes"]


def ask(target: Target, *more: str, path: str = "/graphql") -> Connection:
    """Return a connection on which a large answer is on its way, of which its client reads nothing."""
    connection = target.connect(receive_buffer=4_096)
    connection.send(target.request(LARGE, *more, path=path))
    return connection


@pytest.mark.parametrize(
    ("path", "more"),
    [("/graphql", "X: y"), ("/graphql", "Connection: close"), ("/graphql/stream", "Accept: text/event-stream")],
    ids=["kept alive", "closed", "a stream"],
)
def test_an_answer_that_nobody_reads_is_given_up(target: Target, path: str, more: str) -> None:
    before = target.metrics().get("unread", 0)
    for _ in range(2):
        ask(target, more, path=path)
    eventually(lambda: unread(target) > 10 * MIB, "nothing waits")
    eventually(lambda: target.metrics().get("unread", 0) == before + 2, "nothing is given up", 60)
    assert unread(target) == 0


def test_a_socket_that_nobody_reads_is_given_up(target: Target) -> None:
    before = target.metrics().get("unread", 0)
    url = target.served.url.replace("http", "ws") + "/graphql"
    with connect(
        url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None, max_queue=1, close_timeout=0.1
    ) as opened:
        opened.send(
            json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {target.served.key}"}})
        )
        assert opened.recv(timeout=60) == '{"type":"connection_ack"}'
        for number in range(3):
            opened.send(json.dumps({"type": "subscribe", "id": str(number), "payload": {"query": LARGE}}))
        eventually(lambda: target.metrics().get("unread", 0) == before + 1, "it is not given up", 12)


@pytest.mark.alone
def test_a_client_that_reads_slowly_gets_all(target: Target) -> None:
    before = target.metrics().get("unread", 0)
    connection = ask(target)
    # Longer than the time that a server waits for a client that reads nothing.
    end, taken = time.monotonic() + 5, 0
    while time.monotonic() < end:
        taken += len(connection.raw.recv(20_000))
        time.sleep(0.1)
    # The kernel holds more than that: from within the process no progress was to be seen.
    assert taken < 2 * MIB
    connection.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    while taken < ALIASES * TEXT:
        piece = connection.raw.recv(1 << 20)
        assert piece
        taken += len(piece)
    assert target.metrics().get("unread", 0) == before


@pytest.mark.alone
def test_what_waits_for_all_is_bounded(target: Target) -> None:
    before = target.memory()
    kept = target.connect()
    for _ in range(12):
        ask(target)
    peak = 0.0

    def are_cut_off() -> bool:
        nonlocal peak
        peak = max(peak, target.memory())
        return target.metrics().get("slow beyond the buffered bytes", 0) >= 4

    eventually(are_cut_off, "nobody is cut off")
    assert peak < before + 120
    kept.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert kept.receive()[0] == 200
    eventually(lambda: unread(target) == 0, "it is not given up", 60)


@pytest.mark.alone
def test_what_waits_for_the_operations_of_sockets_is_bounded(target: Target) -> None:
    """Each has many large answers, of which the client reads nothing."""
    ended, before = target.metrics().get("slow beyond the buffered bytes", 0), target.memory()
    url = target.served.url.replace("http", "ws") + "/graphql"
    protocol, peak = [Subprotocol("graphql-transport-ws")], 0.0
    with ExitStack() as stack:
        for _ in range(3):
            opened = stack.enter_context(
                connect(url, subprotocols=protocol, max_size=None, max_queue=1, close_timeout=0.1, ping_interval=None)
            )
            key = {"authorization": f"Bearer {target.served.key}"}
            opened.send(json.dumps({"type": "connection_init", "payload": key}))
            opened.recv(timeout=60)
            for number in range(30):
                opened.send(json.dumps({"type": "subscribe", "id": str(number), "payload": {"query": LARGE}}))

        def are_cut_off() -> bool:
            nonlocal peak
            peak = max(peak, target.memory())
            return target.metrics().get("slow beyond the buffered bytes", 0) >= ended + 2

        eventually(are_cut_off, "nobody is cut off")
        # The answers of all would take 900 MB.
        assert peak < before + 400
    eventually(lambda: unread(target) == 0, "it is not given up", 60)
