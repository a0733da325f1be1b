"""The start of the command: it imports next to nothing before it knows its work."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fieldstone import engine
from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.root import cli

_SCRIPT = """
import json, sys
from fieldstone.engine.__main__ import main
sys.argv = ["fieldstone", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

_HEAVY = {"graphql", "psycopg", "starlette", "httpx", "authlib", "cryptography", "uvicorn", "yaml"}
_LIGHT = {
    "fieldstone.engine",
    "fieldstone.engine.__main__",
    "fieldstone.engine.rest",
    "fieldstone.engine.rest.export_addresses",
    "fieldstone.engine.server",
    "fieldstone.engine.server.cli",
    "fieldstone.engine.server.cli.garbage",
    "fieldstone.metadata",
    "fieldstone.metadata.workspaces",
    "fieldstone.metadata.workspaces.lifetimes",
}


def _run(*arguments: str, **variables: str) -> tuple[str, set[str]]:
    """Return the output of the command and the modules that its process has imported."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, json.dumps(arguments)],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


def _ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("fieldstone.") and "engine.server.cli.commands" not in name}


def test_the_version_is_there_without_the_program() -> None:
    printed, modules = _run("--version")
    assert printed.strip().replace(".", "").isdigit()
    assert {name.partition(".")[0] for name in modules} & {*_HEAVY, "pydantic", "rich", "asyncio"} == set()
    assert _ours(modules) == _LIGHT


@pytest.mark.parametrize(
    "arguments", [["--help"], ["serve", "--help"], ["schema", "import", "-h"], ["api-key", "-h"]], ids=" ".join
)
def test_help_needs_none_of_the_work(arguments: list[str]) -> None:
    printed, modules = _run(*arguments)
    assert "Usage" in printed
    assert {name.partition(".")[0] for name in modules} & _HEAVY == set()
    assert _ours(modules) == _LIGHT


def test_the_list_of_commands_needs_no_version() -> None:
    printed, modules = _run("--help")
    assert "serve" in printed
    assert "importlib.metadata" not in modules


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from _paths(child, (*path, name))


@pytest.mark.parametrize("path", list(_paths(typer.main.get_command(cli))), ids=" ".join)
def test_each_command_takes_both_spellings_of_help(path: tuple[str, ...]) -> None:
    short, long = (CliRunner().invoke(cli, [*path, option]) for option in ("-h", "--help"))
    assert (short.exit_code, short.output) == (0, long.output)
    assert "Usage" in short.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fieldstone sch", ["schema"]),
        ("fieldstone schema im", ["import"]),
        ("fieldstone schema import --with-r", ["--with-rows"]),
        ("fieldstone documents ", ["import", "list", "remove"]),
    ],
)
def test_a_shell_completes_commands_and_options(line: str, words: list[str]) -> None:
    asked: dict[str, Any] = {
        "_FIELDSTONE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("fieldstone")],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == words


@pytest.mark.long
def test_a_subcommand_imports_its_own_work_alone() -> None:
    script = "import sys; from fieldstone.engine.server import cli; cli.roles; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert {"starlette", "uvicorn", "fieldstone.engine.server.app"} & set(done.stdout.split()) == set()


def test_a_supervisor_has_none_of_the_imports_of_its_workers() -> None:
    script = "import sys; from fieldstone.engine.server import cli; cli.start, cli.supervise; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    modules = done.stdout.split()
    assert {name.partition(".")[0] for name in modules} & {*_HEAVY, "pydantic", "asyncio"} == set()
    assert not any(name.startswith("fieldstone.sql.") for name in modules)
    assert not any(name.startswith("fieldstone.engine.settings") for name in modules)


_UNUSED = {
    *("authlib", "cryptography", "httpcore", "httpx", "joserfc", "limits", "opentelemetry", "redis"),
    *("html", "prometheus_client", "pygments", "rich", "yaml"),
}
"""The libraries of settings that a plain server has not, of scrapes, pages and sample data, and of other commands."""

_MOST_MODULES = 1_590
_MOST_MODULES_OF_A_WORKER = 1_550

_UNUSED_ROOMS = tuple(
    f"fieldstone.{room}."
    for room in (
        *("engine.backup", "engine.cells", "sql.embedded"),
        *("engine.server.cells", "engine.server.demo", "engine.server.templates", "engine.server.tracing"),
    )
)

_READY = """
import json, os, signal, sys
from fieldstone.engine.__main__ import main
from fieldstone.engine.server.cli.serving import announcement

def announce(*_lines):
    print(json.dumps(sorted(sys.modules)))
    os.kill(os.getpid(), signal.SIGTERM)

announcement.announce = announce
sys.argv = ["fieldstone", "serve", "--port", "0", "--host", "127.0.0.1"]
main()
"""


@pytest.mark.long
def test_a_server_is_ready_with_few_imports(empty_database: str) -> None:
    """Imports are most of the time of a start."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FIELDSTONE_")}
    done = subprocess.run(
        [sys.executable, "-c", _READY],
        env={**ours, "DATABASE_URL": empty_database},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    modules = set(json.loads(done.stdout))
    assert "fieldstone.engine.server.app" in modules
    assert {name.partition(".")[0] for name in modules} & _UNUSED == set()
    assert {name for name in modules if name.startswith(_UNUSED_ROOMS)} == set()
    assert len(modules) < _MOST_MODULES


@pytest.mark.long
def test_a_worker_imports_nothing_of_the_command_line() -> None:
    """All that a worker imports is memory that each of them has for itself."""
    script = "import sys; from fieldstone.engine.server.cli.workers import worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    modules = set(done.stdout.split())
    assert {name.partition(".")[0] for name in modules} & {*_UNUSED, "typer"} == set()
    rooms = ("fieldstone.engine.server.cli.commands", "fieldstone.sql.embedded")
    assert {name for name in modules if name.startswith(rooms)} == set()
    assert len(modules) < _MOST_MODULES_OF_A_WORKER


@pytest.mark.long
def test_collections_look_once_at_each_object_of_an_import() -> None:
    """Then none looks at the modules of a server again, and the garbage of their import is gone."""
    script = """
import gc
from fieldstone.engine.server import cli
before, seen = gc.get_threshold(), set()
gc.callbacks.append(lambda phase, info: seen.add(info["generation"]))
cli.exit_codes, cli.serve
print(seen, gc.get_freeze_count() > 50_000, len(gc.get_objects()) < 1_000)
print(gc.get_threshold() == before, gc.isenabled())
gc.unfreeze()
print(gc.collect())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    *stated, garbage = done.stdout.splitlines()
    assert stated == ["{0} True True", "True True"]
    assert int(garbage) < 300


def test_a_name_that_is_no_module_is_no_attribute() -> None:
    assert (hasattr(engine, "x"), hasattr(work, "x")) == (False, False)
    assert callable(engine.create_app)
