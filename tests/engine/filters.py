"""The operators that each column takes, for filters of all of them."""

from collections.abc import Iterator
from typing import Any

from fieldstone.metadata.model import Object, Part

PER_REQUEST = 40


def columns(object_: Object) -> Iterator[tuple[tuple[str, ...], Part]]:
    """Every column that can be filtered by, with the names that lead to it."""
    for key, holder in object_.foreign_keys.items():
        yield (key,), holder.parts[0]
    for name, field in object_.by_name.items():
        if field.relation_id is None:
            yield from (((name, part.name) if part.name else (name,), part) for part in field.parts)


def nested(names: tuple[str, ...], innermost: Any) -> Any:
    for name in reversed(names):
        innermost = {name: innermost}
    return innermost
