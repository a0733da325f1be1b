"""The table of docs/reference/configuration.md is the settings' own, and the README has some of its rows."""

from tests.project.modules import ROOT
from tests.project.tables import check_table
from tests.settings_table import configuration_table


def test_the_table_has_each_setting_with_its_default_and_meaning() -> None:
    rows = [
        (
            f"`{variable.name}`",
            variable.default if "`" in variable.default or not variable.default else f"`{variable.default}`",
            variable.description,
        )
        for variable in configuration_table()
    ]
    check_table("docs/reference/configuration.md", ("variable", "default", "meaning"), rows)


def test_the_readme_has_rows_of_this_table() -> None:
    rows = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8").splitlines()
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Configuration")[1].split("\n## ")[0]
    shown = [line for line in section.splitlines() if line.startswith("|")]
    assert len(shown) > 8
    assert set(shown) <= set(rows)
