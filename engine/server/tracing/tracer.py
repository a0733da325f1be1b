"""Makes spans as the variables `OTEL_...` say: which are sampled, where they are sent.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

from opentelemetry import propagate
from opentelemetry.context import Context, get_current
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, TraceIdRatioBased
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, get_current_span, use_span
from opentelemetry.util.types import AttributeValue

from fieldstone.engine.settings import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.id_generator import IdGenerator

NO_PARENT: Final = Context()
"""The context of a span that begins a trace."""

Attributes = Mapping[str, AttributeValue]

_EXPORTER: Final = "OTEL_TRACES_EXPORTER"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP: Final = "http/protobuf"
_SAMPLED: Final = Decision.RECORD_AND_SAMPLE
_FLUSH: Final = 3.0
"""Seconds."""


class _Ids:
    """Ids at random, but for a trace whose id was made before its first span."""

    def __init__(self) -> None:
        self.reserved = 0

    def generate_trace_id(self) -> int:
        """Return the reserved id, or a new one."""
        return self.reserved or random.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        """Return a new id."""
        return random.getrandbits(64) or 1

    def is_trace_id_random(self) -> bool:
        """Return True: all bits are."""
        return True


class Tracer:
    """Makes the spans of an app, and sends them.

    Raises:
        ConfigurationError: a variable asks for something that the extra does not have.
    """

    def __init__(self) -> None:
        os.environ.setdefault("OTEL_SERVICE_NAME", "fieldstone")
        self._ids = _Ids()
        # The end of the process must not wait for a collector that is away: `flush` has a limit.
        self._provider = TracerProvider(id_generator=cast("IdGenerator", self._ids), shutdown_on_exit=False)
        exporter = _find_exporter()
        if exporter is not None:
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._sampler = self._provider.sampler
        self._bound = _find_bound(self._sampler)
        self._tracer = self._provider.get_tracer("fieldstone")

    @property
    def fields(self) -> set[bytes]:
        """The names of the headers by which traces are passed on."""
        return {name.lower().encode() for name in propagate.get_global_textmap().fields}

    def make_trace_id(self) -> int:
        """Return the id of a new trace."""
        return self._ids.generate_trace_id()

    def samples(self, name: str, trace_id: int) -> bool:
        """Return whether a trace that a request begins would be sampled; each request of the fast path asks it."""
        if self._bound is not None:
            return trace_id & TraceIdRatioBased.TRACE_ID_LIMIT < self._bound
        return self._sampler.should_sample(NO_PARENT, trace_id, name, SpanKind.SERVER).decision is _SAMPLED

    def continues(self, name: str, parent: Context) -> bool | None:
        """Return whether a trace of another process is sampled here, too; None if the context has none."""
        found = get_current_span(parent).get_span_context()
        if not found.is_valid:
            return None
        return self._sampler.should_sample(parent, found.trace_id, name, SpanKind.SERVER).decision is _SAMPLED

    def read_parent(self, headers: Mapping[str, str]) -> Context:
        """Return the context that a request's headers name, or that of the host application around it."""
        current = get_current()
        if get_current_span(current).get_span_context().is_valid:
            return current
        return propagate.extract(headers, context=NO_PARENT)

    def write_headers(self) -> dict[str, str]:
        """Return the headers that pass the current trace on."""
        headers: dict[str, str] = {}
        propagate.inject(headers)
        return headers

    def begin(
        self,
        name: str,
        parent: Context,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        trace_id: int = 0,
        attributes: Attributes | None = None,
        at: int | None = None,
    ) -> Span:
        """Return a span that its caller ends.

        Args:
            name: of the span.
            parent: the context that it stands below.
            kind: of the span.
            trace_id: that of a trace that it begins, 0 a new one.
            attributes: of the span.
            at: its begin in nanoseconds of the Unix time; None: now.
        """
        self._ids.reserved = trace_id
        try:
            return self._tracer.start_span(name, context=parent, kind=kind, attributes=attributes, start_time=at)
        finally:
            self._ids.reserved = 0

    @contextmanager
    def span(
        self,
        name: str,
        parent: Context,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        trace_id: int = 0,
        attributes: Attributes | None = None,
    ) -> Iterator[Span]:
        """Make a span that lasts as long as the block; `trace_id` is that of a trace that it begins, 0 a new one.

        An error that leaves the block is named by its class alone, as its message may hold values.
        """
        span = self.begin(name, parent, kind=kind, trace_id=trace_id, attributes=attributes)
        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    @contextmanager
    def child(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
    ) -> Iterator[Span]:
        """Make a span below the current one; none if that is not recorded."""
        if not get_current_span().is_recording():
            yield INVALID_SPAN
            return
        with self.span(name, get_current(), kind=kind, attributes=attributes) as span:
            yield span

    def flush(self) -> None:
        """Send the spans that have ended; wait three seconds at most."""
        flushing = threading.Thread(target=self._provider.force_flush, name="spans", daemon=True)
        flushing.start()
        flushing.join(_FLUSH)


def _find_bound(sampler: Sampler) -> int | None:
    """Return the bound of the ids that a sampler of a part of all traces takes; None for another sampler."""
    # The sampler of traces without a parent, which `ParentBased` has no public name for.
    root = getattr(sampler, "_root", sampler)
    return root.bound if isinstance(root, TraceIdRatioBased) else None


def _find_exporter() -> SpanExporter | None:
    wanted = os.environ.get(_EXPORTER, "").strip() or "otlp"
    match wanted:
        case "none":
            return None
        case "console":
            return ConsoleSpanExporter()
        case "otlp":
            protocol = next((value for name in _PROTOCOLS if (value := os.environ.get(name))), _HTTP)
            if protocol != _HTTP:
                raise ConfigurationError(f"{_PROTOCOLS[1]} is {protocol}, but traces are sent by {_HTTP} only.")
            return OTLPSpanExporter()
        case _:
            raise ConfigurationError(f"{_EXPORTER} is {wanted}, but it must be otlp, console or none.")
