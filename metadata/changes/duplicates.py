"""The criteria by which two records of an object are taken for duplicates."""

from collections.abc import Iterator

from fieldstone.metadata.changes.rules.label_indexes import label_sub_fields
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object

Criterion = tuple[Field, ...]
"""Fields all of which have like values in two duplicates, and none of which is blank there."""

_NAME = ("firstName", "lastName")
_STANDARD = frozenset({"email", "phone", "website"})
"""The standard fields of text that identify a record, besides its name."""

_IDENTIFYING = frozenset({FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS})


def duplicate_criteria(object_: Object) -> tuple[Criterion, ...]:
    """Return the criteria of an object; one of them is enough."""
    return tuple(_usual_criteria(object_))


def _usual_criteria(object_: Object) -> Iterator[Criterion]:
    """Yield a criterion for each label, primary email, phone number and link, and for each unique field."""
    fields = [field for field in object_.by_name.values() if field.parts and not (field.is_system or field.relation_id)]
    standard = {field.column: field for field in fields if not (field.is_custom or object_.is_custom)}
    if all(column in standard for column in _NAME):
        yield tuple(standard[column] for column in _NAME)
    for field in fields:
        is_standard = standard.get(field.column) is field and field.column in _STANDARD
        if label_sub_fields(field) or field.type in _IDENTIFYING or field.is_unique or is_standard:
            yield (field,)
