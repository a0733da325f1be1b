"""Nodes that a client could ask for: their ids, and selections on the interface and on the types that have it."""

from typing import TYPE_CHECKING

from graphql import GraphQLField, GraphQLInterfaceType, get_named_type
from hypothesis import strategies as st

from tests.operation_writer import Selection, Writer, write_set

if TYPE_CHECKING:
    from tests.operations import Selections

_NO_NODES = ["", "nonsense", "x" * 43, "é" * 43, 5]
"""Ids that no record has."""


def draw_nodes(selections: "Selections", name: str, one: GraphQLField, depth: int) -> Selection:
    """A root field that reads nodes."""
    interface = get_named_type(one.type)
    assert isinstance(interface, GraphQLInterfaceType)
    alias = selections.alias(always=True)
    values, ids = selections.values, st.sampled_from([*selections.nodes, *_NO_NODES])
    if name == "node":
        argument, given = "nodeId", values.liftable("ID!", lambda: values.draw(ids))
    else:
        most = 201 if values.chance(2) else 6
        draw = st.lists(ids, min_size=most if most > 6 else 0, max_size=most)
        argument, given = "nodeIds", values.liftable("[ID!]!", lambda: values.draw(draw))
    below = _draw_parts(selections, interface, depth)

    def write(writer: Writer) -> str:
        return f"{alias}{name}({argument}: {writer.value(given)}) {write_set(writer, below)}"

    return Selection(write)


def _draw_parts(selections: "Selections", interface: GraphQLInterfaceType, depth: int) -> list[Selection]:
    """A selection set on the interface; fields of different types have keys of their own, or they would not merge."""
    draw = selections.draw
    types = selections.schema.get_implementations(interface).objects
    parts: list[Selection] = []
    for _ in range(draw(st.integers(1, 4))):
        match draw(st.sampled_from(["plain", "again", "type", "type", "type"])):
            case "plain":
                text = f"{selections.alias()}{draw(st.sampled_from(['nodeId', '__typename']))}"
                parts.append(Selection(lambda _, text=text: text))  # type: ignore[misc]  # a lambda's defaults
            case "again" if depth > 1:
                parts.append(selections.fragment(interface, _draw_parts(selections, interface, depth - 1)))
            case _:
                of_type = draw(st.sampled_from(types))
                lines = selections.of(of_type, depth - 1, aliased=True)
                parts.append(selections.fragment(of_type, lines, is_narrower=True))
    return parts
