"""The compiler of an API: finds valid operations and their plans, or makes and keeps them.

The heavy part is made in the work thread; all that is kept is found and kept on the event loop.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from graphql import GraphQLSchema

from fieldstone.engine.access.compile_share import CompileShare, Turn
from fieldstone.engine.documents.document import check_length
from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import ApiError, BadUserInput, ParseFailed, QueryTooComplex, ServiceUnavailable, Timeout
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.request.compile import (
    Limits,
    is_heavy_text,
    is_wide,
    plan_forgivingly,
    plan_operation,
    validate_text,
)
from fieldstone.engine.request.idempotency.companion import Companion
from fieldstone.engine.request.plan_cache import OperationKey, PlanCache
from fieldstone.engine.request.refusals import InvalidDocument, Refusals
from fieldstone.engine.request.shape import is_wide_shape, shape_of
from fieldstone.engine.request.valid_operation import (
    AnyOperation,
    MutationPlan,
    P,
    P_co,
    Plan,
    PreparedMutation,
    QueryPlan,
    Sample,
    ValidOperation,
)
from fieldstone.engine.request.variables import Variables, coerce_variables
from fieldstone.engine.schema.cache import SchemaCache
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import NO_LIMITS, RoleLimits

LARGEST_CONSTANT = 1_000_000
"""Bytes of an answer that is kept as it is: the schema of a workspace of some twenty objects."""

LONGEST_SAMPLE = 2_000
"""Characters of the variables that are kept with a plan, to make it again."""
MOST_LIMITS = 1_000
"""Different limits of roles that are kept."""

T = TypeVar("T")

_IS_PATIENT: Final[ContextVar[bool]] = ContextVar("is_patient", default=False)


@contextmanager
def waiting_patiently() -> Iterator[None]:
    """Have no call within the block be refused because it would wait too long: no client waits for it."""
    token = _IS_PATIENT.set(True)
    try:
        yield
    finally:
        _IS_PATIENT.reset(token)


class Call(NamedTuple, Generic[P_co]):
    """One operation that is about to be executed.

    Attributes:
        key: the one that the operation was found by.
        meter: adds the costs of a mutation.
        is_large: whether its variables are so large that to look through them takes long.
        is_trial: whether its transaction is rolled back.
        keeping: runs statements in the transaction of a mutation.
        claims: the principal's values, of the types that its role declares.
        limits: those of its role.
        prepared: the mutation, if it is ready to be run.
    """

    principal: Principal
    snapshot: Snapshot
    key: OperationKey
    operation: ValidOperation[P_co]
    variables: Variables
    meter: Meter
    is_large: bool
    is_trial: bool = False
    keeping: Companion | None = None
    claims: Mapping[str, JsonValue] = MappingProxyType({})
    limits: RoleLimits = NO_LIMITS
    prepared: PreparedMutation | None = None

    @property
    def bindings(self) -> Bindings:
        """The source of its statements' parameters."""
        role = "" if self.snapshot.role is None else self.snapshot.role.name
        return Bindings(variables=self.variables, actor=self.principal.actor, claims=self.claims, role=role)


class Compiler:
    """Validates and plans the operations of one API.

    Args:
        build_schema: makes the schema of a snapshot.
        limits: those of a request.
        work: the work thread.
        share: bounds the time in which it compiles the documents of one workspace; by default nothing does.
    """

    def __init__(
        self,
        build_schema: Callable[[Snapshot], GraphQLSchema],
        limits: Limits,
        work: WorkThread,
        share: CompileShare | None = None,
    ) -> None:
        self.limits = limits
        self.plans = PlanCache(limits.cached_documents)
        self.schemas = SchemaCache(build_schema)
        self._work = work
        self._share = CompileShare() if share is None else share
        self._recent = RecentOperations(limits.document)
        self._limits: dict[RoleLimits, Limits] = {}
        self._refusals = Refusals()

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        self.plans.forget(workspace_id)
        self.schemas.forget(workspace_id)
        self._refusals.forget(workspace_id)

    async def run(self, snapshot: Snapshot, call: Callable[[], T], *, is_heavy: bool, key: Hashable = None) -> T:
        """Return the result of a call for an operation; it runs in the work thread, as the next one, if it is heavy.

        Raises:
            ServiceUnavailable: too many heavy ones of the workspace wait.
        """
        return await self._work.run(snapshot.workspace.id, call, key=key, is_next=True) if is_heavy else call()

    async def run_first(self, workspace_id: UUID, call: Callable[[], T], *, is_heavy: bool, key: Hashable = None) -> T:
        """Return the result of the first call for an operation.

        Raises:
            Overloaded: it is heavy, and would wait too long for a client.
            ServiceUnavailable: too many heavy ones of the workspace wait.
        """
        if not is_heavy:
            return call()
        return await self._work.run(workspace_id, call, key=key, is_first=not _IS_PATIENT.get())

    async def operation(self, key: OperationKey, snapshot: Snapshot, principal: Principal) -> AnyOperation:
        """Return the operation of a document, valid under this snapshot, from the cache where it is there.

        Raises:
            ApiError: it cannot be parsed, is past a limit, has no such operation, or would wait too long.
            InvalidDocument: it does not fit the schema.
        """
        check_length(key.text)
        if (found := self._find_operation(key, snapshot)) is not None:
            return found
        async with self._share.turn(principal, is_free=key in self.plans) as turn:
            if turn.has_waited and (found := self._find_operation(key, snapshot)) is not None:
                return found
            schema = self.schemas.get(snapshot)
            make = partial(turn.run, self.validating(key, snapshot))
            same = (self, key, id(schema))
            try:
                if is_heavy_text(key.text) or is_wide(schema):
                    operation = await self.run_first(snapshot.workspace.id, make, is_heavy=True, key=same)
                else:
                    operation = await self.run(snapshot, make, is_heavy=turn.is_beside_others, key=same)
            except (InvalidDocument, ParseFailed, QueryTooComplex, BadUserInput) as error:
                self._refusals.keep(key, snapshot, error)
                if key in self.plans:
                    self.plans.drop(key)
                raise
            self.plans.keep_operation(key, operation)
            return operation

    def validating(self, key: OperationKey, snapshot: Snapshot) -> Callable[[], AnyOperation]:
        """Return the call that makes the operation of a document under a snapshot."""
        return partial(validate_text, key, snapshot, self.schemas.get(snapshot), self._recent)

    def _find_operation(self, key: OperationKey, snapshot: Snapshot) -> AnyOperation | None:
        """Return the operation of a document from the cache, or raise the error that it was refused with."""
        found = self.plans.find_operation(key, snapshot) or self.plans.share_operation(key, snapshot)
        if found is None and (refusal := self._refusals.find(key, snapshot)) is not None:
            raise refusal
        return found

    def limits_of(self, role: RoleLimits) -> Limits:
        """Return the limits of the requests of a role: those of the server, or smaller ones of the role."""
        if role.page is None and role.cost is None:
            return self.limits
        found = self._limits.get(role)
        if found is None:
            if len(self._limits) >= MOST_LIMITS:
                self._limits.clear()
            found = self._limits[role] = replace(self.limits, records=limited(self.limits.records, role))
        return found

    def shape(self, operation: ValidOperation[Plan], variables: Variables, role: RoleLimits) -> Hashable:
        """Return the key of an operation's plan for these variables; plans under a role's limits have their own."""
        shape = shape_of(operation.usages, variables)
        if role is NO_LIMITS or (limits := self.limits_of(role)) is self.limits:
            return shape
        return shape, limits.records

    def coerce(self, operation: ValidOperation[Plan], given: Variables, schema: GraphQLSchema) -> Variables:
        """Return the values of an operation's variables.

        Raises:
            BadUserInput: a value is not of its type.
            QueryTooComplex: it is nested too deeply.
        """
        limits = self.limits.document
        with Suggesting(allowed=limits.introspection):
            return coerce_variables(schema, operation.declarations, given, depth=limits.depth)

    async def plan(self, call: Call[P]) -> P:
        """Return the plan for an operation with these variables, from the cache where it is there.

        Raises:
            ApiError: an argument is refused.
            QueryTooComplex: it is past a limit, which its shape decides: it is planned again after a minute at soonest.
            Overloaded: it would wait too long.
            Timeout: the client's time is up.
        """
        make_shape = partial(self.shape, call.operation, call.variables, call.limits)
        shape = await self.run(call.snapshot, make_shape, is_heavy=call.is_large)
        if found := self._find_plan(call, shape):
            return found
        is_touched = shape in call.operation.touched
        async with self._share.turn(call.principal, is_next=True, is_free=is_touched) as turn:
            if turn.has_waited and (found := self._find_plan(call, shape)):
                return found
            if is_touched:
                call.operation.touched -= {shape}
            return await self._make_plan(call, shape, turn)

    def _find_plan(self, call: Call[P], shape: Hashable) -> P | None:
        """Return the plan of a shape from the cache, or raise the error that it was refused with."""
        snapshot, document = call.snapshot, call.key
        if found := self.plans.find_plan(call.operation, shape, snapshot):
            return found
        if shared := self.plans.share_plan(document, call.operation, shape, snapshot):
            return shared
        # The shape of large variables is large itself: it would be written out on the event loop.
        if not call.is_large:
            for kept in (shape, _tried(shape, call.variables)):
                if (refusal := self._refusals.find(document, snapshot, shape=kept)) is not None:
                    raise refusal
        return None

    async def _make_plan(self, call: Call[P], shape: Hashable, turn: Turn) -> P:
        snapshot, operation, variables, is_large = call.snapshot, call.operation, call.variables, call.is_large
        self.plans.counters.misses += 1
        schema = self.schemas.get(snapshot)
        limits = self.limits_of(call.limits)
        plan = partial(plan_operation, operation, snapshot, schema, limits, variables)
        make = partial(turn.run, plan)
        is_heavy = turn.is_beside_others or _is_heavy(call, shape)
        try:
            made: P = await self.run(snapshot, make, is_heavy=is_heavy, key=(self, id(operation), id(schema), shape))
        except QueryTooComplex as error:
            if not is_large:
                self._refusals.keep(call.key, snapshot, error, shape=shape)
            raise
        self.plans.counters.count_unserved(made.depends.unserved)
        if not (isinstance(made, QueryPlan) and len(made.constant) > LARGEST_CONSTANT):
            self.plans.keep_plan(operation, shape, made, _sample(call))
            # An answer that no statement gives is read from the document each time.
            is_read_again = operation.is_introspection or (isinstance(made, QueryPlan) and made.is_computed)
            if len(operation.plans) == 1 and not is_read_again:
                self._recent.forget(call.key.text, call.key.operation_name)
        return made

    async def plan_query(self, call: Call[QueryPlan]) -> tuple[QueryPlan, list[bytes | None]]:
        """Return a query's plan and its statement's parameters for a request.

        Where an argument is refused the plan is made for this request alone, so that its other fields answer.

        Raises:
            QueryTooComplex: it costs more than is allowed.
            ServiceUnavailable: too many heavy requests of the workspace wait.
        """
        try:
            planned = await self.plan(call)
            bind = partial(planned.bind, call.bindings)
            return planned, await self.run(call.snapshot, bind, is_heavy=call.is_large)
        except (QueryTooComplex, ServiceUnavailable, Timeout):
            raise
        except ApiError:
            operation, snapshot = call.operation, call.snapshot
            schema = self.schemas.get(snapshot)
            limits = self.limits_of(call.limits)
            make = partial(plan_forgivingly, operation, snapshot, schema, limits, call.bindings)
            shape = None if call.is_large else self.shape(operation, call.variables, call.limits)
            try:
                async with self._share.turn(call.principal, is_next=True) as turn:
                    is_heavy = turn.is_beside_others or _is_heavy(call, shape)
                    return await self.run(snapshot, partial(turn.run, make), is_heavy=is_heavy)
            except QueryTooComplex as error:
                if not call.is_large:
                    # The values decide which fields fail, and so about the price of the others.
                    self._refusals.keep(call.key, snapshot, error, shape=_tried(shape, call.variables))
                raise

    async def prepare(self, call: Call[MutationPlan]) -> PreparedMutation:
        """Return a mutation that is planned and bound for a request; raises ApiError."""
        if call.prepared is not None:
            return call.prepared
        planned = await self.plan(call)
        bound = await self.run(call.snapshot, partial(planned.bind, call.bindings), is_heavy=call.is_large)
        return PreparedMutation(call.snapshot, call.variables, planned, bound)


def _is_heavy(call: Call[Plan], shape: Hashable) -> bool:
    """Return whether to plan for a call of this shape takes long."""
    return call.is_large or call.operation.is_heavy or is_wide_shape(shape)


def _tried(shape: Hashable, variables: Variables) -> Hashable:
    """Return the key of a refusal that is of these very values."""
    return "tried", shape, dumps(variables)


def limited(limits: RecordLimits, role: RoleLimits) -> RecordLimits:
    """Return limits with those of a role in their place that are smaller."""
    largest = limits.largest_page if role.page is None else min(limits.largest_page, role.page)
    costs = [cost for cost in (limits.cost, role.cost) if cost]
    return replace(
        limits, default_page=min(limits.default_page, largest), largest_page=largest, cost=min(costs, default=0)
    )


def _sample(call: Call[Plan]) -> Sample | None:
    """Return the variables and limits of a call, if they are short enough to be kept."""
    if call.is_large or len(dumps(call.variables)) > LONGEST_SAMPLE:
        return None
    return Sample(call.variables, call.limits)
