"""Clients of several workers, and the workers in the log of their supervisor."""

import contextlib
import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.processes.serving import Served
from tests.waiting import eventually

COUNT = "{ companies { totalCount } }"
PAUSE = 0.02
"""Seconds between two requests of a client."""
JSON_LOG = {"FIELDSTONE_LOG_FORMAT": "json"}
"""The log as JSON."""


def lines(served: Served, event: str) -> list[dict[str, Any]]:
    """The log's lines of one event so far."""
    found = [json.loads(line) for line in list(served.errors) if line.startswith("{")]
    return [line for line in found if line["event"] == event]


def workers(served: Served, number: int = 2) -> dict[int, int]:
    """The process ids of the workers by their numbers, when so many have begun to serve."""
    eventually(lambda: len(lines(served, "a worker serves")) >= number, "no workers", limit=90)
    return {line["worker"]: line["pid"] for line in lines(served, "a worker serves")[-number:]}


@dataclass
class Visitor:
    """A client with one kept connection, which it makes again where the server closes it.

    Attributes:
        place: a path of its own, by which its requests are found in the log.
        failures: errors of requests, with the number of the request before.
    """

    served: Served
    number: int
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    connections: int = 0
    is_over: bool = False

    @property
    def place(self) -> str:
        return f"/visitor-{self.number}"

    def run(self) -> None:
        connection = self._connect()
        headers = {"authorization": f"Bearer {self.served.key}", "content-type": "application/json"}
        body = json.dumps({"query": COUNT})
        for turn in itertools.count():
            if self.is_over:
                break
            try:
                if connection.sock is None:
                    connection = self._connect()
                if turn % 20 == 0:
                    connection.request("GET", self.place)
                    connection.getresponse().read()
                connection.request("POST", "/graphql", body, headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200 or b"errors" in text:
                    self.failures.append(f"{answer.status} {text!r}")
                self.answered += 1
                # Workers that start need some of the two processors, too.
                time.sleep(PAUSE)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{time.time()} {error!r}")
                connection.close()
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        self.connections += 1
        connection = http.client.HTTPConnection(self.served.url.removeprefix("http://"), timeout=30)
        connection.connect()
        return connection


@contextlib.contextmanager
def visited(served: Served, number: int) -> Iterator[list[Visitor]]:
    """Have so many clients ask again and again."""
    visitors = [Visitor(served, place) for place in range(number)]
    threads = [threading.Thread(target=visitor.run, daemon=True) for visitor in visitors]
    # One after another, as a worker that does not get a processor leaves connections to the others.
    for thread, visitor in zip(threads, visitors, strict=True):
        thread.start()
        wait_for_answers([visitor], 1)
    try:
        yield visitors
    finally:
        for visitor in visitors:
            visitor.is_over = True
        for thread in threads:
            thread.join(timeout=30)


def wait_for_answers(visitors: list[Visitor], number: int) -> None:
    """Return when each client has had so many further answers."""
    before = [visitor.answered for visitor in visitors]
    eventually(
        lambda: all(one.answered >= then + number for one, then in zip(visitors, before, strict=True)),
        "clients are not answered",
        limit=60,
    )
