"""Strategies over what roles may read: rules from the filters that clients write, their values turned into claims."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from graphql import GraphQLInputObjectType
from hypothesis import strategies as st

from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Object
from tests.operation_writer import to_json
from tests.operations import Values
from tests.reference import Reference
from tests.reference_access import PREFIX, DrawnRole, ReadRight

_NO_CLAIMS = frozenset({"is", "isNot", "isEmpty", "within", "path", "isToday", "inPast", "inFuture"})
"""Operators whose arguments are no values."""

_COMPARING = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "in", "notIn", "contains", "startsWith", "ieq"})


@st.composite
def roles(draw: st.DrawFn, reference: Reference, ids: Sequence[str], *, guards: bool = False) -> DrawnRole:
    """What a role may read: under one to three rules for each of some objects; with `guards`, by each other fields."""
    snapshot = reference.snapshot
    claims: dict[str, Any] = {}
    reads: dict[UUID, ReadRight] = {}
    for object_ in draw(
        st.lists(st.sampled_from(list(snapshot.by_singular.values())), min_size=1, unique_by=lambda one: one.id)
    ):
        rules = [_rule(draw, reference, object_, ids, claims) for _ in range(draw(st.integers(1, 3)))]
        left_out = [_left_out(draw, object_) if guards and place else frozenset[UUID]() for place in range(len(rules))]
        ways = list(zip(rules, draw(st.permutations(left_out)), strict=True))
        reads[object_.id] = ReadRight(ways=ways, reads_deleted=draw(st.booleans()))
    return DrawnRole(reads=reads, claims=claims)


def _left_out(draw: st.DrawFn, object_: Object) -> frozenset[UUID]:
    """Some fields that have cells; a row is live or deleted whatever a role reads of it."""
    ids = [field.id for name, field in object_.by_name.items() if field.parts and name not in {"id", "deletedAt"}]
    return frozenset(draw(st.lists(st.sampled_from(ids), unique=True)))


def _rule(draw: st.DrawFn, reference: Reference, object_: Object, ids: Sequence[str], claims: dict[str, Any]) -> Any:
    of_type = reference.schema.type_map[type_name(object_, TypeRole.FILTER)]
    assert isinstance(of_type, GraphQLInputObjectType)
    drawn = to_json(Values(draw, ids).filter(of_type))
    try:
        store_filter(reference.snapshot, object_, drawn)
    except InvalidChange:
        # A client may write null for an input object, a rule may not.
        return {}
    return _lift(draw, drawn, claims)


def _lift(draw: st.DrawFn, value: Any, claims: dict[str, Any]) -> Any:
    """The rule with some of the values that operators compare with as claims."""
    match value:
        case dict():
            return {
                name: member
                if name in _NO_CLAIMS
                else _claim(draw, member, claims)
                if name in _COMPARING and not isinstance(member, dict | type(None)) and draw(st.booleans())
                else _lift(draw, member, claims)
                for name, member in value.items()
            }
        case list():
            return [_lift(draw, item, claims) for item in value]
        case _:
            return value


def _claim(draw: st.DrawFn, value: Any, claims: dict[str, Any]) -> str:
    name = f"c{len(claims)}"
    claims[name] = value
    return PREFIX + name
