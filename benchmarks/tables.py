"""The results as tables in Markdown."""

from collections.abc import Callable, Iterable, Sequence

from benchmarks.mixed import CHANGING, STEADY
from benchmarks.results import Measurement, Run

GOALS = {
    "W1": {"baseline": 1.5, "postgraphile": 2.0, "strawberry": 10.0},
    "W2": {"baseline": 1.0, "postgraphile": 1.7, "strawberry": 10.0},
    "W3": {"baseline": 1.0, "postgraphile": 1.7, "strawberry": 10.0},
    "W5": {"baseline": 1.0, "postgraphile": 1.7, "strawberry": 10.0},
    "W6": {"baseline": 1.0, "postgraphile": 2.0},
}
"""Fieldstone's requests per second as a multiple of another server's, at 8 and 32 connections."""
TAIL_GOAL = 1.5
"""The 99.9th percentile of W7 with changes of the model, as a multiple of that without."""
_GOAL_CONNECTIONS = (8, 32)
_SUBJECT = "fieldstone"


def render_report(run: Run) -> str:
    """Return everything about a run."""
    machine = run.machine
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    parts = [
        f"# Benchmarks ({run.kind})",
        f"{run.started}, {run.minutes:.0f} minutes; {machine['cpu']}, {machine['cores']} cores (shared by client, server and"
        f" database), {machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']},"
        f" PostgreSQL {machine['postgresql']}; {packages}. Medians over the rounds; one process for each server.",
        *(f"- {name}: {title}" for name, title in run.titles.items()),
    ]
    for connections in run.connections:
        parts += [f"\n## Requests per second, {connections} connections", _rates(run, connections)]
    parts += ["\n## Goals: Fieldstone's requests per second against others'", _goals(run)]
    for connections in run.connections:
        parts += [
            f"\n## Latency in ms, {connections} connections (50th / 99th / 99.9th percentile)",
            _per_server(run, connections, lambda one: f"{one.p50:.2f} / {one.p99:.2f} / {one.p99_9:.2f}"),
        ]
    most = run.connections[-1] if run.connections else 0
    parts += [
        f"\n## CPU for one request in µs, {most} connections (server + PostgreSQL)",
        _per_server(run, most, lambda one: f"{one.server_cpu:.0f} + {one.database_cpu:.0f}"),
        f"\n## Memory in MiB after the load, {most} connections (server + PostgreSQL; growth in bytes for each request)",
        _per_server(
            run,
            most,
            lambda one: f"{one.server_memory:.0f} + {one.database_memory:.0f} ({one.memory_per_request:.0f})",
        ),
    ]
    if mixed := _mixed(run):
        parts += ["\n## W7: mixed load, without and with a new field each second", mixed]
    return "\n".join(parts) + "\n"


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
        times = f" ({subject.rate / one.rate:.2f}×)" if subject and one.server != _SUBJECT else ""
        return format_rate(one.rate) + times

    return _per_server(run, connections, cell)


def _per_server(run: Run, connections: int, cell: Callable[[Measurement], str]) -> str:
    def row(workload: str) -> list[str]:
        found = (run.middle(workload, server, connections) for server in run.servers)
        return [workload, *(cell(one) if one else "" for one in found)]

    return render_table(["", *(run.labels[name] for name in run.servers)], map(row, run.workloads))


def _goals(run: Run) -> str:
    rows: list[list[str]] = []
    for workload, goals in GOALS.items():
        for other, goal in goals.items():
            ratios = [
                subject.rate / peer.rate
                for connections in _GOAL_CONNECTIONS
                if (subject := run.middle(workload, _SUBJECT, connections))
                and (peer := run.middle(workload, other, connections))
            ]
            if ratios:
                shown = " / ".join(f"{ratio:.2f}" for ratio in ratios)
                met = "yes" if min(ratios) >= goal else "**no**"
                rows.append([f"{workload} against {run.labels[other]}", f"{goal:g}", shown, met])
    return render_table(["", "goal", "at 8 / 32 connections", "reached"], rows)


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
            times = changing.p99_9 / steady.p99_9
            met = "reached" if times <= TAIL_GOAL else "**not reached**"
            rows.append([f"{connections} connections, 99.9th against 99.9th", "", "", "", f"{times:.2f}× ({met})", "", ""])
    head = ["", "requests/s", "50th ms", "99th ms", "99.9th ms", "longest ms", "failed"]
    return render_table(head, rows) if rows else ""
