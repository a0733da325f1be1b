"""The values that an index is of, in its order."""

from collections.abc import Iterator

from fieldstone.metadata.model import Index, Object, Part
from fieldstone.sql.plan.operands import Column, Sorted
from fieldstone.sql.types import SqlType

BTREE = "btree"
TRIGRAM = "trigram"
INVERTED = "gin"
SEARCH = "search"
"""The methods of indexes: for orders, patterns, the contents of lists and JSON, and the search over all objects."""

MOST_TEXTS = 2
"""Keys of texts in an index: two of the longest fit into PostgreSQL's 2,704 bytes, as the texts in them compress."""


def is_sorted(part: Part) -> bool:
    """Return whether a column's values are compared by their keys in the order of texts."""
    return part.options is None and part.column.type is SqlType.TEXT


def indexed_parts(object_: Object, index: Index) -> Iterator[Part]:
    """Yield the columns that an index is on."""
    for id_ in index.field_ids:
        field = object_.by_id[id_]
        for part in field.unique_parts if index.is_unique else field.parts:
            if index.sub_field in {None, part.name}:
                yield part


def first_parts(object_: Object, index: Index) -> Iterator[Part]:
    """Yield the first column of each field that an index is on."""
    for id_ in index.field_ids:
        parts = object_.by_id[id_].parts
        yield parts[0] if index.sub_field is None else next(part for part in parts if part.name == index.sub_field)


def holds_keys(object_: Object, index: Index) -> bool:
    """Return whether an index holds the keys of texts in the place of the texts."""
    return _may_hold_keys(index) and any(is_sorted(part) for part in indexed_parts(object_, index))


def _may_hold_keys(index: Index) -> bool:
    return index.method == BTREE and not index.is_unique and index.text_order > 0


def first_value(object_: Object, index: Index) -> Column | Sorted:
    """Return the first of the values that an index is of."""
    part = next(indexed_parts(object_, index))
    return Sorted(column=part.column) if is_sorted(part) and _may_hold_keys(index) else part.column


def indexed_values(object_: Object, index: Index) -> tuple[Column | Sorted, ...]:
    """Return the values that an index is of.

    One that holds the keys of texts ends with the record's id, so that it has each page in order, and ends
    before a third text.
    """
    parts = list(indexed_parts(object_, index))
    if not holds_keys(object_, index):
        return tuple(part.column for part in parts)
    values: list[Column | Sorted] = []
    texts = 0
    for part in parts:
        texts += is_sorted(part)
        if texts > MOST_TEXTS:
            break
        values.append(Sorted(column=part.column) if is_sorted(part) else part.column)
    return tuple(values) if object_.key in values else (*values, object_.key)
