"""Raw connections to a server in a process of its own, and figures of that process seen from outside."""

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.processes.serving import Served


@dataclass(slots=True)
class Connection:
    """One connection, each of whose reads is bounded in time."""

    raw: socket.socket
    held: bytes = b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.raw.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """Return the status and the body of the next answer."""
        head, body = self._until(b"\r\n\r\n"), b""
        status = int(head.split(b" ", 2)[1])
        if status >= 200 and (length := re.search(rb"(?i)\r\ncontent-length: (\d+)", head)):
            body = self._exactly(int(length[1]))
        return status, body

    def is_ended(self) -> bool:
        """Wait until the server ends the connection, before which it may say no more."""
        try:
            rest = self.held + self.raw.recv(1 << 16)
        except ConnectionError:
            return True
        return rest == b""

    def _until(self, end: bytes) -> bytes:
        while end not in self.held:
            self._read()
        found, _, self.held = self.held.partition(end)
        return found + end

    def _exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            self._read()
        found, self.held = self.held[:size], self.held[size:]
        return found

    def _read(self) -> None:
        piece = self.raw.recv(1 << 20)
        assert piece, f"the connection ended behind {self.held[:200]!r}"
        self.held += piece


@dataclass(slots=True)
class Target:
    """A server that is attacked."""

    served: Served
    connections: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def connect(self, *, receive_buffer: int | None = None, limit: float = 30.0) -> Connection:
        """Return a new connection, each wait on which takes `limit` seconds at most."""
        made = socket.socket()
        self.connections.enter_context(made)
        if receive_buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.settimeout(limit)
        address = urlsplit(self.served.url)
        made.connect((address.hostname, address.port))
        return Connection(made)

    def request(self, query: str, *more: str, path: str = "/graphql", **variables: Any) -> bytes:
        """Return the bytes of an operation."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: a",
            f"Authorization: Bearer {self.served.key}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *more,
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def memory(self) -> float:
        """Return the MiB that the process has in memory."""
        status = Path(f"/proc/{self.served.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def metrics(self) -> dict[str, float]:
        """Return its metrics that have no labels, and its ends of connections by their reason."""
        page = httpx.get(f"{self.served.url}/metrics", timeout=60).text
        found = re.findall(
            r'^(?:fieldstone_connection_ends_total\{reason="(.+)"\}|(fieldstone_\w+)) (\S+)$', page, re.MULTILINE
        )
        return {reason or name: float(value) for reason, name, value in found}

    def close(self) -> None:
        """Close all connections."""
        self.connections.close()


@contextlib.contextmanager
def attacked(served: Served) -> Iterator[Target]:
    """Attack a server, which must be healthy afterwards and have logged no error that nobody foresaw."""
    target = Target(served)
    try:
        yield target
    finally:
        target.close()
    assert httpx.get(f"{served.url}/healthz", timeout=60).status_code == 200
    assert "unexpected error" not in "".join(served.errors)
    assert "Traceback" not in "".join(served.errors)


def slowest(url: str, seconds: float) -> float:
    """Ask for the server's health for so many seconds; return the longest wait."""
    longest, end = 0.0, time.monotonic() + seconds
    with httpx.Client(timeout=60) as client:
        while time.monotonic() < end:
            begun = time.monotonic()
            assert client.get(f"{url}/healthz").status_code == 200
            longest = max(longest, time.monotonic() - begun)
    return longest
