"""The request path, top to bottom: from a GraphQL request to the bytes of its answer.

    find the snapshot          the model that the request keeps until it ends
    find the operation         else parse and validate its document (cached by text and operation name)
    coerce the variables
    find the plan              else plan and compile (cached by the variables' shape)
    bind and execute           one statement for a query, one transaction for a mutation
    write the answer           the database's bytes between a constant head and tail

A request that an older snapshot would refuse is tried again on the newest one. An operation whose plan is cached is
found by `ready.py`, without a task.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from fieldstone.engine.access.principals import See, ViewNotMade
from fieldstone.engine.access.slots import Slots
from fieldstone.engine.access.snapshot_source import SnapshotSource
from fieldstone.engine.database_errors import describe, described
from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    Conflict,
    MethodNotAllowed,
    NotFound,
    PersistedQueryNotFound,
    ServiceUnavailable,
    Timeout,
    ValidationFailed,
    drop_frames,
)
from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.events.subscriptions.subscription import (
    Refused,
    SubscriptionRequest,
)
from fieldstone.engine.introspection.answers import SchemaAnswers
from fieldstone.engine.planner.arguments.field_errors import replace_marks
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.replicas.reads import Read, Reads
from fieldstone.engine.request.answer import SHARED_TEXT_RATIO, Answer, SchemaAnswer, executed, refusal, text_of
from fieldstone.engine.request.compiler import Call, Compiler, waiting_patiently
from fieldstone.engine.request.execution.subscription import open_subscription
from fieldstone.engine.request.idempotency.claim import Claim, Keeping, SentKey, build_claim
from fieldstone.engine.request.idempotency.kept_answers import KeptAnswers
from fieldstone.engine.request.plan_cache import key_of
from fieldstone.engine.request.ready import Permit, ReadyOperations
from fieldstone.engine.request.refusals import InvalidDocument, held_back
from fieldstone.engine.request.stored_documents.documents import StoredDocuments, find_document
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import (
    MutationPlan,
    P,
    QueryPlan,
    ValidMutation,
    ValidOperation,
    ValidQuery,
    ValidSubscription,
    path_of,
)
from fieldstone.engine.schema.introspection import too_large
from fieldstone.engine.schema.lazy import LazySchema
from fieldstone.metadata.access.view import still_hold
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.model import Seen, Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import RoleReference
from fieldstone.sql.errors import DatabaseError, StaleSchema
from fieldstone.sql.executor import Database

# A request may wait behind one change of its table after another, each of which makes its statement one of the past.
MOST_NEWER = 8
_OF_THE_MODEL = (
    *(InvalidDocument, ValidationFailed, PersistedQueryNotFound, BadUserInput, NotFound, Conflict),
    StaleSchema,
)
"""Refusals that a newer model may lift."""
_MOVED = "The workspace has moved to another database: subscribe again."
_STREAMED = (
    "A subscription is served over WebSocket, or as an event stream: send it to this path with '/stream' behind it, or"
    " with 'Accept: text/event-stream'."
)


Mutate = Callable[[Call[MutationPlan]], Awaitable[bytes]]
"""Executes a mutation and returns its data as JSON text; raises ApiError or DatabaseError."""

Compute = Callable[[Call[QueryPlan], bytes], Awaitable[bytes]]
"""Returns a query's data with the computed root fields added to it, as JSON text; raises ApiError or DatabaseError."""


class GraphQLApi:
    """One GraphQL API, behind all transports.

    Args:
        database: the primary.
        reads: answers queries; None: the primary does.
        source: the snapshots that it is built on.
        see: returns a snapshot as a principal sees it; raises Forbidden.
        compiler: validates and plans its operations.
        mutate: executes its mutations.
        time_limit: seconds that a query may take.
        written: called when records were written.
        compute: adds the root fields of a query that no statement answers; None: the API has none.
        kept: the answers of mutations with an Idempotency-Key; None: the API does not read that header.
        documents: the stored documents; None: each request has its text.
        watch: returns the subscriptions of an API that has none to events or queries.
        permit: is asked about each operation under a role's view; None: a view says all.
        slots: bounds the operations in progress of a key and of a workspace.
        is_metadata: whether it is the API of the model.

    Attributes:
        follow: returns the same API of the database to which a workspace has moved; None: workspaces do not move.
    """

    follow: Callable[[UUID], Awaitable["GraphQLApi | None"]] | None = None

    def __init__(
        self,
        *,
        database: Database,
        source: SnapshotSource,
        see: See,
        compiler: Compiler,
        mutate: Mutate,
        time_limit: float,
        written: Callable[[], None] = lambda: None,
        compute: Compute | None = None,
        kept: KeptAnswers | None = None,
        documents: StoredDocuments | None = None,
        permit: Permit | None = None,
        watch: Callable[[Call[Any]], AnySubscription] | None = None,
        slots: Slots | None = None,
        reads: Reads | None = None,
        is_metadata: bool = False,
    ) -> None:
        self.is_metadata = is_metadata
        self.compiler = compiler
        self.schema_answers = SchemaAnswers()
        self.database = database
        self.reads = reads or Reads(database)
        self.source = source
        self.see = see
        self._mutate = mutate
        self.time_limit = time_limit
        self._written = written
        self._compute = compute
        self._kept = kept
        self._permit = permit
        self._watch = watch
        self.documents = documents
        self.slots = slots or Slots()
        self.ready = ReadyOperations(
            source=source,
            see=see,
            compiler=compiler,
            reads=self.reads,
            written=written,
            documents=documents,
            permit=permit,
        )

    async def execute(self, principal: Principal, request: GraphQLRequest, *, allow_mutation: bool) -> Answer:
        """Return the answer to a request; ApiErrors are in it, whatever is raised is a fault of ours."""
        opened = await self.open(principal, request, allow_mutation=allow_mutation)
        if isinstance(opened, AnySubscription):
            return refusal([BadUserInput(_STREAMED)])
        return opened

    async def look(self, snapshot: Snapshot, principal: Principal) -> Seen:
        """Return a snapshot as a principal sees it; the view of a large model is made in the work thread.

        Raises:
            Forbidden: its role has gone, or needs a value that the principal does not have.
            ServiceUnavailable: the work thread has too much to do.
        """
        try:
            return self.see(snapshot, principal, made=True)
        except ViewNotMade as view:
            await self.compiler.run_first(principal.workspace_id, view.make, is_heavy=True, key=view.key)
        return self.see(snapshot, principal)

    async def prepare(self, principal: Principal, request: GraphQLRequest) -> GraphQLRequest:
        """Return a mutation's request with all that need not ask the database done, while another one is executed.

        It is returned as it is if that fails, and its execution says why; if the model changes meanwhile, the execution
        prepares it again.
        """
        try:
            seen = await self.look(await self.source.get(principal.workspace_id), principal)
            operation = await self.compiler.operation(key_of(seen.view, request), seen.view, principal)
            if isinstance(operation, ValidMutation):
                call = await self.build_call(operation, principal, request, seen)
                return request._replace(prepared=await self.compiler.prepare(call))
        except (ApiError, DatabaseError, InvalidDocument, UnknownWorkspace):
            pass
        return request

    async def open(
        self, principal: Principal, request: GraphQLRequest, *, allow_mutation: bool
    ) -> Answer | AnySubscription:
        """Return the answer to a query or a mutation, as `execute` does, or the subscription that was asked for."""
        given = request
        try:
            async with self.slots.held(principal):
                request = await find_document(self.documents, principal, request)
                return await self._resolve(principal, request, allow_mutation=allow_mutation)
        except UnknownWorkspace:
            # Nothing was written: a statement that comes behind a move finds no table.
            other = None if self.follow is None else await self.follow(principal.workspace_id)
            if other is None:
                raise
            answer = await other.open(principal, given, allow_mutation=allow_mutation)
            return answer if isinstance(answer, Answer) else refusal([ServiceUnavailable(_MOVED)])
        except (InvalidDocument, ApiError) as error:
            drop_frames(error)
            errors = error.errors if isinstance(error, InvalidDocument) else [error]
            return await self._find_kept(principal, request) or refusal(errors)

    async def _find_kept(self, principal: Principal, request: GraphQLRequest) -> Answer | None:
        """Return the answer that a refused mutation had before, when the model still allowed it."""
        if self._kept is None or request.sent_key is None:
            return None
        try:
            return await self._kept.find(await self._claim(principal, request, request.sent_key))
        except (ApiError, DatabaseError):
            return None  # The refusal itself says more.

    async def _claim(self, principal: Principal, request: GraphQLRequest, sent_key: SentKey) -> Claim:
        build = partial(build_claim, principal, sent_key, request.query, request.operation_name, request.variables)
        is_heavy = request.is_large and not sent_key.is_ours
        return await self.compiler.run_first(principal.workspace_id, build, is_heavy=is_heavy)

    async def subscribe(self, principal: Principal, operation: SubscriptionRequest) -> AnySubscription:
        """Return the subscription that an operation is, which no client waits for.

        Raises:
            Refused: it is none, or not under the current model.
            ServiceUnavailable: the database or the work thread cannot be asked now.
            Timeout: the database has not answered in time.
        """
        try:
            request = GraphQLRequest(
                query=operation.query, operation_name=operation.operation_name, variables=operation.variables
            )
            request = await find_document(self.documents, principal, request)
            with waiting_patiently():
                opened = await self._resolve(principal, request, allow_mutation=False)
        except (ServiceUnavailable, Timeout):
            raise
        except ApiError as error:
            raise Refused([error]) from None
        if not isinstance(opened, AnySubscription):
            raise Refused([BadUserInput("The operation is no subscription.")])
        return opened

    async def refresh(self, workspace_id: UUID) -> None:
        """Have the newest model of a workspace be the current one."""
        await self.source.refresh(workspace_id)

    def has_moved(self, workspace_id: UUID, role: RoleReference, depends: Dependencies) -> bool:
        """Return whether the role sees other instances of these objects in the model at hand."""
        snapshot = self.source.find_current(workspace_id)
        return snapshot is not None and not still_hold(depends, snapshot, role)

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        self.compiler.forget(workspace_id)
        self.schema_answers.forget(workspace_id)
        self.reads.forget(workspace_id)
        if self.documents is not None:
            self.documents.forget(workspace_id)

    async def _resolve(
        self, principal: Principal, request: GraphQLRequest, *, allow_mutation: bool
    ) -> Answer | AnySubscription:
        with described():
            snapshot = await self.source.get(principal.workspace_id)
            for _ in range(MOST_NEWER):
                try:
                    return await self._attempt(snapshot, principal, request, allow_mutation=allow_mutation)
                except _OF_THE_MODEL:
                    newest = await self.source.refresh(principal.workspace_id)
                    if newest is snapshot:
                        raise
                    snapshot = newest
            return await self._attempt(snapshot, principal, request, allow_mutation=allow_mutation)

    async def _attempt(
        self, current: Snapshot, principal: Principal, request: GraphQLRequest, *, allow_mutation: bool
    ) -> Answer | AnySubscription:
        seen = await self.look(current, principal)
        snapshot = seen.view
        with held_back(request, snapshot):
            operation = await self.compiler.operation(key_of(snapshot, request), snapshot, principal)
        if request.is_new and self.documents is not None:
            await self.documents.keep(principal, request.query)
        if isinstance(operation, ValidMutation) and not allow_mutation:
            raise MethodNotAllowed("A mutation must be sent by POST.")
        operation.demand.count(principal)
        if operation.is_heavy and (self._compute is not None or operation.is_introspection):
            # Root fields that no statement answers are read from the document, which may have to be parsed again.
            await self.compiler.run(snapshot, operation.parse, is_heavy=True)
        try:
            match operation:
                case ValidSubscription():
                    call = await self.build_call(operation, principal, request, seen)
                    if self._watch is not None:
                        return self._watch(call)
                    plan = await self.compiler.plan(call)
                    return await open_subscription(self.database, plan, call, request, time_limit=self.time_limit)
                case ValidQuery():
                    query = await self.build_call(operation, principal, request, seen)
                    return await self._query(query, request)
                case ValidMutation():
                    return await self._mutation(await self.build_call(operation, principal, request, seen), request)
        except StaleSchema:
            raise
        except DatabaseError as error:
            if known := describe(error, snapshot, path_of(operation)):
                raise known from error
            raise

    async def build_call(
        self, operation: ValidOperation[P], principal: Principal, request: GraphQLRequest, seen: Seen
    ) -> Call[P]:
        """Return the call of an operation with a request's variables; raises ApiError."""
        compiler, snapshot, prepared = self.compiler, seen.view, request.prepared
        if prepared is not None and prepared.snapshot is snapshot:
            variables = prepared.variables
        else:
            coerce = partial(compiler.coerce, operation, request.variables, compiler.schemas.get(snapshot))
            variables, prepared = await compiler.run(snapshot, coerce, is_heavy=request.is_large), None
        call: Call[P] = Call(
            principal=principal,
            snapshot=snapshot,
            key=key_of(snapshot, request),
            operation=operation,
            variables=variables,
            meter=Meter(limit=compiler.limits_of(seen.limits).records.cost),
            is_large=request.is_large,
            is_trial=request.is_trial,
            claims=seen.claims,
            limits=seen.limits,
            prepared=prepared,
        )
        if self._permit is not None and snapshot.role is not None:
            self._permit(call)
        return call

    async def _mutation(self, call: Call[MutationPlan], request: GraphQLRequest) -> Answer:
        meter = call.meter  # The call keeps the function, which would be a cycle if it knew the call.

        def answer(data: bytes) -> Answer:
            return executed(data, extensions=request.tell_cost(meter.by_root))

        try:
            if self._kept is not None and request.sent_key is not None:
                claim = await self._claim(call.principal, request, request.sent_key)
                call = call._replace(keeping=Keeping(claim=claim, write=lambda data: answer(data).body))
                told = await self._kept.run(claim, lambda: self._mutate_once(call, answer))
            else:
                told = await self._mutate_once(call._replace(keeping=request.companion), answer)
        except BaseException:
            # Its commit may have been under way when its connection was lost, or its client left.
            self.reads.note_unknown_write(call.principal)
            raise
        await self.reads.note_write(call.principal)
        return told

    async def _mutate_once(self, call: Call[MutationPlan], answer: Callable[[bytes], Answer]) -> Answer:
        data = await self._mutate(call)
        self._written()
        return answer(data)

    async def _query(self, call: Call[QueryPlan], request: GraphQLRequest) -> Answer:
        if call.operation.is_introspection:
            schema = self.compiler.schemas.get(call.snapshot)
            if isinstance(schema, LazySchema):
                text = await self.schema_answers.answer(call.operation.parse(), call.variables, schema)
                if text is not None:
                    most = SHARED_TEXT_RATIO * self.compiler.limits.records.response_bytes
                    if len(text) > most:
                        raise too_large(most)
                    return SchemaAnswer(text)
        planned, parameters = await self.compiler.plan_query(call)
        data = planned.constant
        if planned.statement is not None:
            asked = Read(call.principal, call.snapshot, planned.statement.statement, parameters, self.time_limit)
            data = text_of((await self.reads.read(asked))[0])
        if planned.is_computed and self._compute is not None:
            data = await self._compute(call, data)
        told = request.tell_cost(planned.price.by_root(call.bindings))
        if planned.failures is None:
            return executed(data, extensions=told)
        return executed(*replace_marks(data, planned.failures), extensions=told)
