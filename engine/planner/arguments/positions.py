"""The position of an event that a subscription resumes after."""

from collections.abc import Callable
from typing import cast

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Leaf, Tree
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.role import Role

_DIGITS = 19

Position = Callable[[Bindings], int | None]
"""Yields a position, None where a request gives none; raises BadUserInput."""


def position_of(role: Role | None, tree: Tree, blame: Blame) -> Position:
    """Return the position in an argument.

    Raises:
        Forbidden: the role has restrictions, and so must not know positions.
    """
    if tree is None:
        return lambda _: None
    if role is not None:
        raise Forbidden(
            f"The role '{role.name}' cannot resume after a position: positions count the events of all objects.",
            field=blame.field,
            path=blame.path,
        )
    leaf = cast("Leaf", tree)
    return lambda bindings: read_position(leaf.read(bindings), blame)


def read_position(value: JsonValue, blame: Blame) -> int:
    """Return the position in a text that a client gave back.

    Raises:
        BadUserInput: it is none.
    """
    text = value if isinstance(value, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) < 2**63):
        raise blame.error(f"'{blame.field}' must be the position of a result, from its extensions.position.")
    return int(text)
