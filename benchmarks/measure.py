"""Measures servers against each other: in turn, so that other work of the machine falls on all of them."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.database import SharedDatabase, vacuum, wait_until_idle
from benchmarks.pgbench import Script, run_pgbench
from benchmarks.preparation import Prepared, is_expected_size
from benchmarks.process import RunningServer
from benchmarks.process_usage import Usage, process_usage, server_usage
from benchmarks.results import Measurement, StatementRate
from benchmarks.wrk import Load, run_wrk

_MIB = 2**20
_APART = 10_000_000
"""Numbers between the marks of one run of wrk and the next."""
_ANSWERS = 16
"""The answers that a connection gets in one measurement at least: those under way at its end do not count."""
_WARM_UP_CONNECTIONS = 8


class WrongAnswers(Exception):
    """Under load a server answered something else than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how often is measured; times in seconds.

    Attributes:
        connections: the numbers of clients at once, each of which is measured.
        rounds: measurements of each server.
        seconds: those of one measurement, if the answers are quick.
        longest: those of one measurement, if they are not.
        warm_up: those before the first measurement.
    """

    connections: tuple[int, ...]
    rounds: int
    seconds: float
    longest: float
    warm_up: float


def measure(
    prepared: Sequence[Prepared], plan: Plan, database: SharedDatabase, script: Script | None = None
) -> Iterator[Measurement | StatementRate]:
    """Yield the measurements of one workload, and in each round pgbench's rate for its statement.

    Raises:
        PgbenchError: pgbench failed.
        WrongAnswers: a server failed under load.
    """
    numbers = itertools.count(1)
    usual = max(_warm_up(one, plan, _next(numbers)) for one in prepared)
    for connections in plan.connections:
        wanted = _ANSWERS * usual * connections / _WARM_UP_CONNECTIONS
        seconds = max(plan.seconds, min(plan.longest, wanted))
        for round_ in range(plan.rounds):
            # Each is first as often as last.
            turn = round_ % len(prepared)
            for one in [*prepared[turn:], *prepared[:turn]]:
                yield _measure_once(one, connections, seconds, database, _next(numbers))
            if script is not None:
                wait_until_idle(database)
                rate = run_pgbench(database.dsn, script, connections=connections, seconds=seconds)
                yield StatementRate(workload=script.workload, connections=connections, rate=rate)
        if prepared[0].workload.written:
            vacuum(database)


def _next(numbers: Iterator[int]) -> int:
    return next(numbers) * _APART


def _warm_up(prepared: Prepared, plan: Plan, first_number: int) -> float:
    """Load a server for a moment; return the median time of its answers in seconds."""
    load = run_wrk(
        prepared.server.port,
        prepared.requests,
        connections=_WARM_UP_CONNECTIONS,
        seconds=plan.warm_up,
        first_number=first_number,
    )
    return load.p50 / 1_000_000


def _measure_once(
    prepared: Prepared, connections: int, seconds: float, database: SharedDatabase, first_number: int
) -> Measurement:
    wait_until_idle(database)
    watched = watch(prepared.server, database)
    load = run_wrk(
        prepared.server.port, prepared.requests, connections=connections, seconds=seconds, first_number=first_number
    )
    if load.failed or not is_expected_size(prepared, load.bytes, load.requests):
        raise WrongAnswers(
            f"{prepared.server.server.label} under {prepared.workload.name}: {load.failed} of {load.requests} requests"
            f" failed, {load.bytes / max(1, load.requests):.0f} bytes an answer instead of {prepared.size:.0f}"
        )
    return watched.finish(prepared.workload.name, connections, load)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The resources that server and database had used at the beginning of a load."""

    server: RunningServer
    database: SharedDatabase
    server_before: Usage
    database_before: Usage

    def finish(self, workload: str, connections: int, load: Load, *, variant: str = "") -> Measurement:
        """Return the measurement of a load that has just ended."""
        server, database = process_usage(self.server.pid), server_usage(self.database.postmaster)
        requests = max(1, load.requests)
        return Measurement(
            workload=workload,
            server=self.server.server.name,
            connections=connections,
            variant=variant,
            requests=load.requests,
            failed=load.failed,
            rate=load.rate,
            p50=load.p50 / 1000,
            p90=load.p90 / 1000,
            p99=load.p99 / 1000,
            p99_9=load.p99_9 / 1000,
            max=load.max / 1000,
            server_cpu=(server.cpu - self.server_before.cpu) * 1e6 / requests,
            database_cpu=(database.cpu - self.database_before.cpu) * 1e6 / requests,
            server_memory=server.memory,
            database_memory=database.memory,
            memory_per_request=max(0.0, server.memory - self.server_before.memory) * _MIB / requests,
        )


def watch(server: RunningServer, database: SharedDatabase) -> Watch:
    """Note the resources that server and database have used so far."""
    return Watch(
        server=server,
        database=database,
        server_before=process_usage(server.pid),
        database_before=server_usage(database.postmaster),
    )
