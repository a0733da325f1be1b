"""Starts the processes of a supervisor: as fresh programs that inherit descriptors, or as forks of itself."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final, NoReturn

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.garbage import kept_objects

KEEPER: Final = "fieldstone.engine.server.cli.workers.keeper"
WORKER: Final = "fieldstone.engine.server.cli.workers.worker"
_HERE: Final = "fieldstone.engine.server.cli.supervisor.launch"

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGCHLD)

Launch = Callable[[str, str, Mapping[str, str], Iterable[int]], int]
"""Starts a module with its task as text, an environment and the descriptors to inherit; returns the process id."""


@contextlib.contextmanager
def starting() -> Iterator[tuple[int, int]]:
    """Yield the ends of a pipe from a process that is started in the block: the one for us, and the one for it.

    Raises:
        CommandError: there is no descriptor, process id or memory for it, or its environment is too long.
    """
    try:
        ours, theirs = os.pipe()
        try:
            yield ours, theirs
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
    except OSError as error:
        raise CommandError(f"a process cannot be started: {error.strerror}.") from None


def spawn(module: str, task: str, environment: Mapping[str, str], inherited: Iterable[int]) -> int:
    """Start a program that imports everything by itself: new code takes effect, and no memory is shared.

    It has a process group of its own, so that Ctrl+C at a terminal reaches the supervisor alone.
    """
    # Modules are looked for where this process looks for them, and `-m` alone would add the working directory.
    safe = [] if {"", str(Path.cwd())} & set(sys.path[:1]) else ["-P"]
    with _inheritable(inherited):
        return os.posix_spawn(
            sys.executable,
            [sys.executable, *safe, "-m", _HERE, module, task],
            environment,
            setpgroup=0,
            setsigmask=(),
            setsigdef=_HANDLED,
        )


def preload() -> None:
    """Import the module of the workers here, for `fork`."""
    _load(WORKER)


def _load(module: str) -> ModuleType:
    with kept_objects():
        return import_module(module)


def fork(module: str, task: str, environment: Mapping[str, str], inherited: Iterable[int]) -> int:
    """Start a worker as a copy of this process: it shares the memory of all that was imported by `preload`."""
    if (made := os.fork()) == 0:
        _run_fork(module, task, environment, {0, 1, 2, *inherited})
    return made


def _run_fork(module: str, task: str, environment: Mapping[str, str], kept: set[int]) -> NoReturn:
    """Run in the fork. It ends without leaving its frames, whose objects would close descriptors of others."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names, of which the listing's own is gone by then
            if int(name) not in kept:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        os.environ.clear()
        os.environ.update(environment)
        code = import_module(module).run(task)
    finally:
        os._exit(code)


@contextlib.contextmanager
def _inheritable(descriptors: Iterable[int]) -> Iterator[None]:
    found = tuple(descriptors)
    for descriptor in found:
        os.set_inheritable(descriptor, True)
    try:
        yield
    finally:
        for descriptor in found:
            os.set_inheritable(descriptor, False)


if __name__ == "__main__":
    sys.exit(_load(sys.argv[1]).run(sys.argv[2]))
