"""The cold path: what of an operation is not at hand is made and kept, the heavy part of it in the work thread.

All that is kept is found and kept on the event loop.
"""

from collections.abc import AsyncGenerator, Callable, Hashable
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

from graphql import GraphQLSchema

from fieldstone.engine.documents.document import check_length
from fieldstone.engine.errors import ApiError, BadUserInput, ParseFailed, QueryTooComplex, ServiceUnavailable
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.cost import Meter
from fieldstone.engine.request.compile import (
    Limits,
    is_heavy_text,
    is_wide,
    make_forgiving_plan,
    make_plan,
    prepare_operation,
    prepare_text,
)
from fieldstone.engine.request.plan_cache import (
    DocumentKey,
    KeptPlan,
    Plan,
    PlanCache,
    Prepared,
    QueryPlan,
    keep_valid,
)
from fieldstone.engine.request.refusals import InvalidDocument, Refusals
from fieldstone.engine.request.shape import shape_of
from fieldstone.engine.request.variables import Variables, coerce_variables
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces.api_keys import Principal

LARGEST_CONSTANT = 1_000_000
"""Bytes of an answer that is kept as it is: the schema of a workspace of some twenty objects."""

LONGEST_SAMPLE = 2_000
"""Characters of the variables that are kept with a plan, to make it again."""
RENEWED_SHAPES = 4
"""Plans of one document that are made again when the model has changed."""

T = TypeVar("T")


class Call(NamedTuple):
    """One operation that is about to be executed.

    Attributes:
        meter: is told what a mutation costs.
        is_large: whether its variables are so large that to look through them takes long.
    """

    principal: Principal
    snapshot: Snapshot
    schema: GraphQLSchema
    prepared: Prepared
    variables: Variables
    meter: Meter
    is_large: bool

    @property
    def bindings(self) -> Bindings:
        """What its statements' parameters are read from."""
        return Bindings(variables=self.variables, actor=self.principal.key_name)


class ColdPath:
    """Prepares the documents of one API, and plans their operations.

    Args:
        plans: prepared documents and their plans.
        limits: what a request may ask for.
        work: the work thread.
    """

    def __init__(self, plans: PlanCache, limits: Limits, work: WorkThread) -> None:
        self.plans = plans
        self.limits = limits
        self._work = work
        self._refusals = Refusals()

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        self.plans.forget(workspace_id)
        self._refusals.forget(workspace_id)

    async def run(self, snapshot: Snapshot, call: Callable[[], T], *, is_heavy: bool, key: Hashable = None) -> T:
        """Return what a call for a workspace returns; it runs in the work thread if it is heavy.

        Raises:
            ServiceUnavailable: too many heavy ones of the workspace wait.
        """
        return await self._work.run(snapshot.workspace.id, call, key=key) if is_heavy else call()

    async def prepare(self, key: DocumentKey, snapshot: Snapshot, schema: GraphQLSchema) -> Prepared:
        """Return the document prepared for this snapshot, from the cache where it is there.

        Raises:
            ApiError: it cannot be parsed, is past a limit, or has no such operation.
            InvalidDocument: it does not fit the schema.
        """
        check_length(key.text)
        prepared = self.plans.find_document(key, snapshot)
        if prepared is not None:
            return prepared
        if (refusal := self._refusals.find(key, snapshot)) is not None:
            raise refusal
        make = partial(prepare_text, key, snapshot, schema, self.limits.document)
        is_heavy = is_heavy_text(key.text) or is_wide(schema)
        try:
            prepared = await self.run(snapshot, make, is_heavy=is_heavy, key=(self, key, id(schema)))
        except (InvalidDocument, ParseFailed, QueryTooComplex, BadUserInput) as error:
            self._refusals.keep(key, snapshot, error)
            raise
        self.plans.keep_document(key, prepared)
        return prepared

    async def read_variables(
        self, prepared: Prepared, snapshot: Snapshot, schema: GraphQLSchema, given: Variables, *, is_large: bool
    ) -> Variables:
        """Return the values of an operation's variables.

        Raises:
            BadUserInput: a value is not of its type.
            QueryTooComplex: it is nested too deeply.
        """
        depth = self.limits.document.depth
        read = partial(coerce_variables, schema, prepared.declarations, given, depth=depth)
        return await self.run(snapshot, read, is_heavy=is_large)

    async def plan(self, call: Call) -> Plan:
        """Return the plan for an operation with these variables, from the cache where it is there.

        Raises:
            ApiError: an argument is refused.
        """
        _, snapshot, schema, prepared, variables, _, is_large = call
        shape = await self.run(snapshot, partial(shape_of, prepared.usages, variables), is_heavy=is_large)
        if found := self.plans.find_plan(prepared, shape, snapshot):
            return found
        self.plans.counters.misses += 1
        make = partial(make_plan, prepared.operation, snapshot, schema, self.limits, variables)
        is_heavy = is_large or prepared.is_heavy
        made = await self.run(snapshot, make, is_heavy=is_heavy, key=(self, id(prepared), id(schema), shape))
        if not (isinstance(made, QueryPlan) and len(made.constant) > LARGEST_CONSTANT):
            self.plans.keep_plan(prepared, shape, made, snapshot, None if is_large else _sample(variables))
        return made

    async def plan_query(self, call: Call) -> tuple[QueryPlan, list[bytes | None]]:
        """Return a query's plan and its statement's parameters for a request.

        Where an argument is refused the plan is made for this request alone, so that its other fields answer.

        Raises:
            QueryTooComplex: it costs more than is allowed.
            ServiceUnavailable: too many heavy requests of the workspace wait.
        """
        try:
            planned = await self.plan(call)
            if not isinstance(planned, QueryPlan):
                msg = "a query has a query's plan"
                raise TypeError(msg)
            bind = partial(planned.bind, call.bindings)
            return planned, await self.run(call.snapshot, bind, is_heavy=call.is_large)
        except (QueryTooComplex, ServiceUnavailable):
            raise
        except ApiError:
            operation, is_heavy = call.prepared.operation, call.is_large or call.prepared.is_heavy
            make = partial(make_forgiving_plan, operation, call.snapshot, call.schema, self.limits, call.bindings)
            return await self.run(call.snapshot, make, is_heavy=is_heavy)

    async def renew(
        self, key: DocumentKey, touched: Prepared, snapshot: Snapshot, schema: GraphQLSchema
    ) -> AsyncGenerator[None]:
        """Prepare again what a change of the model touched, with its hottest plans; drop what is valid no more.

        Yields between its parts, so that others can be served: a light document takes some three milliseconds, a plan
        one.
        """
        if keep_valid(touched, snapshot):
            for kept in self.plans.drop_plans(touched, snapshot)[-RENEWED_SHAPES:]:
                self.plans.counters.renewals += await self._renew_plan(touched, kept, snapshot, schema)
                yield
            return
        is_heavy = touched.is_heavy or is_wide(schema)
        make = partial(prepare_operation, touched.operation, snapshot, schema, is_heavy=touched.is_heavy)
        try:
            renewed = await self.run(snapshot, make, is_heavy=is_heavy)
        except InvalidDocument:
            # Whoever asks for it again is told why.
            self.plans.replace(key, touched, None)
            return
        if not renewed.is_introspection:
            for kept in reversed([*touched.plans.values()][-RENEWED_SHAPES:]):
                yield
                await self._renew_plan(renewed, kept, snapshot, schema)
        self.plans.replace(key, touched, renewed)

    async def _renew_plan(self, renewed: Prepared, kept: KeptPlan, snapshot: Snapshot, schema: GraphQLSchema) -> bool:
        """Make a plan again, and return whether it could be."""
        if kept.sample is None:
            return False
        try:
            variables = coerce_variables(schema, renewed.declarations, kept.sample, depth=self.limits.document.depth)
            make = partial(make_plan, renewed.operation, snapshot, schema, self.limits, variables)
            made = await self.run(snapshot, make, is_heavy=renewed.is_heavy)
        except ApiError:
            return False  # they are of another type by now: no request of this shape gets as far as its plan
        self.plans.keep_plan(renewed, shape_of(renewed.usages, variables), made, snapshot, kept.sample)
        return True


def _sample(variables: Variables) -> Variables | None:
    """Return the variables, if they are short enough to be kept."""
    return variables if len(dumps(variables)) <= LONGEST_SAMPLE else None
