"""The request of a client as the endpoints read it: its head, the wishes in it, and the headers of its reply."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.server.http.requests.request_log import RequestContext, context_of
from fieldstone.engine.server.rate_limits.limiter import Header
from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

_LISTS = frozenset({b"accept", b"accept-encoding", b"if-match", b"if-none-match", b"x-forwarded-for"})
_ONCE = {
    b"authorization": "A request has one Authorization header at most.",
    b"idempotency-key": "A request has one Idempotency-Key header at most.",
    b"x-fieldstone-role": "A request has one X-Fieldstone-Role header at most.",
    b"x-fieldstone-principal": "A request has one X-Fieldstone-Principal header at most.",
    b"x-fieldstone-workspace": "A request has one X-Fieldstone-Workspace header at most.",
}
_READ = _LISTS | {
    *_ONCE,
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"cookie",
    b"last-event-id",
    b"transfer-encoding",
    b"x-fieldstone-cost",
    b"x-fieldstone-explain",
    b"x-fieldstone-timing",
    b"x-fieldstone-timeout",
}
_LONGEST_TIMEOUT = 86_400_000


@frozen
class IncomingRequest:
    """A request of HTTP on its way through an endpoint.

    Attributes:
        scope: of ASGI.
        receive: returns the next message of its body.
        given: its headers, see `read_headers`.
        reply_headers: the headers that its reply has beside those of its content; each step adds its own.
    """

    scope: "Scope"
    receive: "Receive"
    given: dict[bytes, bytes]
    reply_headers: list[Header]

    @property
    def method(self) -> str:
        """Return the method, in capitals."""
        method: str = self.scope["method"]
        return method

    @property
    def query(self) -> bytes:
        """Return the query string, behind the question mark."""
        query: bytes = self.scope["query_string"]
        return query

    @property
    def context(self) -> RequestContext:
        """Return the facts of the request for its line in the log."""
        return context_of(self.scope)


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers that requests are read by; the parts of a list that was sent in several are joined.

    Raises:
        BadUserInput: there are several Authorization headers, of which a proxy may have checked another one than is
            used here; or several Idempotency-Keys.
    """
    given: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in given and name in _ONCE:
                raise BadUserInput(_ONCE[name])
            given[name] = given[name] + b"," + value if name in _LISTS and name in given else value
    return given


def read_timeout(given: Mapping[bytes, bytes]) -> int | None:
    """Return the milliseconds after which the client no longer waits for its answer; None where it does not say.

    Raises:
        BadUserInput: they are no whole number from 1 up.
    """
    sent = given.get(b"x-fieldstone-timeout")
    if sent is None:
        return None
    if not sent.isdigit() or not 0 < (milliseconds := int(sent[:20])) <= _LONGEST_TIMEOUT:
        raise BadUserInput(
            f"X-Fieldstone-Timeout must be a whole number of milliseconds from 1 to {_LONGEST_TIMEOUT}, such as 2000.",
            field="X-Fieldstone-Timeout",
        )
    return milliseconds
