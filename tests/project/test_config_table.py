"""The README's configuration table is the settings' own."""

import re
from pathlib import Path

from fieldstone.engine.settings_table import configuration_table

_README = Path(__file__).parents[2] / "README.md"
_SECTION = re.compile(r"^#+ Configuration\b.*?$(.*?)(?=^#+ |\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\|(.+)\|\s*$", re.MULTILINE)


def _cells(row: str) -> tuple[str, ...]:
    # How a cell is set in type is the README's own affair.
    return tuple(cell.strip().replace("`", "").replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row))


def _documented() -> list[tuple[str, ...]]:
    section = _SECTION.search(_README.read_text(encoding="utf-8"))
    rows = [_cells(row) for row in _ROW.findall(section[1])] if section else []
    return rows[2:]  # after the heading and its rule


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def test_the_table_has_each_setting_with_its_default_and_meaning() -> None:
    expected = [(variable.name, variable.default, variable.description) for variable in configuration_table()]
    table = "\n".join(
        [
            _row("variable", "default", "meaning"),
            _row("---", "---", "---"),
            *(
                _row(f"`{name}`", default if "`" in default or not default else f"`{default}`", meaning)
                for name, default, meaning in expected
            ),
        ]
    )
    plain = [_cells(_row(*row).strip("|")) for row in expected]
    assert _documented() == plain, f"the table under 'Configuration' in README.md has to be:\n\n{table}"
