"""The bytes of the response to a request that is refused before it reaches an app."""

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from fieldstone.engine.server.browsers.security_headers import SECURITY_LINES
from fieldstone.engine.server.connections.request_ids import LINE, find_request_id


def write_refusal(
    status: int, message: str, headers: Iterable[tuple[bytes, bytes]], *, given: Iterable[tuple[bytes, bytes]] = ()
) -> bytes:
    """Return a response of plain text, behind which the connection closes.

    Args:
        status: of HTTP.
        message: the text, in ASCII.
        headers: those that all responses have.
        given: the headers of the request, as far as they were read.
    """
    lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % header for header in headers)]
    lines.append(LINE % find_request_id(given).encode())
    if status == 503:
        lines.append(b"retry-after: 1\r\n")
    lines.append(b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n" % len(message))
    lines += (SECURITY_LINES, b"connection: close\r\n\r\n", message.encode("ascii"))
    return b"".join(lines)
