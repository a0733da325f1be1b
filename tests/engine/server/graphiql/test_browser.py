"""The GraphiQL page in a real browser: it works, and talks to nobody but the server that it came from."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import Page, ViewportSize, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.engine import create_app
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.roles.principal import Principal
from tests.engine.server.listening import listening

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

NAMES = ("Ada", "Grace", "Łukasz")
CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
CREATED = 'subscription { personCreated(after: "0") { firstName } }'
"""The people created from the beginning on."""


@dataclass(kw_only=True)
class Served:
    """A running server, and the requests that it got."""

    address: str
    key: str
    socket_keys: list[str] = field(default_factory=list)


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(app_database: str) -> Serve:
    """A function that serves three people in development mode, under a prefix where one is given."""

    @asynccontextmanager
    async def start(prefix: str = "") -> AsyncIterator[Served]:
        app = create_app(database_url=app_database, environment="development", rate_limit=0, log_level="error")
        async with app.lifespan_context():
            services = await app.runtime.ready()
            workspace_id = services.foundation.default.workspace.id
            token = (await services.foundation.keys.create(workspace_id, "browser")).token
            principal = await services.foundation.keys.authenticate(token)
            assert principal is not None
            await fill(services.core, principal)
            served = Served(address="", key=token)
            listener = _Overhearing(app, served.socket_keys)
            async with listening(Starlette(routes=[Mount(prefix, listener)])) as address:
                served.address = f"{address}{prefix}"
                yield served

    return start


async def fill(core: GraphQLApi, principal: Principal) -> None:
    people = [{"firstName": name, "email": f"{name}@example.com"} for name in NAMES]
    request = GraphQLRequest(query=CREATE, operation_name=None, variables={"data": people})
    answer = await core.execute(principal, request, allow_mutation=True)
    assert b'"errors"' not in answer.body, answer.body


class _Overhearing:
    """A middleware that passes all to an app, and notes the keys in the messages that its sockets receive."""

    def __init__(self, app: ASGIApp, keys: list[str]) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def overhear() -> Message:
            message = await receive()
            if scope["type"] == "websocket" and '"connection_init"' in (message.get("text") or ""):
                self._keys.append(json.loads(message["text"])["payload"]["authorization"])
            return message

        await self._app(scope, overhear, send)


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
async def test_a_query_from_the_address_runs_with_the_key_beside_it(
    watched: Watched, serve: Serve, prefix: str
) -> None:
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


async def test_the_editor_completes_what_is_typed_from_the_schema(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query=" "))
        await show_documentation(page)
        await expect(page.get_by_text("Root Types")).to_be_visible()
        await page.locator(".graphiql-query-editor .monaco-editor").click()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("{ peo")
        await expect(page.locator(".suggest-widget .monaco-list-row.focused")).to_contain_text("people")
        assert any("/_graphiql/codicon-" in url for url in watched.requests)
        await page.keyboard.press("Enter")
        await page.keyboard.type(" { totalCount } }")
        await page.keyboard.press("Control+Enter")
        await expect(text_of(page, "response")).to_contain_text('"totalCount": 3')
        await watched.assert_clean(served.address)


async def test_the_documentation_shows_the_descriptions_of_the_schema(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query=PEOPLE))
        await show_documentation(page)
        documentation = page.locator(".graphiql-doc-explorer")
        await documentation.get_by_role("link", name="Query").click()
        await documentation.get_by_role("link", name="PersonConnection").first.click()
        await documentation.get_by_role("link", name="PersonEdge").click()
        await documentation.get_by_role("link", name="Person", exact=True).click()
        await expect(documentation).to_contain_text("A contact.")
        await watched.assert_clean(served.address)


async def test_a_subscription_brings_its_key_in_the_first_message(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query=CREATED))
        await expect(text_of(page, "query-editor")).to_contain_text("personCreated")
        await run(page)
        await expect(text_of(page, "response")).to_contain_text("Łukasz")
        assert served.socket_keys == [f"Bearer {served.key}"]
        assert any(url.startswith("ws://") for url in watched.requests)
        await watched.assert_clean(served.address)


async def test_a_key_typed_into_the_headers_outlives_a_reload(watched: Watched, serve: Serve) -> None:
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


async def test_each_endpoint_remembers_its_own_query_and_both_share_the_key(watched: Watched, serve: Serve) -> None:
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
