"""All records that match are selected by a key: which of the keys mean them, and how far a selection reaches."""

import json

import psycopg
import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import ask, cell, count_shown, open_list, press

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
MANY = """
    INSERT INTO workspace_default.person ("id", "email", "createdByName", "createdBySource")
    SELECT ('ffffffff-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, number || '@x.example', 'test', 'IMPORT'
    FROM generate_series(4, 10001) AS number
"""


async def test_keys_on_all_records_mean_all_of_them_or_ask_for_a_range(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await page.get_by_role("link", name="Companies").first.click()
        await page.get_by_role("link", name="People").first.click()
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        for key in ("Control+c", "Control+d", "Control+v"):
            await press(page, "Control+a", key)
            await expect(page.get_by_role("alert")).to_contain_text("this needs a range of cells")
            await watched.assert_accessible()
            await page.get_by_role("button", name="Close").click()
            await page.get_by_role("grid").focus()
            await press(page, "Escape")
        await press(page, "Control+a", "Delete")
        dialog = page.get_by_role("alertdialog", name="Move to the trash: 3 records")
        await expect(dialog).to_contain_text("This means 3 records.")
        await expect(cell(page, "Ada")).to_be_attached()
        held = await hold_requests(page, "/graphql", "ConsoleDelete")
        await dialog.get_by_role("button", name="Delete").click()
        await expect(dialog.get_by_role("button", name="Deleting…")).to_be_visible()
        # The dialog stays until the answer, with the question about the write and its error.
        await press(page, "Escape")
        await page.evaluate("history.back()")
        await expect(page.get_by_role("alertdialog", name="Leave while a change is being saved?")).to_be_visible()
        await page.get_by_role("button", name="Stay").click()
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog.get_by_role("button", name="Deleting…")).to_be_visible()
        held.released.set()
        await expect(page.get_by_role("status", name="Number of records")).to_have_text("0 records")
        found = await ask(served, "{ people(filter: { deletedAt: { is: NOT_NULL } }) { totalCount } }")
        assert found["people"]["totalCount"] == 3
        await watched.assert_clean(served.address, LOADED)


async def test_a_search_ends_the_selection(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ")
        await expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("1 record selected")
        await page.get_by_role("searchbox").fill("nobody at all")
        await expect(page.get_by_role("status", name="Number of records")).to_have_text("0 records")
        await expect(page.get_by_role("toolbar", name="Selection")).to_be_hidden()
        await page.get_by_role("searchbox").fill("")
        await count_shown(page, "3 records")
        await expect(page.get_by_role("toolbar", name="Selection")).to_be_hidden()
        await watched.assert_clean(served.address, LOADED)


async def test_more_records_than_a_request_writes_are_refused_at_their_count(
    watched: Watched, serve: Serve, app_database: str
) -> None:
    async with serve() as served:
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute(MANY)
        page = await open_list(watched, served, "people")
        await count_shown(page, "10,001 records")
        await page.get_by_role("grid").focus()
        await press(page, "Control+a", "Delete")
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("10,001 records. At most 10,000 are written at once")
        await expect(dialog.get_by_role("textbox")).to_have_count(0)
        await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_more_rows_than_a_page_has_are_changed_and_looked_for_again(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        people = [{"email": f"{number:03}@example.com", "city": "Bonn"} for number in range(240)]
        await ask(served, CREATE, data=people)
        bonn = json.dumps({"city": {"eq": "Bonn"}})
        page = await open_list(watched, served, f"people?sort=email&f={bonn}")
        await count_shown(page, "240 records")
        await page.get_by_role("grid").focus()
        heads = [head for head in await page.get_by_role("columnheader").all_inner_texts() if head]
        await press(page, "Control+Home", *["ArrowRight"] * heads.index("City"), "Control+ ", "Delete")
        await expect(page.get_by_text("Emptied 240 cells")).to_be_visible()
        await expect(page.get_by_text("no longer matches the filter").first).to_be_visible()
        await watched.assert_clean(served.address, LOADED)
