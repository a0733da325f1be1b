"""The oracle of roles: restriction is deletion. A role reads what all may read where its rows alone are left.

Written without the planner: a row may be read if one of the rules holds, told by `tests/reference_filters.py` over all
rows, and if it is not deleted, unless the role may restore or destroy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fieldstone.metadata.model import Object, Snapshot
from tests.reference_filters import SILENT, Filters
from tests.reference_values import Rows

PREFIX = "$principal."


@dataclass(frozen=True, kw_only=True)
class ReadRight:
    """What a role may read of an object: the rows under any of these rules, which are as clients write filters.

    `reads_deleted` says that the role may restore or destroy.
    """

    rules: Sequence[Any] = ({},)
    reads_deleted: bool = True


@dataclass(frozen=True, kw_only=True)
class DrawnRole:
    """The rights by object, and the principal's values; an object without an entry is whole."""

    reads: Mapping[UUID, ReadRight]
    claims: Mapping[str, Any] = field(default_factory=dict)


def readable_rows(snapshot: Snapshot, rows: Rows, role: DrawnRole) -> Rows:
    """The rows that the role may read."""
    filters = Filters(snapshot, rows)
    left: dict[UUID, Any] = {}
    for id_, of_object in rows.items():
        object_, right = snapshot.objects[id_], role.reads.get(id_)
        left[id_] = {
            key: row for key, row in of_object.items() if right is None or _may_read(filters, object_, row, right, role)
        }
    return left


def _may_read(filters: Filters, object_: Object, row: Any, right: ReadRight, role: DrawnRole) -> bool:
    if not (right.reads_deleted or filters.is_live(object_, row)):
        return False
    return any(filters.truth(object_, row, with_claims(rule, role.claims)) in {True, SILENT} for rule in right.rules)


def with_claims(value: Any, claims: Mapping[str, Any]) -> Any:
    """A rule with the principal's values in the place of their names."""
    match value:
        case dict():
            return {name: with_claims(member, claims) for name, member in value.items()}
        case list():
            return [with_claims(item, claims) for item in value]
        case str() if value.startswith(PREFIX):
            return claims[value.removeprefix(PREFIX)]
        case _:
            return value
