"""The reference of roles: a role's world is the database from which all that it may not read has been removed.

It knows roles as data (`metadata/roles/role.py`) and no planner: rules are evaluated by the reference of filters.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from fieldstone.metadata.access.rules import show
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import PRINCIPAL_PREFIX, Action, Role, Stored, Way
from tests.reference_filters import Filters
from tests.reference_values import Row, Rows


class RoleReference:
    """A role of one principal over the records of a database.

    Args:
        snapshot: the whole model; `snapshot.roles` has the role's parents.
        rows: all records.
        claims: the principal's values.
    """

    def __init__(self, snapshot: Snapshot, rows: Rows, role: Role, claims: Mapping[str, JsonValue]) -> None:
        self.snapshot = snapshot
        self.rows = rows
        self.role = role
        self.claims = claims
        # Rules see all live records.
        self._filters = Filters(snapshot, rows)
        # All records of an object meet the same rules.
        self._ways = cache(self._find_ways)
        self._condition = cache(self._read_rule)
        self._hidden = cache(self._find_hidden)

    def world(self) -> Rows:
        """The records that the role may read, with NULL in the cells that it may not."""
        return {
            id_: {key: self._cells(object_, row) for key, row in self.rows[id_].items() if self.reads(object_, row)}
            for id_, object_ in self.snapshot.objects.items()
        }

    def reads(self, object_: Object, row: Row) -> bool:
        """Whether the role may read a record in any way."""
        if not self._filters.is_live(object_, row) and not self._sees_deleted(object_):
            return False
        return any(self._holds(object_, row, way.rule) for way in self.ways(object_, Action.READ))

    def _sees_deleted(self, object_: Object) -> bool:
        return any(self.ways(object_, action) for action in (Action.RESTORE, Action.DESTROY))

    def ways(self, object_: Object, action: Action) -> tuple[Way, ...]:
        """The ways of an action: for each role of the lineage its own grant, else that for all objects."""
        return self._ways(object_.id, action)

    def _find_ways(self, object_id: UUID, action: Action) -> tuple[Way, ...]:
        found: list[Way] = []
        for role in self._lineage(self.role, set()):
            granted = {grant.object_id: grant.ways for grant in role.grants if grant.action is action}
            found += granted.get(object_id, granted.get(None, ()))
        return tuple(found)

    def _lineage(self, role: Role, seen: set[UUID]) -> Iterator[Role]:
        if role.id in seen:
            return
        seen.add(role.id)
        yield role
        for parent in role.parents:
            yield from self._lineage(self.snapshot.roles[parent], seen)

    def _cells(self, object_: Object, row: Row) -> Row:
        """The record with NULL in the cells of fields that none of the ways which reach it has."""
        reaching = tuple(way for way in self.ways(object_, Action.READ) if self._holds(object_, row, way.rule))
        hidden = self._hidden(object_.id, reaching)
        return {name: None if name in hidden else value for name, value in row.items()}

    def _find_hidden(self, object_id: UUID, reaching: tuple[Way, ...]) -> set[str]:
        object_ = self.snapshot.objects[object_id]
        hidden = {
            part.column.name
            for field in object_.fields
            if field.name != "id" and not any(way.fields.has(field.id) for way in reaching)
            for part in field.parts
        }
        # That a record is deleted is no cell of it: only such records are left as may be seen.
        return hidden - ({object_.deleted_at.name} if object_.deleted_at else set())

    def _holds(self, object_: Object, row: Row, rule: Stored | None) -> bool:
        if rule is None:
            return True
        said = self._filters.truth(object_, row, self._condition(rule))
        return said is True or not isinstance(said, bool | None)

    def _read_rule(self, rule: Stored) -> Any:
        return self._with_claims(show(self.snapshot, rule))

    def _with_claims(self, value: Any) -> Any:
        match value:
            case str() if value.startswith(PRINCIPAL_PREFIX):
                return self.claims[value.removeprefix(PRINCIPAL_PREFIX)]
            case dict():
                return {name: self._with_claims(member) for name, member in value.items()}
            case list():
                return [self._with_claims(item) for item in value]
            case _:
                return value
