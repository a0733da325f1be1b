"""The app by itself and mounted, started by a lifespan, by its host, or by the first request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier
from starlette.applications import Starlette
from starlette.routing import Mount

from fieldstone.engine import create_app
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.settings import ConfigurationError
from tests.engine.server.conftest import client_of

if TYPE_CHECKING:
    from starlette.types import Message

PING = {"query": "{ companies { totalCount } }"}
PONG = {"data": {"companies": {"totalCount": 0}}}


async def with_key(app: Fieldstone, client: httpx.AsyncClient) -> None:
    """Give the client a key of the app's workspace."""
    services = await app.runtime.ready()
    made = await services.keys.create(services.foundation.default.workspace.id, "test")
    client.headers["Authorization"] = f"Bearer {made.token}"


def quiet_app(dsn: str, **settings: Any) -> Fieldstone:
    return create_app(**{"database_url": dsn, "log_level": "error", **settings})


@asynccontextmanager
async def lifespan_of(app: Any) -> AsyncIterator[list["Message"]]:
    """Run an app's lifespan as a server does; yields the messages that the app has sent."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []
    answered = asyncio.Event()

    async def send(message: "Message") -> None:
        sent.append(message)
        answered.set()

    running = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to_app.get, send))
    await to_app.put({"type": "lifespan.startup"})
    await answered.wait()
    yield sent
    await to_app.put({"type": "lifespan.shutdown"})
    await running


async def test_its_own_lifespan_starts_and_stops_it(app_database: str) -> None:
    app = quiet_app(app_database)
    async with lifespan_of(app) as sent, client_of(app) as client:
        assert sent == [{"type": "lifespan.startup.complete"}]
        await with_key(app, client)
        assert (await client.post("/graphql", json=PING)).json() == PONG
    assert sent[1:] == [{"type": "lifespan.shutdown.complete"}]
    assert app.runtime.services is None


async def test_a_lifespan_whose_database_is_away_says_so(app_database: str) -> None:
    app = quiet_app(make_conninfo(app_database, dbname="nothing"), startup_timeout=0.1)
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []

    async def send(message: "Message") -> None:
        sent.append(message)

    await to_app.put({"type": "lifespan.startup"})
    await app({"type": "lifespan"}, to_app.get, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "cannot connect to the database" in sent[0]["message"]


@pytest.mark.parametrize("prefix", ["/crm", "/a/b"])
async def test_mounted_it_starts_with_the_first_request(app_database: str, prefix: str) -> None:
    app = quiet_app(app_database, environment="development", cors_origins="https://app.example")
    host = Starlette(routes=[Mount(prefix, app)])
    async with client_of(host) as client:
        assert (await client.get(f"{prefix}/readyz")).status_code == 503
        answers = await asyncio.gather(*(client.post(f"{prefix}/graphql", json=PING) for _ in range(5)))
        assert [answer.status_code for answer in answers] == [401] * 5
        assert (await client.get(f"{prefix}/readyz")).status_code == 200
        await with_key(app, client)
        assert (await client.post(f"{prefix}/graphql", json=PING)).json() == PONG
        assert (await client.get(f"{prefix}/metadata", params={"query": "{ __typename }"})).is_success
        (nothing,) = (await client.get(f"{prefix}/nothing")).json()["errors"]
        assert nothing["extensions"]["code"] == "NOT_FOUND"
        assert f" {prefix}/graphql, {prefix}/metadata and {prefix}/rest/people," in nothing["message"]
        index = (await client.get(f"{prefix}/")).text
        assert f"\n{prefix}/graphql " in index
        assert f" {prefix}/console/ " in index
        page = await client.get(f"{prefix}/graphql", headers={"accept": "text/html"}, follow_redirects=True)
        assert f"{prefix}/console/assets" in page.text
    await app.runtime.stop()


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_without_the_console_there_is_no_page_for_browsers(app_database: str, environment: str) -> None:
    pages = ("/console", "/console/", "/console/records", "/console/graphql", "/rest/open-api", "/console/assets/a.js")
    browser = {"accept": "text/html"}
    off, on = (quiet_app(app_database, environment=environment, console=console) for console in (False, True))
    async with lifespan_of(off), client_of(off) as client:
        for page in pages:
            answer = await client.get(page, headers=browser)
            assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (404, False), page
        hint = await client.get("/graphql", headers=browser, follow_redirects=True)
        assert (hint.status_code, hint.headers["content-type"]) == (401, "text/plain; charset=utf-8")
        index = (await client.get("/")).text
        assert "console" not in hint.text + index
        assert "GraphiQL" not in hint.text + index
        await with_key(off, client)
        assert (await client.post("/graphql", json=PING)).json() == PONG
    async with lifespan_of(on), client_of(on) as client:
        # The page, or the one that says that it was not built.
        assert "text/html" in (await client.get("/console/", headers=browser)).headers["content-type"]
        assert "/console/" in (await client.get("/")).text


async def test_mounted_it_starts_with_its_host(app_database: str) -> None:
    app = quiet_app(app_database)

    @asynccontextmanager
    async def lifespan(_host: Starlette) -> AsyncIterator[None]:
        async with app.lifespan_context():
            yield

    host = Starlette(routes=[Mount("/crm", app)], lifespan=lifespan)
    async with lifespan_of(host), client_of(host) as client:
        assert (await client.get("/crm/readyz")).status_code == 200
        hint = await client.get("/crm/graphql", headers={"accept": "text/html"})
        assert "the console at /crm/console/ asks for it" in hint.text
    assert app.runtime.services is None


async def test_it_can_be_started_again(app_database: str) -> None:
    app = quiet_app(app_database)
    for _ in range(2):
        async with app.lifespan_context(), client_of(app) as client:
            await with_key(app, client)
            assert (await client.post("/graphql", json=PING)).json() == PONG


async def test_a_request_whose_database_is_away_gets_503_and_the_next_tries_again(app_database: str) -> None:
    app = quiet_app(make_conninfo(app_database, dbname="nothing"), startup_timeout=0.1, log_level="error")
    async with client_of(app) as client:
        for _ in range(2):
            answer = await client.post("/graphql", json=PING)
            assert answer.status_code == 503
            assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
            assert answer.headers["retry-after"] == "1"


async def test_a_request_during_somebody_elses_start_is_told_to_wait(app_database: str) -> None:
    app = quiet_app(app_database)
    starting = asyncio.create_task(app.runtime.start())
    await asyncio.sleep(0)
    async with client_of(app) as client:
        answer = await client.post("/graphql", json=PING)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["message"] == "Fieldstone is starting: try again in a moment."
    await starting
    await app.runtime.stop()


async def test_a_stop_ends_a_start_in_progress(app_database: str) -> None:
    app = quiet_app(app_database)
    starting = asyncio.create_task(app.runtime.start())
    await asyncio.sleep(0)
    await app.runtime.stop()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert app.runtime.services is None


def test_settings_that_will_not_do_are_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="API_RATE_LIMITING_LIMIT must be a whole number"):
        create_app(rate_limit=-1)


@pytest.mark.long
async def test_while_the_database_is_away_answers_are_503_and_then_it_goes_on(
    app_database: str, server_dsn: str
) -> None:
    app = quiet_app(app_database)
    name = str(conninfo_to_dict(app_database)["dbname"])
    async with app.lifespan_context(), client_of(app) as client:
        await with_key(app, client)
        assert (await client.post("/graphql", json=PING)).json() == PONG
        async with await psycopg.AsyncConnection.connect(server_dsn, autocommit=True) as server:
            await server.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
            await server.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            for path, query in (("/graphql", PING["query"]), ("/metadata", "{ objects { totalCount } }")):
                answer = await client.post(path, json={"query": query})
                assert answer.status_code == 503, answer.text
                assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
                assert answer.headers["retry-after"] == "1"
            async with client_of(app) as visitor:
                unready = await visitor.get("/readyz")
            assert (unready.status_code, unready.json()) == (503, {"status": "unavailable"})
            assert (await client.get("/healthz")).status_code == 200
            await server.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(name)))
        assert (await client.post("/graphql", json=PING)).json() == PONG
