"""The descriptions of an object's types: the metadata's own words where there are some, else a sentence."""

from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, Option, RelationEnd


def describe_object(object_: Object) -> str:
    """Return the description of an object's records."""
    return object_.description or f"A record of {object_.label_plural}."


def describe_field(field: Field) -> str:
    """Return the description of a field that is no relation."""
    return field.description or f"{field.label}. {FIELD_TYPES[field.type].description}"


def describe_relation(field: Field, end: RelationEnd) -> str:
    """Return the description of a relation as one of its ends sees it."""
    if field.description:
        return field.description
    target = end.target
    if end.to_one:
        return f"{field.label}: a record of {target.label_plural}."
    if not target.reads(end.target_field):
        return f"{field.label}: the records of {target.label_plural} that lead to this record."
    return f"{field.label}: the records of {target.label_plural} whose `{end.target_field.name}` is this record."


def describe_totals(field: Field, end: RelationEnd) -> str:
    """Return the description of the aggregates of the records that a to-many relation leads to."""
    return f"The aggregates of {field.label}: of the records of {end.target.label_plural} that it leads to."


def describe_key(field: Field) -> str:
    """Return the description of the key that a relation holds."""
    return f"The id of the record that `{field.name}` leads to."


def describe_option(option: Option) -> str:
    """Return the description of an option."""
    return option.label or option.value
