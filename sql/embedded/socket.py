"""The embedded server's socket: its folder, and the answers on it."""

import contextlib
import enum
import hashlib
import os
import secrets
import socket
import stat
import tempfile
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from fieldstone.sql.embedded.account import Account, can_enter
from fieldstone.sql.embedded.cluster import SUPERUSER
from fieldstone.sql.embedded.folder import (
    DataFolder,
    fits_a_socket,
    recorded_port,
    recorded_socket_folder,
    socket_name,
)
from fieldstone.sql.errors import EmbeddedServerError

_PREFIX = "fieldstone-"
_IN_CLUSTER = "."
_SECONDS_TO_CONNECT = 5


class ConnectOutcome(enum.Enum):
    """The outcome of an attempt to connect."""

    READY = enum.auto()
    BUSY = enum.auto()  # a postmaster listens, but accepts no session yet, or no longer
    SILENT = enum.auto()


def conninfo(socket_folder: Path, port: int, database: str) -> str:
    """Return libpq's connection string for a database of the server that listens in `socket_folder`."""
    return make_conninfo(host=str(socket_folder), port=port, user=SUPERUSER, dbname=database)


def socket_folder_in_use(folder: DataFolder) -> Path:
    """Return where the server of `folder`, which has just answered, listens.

    Raises:
        EmbeddedServerError: It has ended since.
    """
    socket_folder = recorded_socket_folder(folder)
    if socket_folder is None:
        raise EmbeddedServerError(f"the PostgreSQL of {folder.root} ended as soon as it had started")
    return socket_folder


def ask(folder: DataFolder) -> ConnectOutcome:
    """Return whether the server of `folder` runs: only a connection that succeeds says so."""
    socket_folder = recorded_socket_folder(folder)
    if socket_folder is None or not fits_a_socket(socket_folder):
        return ConnectOutcome.SILENT
    return ask_at(socket_folder, recorded_port(folder))


def ask_at(socket_folder: Path, port: int) -> ConnectOutcome:
    """Return whether a server runs whose socket lies in `socket_folder`."""
    try:
        with psycopg.connect(conninfo(socket_folder, port, "postgres"), connect_timeout=_SECONDS_TO_CONNECT):
            return ConnectOutcome.READY
    except psycopg.OperationalError:
        return ConnectOutcome.BUSY if is_listening(socket_folder, port) else ConnectOutcome.SILENT


def is_listening(socket_folder: Path, port: int) -> bool:
    """Return whether a postmaster listens there, without waiting for it: one that stands still does listen."""
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        try:
            client.connect(str(socket_folder / socket_name(port)))
        except BlockingIOError:  # more callers wait than it has places for
            return True
        except OSError:
            return False
    return True


def choose_socket_folder(folder: DataFolder, account: Account, *, known: Path | None = None) -> str:
    """Return `unix_socket_directories` for the next server: the cluster itself unless its path is too long.

    Then it is a short folder of its own. That is the one that is known already, or that a killed server has left, so
    that the addresses which other processes hold stay true; else one whose name follows from the data folder's path.

    Raises:
        EmbeddedServerError: No place for temporary files is short enough.
    """
    if fits_a_socket(folder.cluster):
        return _IN_CLUSTER
    places = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108
    derived = hashlib.sha256(bytes(folder.root)).hexdigest()[:16]
    # The second, random name serves where another account has taken the first.
    names = [f"{_PREFIX}{derived}", f"{_PREFIX}{secrets.token_hex(8)}"]
    wanted = [Path(place) / name for name in names for place in places if place]
    used = known or recorded_socket_folder(folder)
    if used is not None and (used in wanted or (used != folder.cluster and _is_private(used, account))):
        wanted.insert(0, used)
    for chosen in wanted:
        if _make_private(chosen, account):
            return str(chosen)
    raise EmbeddedServerError(
        f"{folder.cluster} is too long for a UNIX socket's path, and there is no shorter place for temporary files:"
        " choose a shorter FIELDSTONE_DATA_DIR"
    )


def remove_socket(socket_folder: Path) -> None:
    """Remove the files of ended servers, whatever their ports, from the socket folder, which is for one data folder."""
    for path in socket_folder.glob(f"{socket_name(0)[:-1]}*"):
        path.unlink(missing_ok=True)


def remove_socket_folder(socket_folder: Path) -> None:
    """Remove the folder of a server that was shut down if it was made for the socket."""
    if socket_folder.name.startswith(_PREFIX):
        with contextlib.suppress(OSError):
            socket_folder.rmdir()


def _make_private(path: Path, account: Account) -> bool:
    """Return whether `path` is a folder, made where it was missing, in which the account alone can have a socket."""
    if not fits_a_socket(path):
        return False
    try:
        path.mkdir(mode=0o700)
        if account.uid is not None and account.gid is not None:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        pass
    except OSError:
        return False
    return _is_private(path, account) and can_enter(account, path)


def _is_private(path: Path, account: Account) -> bool:
    """Return whether no other account can put a socket there."""
    try:
        status = path.lstat()
    except OSError:
        return False
    owner = os.geteuid() if account.uid is None else account.uid
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and not status.st_mode & 0o077
