"""Parts of a page that are loaded behind it are shown at once if they are here; one that cannot be loaded is told."""

import pytest
from playwright.async_api import expect

from fieldstone.engine.server.console.build import DIST_DIR
from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import cell, count_shown, open_list, press
from tests.waiting import until

pytestmark = pytest.mark.system

IS_SHOWN_AT_ONCE = """async button => {
    button.click();
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    return document.querySelector("[role=dialog]") !== null;
}"""


def file_with(text: str) -> str:
    """Return the name of the built file that has a text."""
    (found,) = [file.name for file in DIST_DIR.glob("*.js") if text in file.read_text(encoding="utf-8")]
    return found


FORM_OF_SHIFT_ENTER = """grid => {
    grid.focus();
    grid.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", shiftKey: true, bubbles: true, cancelable: true }));
    return document.activeElement.closest("aside")?.getAttribute("aria-label") ?? null;
}"""
"""The form that has the focus once the key is handled: a further key may be on its way."""


async def test_a_part_that_cannot_be_loaded_is_told_and_the_page_stays(watched: Watched, serve: Serve) -> None:
    """The page broke in its place, with all that was selected and typed on it."""
    page = watched.page
    files = [f"**/{file_with(text)}" for text in ("The record that stays", "Close the record")]
    async with serve() as served:
        for file in files:
            await page.route(file, lambda route: route.abort())
        await open_list(watched, served, "people?sort=firstName")
        await count_shown(page, "3 records")
        await page.get_by_role("checkbox", name="Select row 1").check()
        await page.get_by_role("checkbox", name="Select row 2").check()
        merge = page.get_by_role("button", name="Merge…")
        told = page.get_by_role("dialog", name="A part of the page cannot be loaded")
        for way in ("Close", "Escape"):
            await merge.click()
            await expect(told).to_be_visible()
            await watched.assert_accessible()
            await (press(page, "Escape") if way == "Escape" else told.get_by_role("button", name=way).click())
            await expect(told).to_be_hidden()
            await expect(merge).to_be_focused()
            await expect(page.get_by_text("2 records selected")).to_be_visible()
        grid = page.get_by_role("grid")
        await grid.focus()
        await press(page, "Space")
        await expect(told).to_be_visible()
        await press(page, "Escape")
        await expect(grid).to_be_focused()
        for file in files:
            await page.unroute(file)
        await press(page, "Space")
        await expect(page.get_by_role("complementary", name="Person Grace")).to_be_visible()
        await merge.click()
        await expect(page.get_by_role("dialog", name="Merge People")).to_be_visible()
        assert all("ERR_FAILED" in complaint for complaint in watched.complaints)


async def test_a_part_that_is_here_is_shown_at_once(watched: Watched, serve: Serve) -> None:
    """React shows a lazy part 300 ms behind the press, though it was loaded long before."""
    file = file_with("The records stand in the order of their creation.")
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await until(lambda: any(file in url for url in watched.requests))
        address = next(url for url in watched.requests if file in url)
        await page.evaluate("async address => void await import(address)", address)
        assert await page.get_by_role("button", name="Sort", exact=True).evaluate(IS_SHOWN_AT_ONCE)
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_letters_behind_the_key_of_a_new_record_are_those_of_its_form(watched: Watched, serve: Serve) -> None:
    """While the form was loaded they began an edit of the cell behind it."""
    async with serve() as served:
        page = await open_list(watched, served, "people?sort=firstName")
        await count_shown(page, "3 records")
        await page.context.set_offline(True)
        await page.get_by_role("grid").focus()
        await press(page, "Shift+Enter")
        await page.keyboard.type("Linus")
        await press(page, "Tab")
        form = page.get_by_role("complementary", name="New Person")
        await expect(form.get_by_role("button", name="Edit First name: Linus")).to_be_visible()
        await expect(cell(page, "Ada")).to_be_visible()


async def test_the_form_of_a_new_record_has_the_focus_before_the_next_key(watched: Watched, serve: Serve) -> None:
    """Among many rows it came later than the next letters: they changed a cell of another record."""
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        assert await page.get_by_role("grid").evaluate(FORM_OF_SHIFT_ENTER) == "New Person"
        await press(page, "L")
        await expect(page.get_by_role("textbox", name="First name")).to_have_value("L")
