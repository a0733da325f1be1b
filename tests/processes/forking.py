"""Runs `python -m fieldstone.engine` in processes forked from one that has imported everything: each is there within
milliseconds.

Importing takes more than a second, and the tests start a hundred of them.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

import typer.rich_utils  # noqa: F401 - a module imported here is there in each forked process

import fieldstone.engine.server.cli.commands.root  # noqa: F401
from fieldstone.engine.server.cli import (  # noqa: F401
    api_keys,
    backups,
    doctor,
    documents,
    exit_codes,
    import_schema,
    migrate,
    roles,
    schema,
    secrets,
    serve,
    workspaces,
)
from tests.processes.embedded_runs import ROOT

CONSTANTS: Final[dict[str, float]] = {}
"""Other values of the program's constants in each command that is started while a test has set them, by full name."""

_NUMBER = 4
_STREAMS = 3


class Forked:
    """A running command: as much of `subprocess.Popen` as the tests use.

    Args:
        stdin: the file that its standard input comes from; None for an empty one.
        stdout: the file that its standard output goes to.
        stderr: the file that its standard error goes to.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdout: int,
        stderr: int,
        stdin: int | None = None,
    ) -> None:
        self._report, theirs = socket.socketpair()
        with theirs, Path(os.devnull).open("rb") as nothing:
            streams = [nothing.fileno() if stdin is None else stdin, stdout, stderr]
            asked = {"arguments": arguments, "environment": dict(environment), "constants": CONSTANTS}
            _ask(asked, [*streams, theirs.fileno()])
        self.pid = self._read()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit status if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status, -9 where it was killed, when it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not within so many seconds.
        """
        if self.returncode is None:
            self._report.settimeout(timeout)
            try:
                self.returncode = self._read()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("engine", timeout or 0) from None
            self._report.close()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            # That it has ended may be on its way to us.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _read(self) -> int:
        return int.from_bytes(self._report.recv(_NUMBER, socket.MSG_WAITALL), signed=True)


_ONE_AT_A_TIME = threading.Lock()


def _ask(asked: object, files: list[int]) -> None:
    body = json.dumps(asked).encode()
    with _ONE_AT_A_TIME:
        control = _start()
        socket.send_fds(control, [len(body).to_bytes(_NUMBER)], files)
        control.sendall(body)


@functools.cache
def _start() -> socket.socket:
    """Start the process that forks, which ends when this one does; return the way to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        descriptor = theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.forking", str(descriptor)], cwd=ROOT, pass_fds=[descriptor]
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _await_turn(control: socket.socket) -> list[str]:
    """Fork for each that is asked for, and return its arguments in the process that is to run it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A collection would write to each page that is shared.
    gc.freeze()
    # Nobody waits for the processes that wait for the others.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        size, files, _, _ = socket.recv_fds(control, _NUMBER, _STREAMS + 1, socket.MSG_WAITALL)
        if not size:
            sys.exit()
        asked = json.loads(control.recv(int.from_bytes(size), socket.MSG_WAITALL))
        *streams, report = files
        if not os.fork():
            break
        for descriptor in files:
            os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control.close()
    made = os.fork()
    if made:
        _report_on(made, report, streams)
    os.close(report)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(asked["environment"])
    for name, value in asked["constants"].items():
        module, _, constant = name.rpartition(".")
        there = vars(importlib.import_module(module))
        assert constant in there, name
        there[constant] = value
    return list(asked["arguments"])


def _report_on(made: int, report: int, streams: list[int]) -> None:
    """Tell the parent which process it is, and in the end its status."""
    for descriptor in streams:
        os.close(descriptor)
    with socket.socket(fileno=report) as there:
        there.sendall(made.to_bytes(_NUMBER, signed=True))
        _, status = os.waitpid(made, 0)
        # The parent may have gone.
        with contextlib.suppress(BrokenPipeError):
            there.sendall(os.waitstatus_to_exitcode(status).to_bytes(_NUMBER, signed=True))
    os._exit(0)


def _run() -> int:
    """Run the command, and return the status that it ends with."""
    try:
        runpy.run_module("fieldstone.engine", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        return ended.code or 0
    return 0


def _end(status: int) -> NoReturn:
    """End as Python does, but leave the modules where they are.

    To take them apart writes to each page that is shared, which took a fifth of a second for each process.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # as Python itself calls it
    atexit._run_exitfuncs()
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(status)  # Python has a message and a status for it
    os._exit(status)


if __name__ == "__main__":
    sys.argv[1:] = _await_turn(socket.socket(fileno=int(sys.argv[1])))
    _end(_run())
