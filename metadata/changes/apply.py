"""`apply`: a snapshot and a change make the next snapshot. Pure: all random ids stand in the change."""

from collections.abc import Callable

from fieldstone.metadata.access.role_needs import check_roles
from fieldstone.metadata.changes.kinds.table import kind_of
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot


def apply(snapshot: Snapshot, change: Change) -> Applied:
    """Return the next snapshot, which shares every object that the change does not touch, with its new parts.

    Raises:
        InvalidChange: the change breaks a rule, or takes away a field that a role needs; NameTaken where only names
            are taken.
        UnknownObject: the subject of the change is not there.
    """
    applied = kind_of(change).apply(snapshot, change)
    problems = Problems()
    problems.add(*check_roles(snapshot, applied.snapshot))
    problems.raise_any()
    return applied


def always(change: Change) -> Callable[[Snapshot], Change]:
    """Return a builder of a change that is the same for every model."""
    return lambda _snapshot: change


def describe(change: Change) -> dict[str, JsonValue]:
    """Return the change as the history and plans show it."""
    kind = kind_of(change)
    return {"action": kind.action, "id": str(kind.id_of(change)), **kind.describe(change)}
