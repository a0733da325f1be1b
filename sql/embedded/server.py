"""A PostgreSQL of Fieldstone's own, started on a data folder and shared by the processes that use it.

Its users are counted by file locks, which the kernel releases when their holder is killed; the last one to leave stops
the server.
"""

import logging
import secrets
from dataclasses import field
from io import FileIO
from pathlib import Path

import psycopg
from psycopg import sql

from fieldstone.sql.embedded.account import choose_account
from fieldstone.sql.embedded.binaries import find_programs
from fieldstone.sql.embedded.cluster import SUPERUSER, initialise, remove_unfinished
from fieldstone.sql.embedded.folder import (
    PORT,
    DataFolder,
    TcpAddress,
    recorded_lines,
    recorded_port,
    recorded_tcp,
)
from fieldstone.sql.embedded.locks import exclusively, is_held, open_lock, take_shared, try_exclusive
from fieldstone.sql.embedded.process import await_outcome, end_orphans, launch, shut_down, wait_until_ready, watch_start
from fieldstone.sql.embedded.socket import ConnectOutcome, conninfo, socket_folder_in_use
from fieldstone.sql.errors import EmbeddedServerError
from fieldstone.sql.frozen import frozen

_LOG = logging.getLogger(__name__)

_DATABASE = "fieldstone"
_PASSWORD_BYTES = 24


@frozen
class EmbeddedServer:
    """A handle on the running server: one of its users.

    Args:
        dsn: libpq's connection string for the database `fieldstone`, over the UNIX socket.
        recovered: a sentence about the failure that this start recovered from; None if all was in order.
        tcp: The address at which it listens to TCP; None if it does not.
        password: That of its superuser for TCP, if this start has made it; only its hash is kept.
    """

    dsn: str
    recovered: str | None
    tcp: TcpAddress | None = None
    password: str | None = field(default=None, repr=False)
    folder: DataFolder = field(repr=False)
    socket_folder: Path = field(repr=False)
    registration: FileIO = field(repr=False)

    @property
    def port(self) -> int:
        """Return the port in the name of its socket."""
        return self.tcp.port if self.tcp else PORT


def start(data_dir: Path, *, tcp: TcpAddress | None = None, creates: bool = True) -> EmbeddedServer:
    """Start the server on `data_dir`, or join the one that runs there, and register as one of its users.

    Blocks until a connection has succeeded, which takes as long as the server's recovery. With `tcp` a server that this
    call starts listens there; one that runs already stays as it is, which the log says. Without `creates` a folder
    without a server stays as it is.

    Raises:
        EmbeddedServerError: It cannot be started; the message says why and the way out.
    """
    try:
        folder = DataFolder(root=data_dir.expanduser().resolve())
        if not creates:
            _require_cluster(folder)
        folder.root.mkdir(parents=True, exist_ok=True)
        with exclusively(folder.change_lock):
            return _join(folder, tcp)
    except (OSError, psycopg.Error) as error:
        raise EmbeddedServerError(f"PostgreSQL cannot be run on {data_dir}: {error}") from error


def _require_cluster(folder: DataFolder) -> None:
    if not folder.cluster.exists() and folder.change_lock.exists():
        with exclusively(folder.change_lock):
            pass  # Another process may be making it: the lock is free when that is done.
    if not folder.cluster.exists():
        raise EmbeddedServerError(
            f"{folder.root} has no PostgreSQL: `fieldstone serve` makes it, DATABASE_URL names another database,"
            " and FIELDSTONE_DATA_DIR another folder"
        )


def stop(server: EmbeddedServer) -> None:
    """Leave the server; its last user stops it and leaves no process behind. A second call does nothing.

    Raises:
        EmbeddedServerError: The server does not end.
    """
    if server.registration.closed:
        return
    try:
        with exclusively(server.folder.change_lock):
            _leave(server.folder, server.registration)
    except OSError as error:
        raise EmbeddedServerError(f"the PostgreSQL of {server.folder.root} cannot be stopped: {error}") from error


def restart(server: EmbeddedServer) -> bool:
    """Launch a server in the place of one that has ended, at the same address; return whether this call did.

    Blocks until a connection has succeeded, but not for all of a long recovery. Nothing is done where another process
    starts or has started it, or the server was left. Processes that the old one has left running are ended.

    Raises:
        EmbeddedServerError: It cannot be started; the message says why.
    """
    folder = server.folder
    try:
        with open_lock(folder.change_lock) as change:
            if not try_exclusive(change) or server.registration.closed:
                return False
            if end_orphans(folder) is not ConnectOutcome.SILENT:
                return False
            if not folder.cluster.exists():
                raise EmbeddedServerError(f"{folder.cluster} is gone: an empty one in its place has no records")
            watch_start(folder, _launch(folder, tcp=server.tcp, socket_folder=server.socket_folder))
            return True
    except OSError as error:
        raise EmbeddedServerError(f"PostgreSQL cannot be run on {folder.root}: {error}") from error


def _join(folder: DataFolder, wanted: TcpAddress | None) -> EmbeddedServer:
    registration = open_lock(folder.users_lock)
    try:
        is_first = try_exclusive(registration)
        take_shared(registration)
        recovered = _bring_up(folder, wanted, is_first=is_first)
        socket_folder, port, tcp = socket_folder_in_use(folder), recorded_port(folder), recorded_tcp(folder)
        maintenance = conninfo(socket_folder, port, "postgres")
        _ensure_database(maintenance)
        password = _make_password(maintenance) if tcp else None
    except BaseException:
        _leave(folder, registration)
        raise
    if recovered is not None:
        _LOG.warning("%s", recovered)
    if wanted not in {None, tcp}:
        _LOG.warning(
            "the PostgreSQL of %s was started by a process with another FIELDSTONE_DATABASE_PORT or _HOST: it has to be"
            " stopped, with all processes that use it, to listen at %s",
            folder.root,
            wanted,
        )
    return EmbeddedServer(
        dsn=conninfo(socket_folder, port, _DATABASE),
        recovered=recovered,
        tcp=tcp,
        password=password,
        folder=folder,
        socket_folder=socket_folder,
        registration=registration,
    )


def _leave(folder: DataFolder, registration: FileIO) -> None:
    with registration:
        is_last = try_exclusive(registration)
    if is_last and is_held(folder.server_lock):
        shut_down(folder)


def _bring_up(folder: DataFolder, wanted: TcpAddress | None, *, is_first: bool) -> str | None:
    """Make sure that a server answers; return a sentence on the failure that it recovered from."""
    if await_outcome(folder):
        if is_first:
            return f"Took over the PostgreSQL of {folder.root}, which was left running by a process that was killed."
        return None
    was_killed, was_half_made = bool(recorded_lines(folder)), folder.unfinished_cluster.exists()
    # The other users of a server that was killed know its address.
    tcp = wanted if is_first else recorded_tcp(folder)
    wait_until_ready(folder, _launch(folder, tcp=tcp))
    if was_killed:
        return (
            f"The PostgreSQL of {folder.root} had been killed: it has replayed its log, and all that was committed"
            " is there."
        )
    if was_half_made:
        return f"The initialisation of {folder.root} had been killed: it was removed and repeated."
    return None


def _launch(folder: DataFolder, *, tcp: TcpAddress | None, socket_folder: Path | None = None) -> int:
    """Launch a postmaster, on a new cluster where there is none; return the size of its log before, in bytes."""
    account = choose_account(folder.cluster)
    programs = find_programs(account, folder.root)
    with open_lock(folder.server_lock) as lock:
        if not try_exclusive(lock):
            raise EmbeddedServerError(f"processes of a server still run on {folder.cluster}: try again")
        remove_unfinished(folder)
        if not folder.cluster.exists():
            initialise(folder, account, programs, lock)
        return launch(folder, account, programs, lock, tcp=tcp, known_socket_folder=socket_folder)


def _make_password(maintenance: str) -> str | None:
    """Return a new password of the superuser where it has none: a start later finds that there is one."""
    with psycopg.connect(maintenance, autocommit=True) as connection:
        found = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = current_user").fetchone()
        if found != (None,):
            return None
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        # As PostgreSQL stores it, so that the password itself is in no statement.
        verifier = connection.pgconn.encrypt_password(password.encode(), SUPERUSER.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(SUPERUSER), verifier))
        return password


def _ensure_database(maintenance: str) -> None:
    with psycopg.connect(maintenance, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))
