"""The plan cache: from a document to what was prepared for it, and by shape to its plans."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.documents.document import Operation
from fieldstone.engine.events.subscriptions.subscription import SubscriptionPlan
from fieldstone.engine.planner.arguments.field_errors import Failures
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.cost import FREE, Price
from fieldstone.engine.planner.writes.mutations import PlannedWrite, TypeNameOnly
from fieldstone.engine.request.shape import Usage
from fieldstone.engine.request.variables import Declaration, Variables
from fieldstone.metadata.changes.shared_parts import has_grown
from fieldstone.metadata.model import Index, Object, Snapshot

MOST_TEXT = 2_000_000
"""Characters of all documents together: a parsed one takes about a hundred bytes for each."""
MOST_SHAPES = 64
"""Plans of one document."""


class DocumentKey(NamedTuple):
    """What a prepared document is found by.

    Attributes:
        workspace: its id's number: Python computes an UUID's hash anew each time.
    """

    workspace: int
    text: str
    operation_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A query, ready to be bound: one statement, or a constant answer that asks nothing of the database.

    Attributes:
        price: what the statement costs.
        failures: the fields that fail, in a plan that is made for one request alone.
        indexes: those of the objects of which the statement would be another with others, by the object's id.
    """

    statement: BoundStatement | None
    constant: bytes = b""
    price: Price = FREE
    failures: Failures | None = None
    depends: Mapping[UUID, Object]
    indexes: Mapping[UUID, tuple[Index, ...]] = field(default_factory=dict)

    def bind(self, bindings: Bindings) -> list[bytes | None]:
        """Return the statement's parameters for a request; raises ApiError."""
        return self.statement.bind(bindings) if self.statement else []


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationPlan:
    """A mutation, ready to be bound."""

    writes: tuple[PlannedWrite | TypeNameOnly, ...]
    depends: Mapping[UUID, Object]


Plan = QueryPlan | MutationPlan | SubscriptionPlan


class KeptPlan(NamedTuple):
    """A plan, the newest snapshot that it was seen to hold under, and variables of its shape, None where they are long.

    Any variables of the shape make the same plan: these are there to make it again when the model has changed.
    """

    plan: Plan
    checked: Snapshot
    sample: Variables | None


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A valid operation with the plans made for it so far.

    Attributes:
        depends: the objects that the document names, without which it might not be valid.
        checked: the newest snapshot that was seen to hold all these objects.
        is_heavy: whether to prepare or to plan it may take long.
    """

    operation: Operation
    declarations: tuple[Declaration, ...]
    usages: tuple[Usage, ...]
    depends: Mapping[UUID, Object]
    checked: Snapshot
    is_introspection: bool = False
    is_heavy: bool = False
    plans: OrderedDict[Hashable, KeptPlan] = field(default_factory=OrderedDict)


@dataclass(slots=True, kw_only=True)
class PlanCounters:
    """How often a plan was found, was not there, was dropped because its objects changed, was made again before use."""

    hits: int = 0
    misses: int = 0
    drops: int = 0
    renewals: int = 0


class PlanCache:
    """Prepared documents, at most `limit`, least recently used out; what a change touched goes when it is asked for."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.counters = PlanCounters()
        self._documents: OrderedDict[DocumentKey, Prepared] = OrderedDict()
        self._text = 0

    def __len__(self) -> int:
        return len(self._documents)

    def find_document(self, key: DocumentKey, snapshot: Snapshot) -> Prepared | None:
        """Return what was prepared for a document, if it still holds under this snapshot."""
        prepared = self._documents.get(key)
        if prepared is None:
            return None
        if prepared.checked is not snapshot and not keep_valid(prepared, snapshot):
            self._drop(key)
            return None
        self._documents.move_to_end(key)
        return prepared

    def keep_document(self, key: DocumentKey, prepared: Prepared) -> None:
        """Keep a prepared document."""
        if len(key.text) > MOST_TEXT // 8 or self._documents.get(key) is prepared:
            return
        if key in self._documents:
            self._drop(key)
        self._documents[key] = prepared
        self._text += len(key.text)
        while len(self._documents) > self._limit or self._text > MOST_TEXT:
            oldest, _ = self._documents.popitem(last=False)
            self._text -= len(oldest.text)

    def _drop(self, key: DocumentKey) -> None:
        prepared = self._documents.pop(key)
        self._text -= len(key.text)
        self.counters.drops += len(prepared.plans)

    def find_touched(self, snapshot: Snapshot, most: int) -> list[tuple[DocumentKey, Prepared]]:
        """Return what a change of the model touched: documents, or plans of them, that do not hold under its snapshot.

        The `most` most recently used come first to last; nothing counts as used, or is dropped, by looking.
        """
        workspace_id = snapshot.workspace.id
        found: list[tuple[DocumentKey, Prepared]] = []
        for key, prepared in reversed(self._documents.items()):
            if len(found) == most:
                break
            if key.workspace == workspace_id.int and not _hold_all(prepared, snapshot):
                found.append((key, prepared))
        return found

    def drop_plans(self, prepared: Prepared, snapshot: Snapshot) -> list[KeptPlan]:
        """Drop the plans of a document that do not hold under this snapshot, and return them, the last used last."""
        stale = {
            shape: kept for shape, kept in prepared.plans.items() if not _plan_holds(prepared, kept.plan, snapshot)
        }
        for shape in stale:
            del prepared.plans[shape]
        self.counters.drops += len(stale)
        return list(stale.values())

    def replace(self, key: DocumentKey, before: Prepared, after: Prepared | None) -> None:
        """Put what was prepared anew in the place of what a change touched; None drops it.

        Where another has taken the place meanwhile, that one stays.
        """
        if self._documents.get(key) is not before:
            return
        if after is None:
            self._drop(key)
            return
        self.counters.drops += len(before.plans)
        self.counters.renewals += len(after.plans)
        self._documents[key] = after

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        for key in [key for key in self._documents if key.workspace == workspace_id.int]:
            self._text -= len(key.text)
            del self._documents[key]

    def find_plan(self, prepared: Prepared, shape: Hashable, snapshot: Snapshot) -> Plan | None:
        """Return the plan for a shape, if it still holds under this snapshot."""
        found = prepared.plans.get(shape)
        if found is None:
            return None
        if found.checked is not snapshot:
            if not _plan_holds(prepared, found.plan, snapshot):
                del prepared.plans[shape]
                self.counters.drops += 1
                return None
            plan = replace(found.plan, depends={id_: snapshot.objects[id_] for id_ in found.plan.depends})
            prepared.plans[shape] = found = found._replace(plan=plan, checked=snapshot)
        prepared.plans.move_to_end(shape)
        self.counters.hits += 1
        return found.plan

    def keep_plan(
        self, prepared: Prepared, shape: Hashable, plan: Plan, snapshot: Snapshot, sample: Variables | None
    ) -> None:
        """Keep a plan, with variables of its shape."""
        prepared.plans[shape] = KeptPlan(plan, snapshot, sample)
        if len(prepared.plans) > MOST_SHAPES:
            prepared.plans.popitem(last=False)


def keep_valid(prepared: Prepared, snapshot: Snapshot) -> bool:
    """Return whether a document is valid under this snapshot, and note it if so.

    Objects that have got more fields leave it valid: no name changes its meaning, and no argument is required by the
    schema because of a field.
    """
    if not _is_valid(prepared, snapshot):
        return False
    if prepared.checked is not snapshot:
        # With the newest instances, so that the former ones need not be kept.
        prepared.depends = {id_: snapshot.objects[id_] for id_ in prepared.depends}
        prepared.checked = snapshot
    return True


def _is_valid(prepared: Prepared, snapshot: Snapshot) -> bool:
    if prepared.checked is snapshot:
        return True
    return _hold(prepared.depends, snapshot, grown=not prepared.is_introspection)


def _hold_all(prepared: Prepared, snapshot: Snapshot) -> bool:
    return _is_valid(prepared, snapshot) and all(
        kept.checked is snapshot or _plan_holds(prepared, kept.plan, snapshot) for kept in prepared.plans.values()
    )


def _plan_holds(prepared: Prepared, plan: Plan, snapshot: Snapshot) -> bool:
    """Whether a plan still does what its document says.

    What a query reads of an object does not change with fields that it does not name; what is written and told of one
    does: an event has all fields.
    """
    if not isinstance(plan, QueryPlan):
        return _hold(plan.depends, snapshot, grown=False)
    return _hold(plan.depends, snapshot, grown=not prepared.is_introspection) and all(
        snapshot.indexes_of.get(key, ()) == known for key, known in plan.indexes.items()
    )


def _hold(depends: Mapping[UUID, Object], snapshot: Snapshot, *, grown: bool) -> bool:
    """Whether a snapshot holds these very instances, or those that they have grown to."""
    return all(
        (now := snapshot.objects.get(key)) is object_ or (grown and has_grown(object_, now))
        for key, object_ in depends.items()
    )
