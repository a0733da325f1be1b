"""The spans of HTTP requests, on the ordinary path: the fast path sends it the requests that are sampled."""

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span, SpanKind, StatusCode

from fieldstone.engine.server.connections.place import PLACE, Place
from fieldstone.engine.server.fast_path.heads import Found
from fieldstone.engine.server.fast_path.passing_lines import PassingLines
from fieldstone.engine.server.fast_path.repeated_request import AnyRequest, WarmPath
from fieldstone.engine.server.fast_path.warm_request import Client
from fieldstone.engine.server.http.requests.request_log import RequestContext, context_of
from fieldstone.engine.server.tracing.tracer import Tracer

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from starlette.types import ASGIApp, Receive, Scope, Send

_SHOWN_PATH = 200


class TracedRequests:
    """Makes a span of each request."""

    def __init__(self, tracer: Tracer, app: "ASGIApp") -> None:
        self._tracer = tracer
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on."""
        context, method = context_of(scope), scope["method"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        parent = self._tracer.read_parent(headers)
        with self._tracer.span(method, parent, kind=SpanKind.SERVER, trace_id=_take_trace_id(scope)) as span:
            if not span.is_recording():
                await self._app(scope, receive, send)
                return
            context.trace_id = f"{span.get_span_context().trace_id:032x}"
            try:
                await self._app(scope, receive, send)
            finally:
                _describe(span, method, scope["path"], context)


class TracedPath(WarmPath):
    """A warm path that sends the requests which are sampled to the ordinary path."""

    def __init__(self, tracer: Tracer, **parts: Any) -> None:
        # Other headers than these are a part of the head; by them a remembered one could belong to a trace.
        apart = {name.replace("_", "-").encode() for name in PassingLines._fields}
        super().__init__(**parts, elsewhere=tuple(tracer.fields - apart))
        self._tracer = tracer

    def find_request(self, found: Found, client: Client) -> "AnyRequest | None":
        """Return the request if it is not sampled."""
        if self._is_sampled(found.passing, client):
            return None
        return super().find_request(found, client)

    def _is_sampled(self, passing: PassingLines, client: Client) -> bool:
        tracer = self._tracer
        if passing.traceparent is not None:
            continued = tracer.continues("POST", self._read_parent(passing))
            if continued is not None:
                return continued
        trace_id = tracer.make_trace_id()
        if not tracer.samples("POST", trace_id):
            return False
        client.reserve_trace(trace_id)
        return True

    def _read_parent(self, passing: PassingLines) -> "Context":
        named = {"traceparent": passing.traceparent, "tracestate": passing.tracestate}
        return self._tracer.read_parent({name: value.decode() for name, value in named.items() if value is not None})


def _take_trace_id(scope: "Scope") -> int:
    """Return the id of the trace that the fast path has decided to begin, 0 if it has not, and forget it."""
    place = scope.get("state", {}).get(PLACE)
    if not isinstance(place, Place):
        return 0
    trace_id, place.trace_id = place.trace_id, 0
    return trace_id


def _describe(span: Span, method: str, path: str, context: RequestContext) -> None:
    span.update_name(f"{method} {context.endpoint}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": context.endpoint,
            "url.path": path[:_SHOWN_PATH],
            "fieldstone.request_id": context.id,
            "fieldstone.operations": context.operations,
        }
    )
    if context.status:
        span.set_attribute("http.response.status_code", context.status)
    if context.principal is not None:
        span.set_attribute("fieldstone.workspace", str(context.principal.workspace_id))
        span.set_attribute("fieldstone.key", str(context.principal.subject_id))
    if context.error_id is not None:
        span.set_attribute("fieldstone.error_id", context.error_id)
    if context.status >= 500:
        span.set_status(StatusCode.ERROR)
