"""The tables of the documentation, and how a test holds them to the code."""

from collections.abc import Sequence
from itertools import takewhile

from tests.project.modules import ROOT


def line(cells: Sequence[str]) -> str:
    """Return a row of a table; a bar within a cell is escaped."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def check_table(page: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Fail, showing the right table, unless the page has the table with this heading and these rows."""
    expected = [line(heading), "|" + "---|" * len(heading), *map(line, rows)]
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    start = lines.index(expected[0]) if expected[0] in lines else len(lines)
    found = list(takewhile(lambda one: one.startswith("|"), lines[start:]))
    assert found == expected, f"the table in {page} has to be:\n\n" + "\n".join(expected)
