"""The results as tables in Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from types import MappingProxyType
from typing import Any

from benchmarks.mixed import CHANGING, STEADY
from benchmarks.results import Measurement, Run
from benchmarks.servers import POOL

GOALS = {
    "W1": {"baseline": 1.5, "postgraphile": 2.0, "strawberry": 10.0},
    "W2": {"baseline": 1.0, "postgraphile": 1.7, "strawberry": 10.0},
    "W3": {"baseline": 1.0, "postgraphile": 1.7, "strawberry": 10.0},
    "W5": {"baseline": 1.0, "postgraphile": 1.7, "strawberry": 10.0},
    "W6": {"baseline": 1.0, "postgraphile-events": 2.0},
    "W8": {"baseline": 1.0, "postgraphile": 2.0},
    "W8-none": {"baseline": 1.0, "postgraphile": 2.0},
    "W9": {"baseline": 1.0, "postgraphile": 2.0},
    "W10": {"baseline": 1.0},
    "W11": {"baseline": 1.0},
    "W12": {"baseline": 1.0},
}
"""Fieldstone's requests per second as a multiple of another server's, at 8 and 32 connections."""
STATEMENT_GOALS = {"W1": {8: 0.25, 32: 0.33}}
"""Fieldstone's requests per second as a part of pgbench's rate for the same statement, by connections."""
REST_GOAL = 0.9
"""Requests of REST per second as a part of those of GraphQL with the same answer."""
TAIL_GOAL = 1.5
"""The 99.9th percentile of W7 with changes of the model, as a multiple of that without."""
_GOAL_CONNECTIONS = (8, 32)
_SUBJECT, _REST = "fieldstone", "rest"


def render_report(run: Run) -> str:
    """Return everything about a run."""
    about = f"{run.started}, {run.minutes:.0f} minutes; {_describe(run.machine)}."
    how = f"One process for each server, at most {POOL} connections to the database each; medians over the rounds."
    parts = [
        f"# Benchmarks ({run.kind})\n",
        f"{about}\n{how}\n",
        *(f"- {name}: {title}" for name, title in run.titles.items()),
    ]
    if run.connections:
        parts += _comparison(run)
    if mixed := _mixed(run):
        parts += ["\n## W7: mixed load, without and with a new field each second\n", mixed]
    return "\n".join(parts) + "\n"


def _describe(machine: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores shared by client, server and database,"
        f" {machine['memory_gib']} GiB, {machine['system']},"
        f" Python {machine['python']}, PostgreSQL {machine['postgresql']}; {packages}"
    )


def _comparison(run: Run) -> list[str]:
    parts: list[str] = []
    for connections in run.connections:
        parts += [f"\n## Requests per second, {connections} connections\n", _rates(run, connections)]
    if goals := _goals(run):
        parts += ["\n## Goals: Fieldstone's requests per second against others'\n", goals]
    for connections in run.connections:
        parts += [
            f"\n## Latency in ms, {connections} connections (50th / 99th / 99.9th percentile)\n",
            _per_server(run, connections, lambda one: f"{one.p50:.2f} / {one.p99:.2f} / {one.p99_9:.2f}"),
        ]
    most = run.connections[-1]
    return [
        *parts,
        f"\n## CPU of one request in µs, {most} connections (server + PostgreSQL)\n",
        _per_server(run, most, lambda one: f"{one.server_cpu:.0f} + {one.database_cpu:.0f}"),
        f"\n## Memory in MiB after the load, {most} connections (server + PostgreSQL; growth in bytes a request)\n",
        _per_server(
            run,
            most,
            lambda one: f"{one.server_memory:.0f} + {one.database_memory:.0f} ({one.memory_per_request:.0f})",
        ),
    ]


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table: its first column is left-aligned, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def format_rate(rate: float) -> str:
    """Return requests per second with about three digits."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def _rates(run: Run, connections: int) -> str:
    def cell(one: Measurement) -> str:
        subject = run.middle(one.workload, _SUBJECT, connections)
        times = f" ({subject.rate / one.rate:.2f}x)" if subject and one.server != _SUBJECT else ""
        return format_rate(one.rate) + times

    def pgbench(workload: str) -> str:
        rate, subject = run.statement_rate(workload, connections), run.middle(workload, _SUBJECT, connections)
        return "" if rate is None or subject is None else f"{format_rate(rate)} ({subject.rate / rate:.2f}x)"

    return _per_server(run, connections, cell, {"pgbench, the statement alone": pgbench} if run.statement_rates else {})


def _per_server(
    run: Run,
    connections: int,
    cell: Callable[[Measurement], str],
    more: Mapping[str, Callable[[str], str]] = MappingProxyType({}),
) -> str:
    """Return a table with a column for each server, and those of `more`, whose cells are made of the workload."""

    def row(workload: str) -> list[str]:
        found = (run.middle(workload, server, connections) for server in run.servers)
        return [workload, *(cell(one) if one else "" for one in found), *(column(workload) for column in more.values())]

    return render_table(["", *(run.labels[name] for name in run.servers), *more], map(row, run.workloads))


def _goals(run: Run) -> str:
    rows: list[list[str]] = []
    compared = [(workload, _SUBJECT, other, goal) for workload in GOALS for other, goal in GOALS[workload].items()]
    compared += [(workload, _REST, _SUBJECT, REST_GOAL) for workload in run.workloads]
    for workload, one, other, goal in compared:
        ratios = [
            subject.rate / peer.rate
            for connections in _GOAL_CONNECTIONS
            if (subject := run.middle(workload, one, connections))
            and (peer := run.middle(workload, other, connections))
        ]
        if ratios:
            shown = " / ".join(f"{ratio:.2f}" for ratio in ratios)
            met = "yes" if min(ratios) >= goal else "**no**"
            of = "" if one == _SUBJECT else f" of {run.labels[one]}"
            rows.append([f"{workload}{of} against {run.labels[other]}", f"{goal:g}", shown, met])
    for workload, parts in STATEMENT_GOALS.items():
        for connections, goal in parts.items():
            rate, subject = run.statement_rate(workload, connections), run.middle(workload, _SUBJECT, connections)
            if rate is not None and subject is not None:
                part = subject.rate / rate
                met = "yes" if part >= goal else "**no**"
                rows.append([f"{workload} against pgbench, {connections} connections", f"{goal:g}", f"{part:.2f}", met])
    head = ["", "goal", "at 8 / 32 connections", "reached"]
    return render_table(head, rows) if rows else ""


def _mixed(run: Run) -> str:
    rows: list[list[str]] = []
    for connections in sorted({one.connections for one in run.measurements if one.variant}):
        steady = run.middle("W7", _SUBJECT, connections, STEADY)
        changing = run.middle("W7", _SUBJECT, connections, CHANGING)
        if steady and changing:
            rows += [
                [
                    f"{connections} connections, {one.variant}",
                    format_rate(one.rate),
                    f"{one.p50:.2f}",
                    f"{one.p99:.2f}",
                    f"{one.p99_9:.2f}",
                    f"{one.max:.1f}",
                    str(one.failed),
                ]
                for one in (steady, changing)
            ]
            times = _tail_ratio(run, connections)
            met = "reached" if times <= TAIL_GOAL else "**not reached**"
            shown = f"{times:.2f}x, {met}"
            rows.append([f"{connections} connections, with against without", "", "", "", shown, "", ""])
    head = ["", "requests/s", "50th ms", "99th ms", "99.9th ms", "longest ms", "failed"]
    return render_table(head, rows) if rows else ""


def _tail_ratio(run: Run, connections: int) -> float:
    """Return the median over the pairs: each was measured in two loads that followed each other."""
    tails = {
        variant: [one.p99_9 for one in run.measurements if (one.connections, one.variant) == (connections, variant)]
        for variant in (STEADY, CHANGING)
    }
    return median(changing / steady for steady, changing in zip(tails[STEADY], tails[CHANGING], strict=True))
