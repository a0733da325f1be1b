"""The head of a file: the names of its columns, a few of its rows, and the fields that the columns may be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.rest.imports.columns import plain_name, text_titles, titles_by_name
from fieldstone.engine.rest.imports.csv_rows import Cells, CsvRows
from fieldstone.engine.rest.imports.file_text import FileText
from fieldstone.engine.rest.imports.json_lines import JsonLines
from fieldstone.engine.rest.imports.rows import decode_record
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.scalars import UUID_FORM

_ROWS = 5
_LONGEST_VALUE = 200
_MOST_COLUMNS = 2_000
_LONGEST_NAMES = 65_536
_LONGEST_SAMPLE = 65_536


def read_head(
    data: bytes, format_: Format, view: Snapshot, object_: Object, *, is_all: bool, most: int
) -> dict[str, Any]:
    """Return the head of a file by its first bytes.

    Args:
        data: the first bytes.
        format_: of the file.
        view: the model as the principal sees it.
        object_: whose records it has.
        is_all: whether these are all bytes of the file.
        most: characters of a record.

    Raises:
        BadUserInput: it is not UTF-8, or no file of this format.
    """
    text = FileText().read(data, is_end=is_all)
    if "\0" in text:
        raise BadUserInput("The file has the character NUL: it is no text, or not UTF-8.")
    if format_ is Format.JSONL:
        rows = JsonLines(decode_record, dict, most).read(text, is_end=is_all)
        if not rows and is_all:
            raise BadUserInput("The file is empty: each line must have a record.")
        columns = list(dict.fromkeys(name for row in rows[:_ROWS] for name in row.data))
    else:
        columns = []

        def read_header(names: Sequence[str]) -> Any:
            columns.extend(name.strip() for name in names)
            return _by_place

        rows = CsvRows(read_header, most).read(text, is_end=is_all)
        if not columns:
            raise BadUserInput("The file's first line, which has the names of the columns, is too long.")
        if twice := next((name for name, count in Counter(columns).items() if count > 1), None):
            raise BadUserInput(f"The column '{twice}' is in the header twice.")
    if len(columns) > _MOST_COLUMNS:
        raise BadUserInput(f"The file has {len(columns):,} columns, and {_MOST_COLUMNS:,} are the most.")
    if sum(map(len, columns)) > _LONGEST_NAMES:
        raise BadUserInput(f"The names of the columns have more than {_LONGEST_NAMES:,} characters together.")
    sample = [[_cut(value) for value in _values(row.data, columns, format_)] for row in rows[:_ROWS] if not row.error]
    while len(dumps(sample)) > _LONGEST_SAMPLE:
        sample.pop()
    return {"columns": columns, "sample": sample, "suggested": suggest(columns, sample, view, object_)}


def suggest(
    columns: Sequence[str], sample: Sequence[Sequence[JsonValue]], view: Snapshot, object_: Object
) -> dict[str, str | None]:
    """Return for each column of a file the column of an object that has its name or its label; None: no one has.

    A column with the name of a relation and values that are no ids gets the only unique text of the linked records,
    unless another column has its name.
    """
    known, texts = titles_by_name(view, object_), text_titles(view, object_)
    titles = [known.get(plain_name(name)) for name in columns]

    def find(place: int, title: str | None) -> str | None:
        text = texts.get(title or "")
        values = [row[place] for row in sample if place < len(row) and row[place] is not None]
        if text in titles or not values or any(UUID_FORM.fullmatch(str(value)) for value in values):
            return title
        return text or title

    return {name: find(place, titles[place]) for place, name in enumerate(columns)}


def _by_place(cells: Cells) -> dict[str, JsonValue]:
    return {str(place): cell for place, cell in enumerate(cells)}


def _values(data: Mapping[str, JsonValue], columns: Sequence[str], format_: Format) -> list[JsonValue]:
    if format_ is Format.CSV:
        return list(data.values())
    return [data.get(name) for name in columns]


def _cut(value: JsonValue) -> JsonValue:
    text = value if isinstance(value, str) else dumps(value)
    return text[:_LONGEST_VALUE] if len(text) > _LONGEST_VALUE else value
