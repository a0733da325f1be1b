"""Webhooks under SIGKILL: each event reaches each webhook at least once, whichever process dies while sending it."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.processes.event_clients import Writing, eventually, logged_positions, make_key, servers, staged

KILLS = 4
CREATE = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"
PENDING = "{ webhookDeliveries(filter: { status: { neq: DELIVERED } }) { totalCount } }"


@dataclass(slots=True)
class Taken:
    """What a target has taken, by the path that it was sent to.

    Attributes:
        requests: how many requests there were; each seventh is refused.
    """

    port: int = 0
    positions: dict[str, list[int]] = field(default_factory=dict)
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, body: bytes) -> int:
        """Return the status to answer with."""
        with self.lock:
            self.requests += 1
            if self.requests % 7 == 0:
                return 503
            self.positions.setdefault(path, []).append(json.loads(body)["position"])
            return 200


@contextlib.contextmanager
def target() -> Iterator[Taken]:
    """Serve a target of this process, which outlives the servers."""
    taken = Taken()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(taken.take(self.path, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """The test says what there is to say."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that was killed has cut the connection."""

    server = Server(("127.0.0.1", 0), Handler)
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_each_event_reaches_each_webhook_whoever_is_killed(event_dsn: str) -> None:
    settings = {
        "FIELDSTONE_WEBHOOK_ALLOW": "127.0.0.0/8",
        "FIELDSTONE_WEBHOOK_TIMEOUT": "2",
        "FIELDSTONE_WEBHOOK_RETRY_DELAY": "0.05",
    }
    with target() as taken, servers(event_dsn, 2, **settings) as both:
        key = make_key(event_dsn)
        with httpx.Client(headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
            for path in ("/one", "/other"):
                given = {"targetUrl": f"http://127.0.0.1:{taken.port}{path}", "operations": ["person.created"]}
                answer = http.post(f"{both[0].url}/metadata", json={"query": CREATE, "variables": {"input": given}})
                assert "errors" not in answer.json(), answer.json()
            with Writing(both, key) as writing:
                for number in range(KILLS):
                    for act in (both[number % 2].kill, both[number % 2].start):
                        before, sent = len(writing.answered), taken.requests
                        eventually(lambda before=before: len(writing.answered) > before + 15, "nothing is written")  # type: ignore[misc]  # mypy knows no such default
                        eventually(lambda sent=sent: taken.requests > sent + 15, "nothing is sent")  # type: ignore[misc]  # likewise
                        act()
            eventually(lambda: staged(event_dsn) == 0, "events wait")
            expected = logged_positions(event_dsn)
            for path in ("/one", "/other"):
                eventually(
                    lambda path=path: set(taken.positions[path]) == set(expected),  # type: ignore[misc]  # likewise
                    f"{path} has {len(set(taken.positions[path]))} of {len(expected)} events",
                    limit=120,
                )

            def nothing_is_left() -> bool:
                answer = http.post(f"{both[0].url}/metadata", json={"query": PENDING}).json()
                return bool(answer["data"]["webhookDeliveries"]["totalCount"] == 0)

            eventually(nothing_is_left, "deliveries are left", limit=120)
        assert len(writing.answered) <= len(expected)
        # What was sent by a process that died before it could say so comes again, and no more than that.
        extra = sum(map(len, taken.positions.values())) - 2 * len(expected)
        assert 0 <= extra <= KILLS * 64
