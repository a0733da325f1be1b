"""The spans of operations, and of their validation and planning."""

from typing import Any

from opentelemetry.context import get_current
from opentelemetry.trace import get_current_span

from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.events.subscriptions.subscription import SubscriptionRequest
from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.compiler import Call, Compiler
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import AnyOperation, P
from fieldstone.engine.server.tracing.tracer import Attributes, Tracer
from fieldstone.engine.slow_operations.watched_api import WatchedApi
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal

_LONGEST_NAME = 100


class TracedApi(WatchedApi):
    """An API whose operations are spans: below the request that has them, or, over a socket, the first of a trace."""

    def __init__(self, tracer: Tracer, **parts: Any) -> None:
        super().__init__(**parts)
        self._tracer = tracer

    async def open(
        self, principal: Principal, request: GraphQLRequest, *, allow_mutation: bool
    ) -> Answer | AnySubscription:
        """Return the answer or the subscription."""
        with self._tracer.span(
            "operation", get_current(), attributes=describe_operation(principal, request.operation_name)
        ):
            opened = await super().open(principal, request, allow_mutation=allow_mutation)
            if isinstance(opened, Answer) and opened.errors:
                get_current_span().set_attribute("error.type", opened.errors[0].code)
            return opened

    async def subscribe(self, principal: Principal, operation: SubscriptionRequest) -> AnySubscription:
        """Return the subscription."""
        with self._tracer.span(
            "subscribe", get_current(), attributes=describe_operation(principal, operation.operation_name)
        ):
            return await super().subscribe(principal, operation)


class TracedCompiler(Compiler):
    """A compiler whose work is spans."""

    def __init__(self, tracer: Tracer, *parts: Any) -> None:
        super().__init__(*parts)
        self._tracer = tracer

    async def operation(self, key: OperationKey, snapshot: Snapshot, principal: Principal) -> AnyOperation:
        """Return the operation of a document."""
        with self._tracer.child("validate"):
            return await super().operation(key, snapshot, principal)

    async def plan(self, call: Call[P]) -> P:
        """Return the plan for an operation with these variables."""
        with self._tracer.child("compile"):
            return await super().plan(call)


def describe_operation(principal: Principal, name: str | None) -> Attributes:
    """Return the attributes of the span of an operation."""
    attributes = {"fieldstone.workspace": str(principal.workspace_id)}
    if name is not None:
        attributes["graphql.operation.name"] = name[:_LONGEST_NAME]
    return attributes
