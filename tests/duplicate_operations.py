"""Records whose duplicates a client could ask for: by ids, or as data."""

from typing import TYPE_CHECKING, Any

from graphql import GraphQLField, GraphQLInputObjectType, get_named_type
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.operations import Values

_SCALARS = {"String", "UUID"}


def draw_given(values: "Values", one: GraphQLField) -> dict[str, Any]:
    """The argument of a root field for duplicates."""
    if values.chance(60):
        draw = lambda: [values.draw(st.sampled_from(values.ids)) for _ in range(values.draw(st.integers(0, 4)))]  # noqa: E731
        return {"ids": values.liftable("[UUID!]", draw)}
    of_type = get_named_type(one.args["data"].type)
    assert isinstance(of_type, GraphQLInputObjectType)
    many = lambda: [_draw_data(values, of_type) for _ in range(values.draw(st.integers(0, 3)))]  # noqa: E731
    return {"data": values.liftable(f"[{of_type.name}!]", many)}


def _draw_data(values: "Values", of_type: GraphQLInputObjectType) -> dict[str, Any]:
    names = [name for name, member in of_type.fields.items() if _is_drawn(get_named_type(member.type))]
    found: dict[str, Any] = {}
    for name in values.draw(st.lists(st.sampled_from(names), max_size=5, unique=True)):
        named = get_named_type(of_type.fields[name].type)
        if isinstance(named, GraphQLInputObjectType):
            found[name] = {
                sub: values.leaf(get_named_type(member.type))
                for sub, member in named.fields.items()
                if get_named_type(member.type).name in _SCALARS and values.chance(80)
            }
        else:
            found[name] = values.leaf(named)
    return found


def _is_drawn(named: Any) -> bool:
    if isinstance(named, GraphQLInputObjectType):
        return "connect" not in named.fields and "create" not in named.fields
    return named.name in _SCALARS
