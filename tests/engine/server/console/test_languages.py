"""The console is the same in a browser of any language."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.every_page import PAGES, open_page

pytestmark = pytest.mark.system


@pytest.mark.parametrize("watched", ["de-DE", "ar-EG"], indirect=True)
async def test_every_page_is_in_english_whatever_the_language_of_the_browser_is(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        found = await served.ask("/graphql", '{ person(where: { email: "Ada@example.com" }) { id } }')
        await watched.sign_in(served)
        for path, title in PAGES.items():
            await open_page(watched, served, path, title, found["person"]["id"])
        # The open list of a combobox has words of its own.
        await open_page(watched, served, "access/explain", "Access", "")
        await page.get_by_role("combobox", name="Object").press("ArrowDown")
        await expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
        await watched.assert_clean(served.address, (".js", ".css"))
