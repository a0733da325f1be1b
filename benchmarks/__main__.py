"""`python -m benchmarks`: measures Fieldstone against others, and writes the results."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.chart import render_chart
from benchmarks.command import CommandFailed
from benchmarks.database import SharedDatabase, shared_database
from benchmarks.equality import Unequal
from benchmarks.measure import Plan, WrongAnswers, measure
from benchmarks.mixed import MIXED_SHARES, ChangeRefused, measure_mixed
from benchmarks.paths import RESULTS, ROOT, WORK
from benchmarks.peers.install import InstallError
from benchmarks.pgbench import PgbenchError, find_pgbench, write_script
from benchmarks.preparation import Prepared, prepare
from benchmarks.process import ServerError, running
from benchmarks.results import Measurement, Run, StatementRate, describe_machine, write_run
from benchmarks.servers import SERVERS
from benchmarks.tables import render_report
from benchmarks.workloads import WORKLOADS
from benchmarks.wrk import WrkError, require_wrk

_MIXED = "W7"
_TITLES = {one.name: one.title for one in WORKLOADS} | {_MIXED: "a mix, nine reads to one write (Fieldstone alone)"}
_FULL = Plan(connections=(1, 8, 32), rounds=3, seconds=5, longest=10, warm_up=3)
_QUICK = Plan(connections=(8, 32), rounds=2, seconds=1, longest=1, warm_up=1)
_MIXED_SECONDS, _MIXED_ROUNDS, _MIXED_CONNECTIONS = 20, 3, (8, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The arguments of the command line."""

    kind: str
    plan: Plan
    servers: tuple[str, ...]
    workloads: tuple[str, ...]
    mixed_seconds: int
    folder: Path


def main() -> int:
    """Run the benchmarks; return the exit code."""
    order = _read_order()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        require_wrk()
        find_pgbench()
        run = _run(order)
    except (
        WrkError,
        PgbenchError,
        InstallError,
        CommandFailed,
        ServerError,
        Unequal,
        WrongAnswers,
        ChangeRefused,
    ) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    write_run(run, order.folder / f"{order.kind}.json")
    report = render_report(run)
    (order.folder / f"{order.kind}.md").write_text(report, encoding="utf-8")
    for connections in run.connections:
        chart = order.folder / f"{order.kind}-{connections}.svg"
        chart.write_text(render_chart(run, connections), encoding="utf-8")
    print(f"\n{report}\nwritten to {order.folder.relative_to(ROOT)}")
    return 0


def _run(order: _Order) -> Run:
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    measurements: list[Measurement] = []
    rates: list[StatementRate] = []
    with shared_database() as database, contextlib.ExitStack() as stack:
        servers = [stack.enter_context(running(SERVERS[name](database))) for name in order.servers]
        subject: list[Prepared] = []
        for workload in WORKLOADS:
            is_mixed = _MIXED in order.workloads and workload.name in MIXED_SHARES
            if workload.name not in order.workloads and not is_mixed:
                continue
            prepared = prepare(workload, servers, database)
            subject += [one for one in prepared if one.server.server.name == "fieldstone"]
            if workload.name in order.workloads:
                print(f"{workload.name}: all answers are equal; measuring", flush=True)
                # A write would need other values each time, and leaves events.
                script = None if workload.written else asyncio.run(write_script(database.dsn, workload.name))
                for one in measure(prepared, order.plan, database, script):
                    if isinstance(one, StatementRate):
                        rates.append(_show_rate(one))
                    else:
                        measurements.append(_show(one))
        if _MIXED in order.workloads and subject:
            measurements += map(
                _show,
                measure_mixed(
                    subject,
                    database,
                    connections=_MIXED_CONNECTIONS,
                    rounds=_MIXED_ROUNDS,
                    seconds=order.mixed_seconds,
                ),
            )
        return Run(
            kind=order.kind,
            started=started,
            minutes=(time.monotonic() - begun) / 60,
            machine=describe_machine(_postgres_version(database)),
            labels={one.server.name: one.server.label for one in servers},
            titles={name: title for name, title in _TITLES.items() if name in order.workloads},
            measurements=tuple(measurements),
            statement_rates=tuple(rates),
        )


def _show(one: Measurement) -> Measurement:
    print(
        f"  {one.workload} {one.server:<12} {one.connections:>2} connections {one.variant:<8} {one.rate:>9.1f}/s"
        f"  p50 {one.p50:8.2f}  p99.9 {one.p99_9:8.2f} ms  CPU {one.server_cpu:6.0f} + {one.database_cpu:6.0f} us",
        flush=True,
    )
    return one


def _show_rate(one: StatementRate) -> StatementRate:
    print(f"  {one.workload} {'pgbench':<12} {one.connections:>2} connections {'':<8} {one.rate:>9.1f}/s", flush=True)
    return one


def _postgres_version(database: SharedDatabase) -> str:
    with psycopg.connect(database.dsn) as connection:
        return connection.info.parameter_status("server_version") or "unknown"


def _read_order() -> _Order:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [*_TITLES]
    parser.add_argument("--quick", action="store_true", help="under two minutes: Fieldstone and the baseline, no W7")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, metavar="NAME", help=f"some of {', '.join(SERVERS)}")
    parser.add_argument("--workloads", nargs="+", choices=names, metavar="NAME", help=f"some of {', '.join(names)}")
    parser.add_argument("--connections", nargs="+", type=int, metavar="N", help="how many at once")
    parser.add_argument("--rounds", type=int, help="measurements of each, of which the median counts")
    parser.add_argument("--seconds", type=int, help="for one measurement; wrk counts in whole ones")
    parser.add_argument("--mixed-seconds", type=int, default=_MIXED_SECONDS, help="for one measurement of W7")
    given = parser.parse_args()
    plan = _QUICK if given.quick else _FULL
    servers: Sequence[str] = given.servers or (["fieldstone", "baseline"] if given.quick else [*SERVERS])
    workloads: Sequence[str] = given.workloads or (names[:-1] if given.quick else names)
    is_whole = not (given.quick or given.servers or given.workloads)
    return _Order(
        kind="full" if is_whole else "quick" if given.quick else "part",
        plan=Plan(
            connections=tuple(given.connections or plan.connections),
            rounds=given.rounds or plan.rounds,
            seconds=given.seconds or plan.seconds,
            longest=plan.longest,
            warm_up=plan.warm_up,
        ),
        servers=tuple(name for name in SERVERS if name in servers),
        workloads=tuple(name for name in names if name in workloads),
        mixed_seconds=given.mixed_seconds,
        # Only a whole run is worth keeping beside the sources.
        folder=RESULTS if is_whole else WORK / "results",
    )


if __name__ == "__main__":
    sys.exit(main())
