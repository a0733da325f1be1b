"""Users of the embedded server in processes of their own, and the visible state of the server's processes."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from fieldstone.sql.embedded import EmbeddedServer, start, stop
from fieldstone.sql.embedded.folder import DataFolder
from fieldstone.sql.embedded.locks import is_held

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A process that uses the server."""

    process: subprocess.Popen[str]
    dsn: str
    recovered: str | None

    def leave(self) -> None:
        """Let it stop in good order."""
        self.process.communicate()
        assert self.process.returncode == 0

    def kill(self) -> list[int]:
        """Kill it and return the numbers that it had acknowledged."""
        self.process.kill()
        assert self.process.stdout is not None
        # `communicate` would lose the lines that were read ahead with the first one.
        output = self.process.stdout.read()
        self.process.wait()
        # The last line may be cut short.
        return [int(line) for line in output.split("\n")[:-1]]


Run = Callable[..., User]


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[EmbeddedServer]:
    server = start(data_dir)
    try:
        yield server
    finally:
        stop(server)


def copy_data_dir(made: Path, copy: Path) -> None:
    """Copy the folder of a server that does not run."""
    subprocess.run(["cp", "-a", made, copy], check=True)
    # The copy has the age of its original: another session would take it for one that was left behind.
    copy.touch()


def postmaster_of(data_dir: Path) -> int:
    return int(DataFolder(root=data_dir).postmaster_file.read_text().split()[0])


def kill_postmaster(data_dir: Path) -> None:
    os.kill(postmaster_of(data_dir), signal.SIGKILL)


def is_running(data_dir: Path) -> bool:
    return is_held(DataFolder(root=data_dir).server_lock)


def records(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM record ORDER BY number")]


def is_alive(process: int) -> bool:
    """Return whether it runs; a zombie, which waits for its parent alone, does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}
