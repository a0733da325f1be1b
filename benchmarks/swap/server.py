"""One server process on a database of its own, and clients that cost little."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.command import FIELDSTONE
from benchmarks.paths import ROOT, WORK
from benchmarks.process_usage import process_usage

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_LONGEST_START = 120
_LONGEST_STOP = 30
_BETWEEN_LOOKS = 0.005
_HOST = "127.0.0.1"


class ServerFailed(Exception):
    """The server did not start, or did not answer as it must; the message is its output."""


METRICS_TOKEN = secrets.token_urlsafe()
"""The token that opens the metrics of the servers of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapServer:
    """A server that answers.

    Attributes:
        seconds: from the start of its process until it was ready.
        cpu: the seconds of CPU that its process took for it.
    """

    port: int
    pid: int
    seconds: float
    cpu: float


@contextlib.contextmanager
def serving(dsn: str, **settings: str) -> Iterator[SwapServer]:
    """Run a server in production mode, without a rate limit, for the block.

    Raises:
        ServerFailed: it does not become ready.
    """
    with socket.socket() as taken:
        taken.bind((_HOST, 0))
        port = int(taken.getsockname()[1])
    log_path = WORK / "logs" / "swap.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        "DATABASE_URL": dsn,
        "FIELDSTONE_PORT": str(port),
        "API_RATE_LIMITING_LIMIT": "0",
        "FIELDSTONE_LOG_LEVEL": "warning",
        "FIELDSTONE_METRICS_TOKEN": METRICS_TOKEN,
        **settings,
    }
    with log_path.open("wb") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*FIELDSTONE, "serve"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_until_ready(process, port)
            seconds = time.perf_counter() - begun
            yield SwapServer(port=port, pid=process.pid, seconds=seconds, cpu=process_usage(process.pid).cpu)
        finally:
            process.terminate()
            try:
                process.wait(_LONGEST_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _LONGEST_START
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(_HOST, port, timeout=_LONGEST_START)
            with contextlib.closing(connection):
                connection.request("GET", "/readyz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
        time.sleep(_BETWEEN_LOOKS)
    raise ServerFailed(f"the server does not become ready: see {WORK / 'logs' / 'swap.log'}")


class Client:
    """One connection that sends operations one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self.token = token

    async def send(
        self, path: str, query: str, variables: Mapping[str, object] | None = None, *, encoding: str = "identity"
    ) -> tuple[int, bytes]:
        """Return the status and the body of an operation's answer, the body as it was sent."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        self._writer.write(
            (
                f"POST {path} HTTP/1.1\r\nHost: {_HOST}\r\nAuthorization: Bearer {self.token}\r\n"
                f"Content-Type: application/json\r\nAccept-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode()
            + body
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if length is None:
            raise ServerFailed(f"an answer without a length: {head!r}")
        return int(head.split(b" ", 2)[1]), await self._reader.readexactly(int(length[1]))

    async def ask(
        self, path: str, query: str, variables: Mapping[str, object] | None = None, *, encoding: str = "identity"
    ) -> bytes:
        """Return the body of an answer that must be without errors.

        Raises:
            ServerFailed: it is not.
        """
        status, body = await self.send(path, query, variables, encoding=encoding)
        if not is_right(status, body):
            raise ServerFailed(f"{status}: {body[:500]!r}")
        return body


def is_right(status: int, body: bytes) -> bool:
    """Whether an operation was executed without errors."""
    return status == http.HTTPStatus.OK and not body.startswith(b'{"errors"')


@contextlib.asynccontextmanager
async def connected(server: SwapServer, token: str) -> AsyncIterator[Client]:
    """Hold a connection for the block."""
    reader, writer = await asyncio.open_connection(_HOST, server.port)
    try:
        yield Client(reader, writer, token)
    finally:
        writer.close()
        await writer.wait_closed()
