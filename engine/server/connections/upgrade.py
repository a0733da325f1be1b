"""Requests to go on with another protocol: the handshake of a WebSocket, and all others, whose upgrade is not made.

https://www.rfc-editor.org/rfc/rfc9110#section-7.8
"""

from collections.abc import Iterable

_OF_BODIES = frozenset({b"content-length", b"transfer-encoding"})


def is_handshake(method: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a request with `Upgrade: websocket` may be a handshake, which has no body."""
    return method == b"GET" and all(name not in _OF_BODIES or value == b"0" for name, value in headers)


def head_without_upgrade(method: bytes, target: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the head of a request without its upgrade, so that the parser takes the body behind it for one of HTTP.

    It takes bytes behind the head of any upgrade for those of the other protocol. To go on with them as a request would
    let a client choose the next request of a connection that a proxy shares.
    """
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode("ascii"))]
    for name, value in headers:
        if name == b"connection":
            kept = [token for token in value.split(b",") if token.strip().lower() != b"upgrade"]
            lines += [b"connection:" + b",".join(kept)] if kept else []
        elif name != b"upgrade":
            lines.append(b"%b:%b" % (name, value))
    return b"\r\n".join([*lines, b"", b""])
