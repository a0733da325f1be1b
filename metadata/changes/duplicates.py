"""The criteria by which two records of an object are taken for duplicates."""

from collections.abc import Iterator

from fieldstone.metadata.changes.rules.indexes.label_indexes import label_sub_fields
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import shown

Criterion = tuple[Field, ...]
"""Fields all of which have like values in two duplicates, and none of which is blank there."""

MOST = 20
"""Criteria of an object, and fields of one of them."""

_ARGUMENT = "duplicateCriteria"
_NAME = ("firstName", "lastName")
_STANDARD = frozenset({"email", "phone", "website"})
"""The standard fields of text that identify a record, besides its name."""

_IDENTIFYING = frozenset({FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS})


def duplicate_criteria(object_: Object) -> tuple[Criterion, ...]:
    """Return the criteria of an object in use; one with a field that is gone, or not active, is not."""
    if object_.duplicate_criteria is None:
        return tuple(_usual_criteria(object_))
    active = {str(field.id): field for field in object_.active.values()}
    return tuple(tuple(map(active.__getitem__, ids)) for ids in known_criteria(object_) if active.keys() >= set(ids))


def known_criteria(object_: Object) -> JsonValue:
    """Return the chosen criteria whose fields are there and can be compared, by their ids; None for the usual ones."""
    chosen = object_.duplicate_criteria
    known = {str(field.id) for field in object_.fields if _is_comparable(field)}
    return None if chosen is None else [ids for ids in chosen if known.issuperset(ids)]


def read_criteria(object_: Object, given: JsonValue) -> JsonValue:
    """Return the criteria that a client gives, by the ids of the fields.

    Raises:
        InvalidChange: it is no list of lists of fields, or a field cannot be compared.
    """
    if not isinstance(given, list) or not all(isinstance(one, list) and one for one in given):
        raise InvalidChange(
            f'{_ARGUMENT} must be a list of lists of fields, such as [["firstName", "lastName"], ["email"]], not'
            f" {shown(given)}",
            field=_ARGUMENT,
        )
    if len(given) > MOST or any(len(one) > MOST for one in given):
        raise InvalidChange(f"{_ARGUMENT} must have at most {MOST} criteria of at most {MOST} fields", field=_ARGUMENT)
    return [list(dict.fromkeys(str(_find_field(object_, item).id) for item in one)) for one in given]


def _find_field(object_: Object, given: JsonValue) -> Field:
    named = {field.name: field for field in object_.fields} | {str(id_): field for id_, field in object_.by_id.items()}
    field = named.get(given) if isinstance(given, str) else None
    if field is None:
        raise InvalidChange(
            f"{object_.name_singular} has no field {shown(given)}, which {_ARGUMENT} names", field=_ARGUMENT
        )
    if not _is_comparable(field):
        raise InvalidChange(
            f"{_ARGUMENT} cannot name {field.name}: duplicates are found by texts, numbers, dates, ids, options, and by"
            " FULL_NAME, EMAILS, PHONES and LINKS",
            field=_ARGUMENT,
        )
    return field


def _is_comparable(field: Field) -> bool:
    can_be = FIELD_TYPES[field.type].can_be_unique or field.type is FieldType.SELECT
    return can_be and field.relation_id is None and bool(field.parts)


def _usual_criteria(object_: Object) -> Iterator[Criterion]:
    """Yield a criterion for each label, primary email, phone number and link, and for each unique field."""
    fields = [field for field in object_.active.values() if field.parts and not (field.is_system or field.relation_id)]
    standard = {field.column: field for field in fields if not (field.is_custom or object_.is_custom)}
    if all(column in standard for column in _NAME):
        yield tuple(standard[column] for column in _NAME)
    for field in fields:
        is_standard = standard.get(field.column) is field and field.column in _STANDARD
        if label_sub_fields(field) or field.type in _IDENTIFYING or field.is_unique or is_standard:
            yield (field,)
