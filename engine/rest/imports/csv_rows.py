"""The rows of a file of CSV: https://www.rfc-editor.org/rfc/rfc4180.

An empty cell is NULL, and one of two quotation marks is an empty text. Python's own reader takes them for the same.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.rest.imports.rows import Row, refuse_longer
from fieldstone.metadata.json_text import JsonValue

Cells = Sequence[str | None]

BuildRecord = Callable[[Cells], dict[str, JsonValue]]
"""Returns the data of the record whose cells these are; raises ApiError."""

_SEPARATORS = ",;\t"
_CELLS: Mapping[str, re.Pattern[str]] = {
    one: re.compile(rf'(?:"([^"]*+(?:""[^"]*+)*+)"|([^"{one}]*))({one}|$)') for one in _SEPARATORS
}


class CsvRows:
    """Reads CSV. The separator is the one of the comma, the semicolon and the tab that the header has first.

    Args:
        read_header: returns the function that builds records, for the names of the columns; raises ApiError.
        most: characters of a record.
    """

    def __init__(self, read_header: Callable[[Sequence[str]], BuildRecord], most: int) -> None:
        self._read_header = read_header
        self._most = most
        self._build: BuildRecord | None = None
        self._separator = ","
        self._columns = 0
        # The lines of a record that is not complete, and the beginning of its next line.
        self._lines: list[str] = []
        self._size = 0
        self._is_open = False
        self._rest = ""
        self._line = 1
        self._number = 0

    def read(self, text: str, *, is_end: bool) -> list[Row]:
        """Return the rows that end in a piece of the text, as `Reader` says."""
        lines = (self._rest + text).split("\n")
        self._rest = lines.pop()
        if is_end and self._rest:
            lines.append(self._rest)
            self._rest = ""
        found: list[Row] = []
        for line in lines:
            self._lines.append(line)
            self._size += len(line) + 1
            refuse_longer(self._size, self._most, self._line)
            # A line break between quotation marks is part of a cell.
            self._is_open ^= line.count('"') % 2 == 1
            if not self._is_open:
                self._take("\n".join(self._lines).removesuffix("\r"), found)
                self._line += len(self._lines)
                self._lines, self._size = [], 0
        if is_end and self._is_open:
            raise BadUserInput(f"A quotation mark in the record in line {self._line} is never closed.")
        refuse_longer(self._size + len(self._rest), self._most, self._line)
        if is_end and self._build is None:
            raise BadUserInput("The file is empty: its first line must have the names of the columns.")
        return found

    def _take(self, record: str, found: list[Row]) -> None:
        if not record:
            return
        if self._build is None:
            self._separator = next((one for one in record if one in _SEPARATORS), ",")
            names = [name or "" for name in self._split(record)]
            self._columns = len(names)
            self._build = self._read_header(names)
            return
        self._number += 1
        try:
            cells = self._split(record)
            if len(cells) != self._columns:
                raise BadUserInput(f"The row has {len(cells)} cells, and the header has {self._columns}.")
            row = Row(self._number, self._line, self._build(cells), len(record), text=record)
        except ApiError as error:
            row = Row(self._number, self._line, {}, len(record), error, record)
        found.append(row)

    def _split(self, record: str) -> Cells:
        if '"' not in record:
            return [cell or None for cell in record.split(self._separator)]
        cells: list[str | None] = []
        pattern, place = _CELLS[self._separator], 0
        while True:
            cell = pattern.match(record, place)
            if cell is None:
                raise BadUserInput(
                    "A quotation mark stands within a cell: the whole cell must stand between quotation marks, with"
                    " each one within it twice."
                )
            quoted, plain, end = cell.groups()
            cells.append((plain or None) if quoted is None else quoted.replace('""', '"'))
            if not end:
                return cells
            place = cell.end()
