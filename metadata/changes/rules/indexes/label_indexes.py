"""The indexes by which records are in the order of their labels: each field that holds one brings its own."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid5

from fieldstone.metadata.changes.rules.indexes.indexed_values import (
    BTREE,
    INVERTED,
    SEARCH,
    TRIGRAM,
    first_parts,
    holds_keys,
)
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.changes.rules.settings import SKIP_LABEL_INDEX
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Index, Object

_NAME = "name"

STANDARD_LABELS = frozenset({"firstName", "lastName", "email"})
"""The standard fields, besides `name`, by which people look through lists."""

_SUB_FIELDS = {FieldType.FULL_NAME: ("firstName", "lastName"), FieldType.EMAILS: ("primaryEmail",)}

_KINDS = {BTREE: "idx", TRIGRAM: "trgm", INVERTED: "gin", SEARCH: "search"}


def label_sub_fields(field: Field) -> tuple[str | None, ...]:
    """Return the sub-fields that are labels of a record: none, some, or None for all of a field of one column."""
    if field.type is FieldType.TEXT:
        # The field that an object starts with: its column keeps the name.
        is_name = not (field.is_custom or field.is_system) and field.column.rstrip("0123456789") == _NAME
        return (None,) if is_name else ()
    return _SUB_FIELDS.get(field.type, ())


def build_label_indexes(object_: Object, field: Field, seed: UUID) -> Iterator[Index]:
    """Yield the indexes for the labels that a field holds, unless it skips them; their ids follow from the `seed`."""
    for sub_field in _indexed_labels(field):
        id_ = uuid5(seed, f"label {sub_field or _NAME}")
        index = Index(id=id_, object_id=object_.id, name="", field_ids=(field.id,), sub_field=sub_field)
        yield name_index(object_, index)


def is_label_index(object_: Object, index: Index) -> bool:
    """Return whether an index is one that its field brings with it."""
    if index.is_unique or index.is_partial or index.method != BTREE or len(index.field_ids) > 1:
        return False
    return index.text_order > 0 and index.sub_field in _indexed_labels(object_.by_id[index.field_ids[0]])


def _indexed_labels(field: Field) -> tuple[str | None, ...]:
    """Return the labels that a field brings indexes for: all, or none if it skips them."""
    return () if field.settings.get(SKIP_LABEL_INDEX) is True else label_sub_fields(field)


def name_index(object_: Object, index: Index) -> Index:
    """Return the index under the physical name that its values and its form give it."""
    form = _KINDS[index.method]
    if holds_keys(object_, index):
        form = "sort"
    elif index.method == TRIGRAM and index.text_order > 0:
        form = "fold"
    if index.is_unique:
        kind = "key"
    elif index.is_partial:
        kind = "live" if form == _KINDS[BTREE] else f"live{form}"
    else:
        kind = form
    columns = [part.column.name for part in first_parts(object_, index)]
    return replace(index, name=index_name(object_.table.name, columns, kind))
