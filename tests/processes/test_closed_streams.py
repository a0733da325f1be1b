"""The command, begun with standard streams that are closed."""

import subprocess
import sys

import pytest

from tests.processes.embedded_runs import ROOT
from tests.processes.serving import environment


def run_closed(command: str, closed: str, database: str) -> subprocess.CompletedProcess[str]:
    """Return the end of a command that a shell has begun with some of its streams closed."""
    line = f'exec "$0" -m fieldstone.engine {command} {closed}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable],
        cwd=ROOT,
        env=environment(DATABASE_URL=database),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.long
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_standard_streams_that_are_closed_end_no_command(database: str, closed: str) -> None:
    # A connection to the database would get the number of one, and libuv would end the process when it closes it.
    assert run_closed("api-key list", closed, database).returncode == 0


@pytest.mark.parametrize("command", ["api-key create --name x", "backup -"])
def test_a_command_is_refused_whose_output_is_not_printed_again(database: str, command: str) -> None:
    """A regression: the command ended as done, and its key or its backup was lost."""
    done = run_closed(command, ">&-", database)
    assert done.returncode == 1
    assert done.stderr == "fieldstone: standard output is closed, and this command's output is not printed again.\n"
