"""Two servers of their own, between which workspaces move, and an app on them."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine import create_app
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cells.runtime import CellRuntime
from fieldstone.engine.server.cells.workspaces import Placed, list_placed
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.sql import embedded
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.databases import quick_place, remove_left_behind

CELLS = ("home", "east")
EMPTY = "template1"
MIGRATED = "migrated"
"""The databases that those of cells are copies of: one with nothing in it, and one with an empty catalog."""

_PREFIX = "fieldstone-cells-"


@contextmanager
def running_clusters() -> Iterator[dict[str, embedded.EmbeddedServer]]:
    """Yield a server for each cell, which logical replication can read from."""
    remove_left_behind(quick_place(), f"{_PREFIX}*/*")
    root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=quick_place()))
    root.chmod(0o755)
    servers: dict[str, embedded.EmbeddedServer] = {}
    try:
        for name in CELLS:
            (folder := root / name).mkdir(mode=0o755)
            server = embedded.start(folder)
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                for setting in ("wal_level = logical", "fsync = off", "max_wal_senders = 20"):
                    connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            embedded.stop(server)
            servers[name] = embedded.start(folder)
            _make_migrated(servers[name].dsn)
        yield servers
    finally:
        for server in servers.values():
            embedded.stop(server)
        shutil.rmtree(root)


def _make_migrated(dsn: str) -> None:
    """Make the template of cells with an empty catalog: to make it took a third of the time of a test."""
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {MIGRATED}".encode())
    # In a thread, in which an event loop may start, whether or not one runs in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, _migrate(make_conninfo(dsn, dbname=MIGRATED))).result()


async def _migrate(dsn: str) -> None:
    database = Database.connect(dsn, settings=PoolSettings(connections=2))
    await database.open()
    try:
        await Catalog.migrate(database)
    finally:
        await database.close()


@contextmanager
def fresh_cells(servers: dict[str, embedded.EmbeddedServer], *, template: str = EMPTY) -> Iterator[dict[str, str]]:
    """Yield the address of a database on each server, a copy of its template, as a URL by the name of its cell."""
    name = f"cells_{len(list(_databases(servers['home'])))}"
    urls = {}
    for cell, server in servers.items():
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        urls[cell] = url_of(make_conninfo(server.dsn, dbname=name))
    try:
        yield urls
    finally:
        for server in servers.values():
            _drop_subscriptions(server.dsn, name)
        for server in servers.values():
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                _drop_slots(connection, name)
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def _databases(server: embedded.EmbeddedServer) -> list[str]:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        return [name for (name,) in connection.execute("SELECT datname FROM pg_database")]


def _drop_subscriptions(dsn: str, name: str) -> None:
    """Drop the subscriptions that a test has left, which would keep the database."""
    with psycopg.connect(make_conninfo(dsn, dbname=name), autocommit=True) as connection:
        for (left,) in connection.execute(
            "SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())"
        ).fetchall():
            for statement in ("DISABLE", "SET (slot_name = NONE)"):
                connection.execute(f'ALTER SUBSCRIPTION "{left}" {statement}'.encode())
            connection.execute(f'DROP SUBSCRIPTION "{left}"'.encode())


def _drop_slots(connection: "psycopg.Connection[Any]", name: str) -> None:
    """Drop the slots of a database, whose processes may take a moment to end."""
    connection.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s", [name])
    active = "SELECT count(*) FROM pg_replication_slots WHERE database = %s AND active"
    limit = time.monotonic() + 30
    while connection.execute(active, [name]).fetchone() != (0,):
        assert time.monotonic() < limit, "a slot is in use"
        time.sleep(0.01)
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [name]
    )


def url_of(dsn: str) -> str:
    """Return a connection string as a URL."""
    given = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    name = given.pop("dbname")
    return f"postgresql:///{name}?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in given.items())


def settings_with(urls: dict[str, str], **given: Any) -> Settings:
    """Return the settings of an installation with these cells."""
    return load_settings(cells=setting_of(urls), log_level="error", **given)


async def place_of(settings: Settings, name: str) -> list[str]:
    """Return the names of the cells that have a workspace of this name."""
    return [one.cell for one in await list_placed(settings) if isinstance(one, Placed) and one.name == name]


def setting_of(urls: dict[str, str]) -> str:
    """Return the value of FIELDSTONE_CELLS."""
    return ",".join(f"{name}={url}" for name, url in urls.items())


@asynccontextmanager
async def open_app(urls: dict[str, str], **settings: Any) -> AsyncIterator[Fieldstone]:
    """Run an app on these cells for the length of the block."""
    given = {"rate_limit": 0, "max_queue_ms": 0, "log_level": "error", "startup_timeout": 10.0, **settings}
    app = create_app(cells=setting_of(urls), **given)
    async with app.lifespan_context():
        yield app


def cell_services(app: Fieldstone, cell: str) -> Any:
    """Return the services of a cell that is open."""
    assert isinstance(app.runtime, CellRuntime)
    services = app.runtime.opened()[cell]
    assert services is not None
    return services


async def make_workspace(app: Fieldstone, cell: str, name: str) -> tuple[Any, str]:
    """Make a workspace in a cell, and return its snapshot and a key."""
    foundation = cell_services(app, cell).foundation
    snapshot = await foundation.workspaces.create(name, actor="test")
    made = await foundation.keys.create(snapshot.workspace.id, "test")
    return snapshot, made.token


def client_of(app: Any, token: str) -> httpx.AsyncClient:
    """Return a client with a key that calls the app in this process."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://fieldstone.test",
        headers={"authorization": f"Bearer {token}"},
    )


@asynccontextmanager
async def open_first(urls: dict[str, str], **settings: Any) -> AsyncIterator[tuple[Fieldstone, httpx.AsyncClient]]:
    """Run an app on these cells whose home has the workspace `first`, and yield it with a client of the workspace."""
    async with open_app(urls, **settings) as app:
        _, token = await make_workspace(app, "home", "first")
        async with client_of(app, token) as client:
            yield app, client


async def send(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """Return the body of an answer whose status is 200."""
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    assert response.status_code == 200, response.text
    return response.json()


async def run(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """Return the data of an operation of the Metadata API."""
    answer = await client.post("/metadata", json={"query": query, "variables": variables})
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]
