"""The plan cache: from a document to its valid operation, and by shape to that operation's plans."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple, cast
from uuid import UUID

from fieldstone.engine.request.routes import Route, Routes
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import AnyOperation, Demand, KeptPlan, P, Sample, ValidOperation
from fieldstone.metadata.access.view import find_view
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.concurrency.newest import keep

MOST_TEXT = 2_000_000
"""Characters of all documents together; the statement of a plan is longer than its document as a rule."""
MOST_SHAPES = 64
"""Plans of one operation."""
MOST_ONCE = 200
"""Operations that were asked for once: documents that are all new do not push out those that come again."""

ROLES_EACH = 10
"""Operations for each document that may be kept, all documents together."""
MOST_ASKED = 100
"""Roles whose operations are looked at for one that another role can take over."""

MOST_ORDERS = 1_000
"""Different orders that are counted by their names."""
_OTHERS = ("", "")


class OperationKey(NamedTuple):
    """The key that a valid operation is found by.

    Attributes:
        workspace: its id's number: Python computes an UUID's hash each time.
        text: the document's.
        role: the number of the id of the role whose view it is valid for; 0: the snapshot itself.
        is_rest: whether its answers have the form of REST.
    """

    workspace: int
    text: str
    operation_name: str | None
    role: int = 0
    is_rest: bool = False

    @property
    def role_id(self) -> UUID | None:
        """The id of the role; None for the snapshot itself."""
        return UUID(int=self.role) if self.role else None


def key_of(view: Snapshot, request: GraphQLRequest) -> OperationKey:
    """Return the key of a request's operation for the role that sees this view."""
    role = 0 if view.role is None else view.role.id.int
    return OperationKey(view.workspace.id.int, request.query, request.operation_name, role, request.is_rest)


@dataclass(slots=True, kw_only=True)
class PlanCounters:
    """How often a plan was found, was not there, was dropped because its objects changed, was made again before use.

    Attributes:
        shared: how often an operation or a plan was taken over from another role that sees its objects alike.
        unserved: how often a request wanted the order of a text that no index serves, by the object and the field.
    """

    hits: int = 0
    misses: int = 0
    drops: int = 0
    renewals: int = 0
    shared: int = 0
    unserved: dict[tuple[str, str], int] = field(default_factory=dict)

    def count_unserved(self, orders: tuple[tuple[str, str], ...]) -> None:
        """Count orders that no index serves; those beyond MOST_ORDERS different ones together."""
        for order in orders:
            key = order if order in self.unserved or len(self.unserved) < MOST_ORDERS else _OTHERS
            self.unserved[key] = self.unserved.get(key, 0) + 1


class PlanCache:
    """Valid operations, least recently used out; those that a change touched go when asked for.

    There are at most `limit` documents, and `ROLES_EACH` times as many operations: each role that sends a document has
    an operation of its own. It is taken over from another role, with its plans, if both roles see its objects alike.

    Operations that were asked for once are `MOST_ONCE` at most. A document of these that is compiled again before
    `limit` others have gone stays as one that was asked for twice.

    Attributes:
        routes: those to operations that are here. Before an operation goes, all with a route count as used.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.counters = PlanCounters()
        self.routes = Routes()
        self._operations: OrderedDict[OperationKey, AnyOperation] = OrderedDict()
        self._once: dict[OperationKey, None] = {}
        self._gone: dict[int, None] = {}  # the hashes of the documents that were here once
        self._roles: dict[OperationKey, dict[OperationKey, None]] = {}
        self._text = 0

    def __len__(self) -> int:
        return len(self._operations)

    def __contains__(self, key: OperationKey) -> bool:
        return key in self._operations

    def find_operation(self, key: OperationKey, snapshot: Snapshot) -> AnyOperation | None:
        """Return the operation of a document, if it is here and still valid under this snapshot."""
        found = self._operations.get(key)
        if found is None:
            return None
        if not found.depends.keep_up(snapshot):
            # It stays until it is compiled again, so that this is known not to be a new document.
            return None
        self._operations.move_to_end(key)
        self._once.pop(key, None)
        return found

    def keep_operation(self, key: OperationKey, operation: AnyOperation) -> None:
        """Keep a valid operation."""
        if len(key.text) > MOST_TEXT // 8 or self._operations.get(key) is operation:
            return
        if (before := self._operations.get(key)) is not None:
            operation.touched = frozenset(before.plans)
            self.drop(key)
        self._operations[key] = operation
        document = key._replace(role=0)
        if document not in self._roles:
            self._roles[document] = {}
            self._text += len(key.text)
        self._roles[document][key] = None
        if self._gone.pop(hash(document), 0) is not None:
            self._once[key] = None
            if len(self._once) > MOST_ONCE:
                self._forget_once()
        if self._is_full():
            self._forget_routes()
        while self._is_full():
            self._remove(next(iter(self._operations)))

    def _forget_once(self) -> None:
        """Drop the oldest operation that was asked for once, which has no route."""
        oldest = next(iter(self._once))
        self._remove(oldest)
        self._gone[hash(oldest._replace(role=0))] = None
        if len(self._gone) > self._limit:
            del self._gone[next(iter(self._gone))]

    def _is_full(self) -> bool:
        is_full = len(self._roles) > self._limit or len(self._operations) > ROLES_EACH * self._limit
        return is_full or self._text > MOST_TEXT

    def keep_route(self, route: Route) -> None:
        """Keep a route to an operation that is here."""
        if self.routes.are_too_many:
            self._forget_routes()
        self.routes.keep(route)

    def _forget_routes(self) -> None:
        for route in self.routes.forget():
            self._operations.move_to_end(key_of(route.seen.view, route.document))
            plans = route.operation.plans
            for run in route.runs.values():
                if run.shape in plans:
                    plans.move_to_end(run.shape)

    def drop(self, key: OperationKey) -> None:
        """Drop an operation that is here."""
        self._forget_routes()
        self.counters.drops += len(self._remove(key).plans)

    def _remove(self, key: OperationKey) -> AnyOperation:
        document = key._replace(role=0)
        self._once.pop(key, None)
        roles = self._roles[document]
        del roles[key]
        if not roles:
            del self._roles[document]
            self._text -= len(key.text)
        return self._operations.pop(key)

    def roles_of(self, workspace_id: UUID) -> list[UUID]:
        """Return the ids of the roles that have operations of a workspace, those without restrictions left out."""
        return [
            UUID(int=role)
            for role in {key.role for key in self._operations if key.workspace == workspace_id.int}
            if role
        ]

    def share_operation(self, key: OperationKey, view: Snapshot) -> AnyOperation | None:
        """Keep, and return, the operation that another role has of a document, if this view has the same objects."""
        for other in self._others(key):
            # An operation that names no object is about them all: the search, for instance.
            if other.depends.objects and not other.is_introspection and other.depends.hold(view):
                shared = replace(
                    other, depends=replace(other.depends, checked=view), plans=OrderedDict(), demand=Demand()
                )
                self.keep_operation(key, shared)
                self.counters.shared += 1
                return shared
        return None

    def share_plan(self, key: OperationKey, operation: ValidOperation[P], shape: Hashable, view: Snapshot) -> P | None:
        """Keep, and return, the plan that another role has for a shape, if this view has the same objects."""
        if operation.is_introspection:
            return None
        for other in self._others(key):
            kept = other.plans.get(shape)
            if kept is not None and kept.plan.depends.objects and kept.plan.depends.hold(view):
                plan = cast("P", replace(kept.plan, depends=replace(kept.plan.depends, checked=view)))
                self.keep_plan(operation, shape, plan, kept.sample)
                self.counters.shared += 1
                return plan
        return None

    def _others(self, key: OperationKey) -> Iterator[AnyOperation]:
        """Yield the operations of other roles for the same document, some of them."""
        for other in islice(self._roles.get(key._replace(role=0), ()), MOST_ASKED):
            if other != key:
                yield self._operations[other]

    def find_touched(self, snapshot: Snapshot, most: int) -> list[tuple[OperationKey, AnyOperation]]:
        """Return the operations that a change of the model touched: they, or plans of them, do not hold any more.

        The `most` most recently used come first to last; no operation counts as used, or is dropped, by looking.
        """
        self._forget_routes()
        workspace_id = snapshot.workspace.id
        found: list[tuple[OperationKey, AnyOperation]] = []
        for key, operation in reversed(self._operations.items()):
            if len(found) == most:
                break
            if key.workspace != workspace_id.int:
                continue
            view = find_view(snapshot, key.role_id)
            if view is None or not operation.holds(view):
                found.append((key, operation))
        return found

    def drop_plans(self, operation: AnyOperation, snapshot: Snapshot) -> list[Sample | None]:
        """Drop the plans of an operation that do not hold under this snapshot; return their samples, last used last."""
        stale = [shape for shape, kept in operation.plans.items() if not kept.plan.depends.hold(snapshot)]
        self.counters.drops += len(stale)
        operation.touched = frozenset(stale)
        return [operation.plans.pop(shape).sample for shape in stale]

    def replace(self, key: OperationKey, before: AnyOperation, after: AnyOperation | None) -> None:
        """Put a renewed operation in the place of the one that a change touched; None drops that one.

        Where another has taken the place meanwhile, that one stays.
        """
        if self._operations.get(key) is not before:
            return
        if after is None:
            self.drop(key)
            return
        self._forget_routes()
        self.counters.drops += len(before.plans)
        self.counters.renewals += len(after.plans)
        after.demand, after.touched = before.demand, frozenset(before.plans)
        self._operations[key] = after

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        self._forget_routes()
        for key in [key for key in self._operations if key.workspace == workspace_id.int]:
            self._remove(key)

    def find_plan(self, operation: ValidOperation[P], shape: Hashable, snapshot: Snapshot) -> P | None:
        """Return the plan for a shape, if it still holds under this snapshot."""
        found = operation.plans.get(shape)
        if found is None:
            return None
        plan = found.plan
        if not plan.depends.keep_up(snapshot):
            del operation.plans[shape]
            operation.touched = frozenset([*islice(operation.touched, MOST_SHAPES - 1), shape])
            self.counters.drops += 1
            return None
        operation.plans.move_to_end(shape)
        self.counters.hits += 1
        if plan.depends.unserved:
            self.counters.count_unserved(plan.depends.unserved)
        return plan

    def keep_plan(self, operation: ValidOperation[P], shape: Hashable, plan: P, sample: Sample | None) -> None:
        """Keep a plan, with the sample that it can be made again by."""
        keep(operation.plans, shape, KeptPlan(plan, sample), MOST_SHAPES)
