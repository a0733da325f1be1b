"""Connections that say nothing, or little, and too many of them."""

import contextlib
import json
import resource
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets import Subprotocol
from websockets.sync.client import ClientConnection, connect

from tests.attacks.raw import Connection, Target, attacked
from tests.databases import Databases
from tests.engine.server.prepared import migrate
from tests.processes.serving import Served, serving
from tests.waiting import eventually

pytestmark = pytest.mark.long

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
MOST = 60


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    variables = {
        "FIELDSTONE_LOG_FORMAT": "json",
        "FIELDSTONE_HEAD_TIMEOUT": "1",
        "FIELDSTONE_BODY_TIMEOUT": "1",
        "FIELDSTONE_MAX_CONNECTIONS_EACH": str(MOST),
    }
    with (
        databases.clone(databases.template("default workspace", migrate)) as dsn,
        serving(DATABASE_URL=dsn, **variables) as running,
    ):
        yield running


@contextlib.contextmanager
def socket_to(served: Served, *, key: str | None) -> Iterator[ClientConnection]:
    """Hold a socket open, which has shown the key if there is one."""
    url = served.url.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as opened:
        if key is not None:
            opened.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}))
            assert opened.recv(timeout=60) == '{"type":"connection_ack"}'
        yield opened


def test_a_connection_that_says_nothing_is_closed(target: Target) -> None:
    silent = [target.connect() for _ in range(20)]
    assert all(connection.is_ended() for connection in silent)
    assert target.metrics()["silent"] >= 20


def test_a_body_that_drips_behind_its_answer_is_closed(target: Target) -> None:
    connection = target.connect()
    connection.send(b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    assert connection.receive()[0] == 401
    is_over = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not is_over.wait(0.05):
                connection.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        assert connection.is_ended()
    finally:
        is_over.set()
        dripping.join()
    assert target.metrics()["slow body"] >= 1


@pytest.mark.alone
def test_those_who_wait_for_answers_and_events_stay(target: Target) -> None:
    used, streamed = target.connect(), target.connect()
    streamed.send(
        target.request("subscription { companyCreated { id } }", "Accept: text/event-stream", path="/graphql/stream")
    )
    assert b" 200 OK" in streamed.raw.recv(1_000)
    with socket_to(target.served, key=target.served.key) as opened:
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            used.send(GET)
            assert used.receive()[0] == 200
            time.sleep(0.2)
        opened.send('{"type": "ping"}')
        assert opened.recv(timeout=60) == '{"type":"pong"}'
        # The idlest go first, and these are not idle.
        for _ in range(3 * MOST):
            target.connect()
        opened.send('{"type": "ping"}')
        assert opened.recv(timeout=60) == '{"type":"pong"}'
        assert target.metrics()["fieldstone_subscribers"] == 1


@pytest.mark.long
def test_beyond_the_most_of_an_address_the_idlest_go(target: Target) -> None:
    idle = [target.connect() for _ in range(MOST)]
    for connection in idle[MOST // 2 :]:
        connection.send(GET)
        assert connection.receive()[0] == 200
    known = target.connect()
    known.send(target.request("{ people { totalCount } }"))
    assert known.receive()[0] == 200
    for _ in range(MOST):
        late = target.connect()
        late.send(GET)
        assert late.receive()[0] == 200
    assert idle[0].is_ended()
    # It has shown a key, which those without cannot push out.
    known.send(target.request("{ people { totalCount } }"))
    assert known.receive()[0] == 200
    assert target.metrics()["fieldstone_connections"] <= MOST + 1
    eventually(lambda: "most connections of an address" in "".join(target.served.errors), "the log says nothing")


def test_where_none_is_idle_a_connection_is_refused_with_503(target: Target) -> None:
    with contextlib.ExitStack() as sockets:
        for _ in range(MOST):
            sockets.enter_context(socket_to(target.served, key=target.served.key))
        refused = target.connect()
        refused.send(GET)
        assert refused.receive()[0] == 503
        assert refused.is_ended()


def test_sockets_that_show_no_key_make_room(target: Target) -> None:
    with contextlib.ExitStack() as sockets:
        for _ in range(MOST):
            sockets.enter_context(socket_to(target.served, key=None))
        for _ in range(5):
            late = target.connect()
            late.send(GET)
            assert late.receive()[0] == 200


@pytest.fixture
def scarce(dsn: str) -> Iterator[Target]:
    """A server that may have 300 file descriptors."""
    with serving(DATABASE_URL=dsn, FIELDSTONE_LOG_FORMAT="json") as running:
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (300, 300))
        with attacked(running) as made:
            yield made


def test_out_of_descriptors_the_idlest_go_and_the_log_says_so(scarce: Target) -> None:
    others = [scarce.connect() for _ in range(3)]

    def ask(connection: Connection) -> int:
        connection.send(scarce.request("{ people { totalCount } }"))
        return connection.receive()[0]

    assert [ask(connection) for connection in others] == [200, 200, 200]
    idle = [scarce.connect() for _ in range(400)]
    # The clients that have shown a key are still there, and new ones are served.
    assert [ask(connection) for connection in others] == [200, 200, 200]
    assert ask(scarce.connect()) == 200
    with httpx.Client(base_url=scarce.served.url) as client:
        assert client.get("/readyz").status_code == 200
    assert idle[0].is_ended()
    eventually(lambda: "beyond file descriptors" in "".join(scarce.served.errors), "the log says nothing")
