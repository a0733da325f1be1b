"""The texts of an object that a search over all objects looks at."""

from collections.abc import Iterator, Sequence

from fieldstone.metadata.changes.rules.indexes.indexed_values import SEARCH
from fieldstone.metadata.changes.rules.indexes.label_indexes import STANDARD_LABELS, label_sub_fields
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Index, Object, Part, Snapshot, Status
from fieldstone.sql.types import SqlType

_SEARCHED = frozenset({FieldType.TEXT, FieldType.FULL_NAME, FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS})


def searched_fields(snapshot: Snapshot, object_: Object) -> tuple[Field, ...]:
    """Return the fields that are searched: those of the object's index for it, or else those of the usual types."""
    found = _indexed_fields(snapshot, object_)
    # A search without one of its fields is not served by the index, but shows nothing of a field that is not active, or
    # that the role may not read in every record.
    return tuple(field for field in found if object_.shows(field) and object_.rights.reads_plainly(field.id))


def is_served(snapshot: Snapshot, object_: Object, searched: Sequence[Field]) -> bool:
    """Return whether an index has just these fields of the object, so that a search in them reads it."""
    index = _search_index(snapshot, object_)
    return (
        index is not None and index.status is Status.READY and set(index.field_ids) == {field.id for field in searched}
    )


def _search_index(snapshot: Snapshot, object_: Object) -> Index | None:
    """Return the newest index that is READY, or else BUILDING: its fields are searched all the time."""
    indexes = [index for index in snapshot.indexes_of.get(object_.id, ()) if index.method == SEARCH]
    found = (
        index for status in (Status.READY, Status.BUILDING) for index in reversed(indexes) if index.status is status
    )
    return next(found, None)


def _indexed_fields(snapshot: Snapshot, object_: Object) -> tuple[Field, ...]:
    if index := _search_index(snapshot, object_):
        return tuple(object_.by_id[id_] for id_ in index.field_ids)
    return tuple(field for field in object_.by_name.values() if field.type in _SEARCHED and not field.is_system)


def searched_parts(object_: Object, fields: Sequence[Field]) -> tuple[Part, ...]:
    """Return the text columns of these fields, those of labels first."""
    labels = label_parts(object_, fields)
    return (*labels, *(part for field in fields for part in text_parts(field) if part not in labels))


def label_parts(object_: Object, fields: Sequence[Field]) -> tuple[Part, ...]:
    """Return the text columns of these fields that people know a record by; the first text where none is a label."""
    texts = [part for field in fields for part in text_parts(field)]
    labels = [part for field in fields for part in text_parts(field) if _is_label(object_, field, part)]
    return tuple(labels or texts[:1])


def label_fields(object_: Object) -> tuple[Field, ...]:
    """Return the fields that people know a record by, whatever a role reads of them."""
    named = object_.whole.by_name.values()
    texts = [field for field in named if field.type in _SEARCHED and not field.is_system]
    labels = label_parts(object_, texts)
    return tuple(field for field in texts if any(part in labels for part in field.parts))


def text_parts(field: Field) -> Iterator[Part]:
    """Yield the columns of a field that hold text."""
    return (part for part in field.parts if part.column.type is SqlType.TEXT and part.options is None)


def _is_label(object_: Object, field: Field, part: Part) -> bool:
    is_standard = not (object_.is_custom or field.is_custom) and field.column in STANDARD_LABELS
    return is_standard or part.name in label_sub_fields(field)
