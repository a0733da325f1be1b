"""Many workspaces, asked in rotation: models come and go within their budget, with all that hangs on them."""

import asyncio
import http.client
import re
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

import psycopg

from benchmarks.process_usage import process_usage, server_usage
from benchmarks.swap.server import METRICS_TOKEN, SwapServer, connected, is_right
from benchmarks.swap.timing import middle, percentile

_CLIENTS = 8
_LOOKS = 10
_QUERY = "{ people(first: 5) { edges { node { id firstName company { name } } } totalCount } }"
_METRIC = re.compile(r'^fieldstone_model_(bytes|events_total)(?:\{event="(\w+)"\})? (\S+)$', re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class Rotation:
    """The outcome; times in milliseconds.

    Attributes:
        memory: of the server's process in MiB, from time to time.
        database_memory: of all of PostgreSQL's processes in MiB, likewise.
        backends: connections to the database at the end.
    """

    workspaces: int
    requests: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    database_memory: list[float] = field(default_factory=list)
    backends: int = 0
    models: dict[str, float] = field(default_factory=dict)

    def summary(self) -> dict[str, object]:
        """Return the figures that a report shows."""
        return {
            "workspaces": self.workspaces,
            "requests": self.requests,
            "seconds": self.seconds,
            "failed": len(self.failed),
            "failures": self.failed[:5],
            "p50_ms": middle(self.latencies),
            "p99_ms": percentile(self.latencies, 0.99),
            "memory_mib": self.memory,
            "database_memory_mib": self.database_memory,
            "backends": self.backends,
            "models": self.models,
        }


async def measure_rotation(
    server: SwapServer, dsn: str, postmaster: int, tokens: Sequence[str], *, again: int
) -> Rotation:
    """Return the times of a request to every workspace in turn, and then `again` to some of them a second time."""
    rotation = Rotation(workspaces=len(tokens))
    order = iter([*tokens, *tokens[:again]])
    each = max(1, (len(tokens) + again) // _LOOKS)
    begun = time.perf_counter()

    async def work() -> None:
        async with connected(server, tokens[0]) as client:
            for client.token in order:
                sent = time.perf_counter()
                status, body = await client.send("/graphql", _QUERY)
                rotation.latencies.append((time.perf_counter() - sent) * 1000)
                rotation.requests += 1
                if not is_right(status, body):
                    rotation.failed.append(f"{status}: {body[:300].decode()}")
                if rotation.requests % each == 0:
                    rotation.memory.append(round(process_usage(server.pid).memory, 1))
                    rotation.database_memory.append(round(server_usage(postmaster).memory, 1))

    async with asyncio.TaskGroup() as group:
        for _ in range(_CLIENTS):
            group.create_task(work())
    rotation.seconds = time.perf_counter() - begun
    rotation.models = _read_models(server)
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        rotation.backends = found[0] if found else 0
    return rotation


def _read_models(server: SwapServer) -> dict[str, float]:
    """Return the figures of the server's metrics about its models."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        text = connection.getresponse().read().decode()
    return {event or name: float(value) for name, event, value in _METRIC.findall(text)}
