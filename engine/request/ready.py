"""Operations that were asked before in their shape: found by plain calls, without a task.

This is the request path (`path.py`) where each of its caches has the answer, for the fast path.
"""

from collections.abc import Callable
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
from fieldstone.engine.request.stored_documents.documents import StoredDocuments
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import AnyOperation, MutationPlan, QueryPlan
from fieldstone.engine.request.variables import Variables, coerce_variables
from fieldstone.metadata.model import Seen
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.statement import Parameters, Row, Statement, refuse_nul

Permit = Callable[[Call[Any]], None]
"""Refuses an operation that a role may not ask for; raises Forbidden."""


_Run = tuple[BoundStatement | CertainCreate, Callable[[Row], bytes | None]]
"""The only statement of a plan, and the function that returns the data which its row means."""


class Ready(NamedTuple):
    """An operation that nothing is left to do for but to ask the database.

    Attributes:
        seen: the model as its principal sees it.
        writes: whether the statement changes anything.
        reads: chooses the server of a statement that does not.
        document: the request with its document's text.
        given: the variables, in the place of those of `document`.
        tell: returns the data that the statement's row means; None where the error has to be found out.
    """

    seen: Seen
    operation: AnyOperation
    statement: Statement
    parameters: Parameters
    writes: bool
    reads: Reads
    document: GraphQLRequest
    given: Variables
    tell: Callable[[Row], bytes | None]

    @property
    def request(self) -> GraphQLRequest:
        """The whole request."""
        return self.document._replace(variables=self.given)


class ReadyOperations:
    """The operations of an API that are at hand; its arguments are those of `GraphQLApi`."""

    __slots__ = ("_compiler", "_documents", "_permit", "_reads", "_see", "_source", "_written")

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
        self._reads = reads
        self._written = written
        self._documents = documents
        self._permit = permit

    def see(self, principal: Principal) -> Seen | None:
        """Return the current model as a principal sees it; None if it is not at hand, or not for the principal."""
        current = self._source.find_current(principal.workspace_id)
        if current is None:
            return None
        try:
            return self._see(current, principal)
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
        document = request if self._documents is None else self._documents.find_at_hand(principal, request)
        seen = checked or self.see(principal)
        if seen is None or document is None or not document.query:
            return None
        compiler, view = self._compiler, seen.view
        try:
            operation = compiler.plans.find_operation(key_of(view, document), view)
            if operation is None or operation.is_introspection or (self._permit and view.role):
                return None
            variables = given
            if checked is None:
                schema, depth = compiler.schemas.get(view), compiler.limits.document.depth
                variables = coerce_variables(schema, operation.declarations, given, depth=depth)
            shape = compiler.shape(operation, variables, seen.limits)
            plan = compiler.plans.find_plan(operation, shape, view)
            bindings = Bindings(variables, principal.actor, seen.claims)
            run = self._find_run(plan)
            if run is None:
                return None
            bound, tell = run
            parameters = bound.bind(bindings)
            refuse_nul(parameters)
        except (ApiError, DatabaseError):
            return None
        try:
            operation.demand.clients[principal.client] += 1
        except KeyError:
            operation.demand.count(principal)
        writes = isinstance(plan, MutationPlan)
        return Ready(seen, operation, bound.statement, parameters, writes, self._reads, document, given, tell)

    def _find_run(self, plan: object) -> _Run | None:
        """Return the only statement of a plan, and the meaning of its row; None if the plan takes more."""
        # A pattern for a class takes four times as long, and most plans are of queries.
        if isinstance(plan, QueryPlan):
            return None if plan.statement is None or plan.is_computed else (plan.statement, text_of)
        match plan:
            case MutationPlan() if only := single(plan.writes):
                return only.write, partial(self._told, only)
            case MutationPlan(writes=(PlannedNested(certain=CertainCreate() as bound) as nested,)):
                return bound, partial(self._told_certain, nested)
            case _:
                return None

    def _told(self, write: PlannedWrite, row: Row) -> bytes | None:
        data = tell_single(write, row)
        if data is not None:
            self._written()
        return data

    def _told_certain(self, write: PlannedNested, row: Row) -> bytes:
        self._written()
        return tell_certain(write, row)
