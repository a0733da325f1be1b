"""All parts of a plan, found by one walk over its dataclasses, whichever elements these have."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter


def parts_of(part: object) -> Iterator[object]:
    """Yield a part of a plan and all parts below it, in their order."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting += one[::-1]
        elif (members := _members(type(one))) is not None:  # type: ignore[arg-type]  # types have a hash
            yield one
            waiting += members(one)


@cache
def _members(type_: type) -> Callable[[object], Sequence[object]] | None:
    """Return the reader of a part's members that may be parts, the last first; None for another type."""
    if not is_dataclass(type_):
        return None
    names = [field.name for field in reversed(fields(type_)) if not _is_value(field.type)]
    if not names:
        return lambda _: ()
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda part: (read(part),)


def _is_value(annotation: object) -> bool:
    """Return whether no part has this type: a number, a text, an enum."""
    return isinstance(annotation, type) and not is_dataclass(annotation) and not issubclass(tuple, annotation)
