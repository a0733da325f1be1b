"""An API whose slow operations are noted, off the fast path."""

import time
from typing import Any

from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.compiler import Call
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import MutationPlan, QueryPlan
from fieldstone.engine.slow_operations.seen import describe_slow, statement_of
from fieldstone.engine.slow_operations.watch import SlowOperations


class WatchedApi(GraphQLApi):
    """An API that notes the operations which take longer than a limit, from their plan to their answer.

    Args:
        slow: notes them; None: nothing does.
        parts: those of the API.
    """

    def __init__(self, *, slow: SlowOperations | None, **parts: Any) -> None:
        super().__init__(**parts)
        self._slow = slow

    async def _query(self, call: Call[QueryPlan], request: GraphQLRequest) -> Answer:
        begun = time.perf_counter()
        try:
            return await super()._query(call, request)
        finally:
            self._note(call, request, time.perf_counter() - begun)

    async def _mutation(self, call: Call[MutationPlan], request: GraphQLRequest) -> Answer:
        begun = time.perf_counter()
        try:
            return await super()._mutation(call, request)
        finally:
            self._note(call, request, time.perf_counter() - begun)

    def _note(self, call: Call[Any], request: GraphQLRequest, seconds: float) -> None:
        slow = self._slow
        if slow is None or seconds < slow.limit:
            return
        compiler, operation = self.compiler, call.operation
        plan = compiler.plans.find_plan(
            operation, compiler.shape(operation, call.variables, call.limits), call.snapshot
        )
        slow.note(
            describe_slow(
                call.principal,
                call.snapshot,
                request,
                operation,
                statement_of(plan),
                is_metadata=self.is_metadata,
            ),
            seconds,
        )
