"""Operations that were asked before in their shape: found by plain calls, without a task.

This is the request path (`path.py`) where each of its caches has the answer, for the fast path.
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple

from fieldstone.engine.access.principals import See
from fieldstone.engine.access.snapshot_source import SnapshotSource
from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.planner.writes.nested.plan import PlannedNested
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.replicas.reads import Reads
from fieldstone.engine.request.answer import text_of
from fieldstone.engine.request.compiler import Call, Compiler
from fieldstone.engine.request.execution.mutation import single, tell_certain, tell_single
from fieldstone.engine.request.plan_cache import key_of
from fieldstone.engine.request.routes import Route, Run
from fieldstone.engine.request.shape import shape_of
from fieldstone.engine.request.stored_documents.documents import StoredDocuments
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import MutationPlan, QueryPlan
from fieldstone.engine.request.variables import Variables, coerce_variables
from fieldstone.metadata.model import Seen
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.statement import Parameters, Row, refuse_nul

Permit = Callable[[Call[Any]], None]
"""Refuses an operation that a role may not ask for; raises Forbidden."""


class Ready(NamedTuple):
    """An operation that nothing is left to do for but to ask the database.

    Attributes:
        reads: chooses the server of a statement that writes nothing.
        given: the variables, in the place of those of the route's document.
    """

    route: Route
    run: Run
    parameters: Parameters
    reads: Reads
    given: Variables

    @property
    def request(self) -> GraphQLRequest:
        """The whole request."""
        return self.route.document._replace(variables=self.given)


class ReadyOperations:
    """The operations of an API that are at hand; its arguments are those of `GraphQLApi`."""

    __slots__ = ("_compiler", "_depth", "_documents", "_permit", "_reads", "_see", "_source", "_written")

    def __init__(
        self,
        *,
        source: SnapshotSource,
        see: See,
        compiler: Compiler,
        reads: Reads,
        written: Callable[[], None],
        documents: StoredDocuments | None,
        permit: Permit | None,
    ) -> None:
        self._source = source
        self._see = see
        self._compiler = compiler
        self._depth = compiler.limits.document.depth
        self._reads = reads
        self._written = written
        self._documents = documents
        self._permit = permit

    def see(self, principal: Principal) -> Seen | None:
        """Return the current model as a principal sees it; None if that is not at hand, or not for the principal."""
        current = self._source.find_current(principal.workspace_id)
        if current is None:
            return None
        try:
            return self._see(current, principal, made=True)
        except ApiError:
            return None

    def find(
        self, principal: Principal, request: GraphQLRequest, given: Variables, *, checked: Seen | None = None
    ) -> Ready | None:
        """Return an operation that was asked before in this shape, with new values; None where it takes more than that.

        It is one statement, and needs no more than POST.

        Args:
            principal: the sender.
            request: the request, whose variables do not matter.
            given: its variables.
            checked: the current model as the principal sees it, in which the variables are known to be of their types.
        """
        seen = checked or self.see(principal)
        if seen is None:
            return None
        plans = self._compiler.plans
        try:
            route = plans.routes.find(seen, request) or self._find_route(principal, seen, request)
            if route is None:
                return None
            operation, variables = route.operation, given
            if checked is None:
                variables = coerce_variables(route.schema, operation.declarations, given, depth=self._depth)
            shape = shape_of(operation.usages, variables)
            run = route.runs.get(shape)
            if run is not None:
                plans.counters.hits += 1
            elif (run := self._find_run(route, shape, variables)) is None:
                return None
            parameters = run.bound.bind(Bindings(variables, principal.actor, seen.claims))
            refuse_nul(parameters)
        except (ApiError, DatabaseError):
            return None
        try:
            operation.demand.clients[principal.client] += 1
        except KeyError:
            operation.demand.count(principal)
        return Ready(route, run, parameters, self._reads, given)

    def _find_route(self, principal: Principal, seen: Seen, request: GraphQLRequest) -> Route | None:
        """Return the route of a request that was asked before, and keep it for the next ones."""
        document = request if self._documents is None else self._documents.find_at_hand(principal, request)
        if document is None or not document.query:
            return None
        plans, view = self._compiler.plans, seen.view
        operation = plans.find_operation(key_of(view, document), view)
        if operation is None or operation.is_introspection or (self._permit and view.role):
            return None
        schema = self._compiler.schemas.get(view)
        route = Route(seen=seen, request=request, document=document, operation=operation, schema=schema)
        # A stored document is counted each time, and each request sees another instance of the catalog's own model.
        if request.comes_again and document is request and self._permit is None:
            plans.keep_route(route)
        return route

    def _find_run(self, route: Route, shape: Hashable, variables: Variables) -> Run | None:
        """Return the only statement of a plan, and keep it; None if there is no plan, or it takes more."""
        whole = self._compiler.shape(route.operation, variables, route.seen.limits)
        plan = self._compiler.plans.find_plan(route.operation, whole, route.seen.view)
        run: Run | None = None
        match plan:
            case QueryPlan(statement=BoundStatement() as bound, is_computed=False):
                run = Run(shape=whole, bound=bound, tell=text_of, writes=False)
            case MutationPlan() if only := single(plan.writes):
                run = Run(shape=whole, bound=only.write, tell=partial(self._told, only), writes=True)
            case MutationPlan(writes=(PlannedNested(certain=CertainCreate() as create) as nested,)):
                run = Run(shape=whole, bound=create, tell=partial(self._told_certain, nested), writes=True)
        # Each request for an order without an index counts.
        if run is not None and plan is not None and not plan.depends.unserved:
            route.keep(shape, run)
        return run

    def _told(self, write: PlannedWrite, row: Row) -> bytes | None:
        data = tell_single(write, row)
        if data is not None:
            self._written()
        return data

    def _told_certain(self, write: PlannedNested, row: Row) -> bytes:
        self._written()
        return tell_certain(write, row)
