"""W7: reads and writes of all kinds, nine to one, with and without a new field each second."""

import contextlib
import http.client
import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.database import SharedDatabase, vacuum
from benchmarks.equality import read_data
from benchmarks.graphql import post_json
from benchmarks.http_request import read_requests, send, write_requests
from benchmarks.measure import watch
from benchmarks.paths import WORK
from benchmarks.preparation import Prepared
from benchmarks.process import RunningServer
from benchmarks.results import Measurement
from benchmarks.wrk import run_wrk

STEADY, CHANGING = "steady", "changing"

MIXED_SHARES = {"W1": 55, "W2": 10, "W3": 5, "W5": 20, "W6": 10}
_REQUESTS = 1_000
_INTERVAL = 1.0
_FIRST_NUMBER = 700_000_000_000
_OBJECTS = "{ objects { edges { node { id nameSingular } } } }"
_CREATE = """
mutation ($object: UUID!, $name: String!) {
  createField(input: { objectMetadataId: $object, name: $name, label: $name, type: TEXT }) { id }
}
"""


@dataclass(slots=True)
class Changes:
    """The outcome of the changes of the model during one load."""

    done: int = 0
    refusal: str | None = None


class ChangeRefused(Exception):
    """A change of the model failed under load."""


def measure_mixed(
    prepared: Sequence[Prepared],
    database: SharedDatabase,
    *,
    connections: Sequence[int],
    rounds: int,
    seconds: float,
) -> Iterator[Measurement]:
    """Yield measurements in pairs: without changes of the model, and with them.

    Args:
        prepared: the other workloads, for the one server that is measured.
        database: the database of the run.
        connections: how many at once.
        rounds: pairs for each number of connections.
        seconds: for each measurement.

    Raises:
        ChangeRefused: a field could not be created.
    """
    server = prepared[0].server
    requests = _write_requests(prepared)
    person = _find_person(server)
    run_wrk(server.port, requests, connections=8, seconds=2, first_number=_FIRST_NUMBER)
    number = 0
    for at_once in connections:
        for round_ in range(rounds):
            for variant in (STEADY, CHANGING) if round_ % 2 == 0 else (CHANGING, STEADY):
                number += 1
                vacuum(database)
                watched = watch(server, database)
                with _changing(server, person, number) if variant == CHANGING else _unchanged() as changes:
                    load = run_wrk(
                        server.port,
                        requests,
                        connections=at_once,
                        seconds=seconds,
                        first_number=_FIRST_NUMBER + number * 10_000_000,
                        check_errors=True,
                    )
                if changes.refusal is not None or (variant == CHANGING and not changes.done):
                    raise ChangeRefused(f"after {changes.done} new fields: {changes.refusal or 'there was no time'}")
                yield watched.finish("W7", at_once, load, variant=variant)


def _write_requests(prepared: Sequence[Prepared]) -> Path:
    """Mix the requests that were prepared for each workload."""
    raw: list[bytes] = []
    for one in prepared:
        share = MIXED_SHARES.get(one.workload.name, 0) * _REQUESTS // 100
        raw += itertools.islice(itertools.cycle(read_requests(one.requests.read_bytes())), share)
    Random(7).shuffle(raw)  # noqa: S311 - no secret
    path = WORK / "requests" / "W7"
    path.write_bytes(write_requests(raw))
    return path


@contextlib.contextmanager
def _unchanged() -> Iterator[Changes]:
    yield Changes()


@contextlib.contextmanager
def _changing(server: RunningServer, object_id: str, number: int) -> Iterator[Changes]:
    """Create a field each second until the block ends."""
    changes, over = Changes(), threading.Event()

    def work() -> None:
        with contextlib.closing(server.connect()) as connection:
            while not over.wait(_INTERVAL):
                name = f"bench{number}x{changes.done}"
                answer = _post(server, connection, _CREATE, {"object": object_id, "name": name})
                if b'"errors"' in answer:
                    changes.refusal = answer.decode()
                    return
                changes.done += 1

    thread = threading.Thread(target=work, name="changes of the model")
    thread.start()
    try:
        yield changes
    finally:
        over.set()
        thread.join()


def _find_person(server: RunningServer) -> str:
    with contextlib.closing(server.connect()) as connection:
        data = read_data(_post(server, connection, _OBJECTS, {}))
    match data:
        case {"objects": {"edges": list(edges)}}:
            return next(str(edge["node"]["id"]) for edge in edges if edge["node"]["nameSingular"] == "person")
        case _:
            raise ValueError(data)


def _post(
    server: RunningServer, connection: http.client.HTTPConnection, document: str, variables: dict[str, str]
) -> bytes:
    content = {"query": document, "variables": variables}
    return send(connection, post_json("/metadata", content, server.server.headers)).body
