"""The processors of a database on this machine, and the time for which its backends have kept or wanted one.

A statement that keeps a processor for some milliseconds makes a short read wait that arrives in the meantime, unless
another processor is free. One that waits for a disk or a lock does not. Linux tells which of the two it is, if the
backend is a process of this machine; of a database elsewhere nothing is known.
"""

import os
import socket
from typing import Final

_NANOSECONDS: Final = 1_000_000_000


def find_process(backend: int, connected: int, *, most_long: int) -> int | None:
    """Return the process of a backend if its time on a processor is worth measuring, or None.

    It is if the backend is a process of this machine, and so many long statements leave one of its processors at most.
    A backend of another machine may have the number of one of this machine, on which a coordinator or a cell runs too.

    Args:
        backend: its number, which the process has if it is of this machine.
        connected: the file descriptor of the socket that leads to it.
        most_long: the long statements of a share that run beside others at once.
    """
    is_scarce = hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) <= most_long + 1
    if not is_scarce or _read(backend, "comm") != b"postgres\n":
        return None
    return backend if _stays_here(connected) else None


def _stays_here(connected: int) -> bool:
    """Return whether both ends of a socket are of this machine: they have one address, or none of a network."""
    with socket.socket(fileno=os.dup(connected)) as end:
        try:
            return end.family == socket.AF_UNIX or end.getsockname()[0] == end.getpeername()[0]
        except OSError:
            # It was reset meanwhile.
            return False


def processor_seconds(pid: int) -> float | None:
    """Return the seconds for which a process was on a processor or waited for one; None where they are not known.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    times = _read(pid, "schedstat").split()
    return (int(times[0]) + int(times[1])) / _NANOSECONDS if len(times) > 1 else None


def _read(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - a third of the time of a Path
            return file.read()
    except OSError:
        return b""
