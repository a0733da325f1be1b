"""The default value of a field: its rules, and the defaults of its columns."""

from collections.abc import Iterator, Mapping

from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType, subfields_of
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Option
from fieldstone.metadata.scalars import shown
from fieldstone.sql.statement import array_text


def canonical(value: JsonValue) -> JsonValue:
    """Return a JSON value as it comes back from the catalog.

    Raises:
        InvalidValue: it is nested too deeply, or a number is too long.
    """
    try:
        return loads(dumps(value))
    except RecursionError:
        raise InvalidValue("must not be nested so deeply") from None
    except ValueError:
        raise InvalidValue("must be a JSON value, with numbers of at most 1000 digits") from None


def read_default(
    field_type: FieldType, default: JsonValue, *, data_type: str | None, options: tuple[Option, ...], required: bool
) -> JsonValue:
    """Return a field's default value as the catalog keeps it, None where there is none.

    Raises:
        InvalidChange: it is not a value of the field's type.
    """
    if default is None:
        return None
    if not FIELD_TYPES[field_type].can_default:
        raise InvalidChange(f"a {field_type.value} field has no default value; leave it out", field="defaultValue")
    try:
        value = canonical(default)
        made = default_values(field_type, value, data_type=data_type)
    except InvalidValue as error:
        raise InvalidChange(f"defaultValue {error.message}", field="defaultValue") from None
    values = [option.value for option in options]
    if FIELD_TYPES[field_type].has_options and not are_options(value, values):
        raise InvalidChange(
            f"defaultValue must be {of_options(field_type)} {', '.join(values)}, not {shown(value)}",
            field="defaultValue",
        )
    if required and FIELD_TYPES[field_type].composite and made[0] is None:
        first = FIELD_TYPES[field_type].subfields[0].name
        raise InvalidChange(
            f"the default value of a required {field_type.value} field must have {first}", field="defaultValue"
        )
    return value


def default_values(field_type: FieldType, default: JsonValue, *, data_type: str | None) -> tuple[JsonValue, ...]:
    """Return a constant default's value for each column; None where the column has none, or a function makes it.

    A list is the text of PostgreSQL's array.

    Raises:
        InvalidValue: it is not a value of the field's type.
    """
    parts = subfields_of(field_type, data_type)
    entry = FIELD_TYPES[field_type]
    if entry.composite is None:
        if default is None or is_function(field_type, default):
            return (None,) * len(parts)
        value = parts[0].scalar.coerce(default)
        return (array_text(value) if parts[0].scalar.element else value,)
    if default is None:
        return (None,) * len(parts)
    if not isinstance(default, Mapping):
        names = ", ".join(_part_names(field_type))
        raise InvalidValue(f"must be an object of {names}, not {shown(default)}")
    for key in default:
        if key not in _part_names(field_type):
            raise InvalidValue(f"has no {shown(key)}; it is an object of {', '.join(_part_names(field_type))}")
    return tuple(
        None if sub.name is None or default.get(sub.name) is None else sub.scalar.coerce(default[sub.name])
        for sub in parts
    )


def is_function(field_type: FieldType, default: JsonValue) -> bool:
    """Return whether a default value is computed for each record: "uuid" for a UUID, "now" for a time."""
    return isinstance(default, str) and default in FIELD_TYPES[field_type].functions


def are_options(value: JsonValue, options: list[str]) -> bool:
    """Return whether a value is one of the options, or a list of some of them."""
    items = value if isinstance(value, list) else [value]
    return all(item in options for item in items) and len(set(items)) == len(items)


def of_options(field_type: FieldType) -> str:
    """Return a description of the values of a field with options."""
    return "a list of some of the options, each once:" if is_list(field_type) else "one of the options"


def is_list(field_type: FieldType) -> bool:
    """Return whether a value of a field is a list."""
    return any(sub.name is None and sub.scalar.element for sub in FIELD_TYPES[field_type].subfields)


def _part_names(field_type: FieldType) -> Iterator[str]:
    return (sub.name for sub in FIELD_TYPES[field_type].subfields if sub.name)
