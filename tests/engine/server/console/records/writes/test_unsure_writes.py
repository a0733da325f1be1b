"""A write whose answer is lost is told as one that may have been made, and a second press makes no second record."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import PASTE, ask, cell, count_shown, create_object, open_list, press

pytestmark = pytest.mark.system

NOTES = {"type": "RAW_JSON", "name": "notes", "label": "Notes"}
UNSURE = "The result of this write is not known."


async def lose_answer(page: Page, word: str) -> None:
    """Break the connection before the answer to the next request with a word in its body, which the server does."""
    lost: list[str] = []

    async def lose(route: Route) -> None:
        body = route.request.post_data or ""
        if lost or word not in body:
            await route.fallback()
            return
        lost.append(body)
        await route.fetch()
        await route.abort()

    await page.route("**/graphql", lose)


async def test_a_second_press_makes_no_second_record(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "companies?open=new")
        panel = page.get_by_role("complementary", name="New Company")
        await expect(panel.get_by_role("textbox", name="Name")).to_be_focused()
        await page.keyboard.type("Orion")
        await press(page, "Enter")
        await lose_answer(page, "createCompanies")
        await panel.get_by_role("button", name="Create").click()
        await expect(panel.get_by_role("alert")).to_contain_text(UNSURE)
        # Other values are another record, and the form says so.
        await panel.get_by_role("button", name="Edit Name: Orion").click()
        await press(page, "Control+a")
        await page.keyboard.type("Zeta")
        await press(page, "Enter")
        await panel.get_by_role("button", name="Create").click()
        await expect(panel.get_by_role("alert")).to_contain_text("A record was created before.")
        await expect(panel.get_by_role("alert")).to_contain_text("Another press creates a second record.")
        await panel.get_by_role("button", name="Create").click()
        await expect(page.get_by_role("complementary", name="Company Zeta")).to_be_visible()
        await press(page, "Escape")

        # The last row of the list.
        await count_shown(page, "2 records")
        await page.get_by_role("grid").focus()
        await press(page, "Control+End", "ArrowDown", "Home")
        await page.keyboard.type("Atlas")
        await lose_answer(page, "createCompanies")
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_contain_text(UNSURE)
        # The record is there, and the list is read again with its number.
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        await press(page, "F2", "Enter")
        await expect(page.get_by_text("Created a Company")).to_be_visible()
        await expect(page.get_by_role("status", name="Number of records")).to_have_text("3 records")

        # The same text that is pasted once more.
        await lose_answer(page, "createCompanies")
        for told in (UNSURE, "Pasted 2 values"):
            await page.get_by_role("grid").focus()
            await press(page, "Control+End", "ArrowDown", "Home")
            await page.evaluate(PASTE, "Bea\nCy")
            await page.get_by_role("dialog", name="Paste").get_by_role("button", name="Paste").click()
            await expect(page.get_by_text(told)).to_be_visible()
            await count_shown(page, "5 records")
        found = await ask(served, "{ companies(orderBy: { name: ASC }) { edges { node { name } } } }")
        names = [edge["node"]["name"] for edge in found["companies"]["edges"]]
        assert names == ["Atlas", "Bea", "Cy", "Orion", "Zeta"]
        # A second paste that is wanted, while the first is being written, writes once more.
        held = await hold_requests(page, "/graphql", "createCompanies")
        for _ in range(2):
            await page.get_by_role("grid").focus()
            await press(page, "Control+End", "ArrowDown", "Home")
            await page.evaluate(PASTE, "Bea\nCy")
            await page.get_by_role("dialog", name="Paste").get_by_role("button", name="Paste").click()
        held.released.set()
        await count_shown(page, "9 records")

        # A text whose answer was lost is another paste once a paste behind it was written.
        await lose_answer(page, "createCompanies")
        for number, (text, told) in enumerate((("Dee", UNSURE), ("Eve", "Pasted 1"), ("Dee", "Pasted 1")), 10):
            await page.get_by_role("grid").focus()
            await press(page, "Control+End", "ArrowDown", "Home")
            await page.evaluate(PASTE, text)
            await page.get_by_role("dialog", name="Paste").get_by_role("button", name="Paste").click()
            await expect(page.get_by_text(told)).to_be_visible()
            await count_shown(page, f"{number} records")


async def test_a_paste_over_a_long_record_and_behind_it_is_written(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "part", [{"type": "TEXT", "name": "memo", "label": "Memo"}])
        # The answer to a key has 1 MiB at most.
        memo = "x" * 1_100_000
        await ask(served, "mutation ($memo: String) { createPart(data: { memo: $memo }) { id } }", memo=memo)
        page = await open_list(watched, served, "parts")
        await count_shown(page, "1 record")
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home")
        await page.evaluate(PASTE, "Bolt\nNut")
        await page.get_by_role("dialog", name="Paste").get_by_role("button", name="Paste").click()
        await expect(page.get_by_text("Pasted 2 values")).to_be_visible()
        await count_shown(page, "2 records")
        await expect(cell(page, "Bolt")).to_be_visible()
        await expect(cell(page, "Nut")).to_be_visible()
        await expect(cell(page, "x" * 500 + "…")).to_be_visible()
        found = await ask(served, "{ parts(orderBy: { name: ASC }) { edges { node { name memo } } } }")
        assert [edge["node"] for edge in found["parts"]["edges"]] == [
            {"name": "Bolt", "memo": memo},
            {"name": "Nut", "memo": None},
        ]


async def test_a_lost_answer_is_no_refusal(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        grid = page.get_by_role("grid")
        dialog = page.get_by_role("dialog")
        await grid.focus()
        await press(page, "Control+a")
        await page.get_by_role("button", name="Edit…").click()
        await dialog.get_by_label("Field").select_option(label="City")
        await dialog.get_by_role("textbox", name="New value").fill("Bonn")
        await press(page, "Enter")
        await lose_answer(page, "ConsoleUpdateWhere")
        await dialog.get_by_role("button", name="Change 3 records").click()
        await expect(dialog.get_by_role("alert")).to_contain_text(UNSURE)
        # The list behind it shows that it was made.
        await expect(page.get_by_role("gridcell", name="Bonn", include_hidden=True)).to_have_count(3)
        await dialog.get_by_role("button", name="Cancel").click()

        await grid.focus()
        await press(page, "Control+Home", "Escape", "Shift+Space")
        await lose_answer(page, "ConsoleDelete")
        await press(page, "Delete")
        await expect(page.get_by_role("alert")).to_contain_text(UNSURE)
        await expect(cell(page, "Ada")).to_be_hidden()
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Close").click()
        await press(page, "Escape")

        await page.get_by_label("Select all records").check()
        await page.get_by_role("button", name="Delete…").click()
        dialog = page.get_by_role("alertdialog")
        await lose_answer(page, "ConsoleDelete")
        await dialog.get_by_role("button", name="Delete").click()
        await expect(dialog.get_by_role("alert")).to_contain_text(UNSURE)


async def test_a_value_that_its_editor_refuses_is_not_left_out_of_a_new_record(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        number = {"type": "NUMBER", "name": "score", "label": "Score", "settings": {"dataType": "int"}}
        await create_object(served, "deal", [number, {"type": "CURRENCY", "name": "price", "label": "Price"}, NOTES])
        page = await open_list(watched, served, "deals?open=new")
        panel = page.get_by_role("complementary", name="New Deal")
        await expect(panel.get_by_role("textbox", name="Name")).to_be_focused()
        await page.keyboard.type("Orion")
        await press(page, "Enter")
        for field, box, wrong, right in (
            ("Score", "Score", "12,5", "12"),
            ("Price", "Amount", "1.250,00", "1250"),
        ):
            await panel.get_by_role("button", name=re.compile(f"^Edit {field}")).click()
            await panel.get_by_role("textbox", name=box).fill(wrong)
            # The first press leaves the editor, which may move the button from under it.
            await panel.get_by_role("button", name="Create").click()
            await expect(panel.get_by_role("alert")).to_be_visible()
            await panel.get_by_role("button", name="Create").click()
            await expect(panel.get_by_role("textbox", name=box)).to_be_focused()
            await panel.get_by_role("textbox", name=box).fill(right)
            await press(page, "Enter")
        await panel.get_by_role("button", name=re.compile("^Edit Notes")).click()
        notes = panel.get_by_role("textbox", name="Notes")
        await notes.fill("{")
        await panel.get_by_role("button", name="Create").click()
        await expect(panel.get_by_role("alert")).to_be_visible()
        await panel.get_by_role("button", name="Create").click()
        await expect(notes).to_be_focused()
        await notes.fill("{}")
        await press(page, "Control+Enter")
        await panel.get_by_role("button", name="Create").click()
        await expect(page.get_by_role("complementary", name="Deal Orion")).to_be_visible()
        found = await ask(served, "{ deals { edges { node { name score price { amountMicros } } } } }")
        deal = {"name": "Orion", "score": 12, "price": {"amountMicros": "1250000000"}}
        assert found["deals"]["edges"] == [{"node": deal}]
