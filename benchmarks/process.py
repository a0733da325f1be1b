"""A server's process, from its start until it has ended."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.dataset import person_id
from benchmarks.paths import WORK
from benchmarks.servers import Server

_LONGEST_START = 60
_LONGEST_STOP = 20
_BETWEEN_LOOKS = 0.05
_TIMEOUT = 30


class ServerError(Exception):
    """A server did not start; its log says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server that answers on 127.0.0.1."""

    server: Server
    port: int
    pid: int

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection of the caller's own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)


@contextlib.contextmanager
def running(server: Server) -> Iterator[RunningServer]:
    """Run a server for the block.

    Raises:
        ServerError: it does not answer.
    """
    port = _free_port()
    log_path = WORK / "logs" / f"{server.name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            server.command(port),
            cwd=server.folder,
            env={**os.environ, **server.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            started = RunningServer(server=server, port=port, pid=process.pid)
            _wait_until_ready(started, process)
            yield started
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_until_ready(started: RunningServer, process: subprocess.Popen[bytes]) -> None:
    """Return when the cheapest question to the database is answered, whether or not the server is compared by it."""
    operation = "w1_rest" if "w1_rest" in started.server.operations else "w1"
    request = started.server.ask(operation, {"id": str(person_id(1))})
    deadline = time.monotonic() + _LONGEST_START
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.closing(started.connect()) as connection,
        ):
            connection.request(request.method, request.path, body=request.body or None, headers=dict(request.headers))
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(_BETWEEN_LOOKS)
    raise ServerError(f"{started.server.label} does not answer: see {WORK / 'logs' / started.server.name}.log")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_LONGEST_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
