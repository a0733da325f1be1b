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
from fieldstone.metadata.roles.role import PRINCIPAL_PREFIX, Action, Role, Way
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
        self._hidden = cache(self._find_hidden)

    def world(self) -> Rows:
        """The records that the role may read, with NULL in the cells that it may not."""
        return {id_: dict(self._readable(object_)) for id_, object_ in self.snapshot.objects.items()}

    def _readable(self, object_: Object) -> Iterator[tuple[str, Row]]:
        sees_deleted = any(self.ways(object_, action) for action in (Action.RESTORE, Action.DESTROY))
        conditions = [self._condition(way) for way in self.ways(object_, Action.READ)]
        for key, row in self.rows[object_.id].items():
            if sees_deleted or self._filters.is_live(object_, row):
                reaching = tuple(at for at, one in enumerate(conditions) if self._holds(object_, row, one))
                if reaching:
                    yield key, self._cells(row, self._hidden(object_.id, reaching))

    def ways(self, object_: Object, action: Action) -> tuple[Way, ...]:
        """The ways of an action: for each role of the lineage its own grant, else that for all objects."""
        found: list[Way] = []
        for role in self._lineage(self.role, set()):
            granted = {grant.object_id: grant.ways for grant in role.grants if grant.action is action}
            found += granted.get(object_.id, granted.get(None, ()))
        return tuple(found)

    def _lineage(self, role: Role, seen: set[UUID]) -> Iterator[Role]:
        if role.id in seen:
            return
        seen.add(role.id)
        yield role
        for parent in role.parents:
            yield from self._lineage(self.snapshot.roles[parent], seen)

    def _cells(self, row: Row, hidden: set[str]) -> Row:
        """The record with NULL in the cells of fields that none of the ways which reach it has."""
        return {name: None if name in hidden else value for name, value in row.items()}

    def _find_hidden(self, object_id: UUID, reaching: tuple[int, ...]) -> set[str]:
        object_ = self.snapshot.objects[object_id]
        ways = self.ways(object_, Action.READ)
        hidden = {
            part.column.name
            for field in object_.fields
            if field.name != "id" and not any(ways[at].fields.has(field.id) for at in reaching)
            for part in field.parts
        }
        # That a record is deleted is no cell of it: only such records are left as may be seen.
        return hidden - ({object_.deleted_at.name} if object_.deleted_at else set())

    def _condition(self, way: Way) -> Any:
        """The filter that a way's rule is; None for a way without a rule."""
        return None if way.rule is None else self._with_claims(show(self.snapshot, way.rule))

    def _holds(self, object_: Object, row: Row, condition: Any) -> bool:
        if condition is None:
            return True
        said = self._filters.truth(object_, row, condition)
        return said is True or not isinstance(said, bool | None)

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
