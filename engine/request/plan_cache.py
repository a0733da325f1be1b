"""The plan cache: from a document to its valid operation, and by shape to that operation's plans."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.request.valid_operation import AnyOperation, KeptPlan, P, ValidOperation
from fieldstone.engine.request.variables import Variables
from fieldstone.metadata.model import Snapshot

MOST_TEXT = 2_000_000
"""Characters of all documents together: a parsed one takes about a hundred bytes for each."""
MOST_SHAPES = 64
"""Plans of one operation."""


MOST_ORDERS = 1_000
"""Different orders that are counted by their names."""
_OTHERS = ("", "")


class OperationKey(NamedTuple):
    """The key that a valid operation is found by.

    Attributes:
        workspace: its id's number: Python computes an UUID's hash each time.
        text: the document's.
    """

    workspace: int
    text: str
    operation_name: str | None


@dataclass(slots=True, kw_only=True)
class PlanCounters:
    """How often a plan was found, was not there, was dropped because its objects changed, was made again before use.

    Attributes:
        unserved: how often a request wanted the order of a text that no index serves, by the object and the field.
    """

    hits: int = 0
    misses: int = 0
    drops: int = 0
    renewals: int = 0
    unserved: dict[tuple[str, str], int] = field(default_factory=dict)

    def count_unserved(self, orders: tuple[tuple[str, str], ...]) -> None:
        """Count orders that no index serves; those beyond MOST_ORDERS different ones together."""
        for order in orders:
            key = order if order in self.unserved or len(self.unserved) < MOST_ORDERS else _OTHERS
            self.unserved[key] = self.unserved.get(key, 0) + 1


class PlanCache:
    """Valid operations, at most `limit`, least recently used out; those that a change touched go when asked for."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.counters = PlanCounters()
        self._operations: OrderedDict[OperationKey, AnyOperation] = OrderedDict()
        self._text = 0

    def __len__(self) -> int:
        return len(self._operations)

    def find_operation(self, key: OperationKey, snapshot: Snapshot) -> AnyOperation | None:
        """Return the operation of a document, if it is here and still valid under this snapshot."""
        found = self._operations.get(key)
        if found is None:
            return None
        if not found.depends.keep_up(snapshot):
            self._drop(key)
            return None
        self._operations.move_to_end(key)
        return found

    def keep_operation(self, key: OperationKey, operation: AnyOperation) -> None:
        """Keep a valid operation."""
        if len(key.text) > MOST_TEXT // 8 or self._operations.get(key) is operation:
            return
        if key in self._operations:
            self._drop(key)
        self._operations[key] = operation
        self._text += len(key.text)
        while len(self._operations) > self._limit or self._text > MOST_TEXT:
            oldest, _ = self._operations.popitem(last=False)
            self._text -= len(oldest.text)

    def _drop(self, key: OperationKey) -> None:
        dropped = self._operations.pop(key)
        self._text -= len(key.text)
        self.counters.drops += len(dropped.plans)

    def find_touched(self, snapshot: Snapshot, most: int) -> list[tuple[OperationKey, AnyOperation]]:
        """Return the operations that a change of the model touched: they, or plans of them, do not hold any more.

        The `most` most recently used come first to last; no operation counts as used, or is dropped, by looking.
        """
        workspace_id = snapshot.workspace.id
        found: list[tuple[OperationKey, AnyOperation]] = []
        for key, operation in reversed(self._operations.items()):
            if len(found) == most:
                break
            if key.workspace == workspace_id.int and not operation.holds(snapshot):
                found.append((key, operation))
        return found

    def drop_plans(self, operation: AnyOperation, snapshot: Snapshot) -> list[Variables | None]:
        """Drop the plans of an operation that do not hold under this snapshot; return their samples, last used last."""
        stale = [shape for shape, kept in operation.plans.items() if not kept.plan.depends.hold(snapshot)]
        self.counters.drops += len(stale)
        return [operation.plans.pop(shape).sample for shape in stale]

    def replace(self, key: OperationKey, before: AnyOperation, after: AnyOperation | None) -> None:
        """Put a renewed operation in the place of the one that a change touched; None drops that one.

        Where another has taken the place meanwhile, that one stays.
        """
        if self._operations.get(key) is not before:
            return
        if after is None:
            self._drop(key)
            return
        self.counters.drops += len(before.plans)
        self.counters.renewals += len(after.plans)
        self._operations[key] = after

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        for key in [key for key in self._operations if key.workspace == workspace_id.int]:
            self._text -= len(key.text)
            del self._operations[key]

    def find_plan(self, operation: ValidOperation[P], shape: Hashable, snapshot: Snapshot) -> P | None:
        """Return the plan for a shape, if it still holds under this snapshot."""
        found = operation.plans.get(shape)
        if found is None:
            return None
        plan = found.plan
        if not plan.depends.keep_up(snapshot):
            del operation.plans[shape]
            self.counters.drops += 1
            return None
        operation.plans.move_to_end(shape)
        self.counters.hits += 1
        if plan.depends.unserved:
            self.counters.count_unserved(plan.depends.unserved)
        return plan

    def keep_plan(self, operation: ValidOperation[P], shape: Hashable, plan: P, sample: Variables | None) -> None:
        """Keep a plan, with variables of its shape."""
        operation.plans[shape] = KeptPlan(plan, sample)
        if len(operation.plans) > MOST_SHAPES:
            operation.plans.popitem(last=False)
