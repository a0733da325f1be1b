"""The commands and links of the documentation work.

Python blocks pass mypy, and run where they are marked so (```` ```python run ````); JSON and GraphQL blocks parse; the
make targets, the commands and the options in shell blocks exist.
"""

import functools
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import graphql

from tests.processes.serving import run
from tests.project.documentation import snippets
from tests.project.modules import ROOT

_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_SHELLS = ("bash", "sh", "shell", "console")


def _commands() -> list[tuple[str, list[str]]]:
    """Return (place, words) of each command line, without the variables that are set before it."""
    found = []
    for snippet in snippets(*_SHELLS):
        for line in snippet.text.replace("\\\n", " ").splitlines():
            if snippet.language == "console" and not line.startswith("$ "):
                continue  # the output of a command
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):
                words = words[1:]
            if words:
                found.append((snippet.place, [word.removeprefix(".venv/bin/") for word in words]))
    return found


def test_python_blocks_have_right_types(tmp_path: Path) -> None:
    files = {}
    for number, snippet in enumerate(snippets("python")):
        file = tmp_path / f"snippet_{number}.py"
        file.write_text(snippet.text, encoding="utf-8")
        files[file.name] = snippet.place
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--no-pretty"]
    # The empty file keeps mypy from falling back on the project's packages while no page has a block.
    (tmp_path / "empty.py").touch()
    paths = [str(tmp_path / name) for name in ("empty.py", *files)]
    done = subprocess.run([*command, *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{files}\n{done.stdout}{done.stderr}"


def test_python_blocks_that_are_marked_run() -> None:
    for snippet in snippets("python"):
        if "run" in snippet.options:
            done = subprocess.run(
                [sys.executable, "-W", "error", "-c", snippet.text],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, f"{snippet.place}\n{done.stdout}{done.stderr}"


def test_json_blocks_parse() -> None:
    for snippet in snippets("json"):
        assert json.loads(snippet.text) is not None, snippet.place


def test_graphql_blocks_parse() -> None:
    for snippet in snippets("graphql"):
        assert graphql.parse(snippet.text).definitions, snippet.place


def test_make_targets_exist() -> None:
    targets = {*_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))}
    shown = {
        (place, word) for place, words in _commands() if words[0] == "make" for word in words[1:] if "=" not in word
    }
    assert targets > {"setup", "run", "check", "test", "test-system", "golden", "bench", "clean"}
    assert {(place, word) for place, word in shown if word not in targets} == set()


@functools.cache
def _help(*names: str) -> subprocess.CompletedProcess[str]:
    """Run a command with `--help`."""
    return run(*names, "--help", COLUMNS="200", NO_COLOR="1", TERM="dumb")


def test_commands_and_their_options_exist() -> None:
    for place, words in _commands():
        if words[0] != "fieldstone":
            continue
        names = [word for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word)][:2]
        options = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
        # The second word may be an argument: the longest chain of commands that has a help is the one meant.
        tried = (_help(*names[:length]) for length in range(len(names), -1, -1))
        done = next((one for one in tried if one.returncode == 0), None)
        assert done is not None, f"{place}: {words}"
        assert [option for option in options if option not in done.stdout] == [], f"{place}: {words}"
