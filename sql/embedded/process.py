"""The embedded server's processes: started, waited for and ended."""

import contextlib
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from fieldstone.sql.embedded.account import Account, spawn
from fieldstone.sql.embedded.cluster import path_for, write_settings
from fieldstone.sql.embedded.folder import DataFolder, TcpAddress, recorded_lines, recorded_socket_folder
from fieldstone.sql.embedded.locks import is_held
from fieldstone.sql.embedded.socket import (
    ConnectOutcome,
    ask,
    choose_socket_folder,
    remove_socket,
    remove_socket_folder,
)
from fieldstone.sql.errors import EmbeddedServerError

_LOG = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 0.02
_SECONDS_BETWEEN_REPORTS = 10
_SECONDS_FOR_ORPHANS = 3
_SECONDS_TO_RECOVER = 5
_SECONDS_TO_LISTEN = 30
_SECONDS_FOR_A_SIGNAL = 10
_SECONDS_FOR_A_SHUTDOWN = 60
_LARGEST_LOG = 10_000_000


def launch(
    folder: DataFolder,
    account: Account,
    programs: Path,
    lock: FileIO,
    *,
    tcp: TcpAddress | None,
    known_socket_folder: Path | None = None,
) -> int:
    """Start a postmaster on the cluster and return before it serves, with the size of its log so far in bytes.

    Args:
        folder: Where the cluster lies.
        account: The account that runs it.
        programs: The folder with `postgres`.
        lock: An exclusive hold on the server lock, which the server inherits.
        tcp: The address at which it is to listen to TCP; None for none.
        known_socket_folder: Where the users of the last server look for the socket.

    Raises:
        EmbeddedServerError: The account may not run it.
    """
    socket_folder = choose_socket_folder(folder, account, known=known_socket_folder)
    write_settings(folder.cluster, account, socket_folder=socket_folder, tcp=tcp)
    # With the lock in hand these are certainly stale, whatever process has their pid by now.
    remove_socket(folder.cluster / socket_folder)
    folder.postmaster_file.unlink(missing_ok=True)
    bound_log(folder)
    command: list[str | Path] = [programs / "postgres", "-D", path_for(account, folder.cluster)]
    # So that a list of processes tells whose server it is, even where -D is the server's own view.
    command += ["-c", f"fieldstone.data_dir={folder.root}"]
    folder.log.touch(mode=0o600)
    with folder.log.open("ab") as log:
        log_size = log.tell()
        process = spawn(account, command, directory=folder.cluster, output=log, keep_open=[lock.fileno()])
    # It ends when the server does, so that no zombie is left while this process lives on.
    threading.Thread(target=process.wait, name=_reaper_name(process.pid), daemon=True).start()
    return log_size


def bound_log(folder: DataFolder) -> None:
    """Move the lines of a log that has grown too long to a second file, which a server that writes to it permits."""
    with contextlib.suppress(OSError):
        if folder.log.stat().st_size <= _LARGEST_LOG:
            return
        with contextlib.suppress(OSError):  # the disk may be full
            second = folder.log.with_name(f"{folder.log.name}.1")
            second.touch(mode=0o600)
            shutil.copyfile(folder.log, second)
        # The server appends: its next line is the first one.
        os.truncate(folder.log, 0)


def wait_until_ready(folder: DataFolder, log_size: int) -> None:
    """Return when a connection has succeeded, however long the server recovers.

    Args:
        folder: Where the server was launched.
        log_size: How long its log was before, in bytes.

    Raises:
        EmbeddedServerError: It ended instead; the message has its output.
    """
    looks = _looks(f"PostgreSQL is recovering in {folder.root}")
    while ask(folder) is not ConnectOutcome.READY:
        _require_running(folder, log_size)
        next(looks)


def watch_start(folder: DataFolder, log_size: int) -> None:
    """Return when a connection has succeeded, or a postmaster listens that has more to recover than a moment's work.

    Args:
        folder: Where the server was launched.
        log_size: How long its log was before, in bytes.

    Raises:
        EmbeddedServerError: It ended instead, and the message has its output; or it does not answer.
    """
    looks = _looks(f"PostgreSQL is starting in {folder.root}")
    while (answer := ask(folder)) is not ConnectOutcome.READY:
        _require_running(folder, log_size)
        seconds = next(looks)
        if answer is ConnectOutcome.BUSY and seconds > _SECONDS_TO_RECOVER:
            return
        if seconds > _SECONDS_TO_LISTEN:
            raise EmbeddedServerError(f"PostgreSQL does not listen on {folder.cluster}, {_SECONDS_TO_LISTEN} s on")


def _require_running(folder: DataFolder, log_size: int) -> None:
    if is_held(folder.server_lock):
        return
    with folder.log.open("rb") as log:
        log.seek(log_size)
        said = log.read().decode(errors="replace").strip()
    raise EmbeddedServerError(f"PostgreSQL did not start on {folder.cluster}: {said}")


def await_outcome(folder: DataFolder) -> bool:
    """Return True when the server answers, False when its last process has ended, whichever comes first.

    Raises:
        EmbeddedServerError: Orphans of a postmaster that was killed cannot be ended.
    """
    looks = _looks(f"waiting for the server of {folder.root}")
    while (answer := end_orphans(folder)) is ConnectOutcome.BUSY:
        next(looks)
    return answer is ConnectOutcome.READY


def end_orphans(folder: DataFolder) -> ConnectOutcome:
    """Return the answer of a listening postmaster, or SILENT when its last process has ended.

    Orphans of a postmaster that was killed end by themselves within moments, or are ended after. PostgreSQL does not
    start beside them, as they use its shared memory.

    Raises:
        EmbeddedServerError: They cannot be ended.
    """
    looks = _looks(f"waiting for the remaining processes of the server of {folder.root}")
    while is_held(folder.server_lock):
        seconds = next(looks)
        if (answer := ask(folder)) is not ConnectOutcome.SILENT:
            return answer
        if seconds > _SECONDS_FOR_ORPHANS:
            end_processes(folder)
    return ConnectOutcome.SILENT


def shut_down(folder: DataFolder) -> None:
    """Stop the server, open connections notwithstanding, and return when its last process has ended.

    Raises:
        EmbeddedServerError: It does not end.
    """
    socket_folder = recorded_socket_folder(folder)
    # Only while a postmaster listens is the recorded pid certainly its own.
    if ask(folder) is not ConnectOutcome.SILENT:
        postmaster = int(recorded_lines(folder)[0])
        os.kill(postmaster, signal.SIGINT)
        if _wait_for_end(folder, _SECONDS_FOR_A_SHUTDOWN):
            _wait_until_reaped(postmaster)
    elif is_held(folder.server_lock):
        _wait_for_end(folder, _SECONDS_FOR_ORPHANS)
    end_processes(folder)
    if socket_folder is not None and not folder.postmaster_file.exists():
        remove_socket_folder(socket_folder)


def end_processes(folder: DataFolder) -> None:
    """End the processes on the cluster as a crash would, which loses nothing that was committed.

    Raises:
        EmbeddedServerError: It cannot be found (other systems than Linux, another container), or does not end.
    """
    for number in (signal.SIGQUIT, signal.SIGKILL):
        if not is_held(folder.server_lock):
            return
        processes = _processes_in(folder)
        _LOG.warning("ending processes %s of the server in %s with %s", processes, folder.root, number.name)
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        if _wait_for_end(folder, _SECONDS_FOR_A_SIGNAL):
            return
    raise EmbeddedServerError(
        f"processes of a server that was killed still use {folder.cluster}: end them, then try again"
    )


def _processes_in(folder: DataFolder) -> list[int]:
    """Return the pids of PostgreSQL's processes on the folder: they never leave the cluster they were started in."""
    places = [place.stat() for place in (folder.cluster, folder.unfinished_cluster) if place.exists()]
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if not (entry / "exe").readlink().name.startswith(("postgres", "initdb")):
                continue
            directory = (entry / "cwd").stat()
            if any(os.path.samestat(directory, place) for place in places):
                found.append(int(entry.name))
    return found


def _wait_for_end(folder: DataFolder, limit: float) -> bool:
    looks = _looks(f"waiting for the server of {folder.root} to end")
    while is_held(folder.server_lock):
        if next(looks) > limit:
            return False
    return True


def _reaper_name(process: int) -> str:
    return f"reaper of PostgreSQL {process}"


def _wait_until_reaped(process: int) -> None:
    """Wait until the ended process is no zombie either, where this process started it."""
    for thread in threading.enumerate():
        if thread.name == _reaper_name(process):
            thread.join()


def _looks(purpose: str) -> Iterator[float]:
    """Yield the seconds since the first look, with a pause before each other one and a line in the log at times."""
    begin = reported = time.monotonic()
    while True:
        now = time.monotonic()
        if now - reported > _SECONDS_BETWEEN_REPORTS:
            _LOG.info("%s (%d s)", purpose, now - begin)
            reported = now
        yield now - begin
        time.sleep(_SECONDS_BETWEEN_LOOKS)
