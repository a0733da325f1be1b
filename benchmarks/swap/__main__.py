"""`python -m benchmarks.swap`: measures the cost of a change of the model, and writes the results.

    python -m benchmarks.swap [--quick] [--parts sizes load rotation start introspection]

It takes about ten minutes, most of them for making 6,000 tables and 10,000 workspaces.
"""

import argparse
import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.paths import RESULTS, ROOT, WORK
from benchmarks.results import describe_machine
from benchmarks.swap.introspection import measure_introspection
from benchmarks.swap.models import make_many, make_workspace
from benchmarks.swap.report import render
from benchmarks.swap.rotation import measure_rotation
from benchmarks.swap.server import ServerFailed, serving
from benchmarks.swap.sizes import count_swap, measure_sizes
from benchmarks.swap.under_load import measure_load
from fieldstone.sql import embedded
from fieldstone.sql.embedded.folder import recorded_lines

_PARTS = ("sizes", "load", "rotation", "start", "introspection")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How much is measured; a load without changes lasts `seconds`, and `again` workspaces are asked a second time."""

    sizes: tuple[int, ...]
    rounds: int
    swaps: int
    seconds: float
    workspaces: int
    again: int
    starts: int
    large: int


_FULL = _Plan(
    sizes=(10, 100, 1_000, 5_000),
    rounds=15,
    swaps=1_000,
    seconds=20,
    workspaces=10_000,
    again=2_000,
    starts=7,
    large=1_000,
)
_QUICK = _Plan(sizes=(10, 200), rounds=3, swaps=30, seconds=2, workspaces=100, again=50, starts=2, large=100)


class _Databases:
    """PostgreSQL on a folder of its own, with a database for each part."""

    def __init__(self, server: embedded.EmbeddedServer) -> None:
        self._server = server
        self.postmaster = int(recorded_lines(server.folder)[0])

    def create(self, name: str) -> str:
        """Return the address of a new database."""
        with psycopg.connect(self._server.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return make_conninfo(self._server.dsn, dbname=name)

    def version(self) -> str:
        """Return the server's version."""
        with psycopg.connect(self._server.dsn) as connection:
            return connection.info.parameter_status("server_version") or "unknown"


@contextlib.contextmanager
def _databases() -> Iterator[_Databases]:
    WORK.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="swap-", dir=WORK))
    server = embedded.start(folder)
    try:
        yield _Databases(server)
    finally:
        embedded.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _measure_sizes(databases: _Databases, plan: _Plan) -> list[dict[str, Any]]:
    dsn = databases.create("sizes")
    workspaces = [(objects, make_workspace(dsn, f"objects-{objects}", objects)) for objects in plan.sizes]
    with serving(dsn, FIELDSTONE_MODEL_CACHE_MB="512") as server:
        sizes = asyncio.run(measure_sizes(server, workspaces, plan.rounds))
    for size, (_, made) in zip(sizes, workspaces, strict=True):
        asyncio.run(count_swap(dsn, made, size))
    return [size.summary() for size in sizes]


def _measure_load(databases: _Databases, plan: _Plan) -> dict[str, Any]:
    dsn = databases.create("load")
    made = make_workspace(dsn, "default", 1)
    with serving(dsn) as server:
        asyncio.run(measure_load(server, made.token, swaps=0, seconds=plan.seconds / 4, mark="warm"))
        before = asyncio.run(measure_load(server, made.token, swaps=0, seconds=plan.seconds, mark="before"))
        paced = asyncio.run(measure_load(server, made.token, swaps=round(plan.seconds), pause=1.0, mark="paced"))
        changing = asyncio.run(measure_load(server, made.token, swaps=plan.swaps, mark="during"))
        after = asyncio.run(measure_load(server, made.token, swaps=0, seconds=plan.seconds, mark="after"))
    return {
        "before": before.summary(),
        "paced": paced.summary(),
        "during": changing.summary(),
        "after": after.summary(),
    }


def _measure_rotation(databases: _Databases, plan: _Plan) -> dict[str, Any]:
    dsn = databases.create("rotation")
    tokens = make_many(dsn, plan.workspaces)
    with serving(dsn) as server:
        rotation = asyncio.run(measure_rotation(server, dsn, databases.postmaster, tokens, again=plan.again))
    return rotation.summary()


def _measure_large(databases: _Databases, plan: _Plan, parts: list[str]) -> dict[str, Any]:
    """Measure the start, and the schema's text, with a large model."""
    dsn = databases.create("large")
    made = make_workspace(dsn, "default", plan.large)
    found: dict[str, Any] = {"objects": plan.large}
    if "start" in parts:
        found["start_seconds"], found["start_cpu_seconds"] = [], []
        for _ in range(plan.starts):
            with serving(dsn) as server:
                found["start_seconds"].append(round(server.seconds, 3))
                found["start_cpu_seconds"].append(round(server.cpu, 3))
    if "introspection" in parts:
        with serving(dsn) as server:
            found["introspection"] = asyncio.run(measure_introspection(server, made))
    return found


def main() -> int:
    """Run the parts; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.swap", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute: fewer of everything")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS), help="some of the parts")
    given = parser.parse_args()
    plan, parts = _QUICK if given.quick else _FULL, given.parts
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Only a whole run is worth keeping beside the sources; the parts of it may be measured one by one.
    path = (WORK / "results" if given.quick else RESULTS) / "swap.json"
    result: dict[str, Any] = {} if given.quick or not path.exists() else json.loads(path.read_text(encoding="utf-8"))
    result["started"] = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with _databases() as databases:
            result["machine"] = describe_machine(databases.version())
            if "sizes" in parts:
                result["sizes"] = _measure_sizes(databases, plan)
            if "load" in parts:
                result["load"] = _measure_load(databases, plan)
            if "start" in parts or "introspection" in parts:
                result["large"] = _measure_large(databases, plan, parts)
            if "rotation" in parts:
                result["rotation"] = _measure_rotation(databases, plan)
    except ServerFailed as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    report = render(result)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report, encoding="utf-8")
    print(f"\n{report}\nwritten to {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
