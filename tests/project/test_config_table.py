"""The table of docs/reference/configuration.md is the settings' own."""

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
