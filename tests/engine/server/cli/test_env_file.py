"""Files with settings."""

from pathlib import Path

import pytest

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.serving.env_file import read_env_file


@pytest.mark.parametrize(("line", "name"), [("A=b\0c", r"'A'"), ("A\0B=c", r"'A\\x00B'"), ("'A=B'=c", r"'A=B'")])
def test_a_variable_that_no_process_can_have_is_refused(tmp_path: Path, line: str, name: str) -> None:
    file = tmp_path / "settings"
    file.write_text(f"FIRST=1\n{line}\n")
    with pytest.raises(CommandError, match=rf"of --env-file gives {name}, which cannot be: no name has '=', and"):
        read_env_file(str(file))
