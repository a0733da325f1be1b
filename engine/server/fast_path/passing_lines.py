"""The lines of a request's head that differ with each request of a client: its id, its place in a trace, its token.

They are set apart from the head, so that the rest of it is the same bytes each time, by which its meaning is known.
"""

import re
from typing import NamedTuple

_LINE = re.compile(
    rb"\r\n(x-request-id|traceparent|tracestate|x-fieldstone-token):[ \t]*"
    rb"([!-~]*(?:[ \t]+[!-~]+)*)[ \t]*(?=\r\n)",
    re.IGNORECASE,
)


class PassingLines(NamedTuple):
    """The values of these headers; None for those that a request lacks."""

    request_id: bytes | None = None
    traceparent: bytes | None = None
    tracestate: bytes | None = None
    token: bytes | None = None


NO_LINES = PassingLines()

_PLACES = {b"x-request-id": 0, b"traceparent": 1, b"tracestate": 2, b"x-fieldstone-token": 3}


def set_apart(head: bytes) -> tuple[bytes, PassingLines] | None:
    """Return a head without these lines, and their values; None if it has none, or one of them twice."""
    found = _LINE.findall(head)
    if not found:
        return None
    values: list[bytes | None] = [None, None, None, None]
    for name, value in found:
        place = _PLACES[name.lower()]
        if values[place] is not None:
            return None
        values[place] = value
    return _LINE.sub(b"", head), PassingLines(*values)
