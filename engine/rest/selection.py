"""Selections: all fields of a record that a role reads, and related records as deep as a request asks."""

from collections.abc import Iterator, Mapping

from fieldstone.metadata.model import Field, Object, Snapshot, relation_end

DEEPEST = 2
"""The deepest `depth` of a request."""

LISTED: Mapping[int, int] = {1: 60, 2: 10}
"""The most related records in a list, by the `depth` of the request; fewer if the largest page is smaller."""

PAGE_INFO = "pageInfo{hasNextPage startCursor endCursor}"
"""The selection of the place of a page."""

_FIRST = ("id", "updatedAt")
"""The fields that begin a record, so that its entity tag can be read from the beginning of an answer."""


def select_record(view: Snapshot, object_: Object, depth: int, *, largest_page: int) -> str:
    """Return the selection of a record, without its braces.

    Args:
        view: the model as the principal sees it.
        object_: the record's object.
        depth: the number of steps across relations.
        largest_page: the most records that a list may have.
    """
    listed = min(LISTED.get(depth, 0), largest_page)
    return " ".join(_members(view, object_, depth, listed))


def names_of_record(object_: Object) -> list[str]:
    """Return the names of an object's fields, in the order that its records have them in."""
    fields = object_.by_name
    names = [name for name in _FIRST if name in fields]
    return [*names, *(name for name in fields if name not in _FIRST)]


def _members(view: Snapshot, object_: Object, depth: int, listed: int) -> Iterator[str]:
    for name in names_of_record(object_):
        yield from _member(view, name, object_.by_name[name], depth, listed)


def _member(view: Snapshot, name: str, field: Field, depth: int, listed: int) -> Iterator[str]:
    if field.relation_id is None:
        parts = " ".join(part.name for part in field.parts if part.name)
        yield f"{name}{{{parts}}}" if field.is_composite else name
        return
    if field.parts:
        yield field.key_name
    end = relation_end(view, field) if depth else None
    if end is None:
        return
    inner = " ".join(_members(view, end.target, depth - 1, listed))
    yield f"{name}{{{inner}}}" if end.to_one else f"{name}(first:{listed}){{edges{{node{{{inner}}}}}}}"
