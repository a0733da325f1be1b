"""One catalog with many workspaces: the cost of making, finding, listing and loading one of them.

The workspaces are copies of rows, each with a schema, three roles, a key and one object of twenty fields. Their tables
are left out, as no statement here reads a record.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import psycopg
from psycopg import sql

from benchmarks.process_usage import server_usage
from benchmarks.swap.models import COPIED_WORKSPACE, make_workspace
from benchmarks.swap.timing import middle, percentile
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.snapshot_watcher import SnapshotWatch
from fieldstone.metadata.workspaces.registry import WorkspaceNames

_AT_ONCE = 1_000
_ORIGIN = "origin"
_MANY = 300
"""How often a cheap step is repeated, and a dear one in `_FEW` times."""
_FEW = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step's cost.

    Attributes:
        ms: the median of its times.
        p99_ms: their 99th percentile.
        cpu_ms: of this process for one, on average.
        database_ms: PostgreSQL's CPU for one, on average.
    """

    name: str
    ms: float
    p99_ms: float
    cpu_ms: float
    database_ms: float


def measure_catalog(dsn: str, postmaster: int, count: int) -> dict[str, object]:
    """Fill the catalog of an empty database, and return its size and the cost of each step.

    Args:
        dsn: of the database.
        postmaster: the process of its server.
        count: how many workspaces.
    """
    begun = time.perf_counter()
    _fill(dsn, count)
    filled = time.perf_counter() - begun
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    steps = asyncio.run(_measure_steps(dsn, postmaster, count))
    return {
        "workspaces": count,
        "fill_seconds": round(filled, 1),
        "bytes": found[0] if found else 0,
        "steps": [asdict(step) for step in steps],
    }


def _fill(dsn: str, count: int) -> None:
    make_workspace(dsn, _ORIGIN, 1)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("UPDATE fieldstone.workspace SET text_order = 1")
        for first in range(0, count, _AT_ONCE):
            most = min(first + _AT_ONCE, count) - 1
            bounds = {"origin": _ORIGIN, "first": first, "most": most}
            with connection.transaction():
                for statement in COPIED_WORKSPACE:
                    connection.execute(statement, bounds)
                connection.execute(
                    "INSERT INTO fieldstone.api_key (id, workspace_id, name, token_hash, role_id) SELECT"
                    " gen_random_uuid(), workspace.id, 'benchmark', sha256(convert_to(workspace.name, 'UTF8')), role.id"
                    " FROM generate_series(%(first)s::int, %(most)s::int) AS number"
                    " JOIN fieldstone.workspace ON workspace.name = 'copy' || number"
                    " JOIN fieldstone.role ON role.workspace_id = workspace.id AND role.name = 'admin'",
                    bounds,
                )
                with connection.pipeline():
                    for number in range(first, most + 1):
                        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(f"copy{number}")))
        connection.execute("UPDATE fieldstone.workspace SET text_order = 1")
        connection.execute("VACUUM ANALYZE")


async def _measure_steps(dsn: str, postmaster: int, count: int) -> list[Step]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT name, id FROM fieldstone.workspace WHERE name LIKE 'copy%%' ORDER BY id LIMIT %s", [_MANY]
        ).fetchall()
    by_name, cold = iter([name for name, _ in rows]), iter([id_ for _, id_ in rows])
    keys = iter([hashlib.sha256(name.encode()).digest() for name, _ in rows])
    made = iter(range(_FEW))
    async with open_foundation(Settings(database_url=dsn)) as foundation:
        database, names = foundation.database, WorkspaceNames(foundation.database)
        current = CurrentSnapshots(database)
        watch = SnapshotWatch(current, database)
        builder = Builder(database, foundation.writer, trigram=foundation.catalog.trigram)
        steps: tuple[tuple[str, int, Callable[[], Awaitable[object]]], ...] = (
            ("find a workspace by its name", _MANY, lambda: names.find(next(by_name))),
            ("look up a key that no cache has", _MANY, lambda: foundation.keys.look_up(next(keys))),
            ("load a model that no cache has", _MANY, lambda: current.get(next(cold))),
            (f"look for changes of {_MANY} loaded models", _MANY, watch.look),
            ("look for work that changes left", _MANY, builder.build_all),
            ("make a workspace without objects", _FEW, lambda: _make(foundation, f"another-{next(made)}")),
            (f"list the {count:,} workspaces", _FEW, foundation.workspaces.list),
        )
        return [await _measure(name, times, step, postmaster) for name, times, step in steps]


async def _make(foundation: Foundation, name: str) -> None:
    await foundation.workspaces.create(name, actor="benchmark", standard=False)


async def _measure(name: str, times: int, step: Callable[[], Awaitable[object]], postmaster: int) -> Step:
    took: list[float] = []
    cpu, used = time.process_time(), server_usage(postmaster).cpu
    for _ in range(times):
        begun = time.perf_counter()
        await step()
        took.append((time.perf_counter() - begun) * 1000)
    return Step(
        name=name,
        ms=middle(took),
        p99_ms=percentile(took, 0.99),
        cpu_ms=(time.process_time() - cpu) * 1000 / times,
        database_ms=(server_usage(postmaster).cpu - used) * 1000 / times,
    )
