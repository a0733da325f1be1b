"""The places in the data folder of the embedded server."""

from pathlib import Path

from fieldstone.sql.frozen import frozen

# A UNIX socket's path holds at most 103 bytes on macOS and 107 on Linux.
_LONGEST_SOCKET_PATH = 103

PORT = 5432
"""The port in the socket's name where the server does not listen to TCP."""

LARGEST_PORT = 65_535


@frozen
class TcpAddress:
    """An address at which the server listens to TCP; its port is in the name of its socket, too."""

    host: str
    port: int


@frozen
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
        """Return the file about the running server, which outlives one that is killed.

        Its lines are the pid (1), the port (4), the socket's folder (5) and the address for TCP (6).
        """
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


def recorded_port(folder: DataFolder) -> int:
    """Return the port of the last server that was not shut down."""
    lines = recorded_lines(folder)
    return int(lines[3]) if len(lines) > 3 else PORT


def recorded_tcp(folder: DataFolder) -> TcpAddress | None:
    """Return the address at which the last server that was not shut down listens to TCP; None if it does not."""
    lines = recorded_lines(folder)
    return TcpAddress(host=lines[5], port=int(lines[3])) if len(lines) > 5 and lines[5] else None


def socket_name(port: int) -> str:
    """Return the name of the file of a server's socket."""
    return f".s.PGSQL.{port}"


def fits_a_socket(path: Path) -> bool:
    """Return whether a socket in `path` can be named to libpq, which splits host lists at commas."""
    return len(bytes(path / socket_name(LARGEST_PORT))) <= _LONGEST_SOCKET_PATH and "," not in str(path)
