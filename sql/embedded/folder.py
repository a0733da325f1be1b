"""The places in the data folder of the embedded server."""

from dataclasses import dataclass
from pathlib import Path

# A UNIX socket's path holds at most 103 bytes on macOS and 107 on Linux.
_LONGEST_SOCKET_PATH = 103

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFolder:
    """The files under `root`, an absolute path without symbolic links."""

    root: Path

    @property
    def cluster(self) -> Path:
        """Return PostgreSQL's own data directory, which belongs to the account that runs it."""
        return self.root / "postgres"

    @property
    def unfinished_cluster(self) -> Path:
        """Return the folder in which initdb works; it is renamed to `cluster` at the end."""
        return self.root / "postgres.unfinished"

    @property
    def log(self) -> Path:
        """Return the file of the server's output."""
        return self.root / "postgres.log"

    @property
    def change_lock(self) -> Path:
        """Held while the server is being started, joined or stopped."""
        return self.root / "change.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by the handles on the server: a handle that holds it alone is the last one."""
        return self.root / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Inherited by the postmaster and its children: free when the last process of the server has ended.

        Unlike a pid it is never reused, zombies do not hold it, and other containers see it too.
        """
        return self.root / "server.lock"

    @property
    def postmaster_file(self) -> Path:
        """Return the running server's pid (line 1) and socket folder (line 5); it outlives a server that is killed."""
        return self.cluster / "postmaster.pid"


def recorded_lines(folder: DataFolder) -> list[str]:
    """Return the lines that the last server wrote into its postmaster file; none if it was shut down."""
    try:
        return folder.postmaster_file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def recorded_socket_folder(folder: DataFolder) -> Path | None:
    """Return where the last server that was not shut down listens, or listened."""
    lines = recorded_lines(folder)
    # A relative folder, ours is ".", is meant from the cluster.
    return folder.cluster / lines[4] if len(lines) > 4 and lines[4] else None


def fits_a_socket(path: Path) -> bool:
    """Return whether a socket in `path` can be named to libpq, which splits host lists at commas."""
    return len(bytes(path / SOCKET_NAME)) <= _LONGEST_SOCKET_PATH and "," not in str(path)
