"""A small real app over a database of its own, and clients that talk to it in this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fieldstone import engine
from tests.databases import Databases
from tests.engine.server.prepared import migrate

if TYPE_CHECKING:
    from fieldstone.engine.server.app import Fieldstone

StartApp = Callable[..., AbstractAsyncContextManager["tuple[Fieldstone, httpx.AsyncClient]"]]


@pytest.fixture
def app_database(databases: Databases) -> Any:
    """The address of a database with an empty workspace `default`."""
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        yield dsn


@pytest.fixture
def start_app(app_database: str) -> StartApp:
    """A function that starts an app with some settings, and gives it with a client that holds a key."""

    @asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator["tuple[Fieldstone, httpx.AsyncClient]"]:
        # No operation is refused because the machine is busy. The tasks of an app's start all ask at once, and have its
        # pool make all its connections: each takes PostgreSQL and the test 6 ms of the processor.
        given = {
            "database_url": app_database,
            "pool_size": 4,
            "rate_limit": 0,
            "log_level": "error",
            "max_queue_ms": 0,
            **settings,
        }
        app = engine.create_app(**given)
        async with app.lifespan_context(), client_of(app) as client:
            foundation = (await app.runtime.ready()).foundation
            made = await foundation.keys.create(foundation.default.workspace.id, "test")
            client.headers["Authorization"] = f"Bearer {made.token}"
            yield app, client

    return start


@pytest.fixture
async def client(start_app: StartApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key, of an app without a rate limit."""
    async with start_app() as (_, client):
        yield client


def client_of(app: Any, **options: Any) -> httpx.AsyncClient:
    """Return a client that calls the ASGI app in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fieldstone.test", **options)
