"""`python -m benchmarks.fleet`: measures a catalog with many workspaces, simulates their load, and writes the results.

    python -m benchmarks.fleet [--quick] [--workspaces 100000]

It takes about five minutes, and 2 GB of disk meanwhile.
"""

import argparse
import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.fleet.catalog import measure_catalog
from benchmarks.fleet.report import render
from benchmarks.fleet.simulation import Load, simulate
from benchmarks.paths import RESULTS, ROOT, WORK
from benchmarks.results import describe_machine
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.model import Snapshot
from fieldstone.sql import embedded
from fieldstone.sql.embedded.folder import recorded_lines

_CELL: Final = 10_000
"""Workspaces of a cell."""
_LOADS: Final = tuple(
    Load(workspaces=workspaces, exponent=exponent, cache_mb=cache_mb)
    for exponent in (1.0, 0.8)
    for workspaces, cache_mb in ((1_000_000, 128), (1_000_000, 1_024), (_CELL, 128), (_CELL, 1_024))
)


@contextlib.contextmanager
def _server() -> Iterator[tuple[str, int]]:
    """Run a PostgreSQL on a folder of its own; yield its address and its process."""
    WORK.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fleet-", dir=WORK))
    server = embedded.start(folder)
    try:
        yield server.dsn, int(recorded_lines(server.folder)[0])
    finally:
        embedded.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


async def _standard_model(dsn: str) -> Snapshot:
    async with open_foundation(Settings(database_url=dsn)) as foundation:
        return foundation.default


def main() -> int:
    """Measure and simulate; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some seconds: fewer of everything")
    parser.add_argument("--workspaces", type=int, default=100_000, help="in the catalog")
    given = parser.parse_args()
    requests = 20_000 if given.quick else 1_000_000
    with _server() as (dsn, postmaster):
        with psycopg.connect(dsn) as connection:
            machine = describe_machine(connection.info.parameter_status("server_version") or "unknown")
        catalog = measure_catalog(dsn, postmaster, 1_000 if given.quick else given.workspaces)
        model = asyncio.run(_standard_model(dsn))
    misses = [simulate(load, model, requests).summary() for load in _LOADS]
    result = {"machine": machine, "catalog": catalog, "model_bytes": model.weight, "misses": misses}
    report = render(result)
    path = (WORK / "results" if given.quick else RESULTS) / "fleet.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report, encoding="utf-8")
    print(f"\n{report}\nwritten to {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
