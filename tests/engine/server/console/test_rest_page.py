"""The page of REST in a real browser: it works, and asks no server but the one that it came from."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched

pytestmark = pytest.mark.system

LOADED = ("/console/assets/rest-", "/rest/open-api/core")


@pytest.mark.parametrize("prefix", ["", "/crm"])
async def test_it_shows_the_document_and_tries_an_operation(
    watched: Watched, serve: Serve, prefix: str, tmp_path: Path
) -> None:
    page = watched.page
    async with serve(prefix) as served:
        await page.goto(f"{served.address}/rest/open-api#key={served.key}")
        operation = page.locator("#operations-people-findManyPeople")
        await page.locator("#operations-tag-people").click()
        await operation.get_by_role("button").first.click()
        await operation.get_by_placeholder("filter").fill("firstName[eq]:Grace")
        await operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table")
        await expect(answer.locator(".response-col_status").last).to_contain_text("200")
        await expect(answer).to_contain_text("Grace@example.com")
        await expect(answer).not_to_contain_text("Ada@example.com")
        await page.screenshot(path=tmp_path / "rest.png")
        assert served.key not in page.url
        asked = [url for url in watched.requests if "/rest/people?" in url]
        assert [url.partition("?")[0] for url in asked] == [f"{served.address}/rest/people"]
        await watched.assert_clean(served.address, LOADED)


async def test_a_key_is_asked_for_and_kept_for_all_pages_of_the_tab(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(f"{served.address}/rest/open-api")
        await page.get_by_label("API key").fill("fs_wrong")
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator("output")).to_contain_text("API key")
        assert all("401" in complaint for complaint in watched.complaints)
        watched.complaints.clear()
        await page.get_by_label("API key").fill(served.key)
        await page.get_by_label("Document").select_option(label="Metadata")
        await expect(page.locator("#operations-tag-webhooks")).to_be_visible()
        await expect(page.locator("output")).to_be_empty()
        await page.reload()
        await expect(page.locator("#operations-tag-people")).to_be_visible()
        await page.get_by_role("link", name="Records").click()
        await expect(page.get_by_label("API key")).to_have_value(served.key)
        assert served.key not in await page.evaluate("JSON.stringify({ ...localStorage })")
        await watched.assert_clean(served.address, LOADED)
