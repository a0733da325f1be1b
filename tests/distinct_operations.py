"""Connections with one record for each value, as a client could ask for them."""

from typing import TYPE_CHECKING, Any

from graphql import GraphQLEnumType, GraphQLField, GraphQLInputObjectType, get_named_type
from hypothesis import strategies as st

from tests.operation_writer import EnumValue

if TYPE_CHECKING:
    from tests.operations import Values


def draw_distinct(values: "Values", one: GraphQLField, *, refused: bool) -> dict[str, Any]:
    """The arguments distinctOn and orderBy of a connection, which go together unless some may be refused."""
    enum, order = get_named_type(one.args["distinctOn"].type), get_named_type(one.args["orderBy"].type)
    assert isinstance(enum, GraphQLEnumType)
    assert isinstance(order, GraphQLInputObjectType)
    names = values.draw(st.lists(st.sampled_from(list(enum.values)), min_size=1, max_size=2, unique=True))
    keys = [_key(values, order, name) for name in names]
    keys += [values.order(order) for _ in range(values.draw(st.integers(0, 2)))]
    if values.chance(20):
        keys = []
    elif refused and values.chance(30):
        keys = keys[1:]
    drawn = [EnumValue(name) for name in names]
    return {
        "distinctOn": values.liftable(f"[{enum.name}!]", lambda: drawn),
        "orderBy": values.liftable(f"[{order.name}]", lambda: keys),
    }


def _key(values: "Values", order: GraphQLInputObjectType, name: str) -> dict[str, Any]:
    if name in order.fields:
        return {name: values.leaf(get_named_type(order.fields[name].type))}
    for field, member in order.fields.items():
        inner = get_named_type(member.type)
        if isinstance(inner, GraphQLInputObjectType) and name.startswith(field):
            sub = name[len(field) :]
            sub = sub[0].lower() + sub[1:]
            if sub in inner.fields:
                return {field: {sub: values.leaf(get_named_type(inner.fields[sub].type))}}
    raise LookupError(name)
