"""`fieldstone serve` with several workers: a process that binds the sockets, and keeps others serving on them.

SIGHUP replaces the workers one after another by such of the code and the settings of the moment; SIGTERM and SIGINT end
all. The exit codes are those of all commands: 0 after SIGTERM, 130 after SIGINT, 1 with a sentence for a failure.
"""

import contextlib
import functools
import math
import os
import selectors
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.serving.announcement import announce
from fieldstone.engine.server.cli.serving.env_file import read_env_file
from fieldstone.engine.server.cli.serving.listener import listen, url_of
from fieldstone.engine.server.cli.supervisor.board import Board, make_shared_file
from fieldstone.engine.server.cli.supervisor.crew import LOOKS, Crew, Shared, Worker
from fieldstone.engine.server.cli.supervisor.deaths import Deaths
from fieldstone.engine.server.cli.supervisor.keeper_process import KeeperProcess
from fieldstone.engine.server.cli.supervisor.launch import fork, preload, spawn
from fieldstone.engine.server.cli.supervisor.messages import Messages
from fieldstone.engine.server.cli.supervisor.reload import Basis, Reload
from fieldstone.engine.server.cli.supervisor.signals import waking
from fieldstone.engine.server.rate_limits.count_table import COUNTS_SIZE

_KEEPER_PAUSE: Final = 2.0
"""Seconds until a keeper that has died is started again."""
_FIXED: Final = MappingProxyType({"host": "FIELDSTONE_HOST", "port": "FIELDSTONE_PORT"})
"""The variables, by attribute, whose change a reload leaves to the next start: workers have no use for them."""
_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command line.

    Attributes:
        given: the settings among them, by attribute.
        demo: whether sample data is wanted.
        preload: whether workers are forks that share the memory of their imports.
        env_file: a file with further settings, read again by each reload.
    """

    given: Mapping[str, Any]
    demo: bool
    preload: bool
    env_file: str | None


def supervise(options: Options) -> int:
    """Serve until a signal ends it, and return the exit code."""
    messages = Messages()
    try:
        with contextlib.ExitStack() as stack:
            return _Supervisor(options, messages, stack).run()
    except CommandError as error:
        messages.say(str(error))
        return 1


class _Supervisor:
    """The one that starts the others.

    Args:
        options: those of the command line.
        messages: its lines in the log.
        stack: closes all that it opens.
    """

    def __init__(self, options: Options, messages: Messages, stack: contextlib.ExitStack) -> None:
        self._options = options
        self._messages = messages
        self._stack = stack
        self._events = stack.enter_context(selectors.DefaultSelector())
        self._board = Board.make()
        self._deaths = Deaths()
        # The keeper sees the end of this pipe when neither the supervisor nor a worker is there any more.
        self._keeper_line = os.pipe()
        self._is_kept = True
        self._basis: Basis | None = None
        self._sockets: list[socket.socket] = []
        self._embedded: str | None = None
        self._key: tuple[str | None, str | None] = (None, None)
        self._crew: Crew | None = None
        self._start_at = 0.0
        self._is_announced = False
        # The keeper of the start, which may stay, and the one that prepares a reload.
        self._keeper: KeeperProcess | None = None
        self._keep_again_at = math.inf
        self._preparing: KeeperProcess | None = None
        self._wants_reload = False
        self._reload: Reload | None = None
        self._is_ending = False
        self._code = 0

    def run(self) -> int:
        """Supervise until everything has ended, and return the exit code.

        Raises:
            CommandError: the file of settings cannot be read, nothing can be started, or a socket cannot be bound.
        """
        actions: dict[int, Callable[[], None]] = {
            signal.SIGHUP: self._ask_to_reload,
            signal.SIGTERM: functools.partial(self._end, code=0),
            signal.SIGINT: functools.partial(self._end, code=_INTERRUPTED),
            signal.SIGCHLD: lambda: None,
        }
        with waking(self._events, actions):
            self._keeper = self._prepare(self._read_environment())
            while not self._step():
                for key, _ in self._events.select(self._patience()):
                    key.data()
                self._bury()
        return self._code

    def _step(self) -> bool:
        """Take the steps that are due; return True when everything has ended."""
        now, crew = time.monotonic(), self._crew
        if crew is not None and self._basis is not None:
            crew.look(self._basis.worker_timeout)
        if self._is_ending:
            if (crew is not None and len(crew)) or self._preparing is not None:
                return False
            self._leave_keeper()
            return self._keeper is None
        if self._basis is not None and now >= self._keep_again_at:
            self._keep_again_at = math.inf
            try:
                self._keeper = self._prepare(self._basis.environment)
            except CommandError as error:
                self._messages.error("the keeper cannot be started", reason=str(error))
                self._keep_again_at = now + _KEEPER_PAUSE
        if self._wants_reload and self._is_announced and self._preparing is None and self._reload is None:
            self._begin_reload()
        if crew is not None and self._basis is not None and now >= self._start_at:
            try:
                self._complete(crew, self._basis)
            except CommandError as error:
                self._messages.error("a worker cannot be started", reason=str(error))
                self._start_at = now + self._deaths.back_off()
        return False

    def _patience(self) -> float:
        until_start = self._start_at - time.monotonic()
        return until_start if 0 < until_start < LOOKS else LOOKS

    # Keepers.

    def _read_environment(self) -> Mapping[str, str]:
        return os.environ | read_env_file(self._options.env_file)

    def _prepare(self, environment: Mapping[str, str], *, stays: bool = True) -> KeeperProcess:
        keeper = KeeperProcess(
            self._options.given,
            environment,
            lifeline=self._keeper_line,
            board=self._board,
            demo=self._options.demo and self._basis is None,
            running=None if self._basis is None else self._basis.settings,
            stays=stays,
        )
        self._events.register(keeper.reports, selectors.EVENT_READ, functools.partial(self._hear, keeper))
        return keeper

    def _hear(self, keeper: KeeperProcess) -> None:
        was_ready = keeper.ready is not None
        if not keeper.read():
            self._events.unregister(keeper.reports)
            keeper.close()
        if self._is_ending or keeper is not self._keeper:
            return
        if self._basis is None and keeper.settings is not None:
            self._open(Basis(settings=keeper.settings, environment=keeper.environment))
        if keeper.ready is None or was_ready:
            return
        if self._crew is not None:
            self._messages.info("the keeper is back", pid=keeper.pid)
        else:
            self._embedded = keeper.ready["embedded"]
            self._key = keeper.ready["key"], keeper.ready["code"]
            self._crew = self._make_crew()

    def _hear_all(self, keeper: KeeperProcess) -> None:
        while keeper.reports >= 0:
            self._hear(keeper)

    def _leave_keeper(self) -> None:
        if self._is_kept:
            self._is_kept = False
            for end in self._keeper_line:
                os.close(end)

    def _note_keepers_end(self, keeper: KeeperProcess, code: int) -> None:
        self._hear_all(keeper)
        self._keeper = None
        if self._is_ending:
            return
        if self._crew is None:
            self._messages.say(keeper.failed or f"the preparation ended with code {code}.")
            self._end(code=1)
        elif keeper.ready is None or code:
            self._messages.error("the keeper has died", code=code, reason=keeper.failed)
            self._keep_again_at = time.monotonic() + _KEEPER_PAUSE

    # The start.

    def _open(self, basis: Basis) -> None:
        """Take the settings of the start, and bind the sockets."""
        self._basis, settings = basis, basis.settings
        self._messages.is_json = settings["is_json"]
        for port in (settings["port"], settings["metrics_port"]):
            if port is not None:
                self._sockets.append(self._stack.enter_context(contextlib.closing(listen(settings["host"], port))))
        address = url_of(self._sockets[0])
        database = "given by DATABASE_URL" if settings["data_dir"] is None else f"embedded in {settings['data_dir']}"
        self._messages.info("starting", address=address, database=database, workers=basis.workers, pid=os.getpid())
        for state in self._sockets[1:]:
            self._messages.info("metrics", address=f"{url_of(state)}/metrics")

    def _make_crew(self) -> Crew:
        listener, *others = (one.fileno() for one in self._sockets)
        try:
            folder = tempfile.mkdtemp(prefix="fieldstone-workers-", dir=_short_folder())
        except OSError as error:
            raise CommandError(
                f"workers need a folder for temporary files (TMPDIR), for their sockets: {error}"
            ) from None
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # It is never written to: workers see its end when this process ends.
        lifeline, held = os.pipe()
        self._stack.callback(os.close, lifeline)
        self._stack.callback(os.close, held)
        if self._options.preload:
            preload()
        shared = Shared(
            listener=listener,
            state_listener=others[0] if others else None,
            board=self._board,
            counts=make_shared_file("fieldstone counts", COUNTS_SIZE),
            lifeline=lifeline,
            keeper=self._keeper_line[1],
            folder=folder,
        )
        return Crew(shared, fork if self._options.preload else spawn)

    # Workers.

    def _complete(self, crew: Crew, basis: Basis) -> None:
        """Take the next step of a reload, and start the workers that are missing.

        Raises:
            CommandError: one cannot be started.
        """
        if self._reload is not None and self._reload.step(crew, self._start):
            # Where all old workers had died, no successor was needed that would have brought the new settings.
            basis = self._basis = self._reload.basis
            self._reload = None
            self._messages.info("reloaded")
        successors = self._reload is not None and self._reload.successor is not None
        while len(crew.staying()) - successors < basis.workers:
            made = self._start(basis)
            if self._reload is not None and not self._reload.is_begun:
                # It has the settings of before the reload.
                self._reload.old.append(made)

    def _start(self, basis: Basis) -> Worker:
        if self._crew is None:
            raise RuntimeError("there is nothing yet that a worker could inherit")
        worker = self._crew.start(basis.workers, self._options.given, basis.environment, self._embedded)
        self._events.register(worker.ready, selectors.EVENT_READ, functools.partial(self._note_ready, worker))
        return worker

    def _note_ready(self, worker: Worker) -> None:
        """Note that a worker serves; at its end the pipe is readable, too, and has nothing."""
        if os.read(worker.ready, 1) and self._crew is not None:
            self._crew.note_ready(worker)
        self._events.unregister(worker.ready)
        worker.close()
        if not worker.is_ready or self._is_ending:
            return
        self._messages.info("a worker serves", worker=worker.number, pid=worker.pid)
        if self._reload is not None and self._crew is not None:
            self._reload.note_ready(worker, self._crew)
            if self._reload.is_begun:
                self._basis = self._reload.basis
        if not self._is_announced:
            self._is_announced = True
            # Nobody may read standard output any more.
            with contextlib.suppress(OSError):
                announce(url_of(self._sockets[0]), *self._key)

    def _bury(self) -> None:
        """Note the processes that have ended."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, code = ended[0], os.waitstatus_to_exitcode(ended[1])
                if self._keeper is not None and pid == self._keeper.pid:
                    self._note_keepers_end(self._keeper, code)
                elif self._preparing is not None and pid == self._preparing.pid:
                    self._note_preparation(self._preparing)
                elif self._crew is not None and (worker := self._crew.find(pid)) is not None:
                    if worker.ready >= 0:
                        self._note_ready(worker)
                    self._crew.bury(worker)
                    self._note_death(worker, code)

    def _note_death(self, worker: Worker, code: int) -> None:
        facts: dict[str, object] = {"worker": worker.number, "pid": worker.pid, "code": code}
        if worker.fault is not None:
            facts["reason"] = worker.fault
        is_in_vain = self._reload is not None and self._reload.note_end(worker)
        if not self._is_ending and not is_in_vain:
            self._board.count_restart(worker.restart_reason)
        if worker.is_leaving:
            self._messages.info("a worker has ended", **facts)
        elif is_in_vain:
            self._reload = None
            self._messages.error("the reload is given up: a new worker has ended, and the others go on", **facts)
        elif not self._is_ending:
            is_served = any(other.is_ready for other in self._crew or ())
            pause = self._deaths.note(time.monotonic() - worker.since, is_served=is_served)
            self._messages.error("a worker has died", **facts)
            self._start_at = max(self._start_at, time.monotonic() + pause)
            if self._deaths.is_hopeless:
                self._messages.say(
                    "five workers in a row have ended within 10 seconds of their start, and none serves; the last one"
                    f" ended with code {code}: their lines above say why."
                )
                self._end(code=1)

    # Reloads.

    def _ask_to_reload(self) -> None:
        self._wants_reload = True

    def _begin_reload(self) -> None:
        self._wants_reload = False
        try:
            self._preparing = self._prepare(self._read_environment(), stays=False)
        except CommandError as error:
            self._messages.error("nothing was reloaded", reason=str(error))

    def _note_preparation(self, keeper: KeeperProcess) -> None:
        """Begin to replace the workers, if the settings are right."""
        self._hear_all(keeper)
        self._preparing = None
        if self._is_ending or self._basis is None or self._crew is None:
            return
        if keeper.ready is None or keeper.settings is None:
            self._messages.error("nothing was reloaded", reason=keeper.failed)
            return
        fixed = {name: self._basis.settings[name] for name in _FIXED}
        if changed := [_FIXED[name] for name, value in fixed.items() if keeper.settings[name] != value]:
            self._messages.warning("some settings take effect with a new start only", settings=", ".join(changed))
        basis = self._basis.renewed(dict(keeper.settings) | fixed, keeper.environment)
        self._reload = Reload(basis=basis, old=self._crew.staying())
        self._messages.info("reloading", workers=basis.workers)

    # The end.

    def _end(self, *, code: int) -> None:
        """End after the requests in progress; at once when it is asked for again."""
        self._code = max(self._code, code)
        is_again, self._is_ending = self._is_ending, True
        if self._crew is not None and self._basis is not None:
            if is_again:
                self._crew.stop_quickly()
            else:
                self._crew.stop(self._basis.drain)
        # A preparation that is under way can be repeated.
        for keeper in (self._preparing, self._keeper if is_again and self._crew is None else None):
            if keeper is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(keeper.pid, signal.SIGKILL)
        for one in self._sockets:
            one.close()


def _short_folder() -> str | None:
    """Return a folder whose path leaves room for that of a socket; None for the default one."""
    return None if len(tempfile.gettempdir()) < 60 else "/tmp"  # noqa: S108 - a private folder is made in it
