"""Fixtures for tests that start processes."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apis import workspace_template
from tests.databases import Databases
from tests.processes.embedded_runs import ROOT, Run, User


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A place for a cluster that any account can reach; pytest's own temporary folders are closed."""
    parent = Path(tempfile.mkdtemp(prefix="fieldstone-embedded-"))
    parent.chmod(0o755)
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture
def run_user() -> Iterator[Run]:
    processes: list[subprocess.Popen[str]] = []

    def run(data_dir: Path, *options: str | Path) -> User:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.embedded_user", data_dir, *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        return User(process=process, dsn=said["dsn"], recovered=said["recovered"])

    yield run
    for process in processes:
        process.communicate()


@pytest.fixture
def event_dsn(databases: Databases) -> Iterator[str]:
    """The address of a database with an empty workspace."""
    with databases.clone(workspace_template(databases)) as dsn:
        yield dsn
