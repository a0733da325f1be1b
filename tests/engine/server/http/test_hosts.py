"""Fieldstone mounted under a prefix in applications of other frameworks, on a port: all that it serves is there."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from fieldstone.engine import create_app
from fieldstone.engine.server.app import Fieldstone
from tests.engine.server.listening import listening
from tests.waiting import until_true

pytestmark = pytest.mark.long

PREFIX = "/crm/v1"


def lifespan_with(app: Fieldstone) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def lifespan(_host: Any) -> AsyncIterator[None]:
        async with app.lifespan_context():
            yield

    return lifespan


def fastapi_host(app: Fieldstone, lifespan: Callable[[Any], Any] | None) -> FastAPI:
    host = FastAPI(lifespan=lifespan)
    host.add_api_route("/own", lambda: "of the host")
    host.mount(PREFIX, app)
    return host


def starlette_host(app: Fieldstone, lifespan: Callable[[Any], Any] | None) -> Starlette:
    def own(_request: Any) -> PlainTextResponse:
        return PlainTextResponse('"of the host"')

    return Starlette(routes=[Route("/own", own), Mount(PREFIX, app)], lifespan=lifespan)


@pytest.mark.long
@pytest.mark.parametrize("has_lifespan", [True, False], ids=["with its lifespan", "without lifespan"])
@pytest.mark.parametrize("build_host", [fastapi_host, starlette_host])
async def test_all_is_served_under_the_prefix(app_database: str, build_host: Any, has_lifespan: bool) -> None:
    app = create_app(database_url=app_database, environment="development", rate_limit=0, log_level="error")
    host = build_host(app, lifespan_with(app) if has_lifespan else None)
    async with listening(host) as address, httpx.AsyncClient(base_url=f"{address}{PREFIX}", timeout=30) as client:
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
        foundation = (await app.runtime.ready()).foundation
        token = (await foundation.keys.create(foundation.default.workspace.id, "test")).token
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get(f"{address}/own")).text == '"of the host"'
        assert (await client.get(f"{address}/graphql")).status_code == 404
        await check_graphiql(client)
        await check_socket(client, token)
        await check_stream(client)
        objects = await client.post("/metadata", json={"query": "{ objects { totalCount } }"})
        assert objects.json() == {"data": {"objects": {"totalCount": 4}}}
    if not has_lifespan:
        await app.runtime.stop()
    assert app.runtime.services is None


async def test_a_host_may_end_each_path_with_a_slash(app_database: str) -> None:
    app = create_app(database_url=app_database, environment="development", rate_limit=0, log_level="error")

    async def host(scope: Any, receive: Any, send: Any) -> None:
        # As Litestar mounts an app, by the guide.
        await app({**scope, "root_path": PREFIX, "path": scope["path"].rstrip("/") + "/"}, receive, send)

    async with app.lifespan_context(), listening(host) as address, httpx.AsyncClient(timeout=30) as client:
        client.base_url = httpx.URL(f"{address}{PREFIX}")
        foundation = (await app.runtime.ready()).foundation
        token = (await foundation.keys.create(foundation.default.workspace.id, "test")).token
        client.headers["Authorization"] = f"Bearer {token}"
        for path in ("/", "/readyz", "/metrics", "/graphql?query={__typename}", "/rest/people", "/rest/people.csv"):
            assert (await client.get(path)).status_code == 200, path
        for path in ("/console/", "/console/records"):
            assert "text/html" in (await client.get(path)).headers["content-type"]
        await check_socket(client, token)
        await check_stream(client)


async def test_without_a_lifespan_a_probe_begins_the_start(app_database: str) -> None:
    app = create_app(database_url=app_database, rate_limit=0, log_level="error")
    async with listening(starlette_host(app, None)) as address, httpx.AsyncClient(timeout=30) as client:

        async def is_ready() -> bool:
            return (await client.get(f"{address}{PREFIX}/readyz")).status_code == 200

        assert not await is_ready()
        await until_true(is_ready)
    await app.runtime.stop()
    assert app.runtime.services is None


async def test_a_probe_starts_no_app_that_a_lifespan_has_stopped(app_database: str) -> None:
    app = create_app(database_url=app_database, rate_limit=0, log_level="error")
    async with app.lifespan_context():
        pass
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fieldstone.test") as client:
        assert (await client.get("/readyz")).status_code == 503
    assert app.runtime._opened is None


@pytest.mark.filterwarnings("ignore:Using .httpx. with .starlette.testclient. is deprecated")
def test_sockets_of_the_test_client_end_without_an_error(app_database: str) -> None:
    from starlette.testclient import TestClient

    app = create_app(database_url=app_database, rate_limit=0, log_level="error")
    with TestClient(starlette_host(app, lifespan_with(app))) as client:
        for _ in range(5):
            with client.websocket_connect(f"{PREFIX}/graphql", subprotocols=["graphql-transport-ws"]) as socket:
                socket.send_json({"type": "ping"})
                assert socket.receive_json() == {"type": "pong"}


def test_an_app_is_served_by_one_event_loop_after_another(app_database: str) -> None:
    app = create_app(database_url=app_database, rate_limit=0, log_level="error")

    async def serve() -> None:
        async with listening(app) as address, httpx.AsyncClient(base_url=address, timeout=30) as client:
            foundation = (await app.runtime.ready()).foundation
            token = (await foundation.keys.create(foundation.default.workspace.id, "test")).token
            client.headers["Authorization"] = f"Bearer {token}"
            if await count(client) == 0:
                await create(client, "a@example.com")
            await check_stream(client)

    asyncio.run(serve())
    asyncio.run(serve())


async def count(client: httpx.AsyncClient) -> int:
    answer = await client.post("/graphql", json={"query": "{ people { totalCount } }"})
    return int(answer.json()["data"]["people"]["totalCount"])


async def create(client: httpx.AsyncClient, email: str) -> None:
    query = f'mutation {{ createPerson(data: {{email: "{email}"}}) {{ id }} }}'
    answer = await client.post("/graphql", json={"query": query})
    assert "errors" not in answer.json(), answer.text


async def check_graphiql(client: httpx.AsyncClient) -> None:
    """The page and each file that it names are there, under the prefix."""
    for path in ("/graphql", "/metadata", "/rest/open-api", "/console/records"):
        page = await client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
        assert page.headers["content-type"].startswith("text/html")
        files = re.findall(r'(?:src|href)="([^"]*/console/assets/[^"]+)"', page.text)
        assert len(files) >= 2, page.text
        for file in files:
            assert file.startswith(f"{PREFIX}/console/assets/")
            assert (await client.get(httpx.URL(str(client.base_url)).join(file))).status_code == 200


SUBSCRIPTION = 'subscription { personCreated(after: "0") { email } }'
"""The records created from the beginning on."""


async def check_socket(client: httpx.AsyncClient, token: str) -> None:
    await create(client, "a@example.com")
    url = f"{client.base_url}graphql".replace("http://", "ws://")
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIPTION}}))
        for email in ("a@example.com", "b@example.com"):
            event = json.loads(await socket.recv())
            assert event["payload"]["data"] == {"personCreated": {"email": email}}
            await create(client, "b@example.com" if email[0] == "a" else "c@example.com")


async def check_stream(client: httpx.AsyncClient) -> None:
    async with client.stream("POST", "/graphql/stream", json={"query": SUBSCRIPTION}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream"), await stream.aread()
        async for line in stream.aiter_lines():
            if line.startswith("data: {"):
                assert json.loads(line[6:])["data"] == {"personCreated": {"email": "a@example.com"}}
                return
    raise AssertionError("the stream ended without an event")
