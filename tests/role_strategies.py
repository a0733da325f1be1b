"""Hypothesis strategies over roles: whatever roles a workspace could have, with a principal's values for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid5

from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLSchema, get_named_type
from hypothesis import strategies as st

from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.claim_types import CLAIM_TYPES
from fieldstone.metadata.roles.role import (
    ALL_FIELDS,
    PRINCIPAL_PREFIX,
    WHOLLY,
    Action,
    Claim,
    Fields,
    Grant,
    Role,
    Stored,
    Way,
)
from tests.apis import WORKSPACE_ID
from tests.operation_writer import to_json
from tests.operations import Values

_CLAIMED = {"UUID": "UUID", "String": "TEXT", "Int": "INT", "Boolean": "BOOLEAN"}
"""The types of claims that stand for values of a scalar of the API."""
_WITH_CLAIMS = {"eq", "neq", "in", "notIn"}


@dataclass(frozen=True, kw_only=True)
class DrawnRole:
    """A role, the roles that it inherits, and the values of one principal."""

    role: Role
    parents: Sequence[Role]
    claims: dict[str, JsonValue]


class _RuleValues(Values):
    """Draws rules: filters without variables, in which some values are the principal's."""

    def __init__(self, draw: st.DrawFn, ids: Sequence[str]) -> None:
        super().__init__(draw, ids)
        self.claims: dict[str, Claim] = {}
        self.given: dict[str, JsonValue] = {}

    def liftable(self, _of_type: str, draw: Any) -> Any:
        return draw()

    def _argument(self, of_type: GraphQLInputObjectType, name: str, declared: GraphQLInputType) -> Any:
        value = super()._argument(of_type, name, declared)
        kind = _CLAIMED.get(get_named_type(declared).name)
        if value is None or kind is None or name not in _WITH_CLAIMS or not self.chance(40):
            return value
        claim = f"c{len(self.claims)}"
        is_list = isinstance(declared, GraphQLList)
        self.claims[claim] = Claim(name=claim, scalar=CLAIM_TYPES[kind], is_list=is_list)
        self.given[claim] = value if not is_list or isinstance(value, list) else [value]
        return PRINCIPAL_PREFIX + claim


@dataclass(kw_only=True)
class _Roles:
    draw: st.DrawFn
    snapshot: Snapshot
    schema: GraphQLSchema
    values: _RuleValues
    made: int = field(default=0)

    def role(self, parents: Sequence[Role]) -> Role:
        """A role that inherits these."""
        self.made += 1
        objects = [one for one in self.snapshot.objects.values() if one.is_active]
        grants: list[Grant] = []
        if self.values.chance(75):
            grants.append(self._grant(None, self._plain_ways()))
        named = self.draw(st.lists(st.sampled_from(objects), max_size=4, unique_by=lambda one: one.id))
        grants += [self._grant(one, self._ways(one)) for one in named]
        if self.values.chance(30):
            grants.append(Grant(object_id=None, action=Action.DESTROY, ways=WHOLLY))
        return Role(
            id=uuid5(WORKSPACE_ID, f"role {self.made}"),
            name=f"role{self.made}",
            label="Role",
            parents=tuple(one.id for one in parents),
            grants=tuple(grants),
        )

    def _grant(self, object_: Object | None, ways: tuple[Way, ...]) -> Grant:
        object_id = object_.id if object_ else None
        return Grant(object_id=object_id, action=Action.READ, ways=ways, aggregates=self.values.chance(80))

    def _plain_ways(self) -> tuple[Way, ...]:
        return WHOLLY if self.values.chance(90) else ()

    def _ways(self, object_: Object) -> tuple[Way, ...]:
        return tuple(self._way(object_) for _ in range(self.draw(st.sampled_from([0, 1, 1, 1, 2, 3]))))

    def _way(self, object_: Object) -> Way:
        return Way(rule=self._rule(object_) if self.values.chance(80) else None, fields=self._fields(object_))

    def _fields(self, object_: Object) -> Fields:
        if self.values.chance(50):
            return ALL_FIELDS
        fields = [one.id for one in object_.fields]
        ids = self.draw(st.lists(st.sampled_from(fields), max_size=12, unique=True))
        return Fields(ids=frozenset(ids), only=self.values.chance(30))

    def _rule(self, object_: Object) -> Stored | None:
        of_type = self.schema.type_map[f"{object_.type_name}FilterInput"]
        assert isinstance(of_type, GraphQLInputObjectType)
        # Numbers are as a client's JSON has them.
        given = loads(dumps(to_json(self.values.filter(of_type))))
        try:
            return store_filter(self.snapshot, object_, given)
        except InvalidChange:
            return None


@st.composite
def roles(draw: st.DrawFn, snapshot: Snapshot, schema: GraphQLSchema, ids: Sequence[str]) -> DrawnRole:
    """Roles that read: with up to two levels of parents, row rules, fields, and values of a principal.

    `schema` is that of the whole model, `ids` are those of the records.
    """
    values = _RuleValues(draw, ids)
    made = _Roles(draw=draw, snapshot=snapshot, schema=schema, values=values)
    parents: list[Role] = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        parents.append(made.role(parents[-1:]))
    role = made.role(parents[-1:])
    return DrawnRole(
        role=replace(role, claims=tuple(values.claims.values())), parents=parents, claims=dict(values.given)
    )
