"""The GraphiQL page in a real browser: it works, and talks to nobody but the server that it came from."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from playwright.async_api import Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.waiting import until

pytestmark = pytest.mark.system

LOADED = (".js", ".css", "/editor.worker-", "/json.worker-", "/graphql.worker-")
PEOPLE = "query People($first: Int) { people(first: $first) { edges { node { firstName } } totalCount } }"

CREATED = 'subscription { personCreated(after: "0") { firstName } }'
"""The people created from the beginning on."""


def opened_with(served: Served, **parameters: str) -> str:
    """The address of the page with the editors filled, and the key where no server sees it."""
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    return f"{served.address}/console/graphql?{query}#key={served.key}"


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
        await watched.assert_clean(served.address, LOADED)


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
        await until(lambda: any("/console/assets/codicon-" in url for url in watched.requests))
        await page.keyboard.press("Enter")
        await page.keyboard.type(" { totalCount } }")
        await page.keyboard.press("Control+Enter")
        await expect(text_of(page, "response")).to_contain_text('"totalCount": 3')
        await watched.assert_clean(served.address, LOADED)


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
        await watched.assert_clean(served.address, LOADED)


async def test_a_subscription_brings_its_key_in_the_first_message(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(opened_with(served, query=CREATED))
        await expect(text_of(page, "query-editor")).to_contain_text("personCreated")
        await run(page)
        await expect(text_of(page, "response")).to_contain_text("Łukasz")
        assert served.socket_keys == [f"Bearer {served.key}"]
        assert any(url.startswith("ws://") for url in watched.requests)
        await watched.assert_clean(served.address, LOADED)


async def test_a_key_typed_into_its_field_outlives_a_reload(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(f"{served.address}/graphql?query={quote('{ people { totalCount } }')}")
        await expect(page).to_have_url(re.compile(r"/console/graphql\?query="))
        await expect(text_of(page, "query-editor")).to_contain_text("totalCount")
        # Nothing was asked for without a key.
        assert watched.complaints == []
        await page.get_by_label("API key").fill(served.key)
        await page.get_by_role("button", name="Use").click()
        await show_documentation(page)
        await expect(page.get_by_text("Root Types")).to_be_visible()
        await page.reload()
        await run(page)
        await expect(text_of(page, "response")).to_contain_text('"totalCount": 3')
        stored = await page.evaluate("JSON.stringify({ ...localStorage })")
        assert served.key not in stored
        await watched.assert_clean(served.address, LOADED)


async def test_a_header_comes_before_the_key_of_the_field(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        headers = json.dumps({"Authorization": f"Bearer {served.key}"})
        await page.goto(
            f"{served.address}/console/graphql?{urlencode({'query': PEOPLE, 'headers': headers})}#key=fs_wrong"
        )
        await run(page)
        await expect(text_of(page, "response")).to_contain_text('"totalCount": 3')
        await watched.assert_clean(served.address, LOADED)


async def test_each_endpoint_remembers_its_own_query_and_both_share_the_key(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve("/crm") as served:
        await page.goto(opened_with(served, query="{ people { totalCount } }"))
        await expect(text_of(page, "query-editor")).to_contain_text("totalCount")
        await page.get_by_role("link", name="Metadata").click()
        await expect(page).to_have_url(f"{served.address}/console/metadata")
        await expect(text_of(page, "query-editor")).to_contain_text("__typename")
        await run(page)
        await expect(text_of(page, "response")).to_contain_text('"__typename": "Query"')
        await page.get_by_role("link", name="Records").click()
        await expect(text_of(page, "query-editor")).to_contain_text("totalCount")
        keys = await page.evaluate("Object.keys(localStorage)")
        assert {key.split(":")[1] for key in keys} == {"/crm/graphql", "/crm/metadata"}
        await watched.assert_clean(served.address, LOADED)
