"""The GraphiQL page in a real browser: it works, and talks to nobody but the server that it came from."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import uvicorn
from graphql import build_schema, graphql_sync, parse, subscribe
from playwright.async_api import Page, ViewportSize, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from engine.http.console import console_assets, console_page

pytestmark = pytest.mark.system

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOADED = (".js", ".css", "/editor.worker-", "/json.worker-", "/graphql.worker-")
WINDOW: ViewportSize = {"width": 1280, "height": 800}
PEOPLE = "query People($first: Int) { people(first: $first) { edges { node { firstName } } totalCount } }"

SCHEMA = build_schema('''
    """A person whom the workspace knows."""
    type Person { id: ID! firstName: String company: Company }
    "A place where people work."
    type Company { id: ID! name: String people: [Person!]! }
    type PersonEdge { node: Person! }
    type PersonConnection { edges: [PersonEdge!]! totalCount: Int! }
    type Query { people(first: Int = 60): PersonConnection! }
    type Subscription { personCreated: Person! }
''')
ACME = {"id": "1", "name": "Acme"}
NAMES = ("Ada", "Grace", "Łukasz")


class Records:
    """The root value: three people, and one who is created whenever somebody subscribes."""

    def people(self, _info: object, first: int) -> dict[str, Any]:
        nodes = [{"id": name, "firstName": name, "company": ACME} for name in NAMES[:first]]
        return {"edges": [{"node": node} for node in nodes], "totalCount": len(NAMES)}

    async def person_created(self) -> AsyncIterator[dict[str, Any]]:
        yield {"personCreated": {"id": "4", "firstName": "Margaret"}}


@dataclass(kw_only=True)
class Served:
    """A running server, and what it was asked for."""

    address: str
    key: str
    socket_keys: list[str] = field(default_factory=list)


@asynccontextmanager
async def serve(prefix: str = "") -> AsyncIterator[Served]:
    """Serve the page over a small schema, shaped like the real one, that asks for a key."""
    served = Served(address="", key="a-key-of-this-test")

    async def graphql(request: Request) -> Response:
        if request.method == "GET":
            path = request.url.path.removeprefix(request.scope["root_path"])
            return console_page(endpoint=path, root_path=request.scope["root_path"], title="Fieldstone")
        if request.headers.get("authorization") != f"Bearer {served.key}":
            refusal = {"message": "No valid API key", "extensions": {"code": "UNAUTHENTICATED"}}
            return JSONResponse({"errors": [refusal]}, status_code=401)
        body = await request.json()
        result = graphql_sync(SCHEMA, body["query"], Records(), variable_values=body.get("variables"))
        return JSONResponse(result.formatted)

    async def subscriptions(client: WebSocket) -> None:
        await client.accept(subprotocol="graphql-transport-ws")
        try:
            served.socket_keys.append((await client.receive_json())["payload"]["authorization"])
            await client.send_json({"type": "connection_ack"})
            operation = await client.receive_json()
            document = parse(operation["payload"]["query"])
            events = subscribe(SCHEMA, document, {"personCreated": lambda _info: Records().person_created()})
            assert isinstance(events, AsyncIterator)
            async for event in events:
                await client.send_json({"id": operation["id"], "type": "next", "payload": event.formatted})
            await client.send_json({"id": operation["id"], "type": "complete"})
            await client.receive()
        except WebSocketDisconnect:
            return

    routes = [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/metadata", graphql, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", subscriptions),
        Mount("/_console", console_assets),
    ]
    app = Starlette(routes=[Mount(prefix, Starlette(routes=routes))] if prefix else routes)
    async with listening(app) as address:
        served.address = f"{address}{prefix}"
        yield served


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """Run an ASGI app on a free port for as long as the block runs; yields its address."""
    config = uvicorn.Config(app, log_level="warning", ws="websockets-sansio")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@dataclass(kw_only=True)
class Watched:
    """A browser page, all it asked the network for, and all it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def assert_clean(self, address: str) -> None:
        """Nothing was asked of anybody else, and nothing went wrong, up to the last file that the page loads."""
        while not all(any(file in url for url in self.requests) for file in LOADED):
            await self.page.wait_for_event("request")
        origin = urlsplit(address).netloc
        asked = [url for url in self.requests if urlsplit(url).scheme not in {"data", "blob"}]
        assert [url for url in asked if urlsplit(url).netloc != origin] == []
        assert self.complaints == []


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            headless=True,
            args=CHROMIUM_ARGUMENTS,
            viewport=WINDOW,
            color_scheme="light",
        )
        page = context.pages[0]
        watching = Watched(page=page)
        context.on("request", lambda request: watching.requests.append(request.url))
        page.on("websocket", lambda opened: watching.requests.append(opened.url))
        page.on("pageerror", lambda error: watching.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: watching.complaints.append(message.text) if message.type in {"error", "warning"} else None,
        )
        yield watching
        await context.close()


def opened_with(served: Served, **parameters: str) -> str:
    """The address of the page with the editors filled, and the key where no server sees it."""
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    return f"{served.address}/graphql?{query}#key={served.key}"


def text_of(page: Page, editor: str) -> Any:
    return page.locator(f".graphiql-{editor} .view-lines")


async def run(page: Page) -> None:
    await page.get_by_role("button", name="Execute query").click()


async def show_documentation(page: Page) -> None:
    await page.get_by_role("button", name="Show Documentation Explorer").click()


@pytest.mark.parametrize("prefix", ["", "/crm"])
async def test_a_query_from_the_address_runs_with_the_key_of_the_fragment(watched: Watched, prefix: str) -> None:
    page = watched.page
    async with serve(prefix) as served:
        await page.goto(opened_with(served, query=PEOPLE, variables='{"first":2}'))
        await expect(text_of(page, "query-editor")).to_contain_text("totalCount")
        await run(page)
        answer = text_of(page, "response")
        await expect(answer).to_contain_text('"totalCount": 3')
        await expect(answer).to_contain_text("Grace")
        await expect(answer).not_to_contain_text("Łukasz")
        assert served.key not in page.url
        await watched.assert_clean(served.address)


async def test_the_editor_completes_what_is_typed_from_the_schema(watched: Watched) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query=" "))
        await show_documentation(page)
        await expect(page.get_by_text("Root Types")).to_be_visible()
        await page.locator(".graphiql-query-editor .monaco-editor").click()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("{ peo")
        await expect(page.locator(".suggest-widget .monaco-list-row.focused")).to_contain_text("people")
        assert any("/_console/codicon-" in url for url in watched.requests)
        await page.keyboard.press("Enter")
        await page.keyboard.type(" { totalCount } }")
        await page.keyboard.press("Control+Enter")
        await expect(text_of(page, "response")).to_contain_text('"totalCount": 3')
        await watched.assert_clean(served.address)


async def test_the_documentation_shows_the_descriptions_of_the_schema(watched: Watched) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query=PEOPLE))
        await show_documentation(page)
        documentation = page.locator(".graphiql-doc-explorer")
        await documentation.get_by_role("link", name="Query").click()
        await documentation.get_by_role("link", name="PersonConnection").click()
        await documentation.get_by_role("link", name="PersonEdge").click()
        await documentation.get_by_role("link", name="Person", exact=True).click()
        await expect(documentation).to_contain_text("A person whom the workspace knows.")
        await watched.assert_clean(served.address)


async def test_a_subscription_brings_its_key_in_the_first_message(watched: Watched) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query="subscription { personCreated { firstName } }"))
        await expect(text_of(page, "query-editor")).to_contain_text("personCreated")
        await run(page)
        await expect(text_of(page, "response")).to_contain_text("Margaret")
        assert served.socket_keys == [f"Bearer {served.key}"]
        assert any(url.startswith("ws://") for url in watched.requests)
        await watched.assert_clean(served.address)


async def test_a_key_typed_into_the_headers_brings_the_schema_and_outlives_a_reload(watched: Watched) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(f"{served.address}/graphql?query={quote('{ people { totalCount } }')}")
        await run(page)
        await expect(text_of(page, "response")).to_contain_text("UNAUTHENTICATED")
        headers = page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor")
        await headers.click()
        for key in ("Control+Home", "ArrowDown", "End", "ArrowLeft"):
            await page.keyboard.press(key)
        await page.keyboard.insert_text(served.key)
        await show_documentation(page)
        await expect(page.get_by_text("Root Types")).to_be_visible()
        # The browser reports the refusals to the key that was not there yet; nothing else may be amiss.
        assert all("401" in complaint for complaint in watched.complaints)
        watched.complaints.clear()
        await page.reload()
        await run(page)
        await expect(text_of(page, "response")).to_contain_text('"totalCount": 3')
        stored = await page.evaluate("JSON.stringify({ ...localStorage })")
        assert served.key not in stored
        await watched.assert_clean(served.address)


async def test_each_endpoint_remembers_its_own_query_and_both_share_the_key(watched: Watched) -> None:
    page = watched.page
    async with serve("/crm") as served:
        await page.goto(opened_with(served, query="{ people { totalCount } }"))
        await expect(text_of(page, "query-editor")).to_contain_text("totalCount")
        await page.get_by_role("link", name="Metadata").click()
        await expect(page).to_have_url(f"{served.address}/metadata")
        await expect(text_of(page, "query-editor")).to_contain_text("__typename")
        await run(page)
        await expect(text_of(page, "response")).to_contain_text('"__typename": "Query"')
        await page.get_by_role("link", name="Records").click()
        await expect(text_of(page, "query-editor")).to_contain_text("totalCount")
        keys = await page.evaluate("Object.keys(localStorage)")
        assert {key.split(":")[1] for key in keys} == {"/crm/graphql", "/crm/metadata"}
        await watched.assert_clean(served.address)
