"""Requests and messages that are never completed or must wait, each within its own limit, and many of them."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from websockets import Subprotocol
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.attacks.raw import Target
from tests.databases import Databases
from tests.engine.server.prepared import migrate
from tests.processes.serving import Served, serving
from tests.waiting import eventually

pytestmark = pytest.mark.long

MIB = 1 << 20
MOST = 16 * MIB


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[str]:
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def served(database: str) -> Iterator[Served]:
    with serving(
        DATABASE_URL=database,
        FIELDSTONE_LOG_FORMAT="json",
        FIELDSTONE_MAX_BUFFERED_BYTES=str(MOST),
    ) as running:
        yield running


def cut_off(target: Target) -> float:
    return target.metrics().get("slow beyond the buffered bytes", 0)


def test_bodies_that_lack_their_last_byte(target: Target) -> None:
    before, memory = cut_off(target), target.memory()
    request = target.request("{ people { totalCount } } #" + "x" * 900_000)
    for _ in range(60):
        connection = target.connect()
        with contextlib.suppress(ConnectionError):
            connection.send(request[:-1])
    eventually(lambda: cut_off(target) >= before + 40, "nobody is cut off", 60)
    eventually(lambda: kept(target) <= MOST, "too much is kept", 60)
    assert target.memory() < memory + 90
    connection = target.connect()
    connection.send(request)
    assert connection.receive()[0] == 200


def refused(target: Target) -> float:
    return target.metrics().get("refused beyond the buffered bytes", 0)


def kept(target: Target) -> float:
    return target.metrics()["fieldstone_buffered_bytes"]


@contextlib.contextmanager
def locked(database: str) -> Iterator[None]:
    """Let nobody read people for the length of the block."""
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE workspace_default.person")
        yield


def test_whole_bodies_that_wait_for_the_database(target: Target, database: str) -> None:
    before, refused_before = cut_off(target), refused(target)
    request = target.request("{ people { totalCount } } #" + "x" * 900_000)
    with locked(database):
        waiting = [target.connect() for _ in range(12)]
        for connection in waiting:
            connection.send(request)
        eventually(lambda: kept(target) > 12 * 900_000, "they are not counted", 60)
        time.sleep(1.5)
        assert cut_off(target) == before
    assert [connection.receive()[0] for connection in waiting] == [200] * 12
    eventually(lambda: kept(target) < 1_000, "they are counted after their answers", 60)
    with locked(database):
        crowd = [target.connect() for _ in range(30)]
        for connection in crowd:
            connection.send(request)
        eventually(lambda: refused(target) >= refused_before + 5, "nobody is refused", 60)
        eventually(lambda: kept(target) <= MOST, "too much is kept", 60)
    answers = [connection.receive() for connection in crowd]
    # Each client is told: none that has sent all of its request is only disconnected.
    assert {status for status, *_ in answers} == {200, 503}
    assert cut_off(target) == before


@pytest.mark.parametrize("behind", ["a whole one", "a part of one"])
def test_pipelines_that_wait_for_the_database(target: Target, database: str, behind: str) -> None:
    """Of several requests in a row the first is refused, and by its `Connection: close` all that are behind it."""
    before, refused_before = cut_off(target), refused(target)
    request = target.request("{ people { totalCount } } #" + "x" * 900_000)
    sent = request + (request if behind == "a whole one" else request[:900_000])
    with locked(database):
        crowd = [target.connect() for _ in range(20)]
        senders = [threading.Thread(target=connection.send, args=(sent,)) for connection in crowd]
        for sender in senders:
            sender.start()
        eventually(lambda: refused(target) >= refused_before + 5, "nobody is refused", 60)
        eventually(lambda: kept(target) <= MOST, "too much is kept", 60)
    answers = [connection.receive()[0] for connection in crowd]
    for sender in senders:
        sender.join()
    assert set(answers) == {200, 503}
    for connection, status in zip(crowd, answers, strict=True):
        if status == 503:
            assert connection.is_ended(), "a request behind the refused one is answered"
        elif behind == "a whole one":
            assert connection.receive()[0] == 200
    assert cut_off(target) == before


def test_heads_that_lack_their_last_line(target: Target) -> None:
    before = cut_off(target)
    for _ in range(400):
        target.connect().send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 60_000)
    eventually(lambda: cut_off(target) >= before + 50, "nobody is cut off", 60)


@pytest.mark.parametrize(
    ("size", "fragments", "number"), [(900_000, 1, 30), (1, 25_000, 14)], ids=["large fragments", "fragments of a byte"]
)
def test_messages_that_lack_their_last_fragment(target: Target, size: int, fragments: int, number: int) -> None:
    before, key = cut_off(target), target.served.key
    kinds: Any = {"mask": True, "extensions": []}
    first = Frame(Opcode.TEXT, b"x", fin=False).serialize(**kinds)
    more = Frame(Opcode.CONT, b"x" * size, fin=False).serialize(**kinds)
    sent = first + more * fragments
    with contextlib.ExitStack() as sockets:
        for _ in range(number):
            opened = sockets.enter_context(
                connect(
                    target.served.url.replace("http", "ws") + "/graphql",
                    subprotocols=[Subprotocol("graphql-transport-ws")],
                    close_timeout=0.1,
                )
            )
            # Without a key it would be closed after 10 seconds in any case.
            opened.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}))
            assert opened.recv(timeout=60) == '{"type":"connection_ack"}'
            with contextlib.suppress(OSError):
                opened.socket.sendall(sent)
        eventually(lambda: cut_off(target) >= before + 2, "nobody is cut off")
