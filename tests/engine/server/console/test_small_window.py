"""Lists, menus and dialogs in a window at 400 % zoom: each choice is reached by the pointer."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.engine.server.console.browsing import ZOOMED, Serve, Watched
from tests.engine.server.console.forms import apply_plan, choose
from tests.engine.server.console.records.lists import ask, cell, count_shown, press
from tests.waiting import until_true

pytestmark = pytest.mark.system


async def is_in_window(page: Page, element: Locator) -> bool:
    box = await element.bounding_box()
    assert box is not None
    return box["y"] >= 0 and box["y"] + box["height"] <= ZOOMED["height"] and box["x"] + box["width"] <= ZOOMED["width"]


async def test_a_list_stays_open_where_the_focus_scrolls_to_its_field(watched: Watched, serve: Serve) -> None:
    page = watched.page
    await page.set_viewport_size(ZOOMED)
    async with serve() as served:
        await watched.sign_in(served, "/console/access/roles")
        await page.get_by_role("button", name="Role", exact=True).click()
        form = page.get_by_role("dialog", name="New role")
        await form.get_by_label("Label", exact=True).fill("Night shift")
        await choose(page, "An object with rights of its own", "Companies")
        await expect(form.get_by_role("checkbox", name="read Companies")).to_be_checked()
        # By Tab from the field before: the browser scrolls, and the list is there.
        box = form.get_by_role("combobox", name="An object with rights of its own")
        await form.get_by_role("button", name="Remove the row of Companies").focus()
        await press(page, "Tab")
        await expect(box).to_be_focused()
        people = page.get_by_role("option", name="People")
        await expect(people).to_be_visible()
        assert await is_in_window(page, people)
        # The list follows its field, and ends with Escape.
        await page.mouse.move(160, 8)
        await page.mouse.wheel(0, 40)
        await expect(people).to_be_visible()

        async def is_beside_its_field() -> bool:
            field, list_ = await box.bounding_box(), await page.get_by_role("listbox").bounding_box()
            assert field is not None
            assert list_ is not None
            above, below = field["y"] - list_["y"] - list_["height"], list_["y"] - field["y"] - field["height"]
            return min(abs(above), abs(below)) < 20

        await until_true(is_beside_its_field)
        await press(page, "Escape")
        await expect(people).to_be_hidden()
        await expect(form).to_be_visible()
        await apply_plan(page, "New role")

        await page.goto(f"{served.address}/console/model/person")
        await page.get_by_role("button", name="Field", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("Employer")
        await choose(page, "Type", "Relation")
        await choose(page, "To the object", "Companies")
        # A chosen type far down its list is shown again.
        await page.get_by_role("combobox", name="Type").click()
        chosen = page.get_by_role("option", name="Relation A link")
        await expect(chosen).to_be_visible()
        await page.get_by_role("option", name="Date", exact=True).click()
        await choose(page, "Type", "Relation")
        await choose(page, "To the object", "Companies")
        await page.get_by_label("Label of the other end").fill("Staff")
        await apply_plan(page, "New field of Person")

        await page.goto(f"{served.address}/console/model/graph")
        await choose(page, "Show an object with its neighbours", "Companies")
        await expect(page).to_have_url(f"{served.address}/console/model/graph?open=company")
        await page.goto(f"{served.address}/console/access/explain")
        await choose(page, "Object", "Companies")
        await page.get_by_role("button", name="Explain").click()
        await expect(page.get_by_role("status", name="Answer")).to_contain_text("allowed")
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_menus_pickers_and_the_palette_are_used_by_the_pointer(watched: Watched, serve: Serve) -> None:
    page = watched.page
    await page.set_viewport_size(ZOOMED)
    async with serve() as served:
        await ask(served, 'mutation { createCompany(data: { name: "Orion" }) { id } }')
        await ask(served, 'mutation { createOpportunity(data: { name: "First", stage: NEW }) { id } }')
        await watched.sign_in(served, "/console/records/people")
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Export").click()
        await expect(page.get_by_role("menuitem", name="As JSON Lines")).to_be_visible()
        await press(page, "Escape")
        await page.get_by_role("button", name="Columns").click()
        await page.get_by_role("dialog", name="Columns").get_by_label("Phone", exact=True).uncheck()
        await page.get_by_role("button", name="Done").click()
        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition", exact=True).click()
        await page.get_by_label("Field", exact=True).select_option(label="Company")
        await page.get_by_label("Operator").select_option(label="is")
        await page.get_by_role("option", name="Orion").click()
        await count_shown(page, "0 records")
        await page.get_by_role("button", name="Remove: Company is Orion").click()
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Filter").click()

        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", *["ArrowRight"] * 5, "F2")
        await page.get_by_role("option", name="Orion").click()
        await expect(cell(page, "Orion")).to_be_visible()

        await page.get_by_role("button", name="Menu").click()
        await page.get_by_role("button", name="admin").click()
        await page.get_by_role("menuitem", name="Strip of the workspace…").click()
        strip = page.get_by_role("dialog", name="Strip of the workspace")
        await strip.get_by_label("Label", exact=True).fill("Live")
        await strip.get_by_role("button", name="Save").click()
        await expect(strip).to_be_hidden()
        await press(page, "Control+k")
        await page.get_by_role("combobox", name="Search or jump").fill("opport")
        await page.get_by_role("option", name="Opportunities Records").click()
        await page.get_by_role("link", name="As a board").click()
        await page.get_by_role("button", name="Move First").click()
        await page.get_by_role("menuitem", name="Meeting").click()
        await expect(page.get_by_role("region", name="Meeting", exact=True).get_by_role("listitem")).to_have_count(1)
        await watched.assert_clean(served.address, (".js", ".css"))
