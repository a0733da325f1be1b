"""The spans of deliveries: of events to subscribers, and of events to webhooks."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from opentelemetry.trace import SpanKind, StatusCode

from fieldstone.engine.events.delivery.work import G
from fieldstone.engine.server.tracing.tracer import NO_PARENT, Tracer
from fieldstone.engine.webhooks.sending.sender import Outcome, Sender
from fieldstone.metadata.catalog.webhooks import WebhookTarget


class TracedSteps:
    """Wraps the steps in which events are delivered: each is the first span of a trace."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, name: str, step: Callable[[G], Awaitable[None]]) -> Callable[[G], Awaitable[None]]:
        """Return the step of a group's work as a span."""

        async def traced(group: G) -> None:
            key = getattr(group, "key", None)
            attributes = {"fieldstone.work": name, "fieldstone.workspace": str(getattr(key, "workspace_id", ""))}
            with self._tracer.span("deliver events", NO_PARENT, kind=SpanKind.CONSUMER, attributes=attributes):
                await step(group)

        return traced


class TracedSender(Sender):
    """A sender whose requests are spans, and have their place in the trace in their head."""

    def __init__(self, tracer: Tracer, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self._tracer = tracer

    async def send(self, target: WebhookTarget, *, delivery_id: UUID, event: str, body: bytes) -> Outcome:
        """Post a body."""
        attributes = {
            "http.request.method": "POST",
            "server.address": urlsplit(target.url).hostname or "",
            "fieldstone.delivery": str(delivery_id),
            "fieldstone.event": event,
        }
        with self._tracer.span("webhook", NO_PARENT, kind=SpanKind.CLIENT, attributes=attributes) as span:
            outcome = await super().send(target, delivery_id=delivery_id, event=event, body=body)
            if outcome.status is not None:
                span.set_attribute("http.response.status_code", outcome.status)
            if outcome.error is not None:
                span.set_status(StatusCode.ERROR)
            return outcome

    def further_headers(self) -> dict[str, str]:
        """Return the headers that pass the trace on."""
        return self._tracer.write_headers()
