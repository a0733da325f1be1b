"""A client's value for a field becomes the values of its columns, by functions that are made with the plan."""

from collections.abc import Callable, Sequence

from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Part
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.types import SqlType

LONGEST_UNIQUE_TEXT = 2_000
"""Bytes of text in a unique field, all its columns together: an index entry holds no more than a third of a page."""

ValueReader = Callable[[JsonValue], ColumnValue]
"""Yields the column's value for a client's that is not null; raises BadUserInput."""

FieldWriter = Callable[[JsonValue, list[ColumnValue]], None]
"""Puts the columns' values for a client's into a row, None for NULL; raises BadUserInput."""


def build_value_reader(field: Field, part: Part, blame: Blame) -> ValueReader:
    """Return the reader of one column."""
    coerce, check = part.scalar.coerce, _find_check(field, part)
    name = f"{field.name}.{part.name}" if part.name else field.name

    def read(value: JsonValue) -> ColumnValue:
        try:
            found = coerce(value)
            if check is not None:
                check(found)
        except InvalidValue as error:
            raise blame.at(field.name).error(f"Field '{name}' {error.message}.") from None
        return found

    return read


def build_field_writer(field: Field, first: int, blame: Blame) -> FieldWriter:
    """Return the writer of a field whose columns stand in a row from the place `first` on."""
    readers = [build_value_reader(field, part, blame) for part in field.parts]
    is_nullable = field.is_nullable

    def write(value: JsonValue, row: list[ColumnValue]) -> None:
        if value is not None:
            row[first] = read(value)
        elif is_nullable:
            row[first] = None
        else:
            raise missing(field, blame)

    def write_parts(value: JsonValue, row: list[ColumnValue]) -> None:
        given = value or {}
        for place, (name, read_part) in enumerate(parts, first):
            item = given.get(name)
            row[place] = None if item is None else read_part(item)
        if not is_nullable and row[first] is None:
            raise missing(field, blame)

    if field.is_composite:
        parts = [(part.name, reader) for part, reader in zip(field.parts, readers, strict=True)]
        return write_parts
    (read,) = readers
    return write


def missing(field: Field, blame: Blame) -> Exception:
    """Return the error of a required field that has no value."""
    return blame.at(field.name).error(f"Field '{field.name}' is required")


def _find_check(field: Field, part: Part) -> Callable[[ColumnValue], None] | None:
    """Return the check of a column's values besides that of its scalar."""
    options = part.options
    if options is not None:
        return lambda value: _check_options(options, value)
    if field.is_unique and part.identifies and part.column.type is SqlType.TEXT:
        longest = LONGEST_UNIQUE_TEXT // len(field.unique_parts)
        return lambda value: _check_length(longest, value)
    return None


def _check_length(longest: int, value: ColumnValue) -> None:
    if len(value.encode()) > longest:
        raise InvalidValue(f"must have at most {longest} bytes, since it is unique")


def _check_options(options: Sequence[str], value: ColumnValue) -> None:
    if not isinstance(value, list):
        if value not in options:
            raise InvalidValue(f"must be one of {', '.join(options)}")
    elif not all(item in options for item in value):
        raise InvalidValue(f"must be a list of some of {', '.join(options)}")
    elif len(set(value)) < len(value):
        raise InvalidValue("must have each option once")
