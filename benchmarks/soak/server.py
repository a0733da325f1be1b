"""The server that is soaked, with a PostgreSQL of its own that is killed on the way."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths import ROOT, WORK
from benchmarks.soak.load import PLANS
from fieldstone.sql.embedded.folder import DataFolder, recorded_lines

_ADDRESS = re.compile(r"ready at (http://[\d.]+:\d+)")
_KEY = re.compile(r"Bearer (fs_\S+?)'")
_LONGEST_STOP = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """The server: where it listens, a key to it, its process, its data, and the file that its log goes to."""

    url: str
    key: str
    process: subprocess.Popen[str]
    folder: DataFolder
    log: Path

    def kill_postmaster(self) -> None:
        """Kill PostgreSQL's first process, and leave it to the server to notice."""
        os.kill(int(recorded_lines(self.folder)[0]), signal.SIGKILL)

    def complaints(self) -> list[str]:
        """Return the lines of the log that tell of an error, and those that are no lines of ours."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if not line.startswith("{") or json.loads(line)["level"] == "error"]


@contextlib.contextmanager
def soaked() -> Iterator[Soaked]:
    """Run a server on an empty folder for the block; it has to end in good order."""
    folder = WORK / "soak"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "fieldstone.log"
    environment = os.environ | {
        "FIELDSTONE_DATA_DIR": str(folder / "data"),
        "FIELDSTONE_ENV": "development",
        "FIELDSTONE_LOG_LEVEL": "warning",
        "FIELDSTONE_PLAN_CACHE_SIZE": str(PLANS),
        "FIELDSTONE_LOG_FORMAT": "json",
        "API_RATE_LIMITING_LIMIT": "0",
    }
    environment.pop("DATABASE_URL", None)
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "--port", "0"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
        try:
            url, key = _read_start(process)
            data = DataFolder(root=(folder / "data").resolve())
            yield Soaked(url=url, key=key, process=process, folder=data, log=log)
        finally:
            process.terminate()
            try:
                status = process.wait(_LONGEST_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                status = process.wait()
    if status != 0:
        raise RuntimeError(f"the server ended with {status}: see {log}")


def _read_start(process: subprocess.Popen[str]) -> tuple[str, str]:
    url = ""
    for line in process.stdout or ():
        if address := _ADDRESS.search(line):
            url = address[1]
        if key := _KEY.search(line):
            return url, key[1]
    raise RuntimeError(f"the server did not start: it ended with {process.wait()}")
