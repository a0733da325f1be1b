"""Heads of requests that are too large, too slow, or ambiguous."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from tests.attacks.raw import Target, slowest
from tests.databases import Databases
from tests.engine.server.prepared import migrate
from tests.processes.serving import Served, serving
from tests.waiting import eventually

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
LAST = GET + b"Connection: close\r\n\r\n"
MIB = 1 << 20


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with (
        databases.clone(databases.template("default workspace", migrate)) as dsn,
        serving(DATABASE_URL=dsn, FIELDSTONE_LOG_FORMAT="json", FIELDSTONE_HEAD_TIMEOUT="1") as running,
    ):
        yield running


@pytest.mark.alone
def test_a_header_of_100_mib_is_refused_and_holds_nobody_up(target: Target) -> None:
    before = target.memory()

    def send() -> None:
        piece = b"x" * MIB
        with contextlib.suppress(ConnectionError):
            connection.send(GET + b"X-Long: ")
            for _ in range(100):
                connection.send(piece)

    connection = target.connect()
    sending = threading.Thread(target=send)
    sending.start()
    longest = slowest(target.served.url, 2)
    sending.join()
    # It was 16 seconds.
    assert longest < 1
    assert target.memory() < before + 20


@pytest.mark.long
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"X-Long: " + b"x" * 60_000 + b"\r\n\r\n", 200),
        (GET + b"X-Long: " + b"x" * 66_000 + b"\r\n\r\n", 431),
        (GET + b"X-Long: " + b"x" * 66_000, 431),
        (b"GET /" + b"x" * 66_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (GET + b"X: y\r\n" * 99 + b"\r\n", 200),
        (GET + b"X: y\r\n" * 100 + b"\r\n", 431),
        (b"\r\n" * 40_000, 431),
    ],
    ids=["60 kB", "66 kB", "66 kB and more", "a long target", "100 headers", "101 headers", "empty lines"],
)
@pytest.mark.parametrize("size", [1 << 20, 4_000], ids=["at once", "in pieces"])
def test_a_head_has_64_kib_and_100_headers(target: Target, head: bytes, status: int, size: int) -> None:
    connection = target.connect()
    for start in range(0, len(head), size):
        connection.send(head[start : start + size])
    assert connection.receive()[0] == status
    if status != 200:
        assert connection.is_ended()


CHUNKED = b"POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n%s\r\n"


@pytest.mark.parametrize(
    "endless",
    [b"0\r\n" + b"X: y\r\n" * 150, b"0\r\nX: " + b"y" * 100_000, b"1;x=" + b"y" * 100_000],
    ids=["trailers", "a trailer", "an extension of a chunk"],
)
def test_what_is_no_body_has_the_same_limits(target: Target, endless: bytes) -> None:
    connection = target.connect()
    key = f"Authorization: Bearer {target.served.key}\r\nContent-Type: application/json\r\n".encode()
    connection.send(CHUNKED % key)
    connection.send(endless)
    assert connection.receive()[0] == 431
    assert connection.is_ended()


def test_a_trailer_is_no_header(target: Target) -> None:
    # A proxy that checks keys sees the head, and no more.
    body = b'{"query": "{ __typename }"}'
    trailer = f"Authorization: Bearer {target.served.key}\r\n\r\n".encode()
    connection = target.connect()
    connection.send(
        CHUNKED % b"Content-Type: application/json\r\n" + b"%x\r\n%s\r\n0\r\n" % (len(body), body) + trailer + LAST
    )
    assert connection.receive()[0] == 401


UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n",
    "of no protocol": b"Upgrade: x\r\nConnection: keep-alive, UPGRADE\r\n",
    "a socket with a body": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n",
}


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("is_long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_the_body_behind_an_upgrade_is_no_request(
    target: Target, method: bytes, upgrade: bytes, framing: str, is_long: bool
) -> None:
    # Behind a proxy that keeps connections it would be the head of the next client's request, with that client's key.
    smuggled = b"\r\n" * (4_500 if is_long else 1) + GET + b"\r\n"
    lines = b"Content-Length: %d\r\n" % len(smuggled) if framing == "length" else b"Transfer-Encoding: chunked\r\n"
    body = smuggled if framing == "length" else b"%x\r\n%s\r\n0\r\n\r\n" % (len(smuggled), smuggled)
    head = method + b" /graphql HTTP/1.1\r\nHost: a\r\n" + upgrade + lines + b"\r\n"
    for pieces in ([head + body], [head, body], [head[:-1], head[-1:] + body[:5], body[5:]]):
        connection = target.connect()
        for piece in pieces:
            connection.send(piece)
            time.sleep(0.02)
        status, _ = connection.receive()
        assert status in {400, 401, 404, 405, 406, 415}
        connection.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert connection.receive()[0] == 404
        assert connection.is_ended()


@pytest.mark.parametrize("upgrade", list(UPGRADES.values())[:2], ids=list(UPGRADES)[:2])
def test_a_request_that_offers_another_protocol_is_answered_in_this_one(target: Target, upgrade: bytes) -> None:
    lines = upgrade.decode().strip().split("\r\n")
    asked = target.request("{ people { totalCount } }", *lines)
    connection = target.connect()
    connection.send(asked * 200)
    for _ in range(200):
        assert connection.receive() == (200, b'{"data":{"people":{"totalCount":0}}}')
    for _ in range(3):
        connection.send(asked)
        assert connection.receive()[0] == 200


@pytest.mark.parametrize("line", [b"Cookie: " + b"x" * 9_000, b"X" * 9_000 + b": y", b"Sec-WebSocket-Version: 7"])
def test_a_handshake_that_is_refused_is_answered_and_ends(target: Target, line: bytes) -> None:
    connection = target.connect(limit=5)
    connection.send(b"GET /graphql HTTP/1.1\r\nHost: a\r\n" + UPGRADES["a socket with a body"] + line + b"\r\n\r\n")
    assert connection.receive()[0] in {400, 426, 431}
    assert connection.is_ended()


def test_frames_that_come_with_a_handshake_are_refused(target: Target) -> None:
    """They would be lost, and the next bytes be taken for the head of a frame."""
    handshake = b"GET /graphql HTTP/1.1\r\nHost: a\r\n" + UPGRADES["a socket with a body"] + b"\r\n"
    for frames in (b"\x89", (b"\x89\xfd" + bytes(4 + 125)) * 1_000):
        connection = target.connect(limit=5)
        connection.send(handshake + frames)
        assert connection.receive() == (
            400,
            b"A WebSocket's frames may come when its handshake is answered, not before.",
        )
        assert connection.is_ended()


def test_a_proxy_is_asked_for_nothing(target: Target) -> None:
    connection = target.connect()
    connection.send(b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + GET + b"\r\n")
    assert connection.receive() == (400, b"CONNECT is for proxies.")
    assert connection.is_ended()


@pytest.mark.long
@pytest.mark.parametrize("begun", [b"", GET, GET + b"\r\n" + GET], ids=["first", "a part", "the second"])
def test_a_head_that_drips_is_answered_with_408(target: Target, begun: bytes) -> None:
    connection = target.connect()
    connection.send(begun)
    if b"\r\n\r\n" in begun:
        assert connection.receive()[0] == 200
    is_over = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not is_over.wait(0.05):
                connection.send(b"X" if begun else b"\r\n")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        assert connection.receive()[0] == 408
    finally:
        is_over.set()
        dripping.join()
    assert connection.is_ended()
    assert target.metrics()["slow head"] >= 1


def test_what_came_before_a_refused_head_is_answered_before(target: Target) -> None:
    connection = target.connect()
    person = target.request("{ people { totalCount } }")
    connection.send(GET + b"\r\n" + person + GET + b"X: y\r\n" * 101 + b"\r\n" + LAST)
    assert [connection.receive()[0] for _ in range(3)] == [200, 200, 431]
    assert connection.is_ended()


@pytest.mark.long
@pytest.mark.parametrize("number", [20, 5_000])
def test_pipelined_requests_are_all_answered_in_order(target: Target, number: int) -> None:
    connection = target.connect()
    sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % one for one in range(number))
    sending = threading.Thread(target=connection.send, args=(sent + LAST,))
    sending.start()
    for _ in range(number):
        assert connection.receive()[0] == 404
    assert connection.receive()[0] == 200
    assert connection.is_ended()
    sending.join()


@pytest.mark.long
def test_requests_that_wait_for_those_before_them_take_little_memory(target: Target) -> None:
    before = target.memory()
    # Each was kept as a task to come, of kilobytes, as soon as its 26 bytes had been read.
    small = b"GET / HTTP/1.1\r\nHost:a\r\n\r\n" * 40_000

    def flood() -> None:
        connection = target.connect(receive_buffer=4_096, limit=3)
        with contextlib.suppress(OSError):
            while True:
                connection.send(small)

    flooding = [threading.Thread(target=flood) for _ in range(8)]
    for thread in flooding:
        thread.start()
    for thread in flooding:
        thread.join()
    assert target.memory() < before + 60


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 200),
        (b"GET /graphql HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 400),
    ],
    ids=["none", "two", "two, HTTP/1.0", "none, HTTP/1.0", "an empty one", "a socket without"],
)
def test_a_request_has_one_host(target: Target, head: bytes, status: int) -> None:
    connection = target.connect()
    connection.send(head)
    assert connection.receive()[0] == status


def test_the_warm_path_takes_no_head_that_the_ordinary_one_refuses(target: Target) -> None:
    good = target.request("{ people { totalCount } }")
    bad = {
        "no host": good.replace(b"Host: a\r\n", b""),
        "two hosts": good.replace(b"Host: a\r\n", b"Host: a\r\nHost: b\r\n"),
        "two keys": target.request("{ people { totalCount } }", f"Authorization: Bearer {target.served.key}"),
    }
    connection = target.connect()

    def is_warm() -> bool:
        before = target.metrics()["fieldstone_warm_requests_total"]
        connection.send(good)
        assert connection.receive()[0] == 200
        return target.metrics()["fieldstone_warm_requests_total"] > before

    eventually(is_warm, "the operation does not become warm")
    for name, request in bad.items():
        for _ in range(4):
            connection = target.connect()
            connection.send(request)
            assert connection.receive()[0] == 400, name


@pytest.mark.parametrize("path", ["/graphql/stream", "/metadata"])
def test_two_keys_are_refused_everywhere(target: Target, path: str) -> None:
    connection = target.connect()
    other = "Authorization: Bearer fs_other"
    connection.send(target.request("{ people { totalCount } }", other, "Accept: */*", path=path))
    assert connection.receive()[0] == 400
