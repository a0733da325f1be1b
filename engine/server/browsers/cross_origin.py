"""Requests that a page of another site has its visitor's browser send.

A browser sends such a request with the cookies of its visitor. It sends a *simple* request at once, and asks by a
preflight before any other one; the answer to a preflight lets listed origins in. So an operation is taken only from a
request that is not simple, and a cookie only from a page of this origin or a listed one.

https://fetch.spec.whatwg.org/#cors-safelisted-request-header
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from fieldstone.engine.errors import Forbidden

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EXPOSED_HEADERS = (
    "ETag",
    "X-Request-Id",
    "X-Fieldstone-Token",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
)
_TEN_MINUTES = 600

_PREFLIGHTED = frozenset(
    {
        b"apollo-require-preflight",
        b"x-apollo-operation-name",
        b"x-graphql-yoga-csrf",
        b"x-requested-with",
    }
)
"""Headers with which a request is not simple: clients of the Apollo family send the next two by themselves."""

_OURS = b"x-fieldstone-"


def require_preflight(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a request that a page of another site could have sent without a preflight.

    A POST needs none of this: its body must be JSON, which is never simple.

    Raises:
        Forbidden: the request is simple, and its browser does not say that a page of this origin has sent it.
    """
    for name, value in headers:
        # A browser adds Basic credentials by itself, and never a Bearer token.
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return
        if value and (name in _PREFLIGHTED or name.startswith(_OURS)):
            return
        if name == b"content-type" and value.partition(b";")[0].strip().lower() == b"application/json":
            return
        if name == b"sec-fetch-site" and value == b"same-origin":
            return
    raise Forbidden(
        "A page of another site could have sent this request: add the header 'Apollo-Require-Preflight: true' or"
        " 'Content-Type: application/json'."
    )


def drop_foreign_cookies(scope: "Scope", trusted: Sequence[str]) -> None:
    """Remove the cookies of a request or a handshake that another site has caused.

    A link keeps the cookies of its reader: a navigation by GET runs no operation, and a sign-in ends with one.

    Args:
        scope: of ASGI; the list of its headers is replaced.
        trusted: the origins whose pages may send cookies.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if any(name == b"cookie" for name, _ in headers) and is_foreign(scope, dict(headers), trusted):
        scope["headers"] = [header for header in headers if header[0] != b"cookie"]


def is_foreign(scope: "Scope", given: Mapping[bytes, bytes], trusted: Sequence[str]) -> bool:
    """Return whether a browser says that a page of another site has caused a request, other than by a link."""
    origin, site = given.get(b"origin"), given.get(b"sec-fetch-site")
    # Browsers set this header themselves, and no script can.
    if site in {b"same-origin", b"none"}:
        return False
    if origin is not None:
        name = origin.decode("latin-1")
        return name not in trusted and _host(name) != given.get(b"host", b"").decode("latin-1").lower()
    is_link = given.get(b"sec-fetch-mode") == b"navigate" and scope.get("method") == "GET"
    return site is not None and not is_link


def _host(origin: str) -> str | None:
    """Return the host of an origin, with its port where that is not the scheme's, as a Host header has it."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    is_default = (parts.scheme, port) in {("http", 80), ("https", 443)}
    return parts.netloc.removesuffix(f":{port}") if is_default else parts.netloc


class CrossOrigin:
    """CORS, which only a request with an Origin header has to pass through.

    Args:
        app: the inner app.
        origins: those that browsers may call from; `("*",)` is all.
        credentials: True if pages of these origins may send cookies.
    """

    def __init__(self, app: "ASGIApp", origins: tuple[str, ...], *, credentials: bool) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"),
            allow_headers=("*",),
            allow_credentials=credentials,
            expose_headers=_EXPOSED_HEADERS,
            max_age=_TEN_MINUTES,
        )

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on, or answer a preflight."""
        has_origin = any(name == b"origin" for name, _ in scope["headers"])
        await (self._cors if has_origin else self._app)(scope, receive, send)

    def answer_lines(self, origin: bytes) -> bytes:
        """Return the lines of headers that it adds to each answer to a request of this origin."""
        kept: list[Message] = []

        async def keep(message: "Message") -> None:
            kept.append(message)

        start: Message = {"type": "http.response.start", "status": 200, "headers": []}
        given = Headers({"origin": origin.decode("latin-1")})
        # It awaits nothing but `keep`, and so ends at once.
        with contextlib.suppress(StopIteration):
            self._cors.send(start, keep, given).send(None)
        return b"".join(b"%b: %b\r\n" % header for header in kept[0]["headers"])
