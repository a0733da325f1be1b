"""Valid operations: the schema allows them; each keeps the plans that were made for it, found by shape."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from graphql import FieldNode, GraphQLSchema

from fieldstone.engine.documents.document import Operation
from fieldstone.engine.events.subscriptions.live_query import LivePlan
from fieldstone.engine.events.subscriptions.subscription import SubscriptionPlan
from fieldstone.engine.events.subscriptions.tail import TailPlan
from fieldstone.engine.planner.arguments.field_errors import Failures
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.price import FREE, Price
from fieldstone.engine.planner.writes.mutations import BoundWrite, Planned, bind_writes
from fieldstone.engine.request.shape import Usage
from fieldstone.engine.request.variables import Declaration, Variables
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import RoleLimits
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import TimeUnit


@frozen
class QueryPlan:
    """A query, ready to be bound: one statement, or a constant answer that asks nothing of the database.

    Attributes:
        price: the price of the statement.
        changes_each: the smallest unit of time at whose start the answer may change without a write, because of dates
            relative to now; None: it does not.
        failures: the fields that fail, in a plan that is made for one request alone.
        is_computed: True if it has root fields that the statement leaves out, because they are computed.
    """

    statement: BoundStatement | None
    constant: bytes = b""
    price: Price = FREE
    changes_each: TimeUnit | None = None
    failures: Failures | None = None
    is_computed: bool = False
    depends: Dependencies

    def bind(self, bindings: Bindings) -> list[bytes | None]:
        """Return the statement's parameters for a request; raises ApiError."""
        return self.statement.bind(bindings) if self.statement else []


@frozen
class MutationPlan:
    """A mutation, ready to be bound."""

    writes: tuple[Planned, ...]
    depends: Dependencies

    def bind(self, bindings: Bindings) -> list[BoundWrite]:
        """Return the parameters of its statements for a request; raises ApiError."""
        return bind_writes(self.writes, bindings)


class PreparedMutation(NamedTuple):
    """A mutation for one request, ready to be run.

    Attributes:
        snapshot: the model that it was planned on.
        variables: those of the request, which are of their types.
        bound: the parameters of its statements.
    """

    snapshot: Snapshot
    variables: Variables
    plan: MutationPlan
    bound: Sequence[BoundWrite]


AnySubscriptionPlan = SubscriptionPlan | TailPlan | LivePlan
Plan = QueryPlan | MutationPlan | AnySubscriptionPlan
P = TypeVar("P", bound=Plan)
P_co = TypeVar("P_co", bound=Plan, covariant=True)


class Sample(NamedTuple):
    """A call by which a plan is made again when the model has changed: any other of its shape makes the same plan.

    Attributes:
        variables: those of the call.
        limits: those of the role that made it.
    """

    variables: Variables
    limits: RoleLimits


class KeptPlan(NamedTuple, Generic[P_co]):
    """A plan, and a sample of its calls, None where the variables are long."""

    plan: P_co
    sample: Sample | None


LONGEST_OUTLINE = 200
"""Characters of the name of an operation, and of its root fields, that are kept."""
MOST_CLIENTS = 20
"""Clients of an operation that are counted by their names."""


@dataclass(slots=True, kw_only=True)
class Demand:
    """The requests for an operation by their clients; users, visitors and further keys count as None.

    Attributes:
        since: the monotonic time at which the operation was kept.
    """

    since: float = field(default_factory=time.monotonic)
    clients: dict[str | None, int] = field(default_factory=dict)

    def count(self, principal: Principal) -> None:
        """Count a request."""
        clients, name = self.clients, principal.client
        if name not in clients and len(clients) >= MOST_CLIENTS:
            name = None
        clients[name] = clients.get(name, 0) + 1


class Outline(NamedTuple):
    """The type and the name of an operation, the names of its root fields without fragments, the path of the first."""

    type: str
    name: str | None
    roots: str
    path: tuple[str | int, ...]


def outline_of(operation: Operation) -> Outline:
    """Return the outline of a parsed operation."""
    definition = operation.definition
    selections = definition.selection_set.selections
    first = selections[0] if selections else None
    roots = [node.name.value for node in selections if isinstance(node, FieldNode)]
    return Outline(
        type=operation.type.value.upper(),
        name=None if definition.name is None else definition.name.value[:LONGEST_OUTLINE],
        roots=", ".join(dict.fromkeys(roots))[:LONGEST_OUTLINE],
        path=((first.alias or first.name).value,) if isinstance(first, FieldNode) else (),
    )


@dataclass(slots=True, kw_only=True)
class ValidOperation(Generic[P_co]):
    """An operation that the schema allows, with the plans made for it so far.

    Attributes:
        parse: returns the operation as it was parsed, or parses it again.
        outline: the parts of it that are wanted where it is not worth its parsing.
        planner: makes the plan for a context under a schema; raises ApiError.
        depends: the objects that the document names, without which it might not be valid. Where they get more fields it
            stays valid: no name changes its meaning, and no argument is required by the schema because of a field.
        is_heavy: whether to validate or to plan it may take long.
        is_rest: whether its answers have the form of REST; see `PlanContext`.
        touched: the shapes whose plans a change of the model has made invalid.
    """

    parse: Callable[[], Operation]
    outline: Outline
    planner: Callable[[PlanContext, GraphQLSchema], P_co]
    declarations: tuple[Declaration, ...]
    usages: tuple[Usage, ...]
    depends: Dependencies
    is_introspection: bool
    is_heavy: bool
    is_rest: bool = False
    plans: OrderedDict[Hashable, KeptPlan[P_co]] = field(default_factory=OrderedDict)
    demand: Demand = field(default_factory=Demand)
    touched: frozenset[Hashable] = frozenset()

    def holds(self, snapshot: Snapshot) -> bool:
        """Return whether the operation and all its plans hold under this snapshot."""
        return self.depends.hold(snapshot) and all(kept.plan.depends.hold(snapshot) for kept in self.plans.values())


class ValidQuery(ValidOperation[QueryPlan]):
    """A query."""

    __slots__ = ()


class ValidMutation(ValidOperation[MutationPlan]):
    """A mutation."""

    __slots__ = ()


class ValidSubscription(ValidOperation[AnySubscriptionPlan]):
    """A subscription."""

    __slots__ = ()


AnyOperation = ValidQuery | ValidMutation | ValidSubscription


def path_of(operation: AnyOperation) -> tuple[str | int, ...]:
    """Return the path that a failure of the whole operation is reported at: its first root field."""
    return operation.outline.path
