"""One HTTP request, sent once by us and then again and again by wrk."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field

MARK = b"@@@@@@@@@@@@"
"""Stands for a number of twelve digits, another one each time that the request is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to a server on 127.0.0.1."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def raw(self, port: int) -> bytes:
        """Return the bytes on the wire."""
        headers = {"Host": f"127.0.0.1:{port}", **self.headers}
        if self.body:
            headers["Content-Length"] = str(len(self.body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """The answer; `size` counts the bytes on the wire as wrk does, head and body."""

    status: int
    body: bytes
    size: int


def send(connection: http.client.HTTPConnection, request: HttpRequest, *, number: int = 0) -> HttpResponse:
    """Send a request over an open connection; `number` is put where the mark stands."""
    body = request.body.replace(MARK, b"%012d" % number)
    connection.request(request.method, request.path, body=body or None, headers=dict(request.headers))
    response = connection.getresponse()
    answer = response.read()
    head = f"HTTP/1.1 {response.status} {response.reason}\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in response.getheaders()
    )
    return HttpResponse(status=response.status, body=answer, size=len(head) + 2 + len(answer))


def write_requests(raw: list[bytes]) -> bytes:
    """Return the file that `load.lua` reads: for each request its length on a line of its own, then its bytes."""
    return b"".join(b"%d\n" % len(one) + one for one in raw)


def read_requests(content: bytes) -> list[bytes]:
    """Return the requests that `write_requests` was given."""
    found: list[bytes] = []
    place = 0
    while place < len(content):
        line = content.index(b"\n", place)
        end = line + 1 + int(content[place:line])
        found.append(content[line + 1 : end])
        place = end
    return found
