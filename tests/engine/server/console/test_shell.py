"""The frame of the console in a real browser: the way in, the side bar, the palette, the keys, the themes."""

import asyncio
import re

import psycopg
import pytest
from playwright.async_api import Route, expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.waiting import until_true

pytestmark = pytest.mark.system


async def test_a_key_is_exchanged_for_a_session_and_not_kept(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve("/crm") as served:
        await page.goto(f"{served.address}/console/records?q=peo")
        await expect(page.get_by_role("heading", name="Sign in to Fieldstone")).to_be_visible()
        await watched.assert_accessible()
        assert watched.complaints == []
        await expect(page.get_by_label("API key")).to_be_focused()
        await page.get_by_label("API key").fill("fs_wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await watched.assert_accessible()
        assert all("401" in complaint for complaint in watched.complaints)
        watched.complaints.clear()
        await page.get_by_label("API key").fill(f" Bearer {served.key} ")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="People").last).to_be_visible()
        await expect(page).to_have_url(f"{served.address}/console/records?q=peo")
        stored = await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
        assert served.key not in stored
        await page.reload()
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_the_link_of_a_development_server_signs_in_once(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.goto(f"{served.address}/console/records#code={served.code}")
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        assert served.code not in page.url
        await watched.assert_clean(served.address, (".js", ".css"))
        await page.context.clear_cookies()
        await page.goto("about:blank")
        await page.goto(f"{served.address}/console/records#code={served.code}")
        await expect(page.get_by_role("alert")).to_be_visible()
        await watched.assert_accessible()


async def test_a_link_that_is_opened_over_the_sign_in_signs_in(watched: Watched, serve: Serve) -> None:
    """The browser loads no page for another fragment, and the code stayed in the address of a page with a session."""
    page = watched.page
    async with serve() as served:
        await page.goto(f"{served.address}/console/records")
        await page.get_by_text("Where is my key?").click()
        await expect(page.get_by_text("The server has printed a link at its start")).to_be_visible()
        await page.goto(f"{served.address}/console/records#code={served.code}")
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        await expect(page).to_have_url(f"{served.address}/console/records")
        await page.goto("about:blank")
        await page.goto(f"{served.address}/console/records#code={served.code}")
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        await expect(page).to_have_url(f"{served.address}/console/records")
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_the_side_bar_the_palette_and_the_keys(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served)
        side = page.get_by_role("navigation", name="Main")
        await expect(side.get_by_role("link", name="People", exact=True)).to_be_visible()
        await watched.assert_accessible()
        await page.keyboard.press("Control+k")
        search = page.get_by_role("combobox", name="Search or jump")
        await expect(search).to_be_focused()
        await watched.assert_accessible()
        await search.fill("nothing has this name")
        await expect(page.get_by_text("Nothing has these words.")).to_be_visible()
        await search.fill("theme dark")
        await page.keyboard.press("Enter")
        await expect(search).to_be_hidden()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        await watched.assert_accessible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        await watched.assert_accessible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
        await page.keyboard.press("g")
        await page.keyboard.press("r")
        await expect(page.get_by_role("heading", name="All objects")).to_be_visible()
        await page.get_by_label("Search objects").fill("g?")
        await expect(page.get_by_text("0 of 4")).to_be_visible()
        await page.keyboard.press("F6")
        await expect(page.get_by_role("link", name=re.compile("^Fieldstone"))).to_be_focused()
        await page.reload()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_narrow_window_has_the_side_bar_behind_a_button(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await page.set_viewport_size({"width": 320, "height": 640})
        await watched.sign_in(served, "/console/records")
        await expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        menu = page.get_by_role("button", name="Menu")
        await menu.press("Enter")
        await expect(page.get_by_role("link", name=re.compile("^Fieldstone"))).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        await expect(menu).to_be_focused()
        await menu.click()
        await watched.assert_accessible()
        await page.get_by_role("navigation", name="Main").get_by_role("link", name="Companies").click()
        await expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        await expect(page).to_have_url(f"{served.address}/console/records/companies")
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_an_address_that_leads_nowhere_says_so(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/no/where")
        await expect(page.get_by_role("heading", name="This address leads nowhere")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("link", name="Go to the start").click()
        await expect(page).to_have_url(re.compile(r"/console/?$"))
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_signing_out_ends_the_session(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served)
        await page.get_by_role("button", name="admin").click()
        await expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()
        await watched.assert_accessible()
        # Without a network the session goes on, and the person is told.
        await page.context.set_offline(True)
        await page.get_by_role("menuitem", name="Sign out").click()
        question = page.get_by_role("alertdialog", name="You may still be signed in")
        await expect(question).to_be_visible()
        await page.context.set_offline(False)
        await question.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name="Sign in to Fieldstone")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Sign in to Fieldstone")).to_be_visible()


async def test_an_object_is_pinned_and_the_workspace_gets_a_strip_by_keyboard(
    watched: Watched, serve: Serve, app_database: str
) -> None:
    page = watched.page
    async with serve() as served:
        held = await hold_requests(page, "/metadata", '"operationName":"ConsoleKeepOwn"')
        await watched.sign_in(served)
        side = page.get_by_role("navigation", name="Main")
        pinned = side.get_by_role("list", name="Pinned objects")
        await side.get_by_role("button", name="Pin People").press("Enter")
        await expect(pinned.get_by_role("link")).to_have_text(["People"])
        await expect(side.get_by_role("link", name="People", exact=True)).to_have_count(1)
        await side.get_by_role("button", name="Pin Companies").press("Enter")
        await expect(pinned.get_by_role("link")).to_have_text(["People", "Companies"])
        # The first pin is written before the second one, however slow it is.
        assert len(held.requests) == 1
        held.released.set()
        await page.get_by_role("button", name="admin").press("Enter")
        await page.get_by_role("menuitem", name="Strip of the workspace…").press("Enter")
        dialog = page.get_by_role("dialog", name="Strip of the workspace")
        await dialog.get_by_label("Label", exact=True).fill("Live customers")
        await dialog.get_by_label("Colour").select_option("Red")
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_text("Live customers")).to_be_visible()
        await watched.assert_accessible()
        await page.emulate_media(color_scheme="dark")
        await watched.assert_accessible()

        async def are_kept(count: int) -> bool:
            kept = await served.ask("/metadata", "{ preferences }")
            return len(kept["preferences"]["console.sideBar"]["pinned"]) == count

        # A pin is shown before the server has it.
        await until_true(lambda: are_kept(2))
        await page.reload()
        await expect(page.get_by_text("Live customers")).to_be_visible()
        await expect(pinned.get_by_role("link")).to_have_text(["People", "Companies"])
        # The page need not wait until the server has it.
        async with await psycopg.AsyncConnection.connect(app_database) as holder:
            await holder.execute("LOCK TABLE fieldstone.preference IN EXCLUSIVE MODE")
            await side.get_by_role("button", name="Unpin People").press("Enter")
            await page.reload()
            await expect(pinned.get_by_role("link")).to_have_text(["Companies"])
        await until_true(lambda: are_kept(1))
        await page.reload()
        await expect(pinned.get_by_role("link")).to_have_text(["Companies"])
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_pin_whose_write_is_lost_is_written_after_the_next_read(watched: Watched, serve: Serve) -> None:
    page = watched.page
    lost: list[str] = []

    async def lose_first(route: Route) -> None:
        if '"operationName":"ConsoleKeepOwn"' in (route.request.post_data or "") and not lost:
            lost.append(route.request.url)
            await route.abort()
        else:
            await route.continue_()

    async with serve() as served:
        await watched.sign_in(served)
        await page.route("**/metadata", lose_first)
        side = page.get_by_role("navigation", name="Main")
        await side.get_by_role("button", name="Pin People").press("Enter")

        async def is_kept() -> bool:
            kept = await served.ask("/metadata", "{ preferences }")
            return len(kept["preferences"].get("console.sideBar", {}).get("pinned", [])) == 1

        await until_true(is_kept)
        assert len(lost) == 1
        await expect(side.get_by_role("list", name="Pinned objects").get_by_role("link")).to_have_text(["People"])
        waiting = "Object.keys(sessionStorage).filter((key) => key.includes('side bar')).length"
        await until_true(lambda: page.evaluate(f"{waiting} === 0"))
        assert all("ERR_FAILED" in complaint for complaint in watched.complaints)


async def test_letters_are_no_keys_where_a_person_wants_none_and_controls_are_larger(
    watched: Watched, serve: Serve
) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/records")
        await expect(page.get_by_text(re.compile(r"^Times in \w+"))).to_be_visible()
        await page.keyboard.press("?")
        letters = page.get_by_role("dialog", name="Keys").get_by_label("Letters are keys")
        await letters.uncheck()
        await watched.assert_accessible()
        await page.keyboard.press("Escape")
        for _ in range(2):
            await page.keyboard.press("g")
            await page.keyboard.press("m")
            await page.keyboard.press("?")
            await page.keyboard.press("Control+k")
            await expect(page.get_by_role("combobox", name="Search or jump")).to_be_focused()
            await expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
            await expect(page).to_have_url(f"{served.address}/console/records")
            await page.keyboard.press("Escape")
            await page.reload()
            await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        menu = page.get_by_role("button", name="admin")
        for word, height in (("comfortable", 36), ("usual", 28)):
            await menu.click()
            await page.get_by_role("menuitem", name=f"Controls: {word}").click()
            await page.reload()
            box = await menu.bounding_box()
            assert box is not None
            assert box["height"] == height
            await watched.assert_accessible()
        await menu.click()
        await page.get_by_role("menuitem", name="Keys").click()
        await letters.check()
        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await page.keyboard.press("m")
        await expect(page).to_have_url(f"{served.address}/console/model")
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_page_whose_requests_are_limited_counts_down_and_goes_on(watched: Watched, serve: Serve) -> None:
    page = watched.page
    limited = {"errors": [{"message": "Too many.", "extensions": {"code": "RATE_LIMIT_EXCEEDED"}}]}
    has_room = asyncio.Event()

    async def limit(route: Route) -> None:
        if "ConsoleObjects" in (route.request.post_data or "") and not has_room.is_set():
            await route.fulfill(status=429, json=limited, headers={"Retry-After": "2"})
        else:
            await route.continue_()

    async with serve() as served:
        await page.route("**/metadata", limit)
        await watched.sign_in(served, "/console/records")
        await expect(page.get_by_text("The limit of requests is used up. The page goes on by itself.")).to_be_visible()
        await expect(page.get_by_text(re.compile(r"^[0-2] s$"))).to_be_visible()
        await watched.assert_accessible()
        has_room.set()
        await expect(page.get_by_role("table").get_by_role("link", name="People")).to_be_visible()
        await expect(page.get_by_text("The limit of requests is used up")).to_be_hidden()
        assert all("429" in complaint for complaint in watched.complaints), watched.complaints
