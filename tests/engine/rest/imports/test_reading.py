"""The readers of files: any file, cut anywhere into pieces, has the rows that were written."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.exports.csv_lines import Column, write_header, write_line
from fieldstone.engine.rest.imports.csv_rows import CsvRows
from fieldstone.engine.rest.imports.json_lines import JsonLines
from fieldstone.engine.rest.imports.rows import Reader, Row
from fieldstone.metadata import scalars
from fieldstone.metadata.json_text import dumps, loads
from tests.operations import examples

pytestmark = pytest.mark.long

_TEXTS = st.text(st.sampled_from('a,;"\r\n\t ü'), max_size=6)


def read(reader: Reader, pieces: Sequence[str]) -> list[Row]:
    found = [row for piece in pieces for row in reader.read(piece, is_end=False)]
    return found + reader.read("", is_end=True)


def cut(data: st.DataObject, text: str) -> list[str]:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def csv_reader(most: int = 1_000) -> CsvRows:
    return CsvRows(lambda names: lambda cells: dict(zip(names, cells, strict=True)), most)


@given(data=st.data())
@examples(300)
def test_any_csv(data: st.DataObject) -> None:
    columns = [Column(name, scalars.STRING) for name in "abc"]
    records = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys("abc", _TEXTS | st.none())), max_size=5))
    text = write_header(columns) + "".join(write_line(columns, record) for record in records)
    rows = read(csv_reader(), cut(data, text))
    assert [row.data for row in rows] == records
    assert [row.number for row in rows] == [*range(1, len(rows) + 1)]
    for row in rows:
        assert text.split("\n")[row.line - 1].startswith(write_line(columns, row.data).split("\n")[0])


@given(data=st.data())
@examples(100)
def test_any_json_lines(data: st.DataObject) -> None:
    records = data.draw(st.lists(st.dictionaries(st.sampled_from("ab"), _TEXTS), max_size=5))
    text = "".join(dumps(record) + "\n" for record in records)
    rows = read(JsonLines(loads, lambda record: record, 1_000), cut(data, text))
    assert [row.data for row in rows] == records


@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_forms_of_csv(separator: str, end: str) -> None:
    text = f'a|b\n\n1|"x;,""\n"\r\n|""{end}'.replace("|", separator)
    assert [row.data for row in read(csv_reader(), [text])] == [{"a": "1", "b": 'x;,"\n'}, {"a": None, "b": ""}]
    # The blank line is no record, and a line break in a cell counts.
    assert [(row.number, row.line) for row in read(csv_reader(), [text])] == [(1, 3), (2, 5)]


def test_rows_that_are_no_records() -> None:
    rows = read(csv_reader(), ['a,b\n1\n1,2,3\n"1"x,"2"y\n1,2\n'])
    assert [getattr(row.error, "message", "")[:34] for row in rows] == [
        "The row has 1 cells, and the heade",
        "The row has 3 cells, and the heade",
        "A quotation mark stands within a c",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "The file is empty"), ('a\n"1\n2\n', "in line 2 is never closed"), ("a\n" + 9 * "1", "in line 2 has more")],
)
def test_files_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        read(csv_reader(8), [text])


@pytest.mark.parametrize(("reader", "text"), [("csv", 'a\n"'), ("jsonl", "{")])
def test_a_record_without_end_is_not_kept(reader: str, text: str) -> None:
    made: Any = csv_reader() if reader == "csv" else JsonLines(loads, lambda record: record, 1_000)
    made.read(text, is_end=False)
    made.read("x" * 900, is_end=False)
    with pytest.raises(BadUserInput, match=r"more than 1,000 characters"):
        made.read("x" * 100, is_end=False)
