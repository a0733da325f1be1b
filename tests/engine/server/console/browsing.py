"""A browser, and a server that it looks at."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, Route, ViewportSize, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.engine import create_app
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.console.build import UI_DIR, Unavailable, build_console, describe
from fieldstone.engine.server.demo.prepare import bring_demo
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.workspaces.sign_in_codes import create_code
from tests.console_check import install
from tests.engine.server.listening import listening

expect.set_options(timeout=60_000)
"""Milliseconds within which a condition must hold: a busy machine is no fault of a page."""

CHROMIUM = "/usr/bin/chromium-headless-shell"
"""The browser without a window: that of `chromium` draws a window for each page, by a renderer of its own."""

AXE = UI_DIR / "node_modules" / "axe-core" / "axe.min.js"
WHILE_A_LIST_IS_OPEN = ("aria-hidden-focus", "region", "page-has-heading-one")
"""The rules of axe that React Aria breaks while a combobox is open, since it hides the rest of the page on purpose.

https://github.com/adobe/react-spectrum/issues/4937
"""

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # As a machine without a network: no other host has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
WINDOW: ViewportSize = {"width": 1280, "height": 800}
ZOOMED: ViewportSize = {"width": 320, "height": 256}
"""A window of 1280 by 1024 at 400 %."""

NAMES = ("Ada", "Grace", "Łukasz")
CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"


@dataclass(kw_only=True)
class Served:
    """A running server with a key and a code that signs in once, and the keys that its sockets got."""

    address: str
    key: str
    code: str
    socket_keys: list[str] = field(default_factory=list)

    async def ask(self, path: str, query: str, **variables: Any) -> Any:
        """Return the data of an operation of another client with the same key."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.key}"}, timeout=60) as client:
            answer = await client.post(f"{self.address}{path}", json={"query": query, "variables": variables})
        body = answer.json()
        assert "errors" not in body, body
        return body["data"]


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(app_database: str) -> Serve:
    """A function that serves three people, or the demo, in development mode, under a prefix where one is given."""

    @asynccontextmanager
    async def start(prefix: str = "", *, demo: bool = False, environment: str = "development") -> AsyncIterator[Served]:
        app = create_app(
            database_url=app_database, environment=environment, rate_limit=0, max_queue_ms=0, log_level="error"
        )
        async with app.lifespan_context():
            services = await app.runtime.ready()
            workspace_id = services.foundation.default.workspace.id
            made = await services.foundation.keys.create(workspace_id, "browser")
            token = made.token
            principal = await services.foundation.keys.authenticate(token)
            assert principal is not None
            if demo:
                await bring_demo(services.foundation, app.settings, lambda _done, _total: None)
            else:
                await fill(services.core, principal)
            code = await create_code(services.foundation.database, workspace_id=workspace_id, key_id=made.key.id)
            served = Served(address="", key=token, code=code)
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
            text = message.get("text") or ""
            # A socket of the console has its session by its cookie, and no authorization.
            if scope["type"] == "websocket" and '"connection_init"' in text and '"authorization"' in text:
                self._keys.append(json.loads(text)["payload"]["authorization"])
            return message

        await self._app(scope, overhear, send)


@dataclass(kw_only=True)
class Watched:
    """A browser page, all it asked the network for, and all it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def assert_clean(self, address: str, loaded: tuple[str, ...]) -> None:
        """No other server was asked, and nothing went wrong, up to the last of the files that the page loads."""
        while not all(any(file in url for url in self.requests) for file in loaded):
            await self.page.wait_for_event("request")
        origin = urlsplit(address).netloc
        asked = [url for url in self.requests if urlsplit(url).scheme not in {"data", "blob"}]
        assert [url for url in asked if urlsplit(url).netloc != origin] == []
        assert self.complaints == []

    async def assert_accessible(self, without: Sequence[str] = ()) -> None:
        """axe-core finds nothing on the screen as it is, apart from the rules that are left out."""
        install(UI_DIR)
        # A page has it until another one is loaded.
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = await self.page.evaluate(
            "without => axe.run(document, {rules: Object.fromEntries(without.map(rule => [rule, {enabled: false}]))})"
            ".then(({violations}) => violations)",
            list(without),
        )
        shown = [(one["id"], one["help"], [node["html"] for node in one["nodes"]]) for one in found]
        assert shown == [], shown

    async def sign_in(self, served: Served, path: str = "/console/") -> None:
        """Open a page of the console with the session of the server's key, and wait for its heading."""
        # The session of the page before ends with it: a request that it sends meanwhile would be a 401.
        await self.page.goto("about:blank")
        answer = await self.page.request.post(f"{served.address}/auth/sign-in", data={"key": served.key})
        assert answer.ok, await answer.text()
        await self.page.goto(f"{served.address}{path}")
        # Hidden behind a dialog that the address opens.
        heading = self.page.get_by_role("heading", level=1, include_hidden=True)
        await expect(heading.first).to_be_attached()


@dataclass(frozen=True, kw_only=True)
class Held:
    """Requests of a page that wait, in their order, while they are not released."""

    released: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[Request] = field(default_factory=list)


async def hold_requests(page: Page, path: str, *words: str) -> Held:
    """Hold the page's requests to a path that have one of the words in their body."""
    held = Held()

    async def hold(route: Route) -> None:
        if any(word in (route.request.post_data or "") for word in words):
            held.requests.append(route.request)
            await held.released.wait()
        await route.continue_()

    await page.route(f"**{path}", hold)
    return held


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser of all tests of this process: each has a profile of its own in it, with nothing of the one before."""
    # Without a change of its sources that is done at once; pytest alone would look at the pages of before.
    built = build_console()
    assert not isinstance(built, Unavailable), describe(built)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=CHROMIUM_ARGUMENTS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def watched(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    """A page of a browser, whose language a test may give as the parameter."""
    # A colour on its way from one theme to the other is neither.
    async with await browser.new_context(
        viewport=WINDOW, color_scheme="light", reduced_motion="reduce", locale=getattr(request, "param", None)
    ) as context:
        context.set_default_timeout(60_000)
        watching = Watched(page=await context.new_page())
        context.on("request", lambda request: watching.requests.append(request.url))
        watching.page.on("websocket", lambda opened: watching.requests.append(opened.url))
        watching.page.on("pageerror", lambda error: watching.complaints.append(str(error)))
        watching.page.on(
            "console",
            lambda message: watching.complaints.append(message.text) if message.type in {"error", "warning"} else None,
        )
        yield watching
