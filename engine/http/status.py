"""The small pages beside the APIs: is it alive, is it ready, how is it doing, and what is where."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from engine.errors import MethodNotAllowed
from engine.errors import NotFound as NotFoundError
from engine.http.exchange import exchange_of
from engine.http.replies import TEXT, Reply, build_error_reply, send_reply
from engine.metrics import MEDIA_TYPE, Metrics
from engine.runtime import Runtime

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_FRESH = (b"cache-control", b"no-store")

_INDEX = b"""Fieldstone

/graphql   the records of a workspace (GraphQL)
/metadata  its objects and fields (GraphQL)
/healthz   /readyz   /metrics

Send the API key in the header: Authorization: Bearer KEY
"""


class Page(ABC):
    """An ASGI app that answers GET and HEAD."""

    endpoint: ClassVar[str]

    async def __call__(self, scope: "Scope", _receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        exchange_of(scope).endpoint = self.endpoint
        method = scope["method"]
        if method in {"GET", "HEAD"}:
            reply = self.reply()
        elif method == "OPTIONS":
            reply = Reply(status=200, body=b"", media_type=TEXT, headers=[_ALLOW])
        else:
            reply = build_error_reply(MethodNotAllowed(f"The method {method} is not allowed here: send a GET."))
            reply.headers.append(_ALLOW)
        await send_reply(send, reply, head=method == "HEAD")

    @abstractmethod
    def reply(self) -> Reply:
        """Return the response."""


class Index(Page):
    """Says what is where."""

    endpoint = "/"

    def reply(self) -> Reply:
        """Return a few lines of text."""
        return Reply(status=200, body=_INDEX, media_type=TEXT)


class Health(Page):
    """Answers as long as the process does."""

    endpoint = "/healthz"

    def reply(self) -> Reply:
        """Return 200."""
        return Reply(status=200, body=b'{"status":"ok"}', headers=[_FRESH])


class Readiness(Page):
    """Says whether operations can be served."""

    endpoint = "/readyz"

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def reply(self) -> Reply:
        """Return 200 when database, migrations and sample data are there, 503 until then."""
        if self._runtime.services is None:
            return Reply(status=503, body=b'{"status":"starting"}', headers=[_FRESH, (b"retry-after", b"1")])
        return Reply(status=200, body=b'{"status":"ready"}', headers=[_FRESH])


class MetricsPage(Page):
    """What Prometheus collects."""

    endpoint = "/metrics"

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def reply(self) -> Reply:
        """Return all measurements as text."""
        return Reply(status=200, body=self._metrics.render(), media_type=MEDIA_TYPE, headers=[_FRESH])


class NotFound:
    """An ASGI app for every other address."""

    async def __call__(self, scope: "Scope", _receive: "Receive", send: "Send") -> None:
        """Answer 404 with a GraphQL error, whatever was asked."""
        if scope["type"] != "http":
            return
        error = NotFoundError("There is nothing at this address; the APIs are at /graphql and /metadata.")
        await send_reply(send, build_error_reply(error), head=scope["method"] == "HEAD")
