"""The tutorial runs as it stands: its commands, its requests over HTTP, and its program."""

import asyncio
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes.serving import run, serving
from tests.project.documentation import snippets
from tests.project.examples import Reader, examples_of

pytestmark = pytest.mark.long

PAGE = "docs/tutorial/first-application.md"


def _blocks(language: str) -> list[str]:
    return [one.text for one in snippets(language) if one.place.startswith(f"{PAGE}:")]


def _commands() -> list[list[str]]:
    """Return the commands of `fieldstone` that the page shows, `serve` apart."""
    lines = [shlex.split(line) for block in _blocks("bash") for line in block.splitlines()]
    return [words[1:] for words in lines if words[0] == "fieldstone"]


async def _follow(url: str, key: str) -> None:
    async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=30) as client:

        async def send(path: str, query: str, variables: Any) -> Any:
            return (await client.post(path, json={"query": query, "variables": variables})).json()

        reader = Reader(send)
        examples = examples_of(PAGE)
        assert len(examples) >= 9
        for example in examples:
            await reader.follow(example)


def test_a_reader_comes_to_the_end_of_the_tutorial(workspace_dsn: str, tmp_path: Path) -> None:
    create_key, export = _commands()
    with serving("--demo", DATABASE_URL=workspace_dsn) as served:
        key = run(*create_key, DATABASE_URL=workspace_dsn).stdout.splitlines()[-1]
        asyncio.run(_follow(served.url, key))
        (program,), (expected,) = _blocks("python"), _blocks("text")
        script = tmp_path / "open_tasks.py"
        script.write_text(program, encoding="utf-8")
        variables = {**os.environ, "FIELDSTONE_URL": served.url, "KEY": key}
        done = subprocess.run(
            [sys.executable, script], env=variables, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.stderr) == (expected, "")
        exported = run(*export[: export.index(">")], DATABASE_URL=workspace_dsn)
        assert "\n  project:\n" in exported.stdout
