"""The spans of HTTP requests: around a request on the ordinary path, behind its answer on the fast path."""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context

from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.connections.place import PLACE, Place
from fieldstone.engine.server.fast_path.forms import Form
from fieldstone.engine.server.fast_path.heads import Found
from fieldstone.engine.server.fast_path.passing_lines import PassingLines
from fieldstone.engine.server.fast_path.repeated_request import WarmPath
from fieldstone.engine.server.fast_path.warm_request import Client, WarmRequest
from fieldstone.engine.server.http.requests.request_log import SHOWN_PATH, Facts, context_of
from fieldstone.engine.server.tracing.database import describe_statements
from fieldstone.engine.server.tracing.operations import describe_operation
from fieldstone.engine.server.tracing.tracer import NO_PARENT, Tracer
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from starlette.types import ASGIApp, Receive, Scope, Send


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
    """A warm path that makes the spans of the requests which are sampled."""

    def __init__(self, tracer: Tracer, **parts: Any) -> None:
        # Other headers than these are a part of the head; by them a remembered one could belong to a trace.
        apart = {name.replace("_", "-").encode() for name in PassingLines._fields}
        super().__init__(**parts, elsewhere=tuple(tracer.fields - apart))
        self._tracer = tracer

    def find_warm(
        self, services: Services, found: Found, principal: Principal, client: Client, begun: float
    ) -> WarmRequest | None:
        """Return the request of a principal that has a slot, whose spans are made at its end if it is sampled."""
        begin_trace = self._sample(found[2], client)
        request = super().find_warm(services, found, principal, client, begun)
        if begin_trace is not None and request is not None:
            request.note = partial(self._note_traced, request, client, begin_trace, time.time_ns())
        return request

    def _sample(self, passing: PassingLines, client: Client) -> Callable[..., Span] | None:
        """Return the function that makes the first span of a request; None if it is not sampled."""
        tracer = self._tracer
        if passing.traceparent is not None:
            parent = self._read_parent(passing)
            continued = tracer.continues("POST", parent)
            if continued is not None:
                return partial(tracer.begin, parent=parent) if continued else None
        trace_id = tracer.make_trace_id()
        if not tracer.samples("POST", trace_id):
            return None
        client.reserve_trace(trace_id)
        return partial(tracer.begin, parent=NO_PARENT, trace_id=trace_id)

    def _note_traced(
        self,
        request: WarmRequest,
        client: Client,
        begin_trace: Callable[..., Span],
        sent: int,
        form: Form,
        context: Facts,
        seconds: float,
    ) -> None:
        """Log, count and trace a request that is over; `sent` is the time in ns at which its statement was sent."""
        client.reserve_trace(0)
        ready, end = request.ready, time.time_ns()
        start = end - round(seconds * 1e9)
        span = begin_trace(form.method, kind=SpanKind.SERVER, at=start)
        if span.is_recording():
            request.trace_id = f"{span.get_span_context().trace_id:032x}"
        shown = describe_operation(ready.route.seen.principal, ready.route.document.operation_name)
        operation = self._tracer.begin("operation", set_span_in_context(span, NO_PARENT), at=start, attributes=shown)
        statement = self._tracer.begin(
            "SQL transaction" if ready.run.writes else "SQL read",
            set_span_in_context(operation, NO_PARENT),
            kind=SpanKind.CLIENT,
            at=sent,
            attributes=describe_statements([ready.run.bound.statement]),
        )
        if request.error is not None:
            operation.set_attribute("error.type", request.error.code)
            statement.set_status(StatusCode.ERROR)
        statement.end(end)
        operation.end(end)
        _describe(span, form.method, form.path, context)
        span.end(end)
        self.note(form, context, seconds)

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


def _describe(span: Span, method: str, path: str, context: Facts) -> None:
    span.update_name(f"{method} {context.endpoint}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": context.endpoint,
            "url.path": path[:SHOWN_PATH],
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
