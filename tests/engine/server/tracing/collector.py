"""A collector of traces on this machine: takes spans by OTLP over HTTP, and shows the trees that they are."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A span as it came."""

    name: str
    trace_id: str
    id: str
    parent_id: str
    kind: int
    is_error: bool
    attributes: dict[str, Any]
    service: str


@dataclass(slots=True)
class Collector:
    """The collector.

    Attributes:
        bodies: the requests as they came.
    """

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spans(self) -> list[Seen]:
        return [span for body in list(self.bodies) for span in _spans(body)]

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]

    def trees(self, trace_id: str) -> list[Any]:
        """Return the spans of a trace, each as its name and those below it, in the order of their names."""
        spans = [span for span in self.spans if span.trace_id == trace_id]
        known = {span.id for span in spans}

        def below(parent: str) -> list[Any]:
            return sorted((span.name, below(span.id)) for span in spans if span.parent_id == parent)

        return sorted((span.name, below(span.id)) for span in spans if span.parent_id not in known)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector for the length of the block."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf":
                collector.bodies.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _spans(body: bytes) -> Iterator[Seen]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    for resource in request.resource_spans:
        service = _attributes(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Seen(
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    kind=span.kind,
                    is_error=span.status.code == 2,
                    attributes=_attributes(span.attributes),
                    service=service,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
