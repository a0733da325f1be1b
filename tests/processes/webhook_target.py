"""A target of webhooks in the process of the tests, which outlives the servers that send to it."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.processes.event_clients import logged_positions, staged
from tests.waiting import eventually

SETTINGS = {
    "FIELDSTONE_WEBHOOK_ALLOW": "127.0.0.0/8",
    "FIELDSTONE_WEBHOOK_TIMEOUT": "2",
    "FIELDSTONE_WEBHOOK_RETRY_DELAY": "0.05",
}
"""The settings that servers need to send here, and soon."""

_CREATE = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"
_LEFT = "{ webhookDeliveries(filter: { status: { neq: DELIVERED } }) { totalCount } }"


@dataclass(slots=True)
class Taken:
    """The deliveries that a target has taken, by the path that each was sent to.

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
            """A server that logs nothing: the test asserts the rest."""

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


class Desk:
    """The Metadata API of a server."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=30)

    def close(self) -> None:
        self._http.close()

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of an operation that must succeed."""
        answer = self._http.post("/metadata", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def add_webhook(self, taken: Taken, path: str) -> None:
        """Have the people that are created told to a path of the target."""
        taken.positions[path] = []
        url = f"http://127.0.0.1:{taken.port}{path}"
        self.ask(_CREATE, input={"targetUrl": url, "operations": ["person.created"]})

    def check_that_all_was_taken(self, dsn: str, taken: Taken) -> int:
        """Wait until each path has got each event, and nothing is left; return how many events there are."""
        eventually(lambda: staged(dsn) == 0, "events wait")
        expected = logged_positions(dsn)
        for path, positions in taken.positions.items():
            eventually(
                lambda positions=positions: set(positions) >= set(expected),  # type: ignore[misc]  # mypy knows no such default
                f"{path} has {len(set(positions))} of {len(expected)} events",
                limit=120,
            )
            assert set(positions) == set(expected)
        eventually(
            lambda: bool(self.ask(_LEFT)["webhookDeliveries"]["totalCount"] == 0), "deliveries are left", limit=120
        )
        return len(expected)
