"""The cookies of a browser: their reading, and the lines that set and clear them.

Several apps may be mounted in one origin: each has cookies of its own.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

SESSION: Final = "fieldstone_session"
LOGIN: Final = "fieldstone_login"

_SECURE = "__Host-"
"""The beginning of a cookie that no other host and no plain connection can set: RFC 6265bis, 4.1.3.2."""


def read_cookie(given: Mapping[bytes, bytes], name: str, *, secure: bool, mount: str) -> str | None:
    """Return the value of a cookie of ours; None where there is none.

    Args:
        given: the headers of a request.
        name: one of the names of this module.
        secure: whether browsers reach this server by TLS.
        mount: the path that the app is mounted at.
    """
    wanted = _name(name, secure=secure, mount=mount)
    # The cookie of the longest path comes first: RFC 6265, 5.4.
    for part in given.get(b"cookie", b"").decode("latin-1").split(";"):
        found, _, value = part.strip().partition("=")
        if found == wanted and value:
            return value
    return None


def set_cookie(name: str, value: str, *, seconds: int, secure: bool, mount: str) -> tuple[bytes, bytes]:
    """Return the header that sets a cookie for some seconds; 0 clears it.

    No script can read it, and no page of another site has a session's sent. That of a sign-in comes back by a link of
    the identity provider.
    """
    same_site = "Lax" if name == LOGIN else "Strict"
    # A cookie with the prefix is one of all paths, so its name tells it apart.
    path = "/" if secure or not mount else mount
    attributes = f"Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{'; Secure' if secure else ''}"
    return b"set-cookie", f"{_name(name, secure=secure, mount=mount)}={value}; {attributes}".encode("latin-1")


def _name(name: str, *, secure: bool, mount: str) -> str:
    if not secure:
        return name
    return f"{_SECURE}{name}_{sha256(mount.encode()).hexdigest()[:8]}" if mount else f"{_SECURE}{name}"
