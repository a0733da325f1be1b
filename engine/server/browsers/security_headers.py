"""The security headers of every answer.

https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
"""

from collections.abc import Awaitable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""The headers of an answer that is data; a page has a Content-Security-Policy of its own.

An answer depends on the key, the role and the moment: a cache between us would give it to another client.
"""

KEPT = (b"cache-control", b"private, no-cache")
"""A browser may keep the answer, and asks each time by its entity tag whether it is still the same."""

SECURITY_LINES = b"".join(b"%b: %b\r\n" % header for header in SECURITY_HEADERS)
"""The security headers as lines, for the answers that no ASGI message carries."""

KEPT_LINES = b"".join(b"%b: %b\r\n" % header for header in (*SECURITY_HEADERS[:-1], KEPT))
"""The lines of an answer that a browser may keep."""


class SecurityHeaders:
    """Adds the security headers that an answer does not set itself."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on."""

        def guarded_send(message: "Message") -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                # A page sets a policy, and an answer with an entity tag its rule for caches.
                names = {name.lower() for name, _ in headers}
                headers += (header for header in SECURITY_HEADERS if header[0] not in names)
                message = {**message, "headers": headers}
            return send(message)

        await self._app(scope, receive, guarded_send)
