"""The clients from PyPI that tests run, each with the versions of others that it needs, apart from ours."""

import os
import subprocess
import sys
from pathlib import Path

from fieldstone.sql.embedded.locks import exclusively

REQUIREMENTS = {
    "schemathesis": ["schemathesis==4.32.5"],
    "gql": ["gql[httpx,websockets]==4.4.0"],
    "ariadne-codegen": ["ariadne-codegen==0.19.0"],
    "twentycrm-api-client": ["twentycrm-api-client==1.18.1"],
    "twenty-mcp": ["gql[requests]==4.4.0", "pydantic-settings==2.16.3"],
    "patroni": ["patroni[etcd3]==4.1.5", "psycopg[binary]==3.3.9"],
}
"""The packages that are installed for a client, by its name."""

ALONE = {"twenty-mcp": ["twenty-mcp==1.0.1", "agent-utilities==1.26.4"]}
"""Packages that are installed without their dependencies, most of which are for agents: 180 MB."""


def install_python(parent: Path, name: str) -> Path:
    """Return the folder below `parent` that a client is importable from, made by the first process that asks."""
    folder = parent / f"python-{name}"
    with exclusively(parent / f"python-{name}.lock"):
        if not folder.exists():
            unfinished = parent / f"python-{name}.unfinished"
            _install(unfinished, REQUIREMENTS[name])
            _install(unfinished, ["--no-deps", *ALONE[name]] if name in ALONE else [])
            unfinished.rename(folder)
    return folder


def _install(folder: Path, arguments: list[str]) -> None:
    if arguments:
        # Most modules are never imported, so none is compiled before it is.
        options = ["-q", "--no-compile", "--no-warn-conflicts", "--target", str(folder)]
        command = [sys.executable, "-m", "pip", "install", *options, *arguments]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert installed.returncode == 0, installed.stderr


def run_python(
    installed: Path, arguments: list[str | Path], folder: Path, variables: dict[str, str], *, seconds: float = 120
) -> list[str]:
    """Return the lines that a program prints which uses an installed client."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **variables, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
    return ran.stdout.splitlines()
