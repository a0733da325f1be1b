"""The lines of CSV: a column for each field of a record, and for each sub-field of a composite.

https://www.rfc-editor.org/rfc/rfc4180
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.exports.records import write_json
from fieldstone.engine.rest.selection import names_of_record
from fieldstone.metadata import scalars
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import Scalar

_END = "\r\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The beginnings of a text that spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
_QUOTED = re.compile(r'[",\r\n]')


class Column(NamedTuple):
    """A column: a member of a record, or of one of its composites.

    Attributes:
        scalar: that of its values, which are lists of them in some columns.
        part: the name of the sub-field.
    """

    name: str
    scalar: Scalar
    part: str | None = None

    @property
    def title(self) -> str:
        """The text of the column in the header: a path, as filters and orders name it."""
        return self.name if self.part is None else f"{self.name}.{self.part}"


def columns_of(object_: Object) -> Iterator[Column]:
    """Yield the columns of an object's records, in the order of their members."""
    fields = object_.by_name
    for name in names_of_record(object_):
        field = fields[name]
        if field.relation_id is not None:
            if field.parts:
                yield Column(field.key_name, scalars.UUID)
        elif field.is_composite:
            for part in field.parts:
                if part.name:
                    yield Column(name, part.scalar, part.name)
        else:
            yield Column(name, field.parts[0].scalar)


def select_columns(columns: Iterable[Column], names: Sequence[str] | None) -> tuple[Column, ...]:
    """Return the columns of these titles in their order, all columns for None.

    Raises:
        BadUserInput: there is none of a title, or it is given twice.
    """
    known = {column.title: column for column in columns}
    if names is None:
        return tuple(known.values())
    for name in names:
        if name not in known:
            raise BadUserInput(f"There is no column '{name[:80]}': {', '.join(known)} are there.", field="columns")
    if len({*names}) < len(names):
        raise BadUserInput("A column is given twice in 'columns'.", field="columns")
    return tuple(known[name] for name in names)


def write_header(columns: Iterable[Column]) -> str:
    """Return the first line, with its end."""
    return ",".join(_cell(column.title) for column in columns) + _END


def write_line(columns: Iterable[Column], record: Mapping[str, JsonValue], *, spreadsheet: bool = False) -> str:
    """Return the line of a record, with its end; raises KeyError if the record lacks a column.

    For a `spreadsheet` a text that it would take for a formula begins with an apostrophe.
    """
    return ",".join([_value(column, record, spreadsheet=spreadsheet) for column in columns]) + _END


def write_cells(cells: Iterable[str | None]) -> str:
    """Return a line of texts, with its end; None is NULL."""
    return ",".join("" if cell is None else _cell(cell) for cell in cells) + _END


def _value(column: Column, record: Mapping[str, JsonValue], *, spreadsheet: bool) -> str:
    value = record[column.name]
    if column.part is not None and value is not None:
        value = value[column.part]
    if value is None:
        return ""
    if isinstance(value, str) and column.scalar is not scalars.JSON:
        # A number may be a string, too: one of 64 bits, or one without a limit of digits.
        is_formula = spreadsheet and column.scalar is scalars.STRING and value.startswith(_FORMULA)
        return _cell(f"'{value}" if is_formula else value)
    return _cell(write_json(value))


def _cell(text: str) -> str:
    """Return a text as a cell: an empty one in quotation marks, which tell it from NULL."""
    if text and not _QUOTED.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'
