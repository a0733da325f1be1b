"""The cookies of a browser: their reading, and the lines that set and clear them."""

from collections.abc import Mapping
from typing import Final

SESSION: Final = "fieldstone_session"
LOGIN: Final = "fieldstone_login"

_SECURE = "__Host-"
"""The beginning of a cookie that no other host and no plain connection can set: RFC 6265bis, 4.1.3.2."""


def read_cookie(given: Mapping[bytes, bytes], name: str, *, secure: bool) -> str | None:
    """Return the value of a cookie of ours; None where there is none.

    Args:
        given: the headers of a request.
        name: one of the names of this module.
        secure: whether browsers reach this server by TLS.
    """
    wanted = _name(name, secure=secure)
    for part in given.get(b"cookie", b"").decode("latin-1").split(";"):
        found, _, value = part.strip().partition("=")
        if found == wanted and value:
            return value
    return None


def set_cookie(name: str, value: str, *, seconds: int, secure: bool) -> tuple[bytes, bytes]:
    """Return the header that sets a cookie for some seconds; 0 clears it.

    No script can read it, and no page of another site has a session's sent. That of a sign-in comes back by a link of
    the identity provider.
    """
    same_site = "Lax" if name == LOGIN else "Strict"
    attributes = f"Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{'; Secure' if secure else ''}"
    return b"set-cookie", f"{_name(name, secure=secure)}={value}; {attributes}".encode("latin-1")


def _name(name: str, *, secure: bool) -> str:
    return f"{_SECURE}{name}" if secure else name
