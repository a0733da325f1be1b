"""The ids of requests: those that clients or proxies give in `X-Request-Id`, and those that are made here."""

import random
import re
from collections.abc import Iterable

HEADER = b"x-request-id"

LINE = b"x-request-id: %b\r\n"
"""The header as a line, for the answers that no ASGI message carries."""

_GIVEN = re.compile(rb"[A-Za-z0-9._:=+/@-]{1,128}")
"""An id that may stand in a header and in a line of the log as it is."""


def make_request_id() -> str:
    """Return a new id of 32 hexadecimal digits. It is not a secret, so its source need not be one for secrets."""
    return random.getrandbits(128).to_bytes(16, "big").hex()


def read_request_id(given: bytes | None) -> str | None:
    """Return the id in a header's value; None if there is none, or if it has other characters or is longer than 128."""
    return given.decode() if given is not None and _GIVEN.fullmatch(given) else None


def find_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a request's headers give, the first of several, or a new one."""
    given = next((value for name, value in headers if name == HEADER), None)
    return read_request_id(given) or make_request_id()
