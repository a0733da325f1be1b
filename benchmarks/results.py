"""The measures of a run, as they are kept in a file."""

import dataclasses
import json
import os
import platform
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One load of one server.

    Attributes:
        workload: W1 to W12.
        server: its short name.
        connections: how many at once.
        variant: a further distinction; empty but in W7.
        rate: requests per second.
        p50: latency in milliseconds, like the other percentiles.
        server_cpu: of the server's process, in microseconds for each request.
        database_cpu: of PostgreSQL, likewise.
        server_memory: of the server's process at the end, in MiB.
        database_memory: of PostgreSQL at the end, in MiB.
        memory_per_request: by how much the server's process grew, in bytes for each request.
    """

    workload: str
    server: str
    connections: int
    variant: str = ""
    requests: int
    failed: int
    rate: float
    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float
    server_cpu: float
    database_cpu: float
    server_memory: float
    database_memory: float
    memory_per_request: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRate:
    """The rate at which pgbench runs the statement of a workload, in statements per second."""

    workload: str
    connections: int
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All measurements of one run, and the machine that they were made on."""

    kind: str
    started: str
    minutes: float
    machine: dict[str, Any]
    labels: dict[str, str]
    titles: dict[str, str]
    measurements: tuple[Measurement, ...]
    statement_rates: tuple[StatementRate, ...] = ()

    def statement_rate(self, workload: str, connections: int) -> float | None:
        """Return the median of pgbench's rates for the statement of a workload; None where it was not measured."""
        found = [one.rate for one in self.statement_rates if (one.workload, one.connections) == (workload, connections)]
        return median(found) if found else None

    def middle(self, workload: str, server: str, connections: int, variant: str = "") -> Measurement | None:
        """Return the medians over the rounds; failures and requests are added up."""
        found = [
            one
            for one in self.measurements
            if (one.workload, one.server, one.connections, one.variant) == (workload, server, connections, variant)
        ]
        return _summarise(found) if found else None

    @property
    def servers(self) -> list[str]:
        """The servers in the order in which they are shown."""
        return [name for name in self.labels if any(one.server == name for one in self.measurements)]

    @property
    def workloads(self) -> list[str]:
        """The workloads that compare servers."""
        return [
            name for name in self.titles if any(one.workload == name and not one.variant for one in self.measurements)
        ]

    @property
    def connections(self) -> list[int]:
        """The numbers of connections, ascending."""
        return sorted({one.connections for one in self.measurements if not one.variant})


def _summarise(found: Sequence[Measurement]) -> Measurement:
    sums = {name: sum(getattr(one, name) for one in found) for name in ("requests", "failed")}
    medians = {
        spec.name: median(getattr(one, spec.name) for one in found)
        for spec in dataclasses.fields(Measurement)
        if spec.type is float
    }
    return dataclasses.replace(found[0], **sums, **medians)


def describe_machine(postgres: str) -> dict[str, Any]:
    """Return the conditions that the numbers depend on."""
    packages = ("fieldstone", "psycopg", "starlette", "uvicorn", "uvloop", "graphql-core")
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": describe_python(),
        "postgresql": postgres,
        "packages": {name: version(name) for name in packages},
    }


def describe_python() -> str:
    """Return the interpreter's version and build: its compiler, and the optimisations that its configuration names.

    A distribution may have used more than it names: Debian's packages are built in several steps.
    """
    return describe_build(
        str(sysconfig.get_config_var("CONFIG_ARGS") or ""), is_shared=bool(sysconfig.get_config_var("Py_ENABLE_SHARED"))
    )


def describe_build(configured: str, *, is_shared: bool) -> str:
    """Return the description of this interpreter for the arguments of its `configure`."""
    named = [
        f"{name} {'named' if option in configured else 'not named'}"
        for name, option in (("PGO", "--enable-optimizations"), ("LTO", "--with-lto"))
    ]
    library = "a shared library" if is_shared else "static"
    return f"{platform.python_version()} ({platform.python_compiler()}, {library}; {', '.join(named)})"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def write_run(run: Run, path: Path) -> None:
    """Keep a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(run), indent=1) + "\n", encoding="utf-8")
