"""The records that a batch of an import has written, and the values that they had before."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from fieldstone.metadata.changes.rules.names import column_suffixes
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Access, Field, Object
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.statement import Row

_ENDINGS = "|".join({re.escape(ending) for type_ in FieldType for ending in column_suffixes(type_)})
"""The endings that columns of all types have behind the physical name of their field, as a pattern."""


class Touched(NamedTuple):
    """A record that an import wrote.

    Attributes:
        stamp: its `updatedAt` as the import left it.
        before: the `image` of the record that it was, and the columns that were `changed`; None: there was none.
        counts: no batch that is still to be undone has written it too, so that this one counts it.
    """

    id: UUID
    stamp: str
    before: Mapping[str, JsonValue] | None
    counts: bool


def read_touched(rows: Sequence[Row], stamp: str) -> tuple[list[Touched], Sequence[Touched]]:
    """Return the records of a batch, each once, and those of other objects.

    A row that connects another one has written its record as well.

    Args:
        rows: of `batch_records`.
        stamp: the column of `updatedAt`.
    """
    found: dict[UUID, Touched] = {}
    others: dict[tuple[JsonValue, UUID], Touched] = {}
    for id_, written_at, image, counts in rows:
        before = None if image is None else loads(image)
        read = Touched(UUID((id_ or b"").decode()), (written_at or b"").decode(), before, counts == b"t")
        if read.before is not None and "object" in read.before:
            others[read.before["object"], read.id] = read
            continue
        known = found.get(read.id)
        found[read.id] = read if known is None else _join(known, read, stamp)
    return [*found.values()], [*others.values()]


def _join(one: Touched, other: Touched, stamp: str) -> Touched:
    """Return a record that was written twice: as the last write left it, with the values before the first one."""
    last = max(one.stamp, other.stamp, key=datetime.fromisoformat)
    if one.before is None or other.before is None:
        return one._replace(stamp=last, before=None)
    first = min(one.before, other.before, key=lambda before: datetime.fromisoformat(before["image"][stamp]))
    changed = [*dict.fromkeys([*one.before["changed"], *other.before["changed"]])]
    return one._replace(stamp=last, before={"image": first["image"], "changed": changed})


def count_once(touched: Sequence[Touched]) -> int:
    """Return how many records count, each in one batch alone."""
    return sum(one.counts for one in touched)


def _changed_fields(object_: Object, before: Mapping[str, JsonValue]) -> Iterator[tuple[str, Field]]:
    """Yield the fields that a record had other values of, by their names, short of those that nobody writes."""
    changed = frozenset(before["changed"])
    for name, field in object_.active.items():
        if field.access is Access.READ_WRITE and not changed.isdisjoint(part.column.name for part in field.parts):
            yield name, field


def is_withheld(object_: Object, before: Mapping[str, JsonValue]) -> bool:
    """Return whether the role may not give a field of a record the value back that it had."""
    rights = object_.rights
    return not all(rights.gives(Action.UPDATE, field.id) for _, field in _changed_fields(object_, before))


def is_lost(columns: Mapping[str, Field], before: Mapping[str, JsonValue]) -> bool:
    """Return whether a changed field is hidden, or has a column that the record had not before, by another type.

    A field that is deleted has no value to give back.

    Args:
        columns: the fields of the object, by the names of their columns.
        before: the record as it was, and its changed columns.
    """
    changed = frozenset(before["changed"])
    if any(not columns[name].is_active for name in changed & columns.keys()):
        return True
    # The column of another type is named as the one before it, with another number.
    stems = {field.column.rstrip("_0123456789") for name, field in columns.items() if name not in before["image"]}
    forms = [f"{re.escape(stem)}[_0-9]*(?:{_ENDINGS})" for stem in stems]
    return any(re.fullmatch(form, name) for form in forms for name in changed - columns.keys())


def data_before(object_: Object, before: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the data that gives a record's changed fields their values back."""
    data: dict[str, JsonValue] = {}
    image = before["image"]
    for name, field in _changed_fields(object_, before):
        values: dict[str, Any] = {part.name or "": image[part.column.name] for part in field.parts}
        if field.is_composite:
            data[name] = values
        else:
            data[field.member_name] = values[""]
    return data
