"""The syntax of orders: `order_by=createdAt[DescNullsLast],company.name` becomes the JSON of a list of order inputs."""

import re
from collections.abc import Sequence
from functools import lru_cache

from graphql import GraphQLInputObjectType

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.input_types import Input, Text
from fieldstone.metadata.json_text import JsonValue

DEFAULT = "AscNullsFirst"
"""The direction of a field that says none, as Twenty's clients expect it."""

DIRECTIONS = ("AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast", "ASC", "DESC")

_PARAMETER = "order_by"
_SHORT = 100
"""Characters of an order that may come again and again."""
_ITEM = re.compile(r"([A-Za-z0-9_.]+)(?:\[([A-Za-z]*)\])?")


def read_order(text: str, type_: GraphQLInputObjectType, *, below: str | None = None) -> list[JsonValue]:
    """Return the JSON of a list of the order input `type_`.

    Args:
        text: the value of the parameter `order_by`.
        type_: the order input.
        below: the member of the input that has the fields, where they are not its own.

    Raises:
        BadUserInput: it has another syntax, or names a member that the input does not have.
    """
    items = _read_items(text) if len(text) > _SHORT else _read_short(text)
    return [_build(names, direction, type_, below) for names, direction in items]


def _build(names: Sequence[str], direction: Text, type_: GraphQLInputObjectType, below: str | None) -> JsonValue:
    if below is not None and names[0] not in type_.fields:
        names = [below, *names]
    return Input(type_, _PARAMETER).build(names, direction)


def _read_items(text: str) -> Sequence[tuple[Sequence[str], Text]]:
    return [_read_item(item.strip()) for item in text.split(",")]


_read_short = lru_cache(maxsize=1024)(_read_items)


def _read_item(item: str) -> tuple[Sequence[str], Text]:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise BadUserInput(
            f"'{_PARAMETER}' has '{item[:80]}', which is not valid: right is, for instance,"
            " createdAt[DescNullsLast],name.",
            field=_PARAMETER,
        )
    path, direction = found[1], DEFAULT if found[2] is None else found[2]
    if direction not in DIRECTIONS:
        raise BadUserInput(
            f"'{_PARAMETER}' has the direction '{direction[:80]}': it must be one of {', '.join(DIRECTIONS)}.",
            field=_PARAMETER,
        )
    return tuple(path.split(".")), Text(direction, is_quoted=True)
