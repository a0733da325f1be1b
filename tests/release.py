"""Builds the sdist and the wheel, checks them, and serves from the wheel as a stranger would: `make release`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import httpx
from packaging.requirements import Requirement
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.project.modules import ROOT

_READY = re.compile(r"^Fieldstone is ready at (\S+)$", re.MULTILINE)
_KEY = re.compile(r"Bearer (fs_\S+)'")
_WITHOUT = ("node", "npm", "npx")
_CONSTRAINTS = ROOT / "constraints.txt"
_START = 120.0
"""Seconds within which the embedded PostgreSQL is made and the sample is there."""


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    """Run a command that has to succeed, and return its output."""
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FIELDSTONE", "VIRTUAL"))
    }
    done = subprocess.run(
        command, cwd=cwd, env=ours | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def environment(folder: Path, *packages: str | Path, constraints: Path = _CONSTRAINTS) -> Path:
    """Make a virtual environment with these packages, and return its interpreter."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    install(python, *packages, constraints=constraints)
    return python


def install(python: Path, *packages: str | Path, constraints: Path = _CONSTRAINTS) -> None:
    """Install packages in the environment of an interpreter."""
    # Most of their modules are never imported, so none is compiled before it is.
    pip(python, "install", "-q", "--no-compile", "-c", constraints, *packages)


def lowest_versions() -> str:
    """Return the constraints that pin each dependency to the lowest version which its bounds allow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = []
    for requirement in map(Requirement, project["dependencies"]):
        (lowest,) = [bound.version for bound in requirement.specifier if bound.operator == ">="]
        pins.append(f"{requirement.name}=={lowest}")
    return "\n".join(pins)


def pip(python: Path, *arguments: str | Path) -> str:
    """Run this environment's pip for that of another interpreter, which has none, and return its output."""
    return run(sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *arguments)


def build(folder: Path, builder: Path) -> Path:
    """Put the sdist and the wheel of the sources into a folder, both checked as an index of packages checks them.

    Args:
        folder: the folder, which need not be there.
        builder: the place of the virtual environment that builds them.

    Returns:
        The interpreter of that environment.
    """
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    python = environment(builder, *needed, "twine>=6,<8")
    run(python, "-m", "hatchling", "build", "-d", folder)
    said = run(python, "-m", "twine", "check", "--strict", *sorted(folder.iterdir()))
    assert said.count("PASSED") == 2, said
    return python


def serve_from(wheel: Path, folder: Path, constraints: Path = _CONSTRAINTS) -> Path:
    """Install a wheel and nothing else, serve the sample from it without Node.js, and see a query and a socket served.

    Returns:
        The interpreter of the environment that it is installed in.
    """
    python = environment(folder / "env", wheel, constraints=constraints)
    command = python.with_name("fieldstone")
    assert run(command, "--version").strip() == wheel.name.split("-")[1]
    path = _path_without_node(folder / "bin")
    log = folder / "log"
    variables = {
        "PATH": str(path),
        "HOME": str(folder / "nowhere"),
        "FIELDSTONE_ENV": "development",
        "FIELDSTONE_DATA_DIR": str(folder / "data"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [command, "serve", "--demo", "--port", "0"], cwd=folder, env=variables, stdout=output, stderr=output
        )
    try:
        said = _await_key(process, log)
        url, key = _READY.findall(said)[-1], _KEY.findall(said)[-1]
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.post(f"{url}/graphql", json={"query": "{ people { totalCount } }"}, headers=headers, timeout=30)
        assert answer.json() == {"data": {"people": {"totalCount": 2000}}}, answer.text
        for address, shown in (("/graphql", "GraphiQL"), ("/console/", "The console")):
            page = httpx.get(url + address, headers={"accept": "text/html"}, timeout=30, follow_redirects=True)
            assert page.status_code == 200, page.text
            assert shown in page.text
        address = f"{url.replace('http', 'ws', 1)}/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
            socket.send('{"type": "ping"}')
            assert socket.recv(timeout=30) == '{"type":"pong"}'
        process.terminate()
        assert process.wait(timeout=60) == 0, log.read_text(encoding="utf-8")
        assert "Traceback" not in log.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
    return python


def _path_without_node(folder: Path) -> Path:
    """Return a folder with all commands of the system but those of Node.js."""
    folder.mkdir()
    for name in ("/bin", "/usr/bin"):
        for command in Path(name).iterdir():
            if command.name not in _WITHOUT and not (folder / command.name).is_symlink():
                (folder / command.name).symlink_to(command)
    assert [name for name in _WITHOUT if shutil.which(name, path=str(folder))] == []
    return folder


def _await_key(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _START
    while not _KEY.search(said := log.read_text(encoding="utf-8")):
        assert process.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.05)
    return said


def main() -> None:
    """Make `dist/` and try its wheel."""
    made = ROOT / "dist"
    shutil.rmtree(made, ignore_errors=True)
    # The user that the embedded PostgreSQL runs as must be able to enter the folder.
    with tempfile.TemporaryDirectory(prefix="fieldstone-release-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        build(made, folder / "builder")
        (wheel,) = made.glob("*.whl")
        serve_from(wheel, folder)
    for file in sorted(made.iterdir()):
        sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
