"""The resources that processes have used, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Seconds of CPU used so far, and MiB of memory now."""

    cpu: float
    memory: float


def process_usage(pid: int) -> Usage:
    """Return the resources that one process has used; its memory is the resident set."""
    return Usage(cpu=_cpu(pid, reaped=False), memory=_field(pid, "status", "VmRSS:"))


def server_usage(postmaster: int) -> Usage:
    """Return the resources that a PostgreSQL server has used with all its processes, those that have ended included.

    Its memory is the proportional set of those that live: pages that they share count once.
    """
    cpu, memory = _cpu(postmaster, reaped=True), _field(postmaster, "smaps_rollup", "Pss:")
    for child in _children(postmaster):
        try:
            cpu += _cpu(child, reaped=True)
            memory += _field(child, "smaps_rollup", "Pss:")
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended in between: it is among the reaped next time
    return Usage(cpu=cpu, memory=memory)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _cpu(pid: int, *, reaped: bool) -> float:
    return parse_cpu(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"), reaped=reaped)


def parse_cpu(stat: str, *, reaped: bool) -> float:
    """Return the seconds of CPU in the text of /proc/PID/stat, those of reaped children included or not."""
    # The name in parentheses may hold anything: count from the last one.
    fields = stat.rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11 : 15 if reaped else 13]) * _TICK


def _field(pid: int, file: str, name: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)
