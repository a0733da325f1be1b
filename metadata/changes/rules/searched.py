"""The texts of an object that a search over all objects looks at."""

from collections.abc import Iterator

from fieldstone.metadata.changes.rules.label_indexes import STANDARD_LABELS, label_sub_fields
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Part
from fieldstone.sql.types import SqlType

_SEARCHED = frozenset({FieldType.TEXT, FieldType.FULL_NAME, FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS})


def searched_parts(object_: Object) -> tuple[Part, ...]:
    """Return the text columns whose words are searched, those of labels first."""
    found = [part for field in object_.by_name.values() if _is_searched(field) for part in _texts(field)]
    labels = label_parts(object_)
    return (*labels, *(part for part in found if part not in labels))


def label_parts(object_: Object) -> tuple[Part, ...]:
    """Return the text columns that people know a record by; the first text where none is a label."""
    fields = [field for field in object_.by_name.values() if _is_searched(field)]
    labels = [part for field in fields for part in _texts(field) if _is_label(object_, field, part)]
    texts = [part for field in fields for part in _texts(field)]
    return tuple(labels or texts[:1])


def _is_searched(field: Field) -> bool:
    return field.type in _SEARCHED and not field.is_system


def _texts(field: Field) -> Iterator[Part]:
    return (part for part in field.parts if part.column.type is SqlType.TEXT and part.options is None)


def _is_label(object_: Object, field: Field, part: Part) -> bool:
    is_standard = not (object_.is_custom or field.is_custom) and field.column in STANDARD_LABELS
    return is_standard or part.name in label_sub_fields(field)
