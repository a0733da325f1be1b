"""The cost of forms of SQL: each statement on its own, by the CPU that PostgreSQL's process uses for it.

`python -m benchmarks.sql` takes about two minutes and prints the tables that stand in docs/explanation/performance.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median

import psycopg
from psycopg.pq import ExecStatus

from benchmarks.database import shared_database
from benchmarks.sql_statements import (
    DEEP_ROWS,
    SESSION,
    Form,
    deep_pages,
    fill_deep,
    output_forms,
    pattern_forms,
    plan_forms,
)

_ROUNDS = 7
_ROUND = 0.06
"""Seconds of CPU for which a statement is run in each round."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """A form that is prepared on the connection of its mode.

    Attributes:
        execute: runs it once, with the next of its parameters.
        used: the nanoseconds of CPU that the connection's process has used so far.
        often: how often it is run in a round.
        times: microseconds for each execution, one of each round.
    """

    form: Form
    execute: Callable[[], None]
    used: Callable[[], int]
    often: int = 1
    times: list[float] = field(default_factory=list)

    def measure(self) -> float:
        """Run it, and return the microseconds for each execution."""
        before = self.used()
        for _ in range(self.often):
            self.execute()
        return (self.used() - before) / self.often / 1000


def main() -> None:
    """Measure everything and print it."""
    with shared_database() as database:
        dsn, schema = database.dsn, database.schema
        _show(
            dsn,
            "The text of 50 people with company, activities and opportunities (W3)",
            asyncio.run(output_forms(dsn, schema)),
        )
        _show(dsn, "Plans", asyncio.run(plan_forms(dsn)))
        _show(dsn, "W2 by patterns", asyncio.run(pattern_forms(dsn, schema)))
        fill_deep(dsn)
        _show(dsn, f"Pages of 50 among {DEEP_ROWS:,} rows", deep_pages())


def _show(dsn: str, title: str, forms: Sequence[Form]) -> None:
    runs = _measure(dsn, forms)
    print(f"\n### {title}\n\n| | CPU in µs | of the first |\n| --- | ---: | ---: |")
    first = median(runs[0].times)
    for run in runs:
        print(f"| {run.form.name} | {median(run.times):,.0f} | {median(run.times) / first:.2f} |", flush=True)


def _measure(dsn: str, forms: Sequence[Form]) -> list[_Run]:
    """Run the forms in turn, so that other work of the machine falls on all of them."""
    with ExitStack() as stack:
        connections = {
            mode: stack.enter_context(psycopg.connect(dsn, autocommit=True, options=SESSION + mode))
            for mode in {form.mode for form in forms}
        }
        runs = [_prepare(connections[form.mode], form, number) for number, form in enumerate(forms)]
        for run in runs:
            # PostgreSQL plans five executions before it may settle on a generic plan; and the rows lie in memory.
            run.often = max(8, len(run.form.parameters))
            run.measure()
            run.often = max(3, round(_ROUND * 1e6 / max(1.0, run.measure())))
        for turn in range(_ROUNDS):
            for place in range(len(runs)):
                run = runs[(turn + place) % len(runs)]
                run.times.append(run.measure())
        return runs


def _prepare(connection: psycopg.Connection, form: Form, number: int) -> _Run:
    name = f"form{number}".encode()
    answer = connection.pgconn.prepare(name, form.text.encode())
    if answer.status != ExecStatus.COMMAND_OK:
        raise psycopg.ProgrammingError(f"{form.name}: {answer.error_message.decode()}")
    values = cycle(form.parameters)
    clock = Path(f"/proc/{connection.info.backend_pid}/schedstat")

    def execute() -> None:
        answer = connection.pgconn.exec_prepared(name, next(values))
        if answer.status != ExecStatus.TUPLES_OK:
            raise psycopg.ProgrammingError(f"{form.name}: {answer.error_message.decode()}")

    return _Run(form=form, execute=execute, used=lambda: int(clock.read_text().split(maxsplit=1)[0]))


if __name__ == "__main__":
    main()
