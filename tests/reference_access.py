"""The oracle of roles: restriction is deletion. A role reads as all may read where its rows alone are left.

Written without the planner: a row may be read if one of the rules holds, told by `tests/reference_filters.py` over all
rows, and if it is not deleted, unless the role may restore or destroy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from fieldstone.metadata.model import Object, Snapshot
from tests.reference_filters import SILENT, Filters
from tests.reference_values import Row, Rows

PREFIX = "$principal."


@dataclass(frozen=True, kw_only=True)
class ReadRight:
    """The right of a role to read an object: by each way the rows under its rule, without its hidden fields.

    Attributes:
        ways: rules as clients write filters, each with the ids of the fields that are not read by it.
        reads_deleted: whether the role may restore or destroy.
    """

    ways: Sequence[tuple[Any, frozenset[UUID]]]
    reads_deleted: bool = True


@dataclass(frozen=True, kw_only=True)
class DrawnRole:
    """The rights by object, and the principal's values; an object without an entry is whole."""

    reads: Mapping[UUID, ReadRight]
    claims: Mapping[str, Any] = field(default_factory=dict)


def readable_rows(snapshot: Snapshot, rows: Rows, role: DrawnRole) -> Rows:
    """The rows that the role may read, without the cells that it may not."""
    filters = Filters(snapshot, rows)
    left: dict[UUID, dict[str, Row]] = {}
    for id_, of_object in rows.items():
        object_, right = snapshot.objects[id_], role.reads.get(id_)
        left[id_] = {}
        for key, row in of_object.items():
            shown = row if right is None else _readable_row(filters, object_, row, right, role)
            if shown is not None:
                left[id_][key] = shown
    return left


def _readable_row(filters: Filters, object_: Object, row: Row, right: ReadRight, role: DrawnRole) -> Row | None:
    if not (right.reads_deleted or filters.is_live(object_, row)):
        return None
    left_out = [
        ids for rule, ids in right.ways if filters.truth(object_, row, with_claims(rule, role.claims)) in {True, SILENT}
    ]
    if not left_out:
        return None
    hidden = [field for field in object_.fields if all(field.id in ids for ids in left_out)]
    cells: Row = {part.column.name: None for field in hidden for part in field.parts}
    return {**row, **cells}


def with_guards(snapshot: Snapshot, role: DrawnRole) -> Snapshot:
    """The snapshot in which the fields may be null that the role does not read in every row."""
    objects = dict(snapshot.objects)
    for id_, right in role.reads.items():
        some = frozenset[UUID]().union(*(ids for _, ids in right.ways))
        fields = tuple(replace(field, is_nullable=True) if field.id in some else field for field in objects[id_].fields)
        objects[id_] = replace(objects[id_], fields=fields)
    return replace(snapshot, objects=objects)


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
