"""The embedded server's data: the initialisation of its cluster, and its settings."""

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

from fieldstone.sql.embedded.account import Account, can_enter, spawn
from fieldstone.sql.embedded.folder import PORT, DataFolder, TcpAddress
from fieldstone.sql.errors import EmbeddedServerError

SUPERUSER = "fieldstone"

# The one place of tuning: a machine of 2 cores and a few GB that it shares with Fieldstone, requests that read and
# write a few rows each, and nothing acknowledged that is not on disk. ALTER SYSTEM overrides it for one cluster.
SETTINGS = {
    # Reached through the UNIX socket only, by its own user and root, unless there is an address for TCP.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # Durable; wal_level stays high enough for pg_basebackup and archiving.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    # Memory.
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "huge_pages": "off",
    # A workspace of a thousand objects is made and dropped in one transaction, which locks each table and index.
    "max_locks_per_transaction": "256",
    # Many short statements: compiling them costs more than it saves, and parallel work comes from parallel requests.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    # The statements of a killed Fieldstone end too.
    "client_connection_check_interval": "2s",
    "timezone": "UTC",
    "lc_messages": "C",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_lock_waits": "on",
    "log_checkpoints": "off",
    # A client's conflict is no event of the server's, and its values are private. In a log ERROR ranks below LOG.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

_HBA_FILE = "fieldstone_hba.conf"
_HBA = (
    "local all all trust",
    "local replication all trust",
    "host all all all scram-sha-256",
)
"""The clients that are let in: those of the socket, which is private, and those of TCP that have a password."""

_WRITTEN = "# Written by Fieldstone at each start."

_INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
)


def remove_unfinished(folder: DataFolder) -> bool:
    """Remove the remains of a killed initialisation; return whether there were any."""
    if not folder.unfinished_cluster.exists():
        return False
    shutil.rmtree(folder.unfinished_cluster)
    return True


def initialise(folder: DataFolder, account: Account, programs: Path, lock: FileIO) -> None:
    """Make a new cluster, which appears complete or not at all.

    Args:
        folder: Where it is to lie.
        account: Its owner.
        programs: The folder with `initdb`.
        lock: An exclusive hold on the server lock, which initdb inherits.

    Raises:
        EmbeddedServerError: initdb failed; its output is in the message.
    """
    unfinished = folder.unfinished_cluster
    unfinished.mkdir(mode=0o700)
    try:
        if account.uid is not None and account.gid is not None:
            os.chown(unfinished, account.uid, account.gid)
        command: list[str | Path] = [programs / "initdb", "-D", path_for(account, unfinished), *_INITDB_OPTIONS]
        _run(command, account, unfinished, lock)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)  # the next start removes the rest
        raise
    unfinished.rename(folder.cluster)
    sync_folder(folder.root)


def _run(command: list[str | Path], account: Account, directory: Path, lock: FileIO) -> None:
    with tempfile.TemporaryFile() as output:
        process = spawn(account, command, directory=directory, output=output, keep_open=[lock.fileno()])
        try:
            status = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # initdb and its children are a session of their own
            process.wait()
            raise
        if status != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise EmbeddedServerError(f"initdb could not make a cluster: {said}")


def sync_folder(directory: Path) -> None:
    """Make the last rename in `directory` outlive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def path_for(account: Account, cluster: Path) -> Path:
    """Return the path under which a process of `account` that runs in `cluster` reaches it.

    Where a folder above is closed to the account, that is the process's own view of its working directory, which
    PostgreSQL never leaves; no folder's mode is changed.

    Raises:
        EmbeddedServerError: The folder is closed to the account on a system without `/proc`.
    """
    if account.uid is None or can_enter(account, cluster):
        return cluster
    own_view = Path("/proc/self/cwd")
    if not own_view.exists():
        raise EmbeddedServerError(
            f"user {account.name}, which is to run PostgreSQL, cannot enter {cluster}: set FIELDSTONE_DATA_DIR to a"
            " folder that it can enter, run Fieldstone as an ordinary user, or set DATABASE_URL"
        )
    return own_view


def write_settings(cluster: Path, account: Account, *, socket_folder: str, tcp: TcpAddress | None) -> None:
    """Rewrite `postgresql.conf` of `cluster` from the settings of this version of Fieldstone.

    With an address for TCP, a file of our own says that its clients need a password.
    """
    settings = SETTINGS | {"unix_socket_directories": socket_folder, "port": str(tcp.port if tcp else PORT)}
    if tcp is not None:
        settings |= {"listen_addresses": tcp.host, "hba_file": _HBA_FILE}
        _write(cluster / _HBA_FILE, account, [_WRITTEN, *_HBA])
    lines = [f"{_WRITTEN} To change a setting for good, use ALTER SYSTEM.", ""]
    for name, value in settings.items():
        quoted = value.replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    _write(cluster / "postgresql.conf", account, lines)


def _write(path: Path, account: Account, lines: Sequence[str]) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(descriptor)
        if account.uid is not None and account.gid is not None:
            os.fchown(descriptor, account.uid, account.gid)
    Path(name).replace(path)
