"""Failures of commands in one sentence on standard error, and the time for which they wait for the database."""

import os
import subprocess
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli import exit_codes
from fieldstone.engine.server.cli.commands.root import cli
from fieldstone.engine.settings import Settings
from fieldstone.sql.errors import ReadOnlyServer

_COMMAND = """
import sys
import typer
from fieldstone.engine.server.cli import exit_codes

async def work(settings):
    typer.echo(sys.argv[1] * int(sys.argv[2]))

exit_codes.run(work)
"""


def run(text: str, times: int, *, stdout: int = subprocess.PIPE, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, text, str(times)],
        env={**os.environ, "DATABASE_URL": "postgresql://127.0.0.1:1/none", **variables},
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="latin-1",
        timeout=60,
        check=False,
    )


def test_a_standby_is_called_one() -> None:
    error = ReadOnlyServer("cannot execute INSERT in a read-only transaction")
    sentence = "DATABASE_URL leads to a standby, which takes no writes: name the primary."
    assert exit_codes.explain(error, Settings(database_url="postgresql://standby/x")) == sentence


@pytest.mark.parametrize("times", [1, 100_000])
def test_an_output_that_is_full_is_told_in_a_sentence(times: int) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = run("text", times, stdout=full)
    finally:
        os.close(full)
    assert done.returncode == 1
    assert done.stderr == "fieldstone: the output cannot be used: No space left on device.\n"


def test_a_character_that_the_output_lacks_is_an_escape() -> None:
    done = run("Bücher \U0001f600", 1, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Bücher \\U0001f600\n", "")


@pytest.mark.parametrize(
    ("command", "module", "unset"),
    [("status", work.status, 5.0), ("migrate", work.migrate, 60.0), ("serve", work.serve, 60.0)],
)
def test_servers_wait_longer_for_the_database_than_other_commands(
    command: str, module: ModuleType, unset: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []

    async def note(settings: Settings, **_options: object) -> None:
        waits.append(settings.startup_timeout)

    monkeypatch.setattr(module, command, note)
    monkeypatch.delenv("FIELDSTONE_STARTUP_TIMEOUT", raising=False)
    assert CliRunner().invoke(cli, [command]).exit_code == 0
    monkeypatch.setenv("FIELDSTONE_STARTUP_TIMEOUT", "30")
    assert CliRunner().invoke(cli, [command]).exit_code == 0
    assert waits == [unset, 30.0]
