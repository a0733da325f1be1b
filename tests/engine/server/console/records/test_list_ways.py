"""The ways of a list: its last row, the record beside it, heights and places, an export without a spelling."""

import json
from typing import Any

import psycopg
import pytest
from playwright.async_api import Page, expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import (
    ask,
    cell,
    count_shown,
    create_object,
    focused_text,
    open_list,
    press,
)
from tests.waiting import until, until_true

pytestmark = pytest.mark.system

LOADED = (".js", ".css")


async def to_last_row(page: Page) -> None:
    await page.get_by_role("grid").focus()
    await press(page, "Control+End", "Home", "ArrowDown")


async def test_a_record_is_typed_in_the_last_row(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await expect(cell(page, "+ New")).to_be_visible()
        await to_last_row(page)
        await page.keyboard.type("Zoë")
        await press(page, "Tab")
        await expect(page.get_by_text("The new record is not created yet")).to_be_visible()
        await page.keyboard.type("Zimmer")
        await watched.assert_accessible()
        # A required field is missing: the values stay.
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_contain_text("Field 'email' is required")
        await expect(cell(page, "Zimmer")).to_be_visible()
        await count_shown(page, "3 records")
        await press(page, "ArrowRight")
        await page.keyboard.type("zoe@example.com")
        await press(page, "Enter")
        await count_shown(page, "4 records")
        await expect(cell(page, "+ New")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await count_shown(page, "3 records")

        # A row that is left is created, and one that is dropped is not.
        await to_last_row(page)
        await press(page, "ArrowRight", "ArrowRight")
        await page.keyboard.type("left@example.com")
        await press(page, "Tab", "ArrowUp")
        await count_shown(page, "4 records")
        await to_last_row(page)
        await page.keyboard.type("Dropped")
        await press(page, "Tab")
        await expect(cell(page, "Dropped")).to_be_visible()
        await press(page, "Escape")
        await expect(cell(page, "+ New")).to_be_visible()
        found = await ask(served, "{ people { edges { node { firstName email } } } }")
        assert [edge["node"]["email"] for edge in found["people"]["edges"]][3:] == ["left@example.com"]
        await watched.assert_clean(served.address, LOADED)


async def test_a_page_is_not_left_with_a_record_in_the_last_row(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await to_last_row(page)
        await page.keyboard.type("Zoë")
        await press(page, "Tab")
        await expect(page.get_by_text("Enter, or leaving the row, creates it")).to_be_visible()
        # A search leaves the row as it is.
        await page.get_by_role("searchbox").fill("a")
        await count_shown(page, "3 records")
        link = page.get_by_role("link", name="Data model")
        await link.click()
        question = page.get_by_role("alertdialog", name="Leave without the new Person?")
        await expect(question).to_be_visible()
        await watched.assert_accessible()
        await question.get_by_role("button", name="Stay").click()
        await expect(cell(page, "Zoë")).to_be_visible()
        await link.click()
        await question.get_by_role("button", name="Discard it").click()
        await expect(page.get_by_role("heading", name="Data model")).to_be_visible()
        assert (await ask(served, "{ people { totalCount } }"))["people"]["totalCount"] == 3
        await watched.assert_clean(served.address, LOADED)


async def test_a_page_is_not_left_with_values_that_are_not_saved(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        held = await hold_requests(page, "/graphql", "update0")
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home")
        await page.keyboard.type("Eve")
        await press(page, "Enter")
        await until(lambda: bool(held.requests))
        link = page.get_by_role("link", name="Data model")
        await link.click()
        question = page.get_by_role("alertdialog", name="Leave while a change is being saved?")
        await expect(question).to_be_visible()
        await watched.assert_accessible()
        await question.get_by_role("button", name="Stay").click()
        await expect(link).to_be_focused()
        await link.click()
        await expect(question).to_be_visible()
        # Once it is saved there is nothing to ask about.
        held.released.set()
        await expect(page.get_by_role("heading", name="Data model")).to_be_visible()
        await page.go_back()
        await expect(cell(page, "Eve")).to_be_visible()

        email = cell(page, "Grace@example.com")
        await email.dblclick()
        await press(page, "Control+a")
        await page.keyboard.type("Łukasz@example.com")
        await press(page, "Enter")
        await expect(cell(page, "⚠ Łukasz@example.com")).to_be_visible()
        await link.click()
        question = page.get_by_role("alertdialog", name="Leave 1 value that could not be saved?")
        await question.get_by_role("button", name="Stay").click()
        await expect(cell(page, "⚠ Łukasz@example.com")).to_be_visible()
        await link.click()
        await question.get_by_role("button", name="Discard them").click()
        await expect(page.get_by_role("heading", name="Data model")).to_be_visible()


async def test_the_panel_shows_the_record_before_and_behind(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        await press(page, " ")
        await expect(page.get_by_role("complementary", name="Person Ada")).to_be_visible()
        await press(page, "Alt+ArrowDown")
        await expect(page.get_by_role("complementary", name="Person Grace")).to_be_visible()
        await page.get_by_role("complementary", name="Person Grace").get_by_role("button", name="Edit Email").focus()
        await press(page, "Alt+ArrowDown", "Alt+ArrowDown")
        panel = page.get_by_role("complementary", name="Person Łukasz")
        await expect(panel).to_be_focused()
        await watched.assert_accessible()
        await press(page, "Escape")
        await expect(panel).to_be_hidden()
        await watched.assert_clean(served.address, LOADED)


async def test_heights_and_positions(watched: Watched, serve: Serve) -> None:
    text = {"type": "TEXT"}
    fields: list[dict[str, Any]] = [
        {**text, "name": "second", "label": "Second"},
        {**text, "name": "code", "label": "Code", "position": 1},
    ]
    async with serve() as served:
        await create_object(served, "part", fields)
        await ask(served, 'mutation { createPart(data: { name: "Bolt", code: "B-7" }) { id } }')
        page = await open_list(watched, served, "parts")
        await count_shown(page, "1 record")
        heads = [head for head in await page.get_by_role("columnheader").all_inner_texts() if head]
        assert heads[:3] == ["Name", "Code", "Second"]
        await page.get_by_role("grid").focus()
        await press(page, " ")
        await expect(page.get_by_role("complementary", name="Part Bolt")).to_be_visible()
        await press(page, "Escape")
        for name, height in (("Low", 24), ("High, with two lines", 48)):
            await page.get_by_role("button", name="Columns").click()
            await page.get_by_label("Height of the rows").select_option(label=name)
            await watched.assert_accessible()
            await page.get_by_role("button", name="Done").click()
            box = await page.get_by_role("row").nth(1).bounding_box()
            assert box is not None
            assert box["height"] == height
        await page.reload()
        await count_shown(page, "1 record")
        box = await page.get_by_role("row").nth(1).bounding_box()
        assert box is not None
        assert box["height"] == 48
        await watched.assert_clean(served.address, LOADED)


async def test_an_export_that_has_no_spelling_says_so(watched: Watched, serve: Serve) -> None:
    some = {"people": {"some": {"city": {"eq": "Bonn"}, "firstName": {"eq": "Ada"}}}}
    async with serve() as served:
        await ask(
            served,
            'mutation { createCompany(data: { name: "Orion", people: { create: '
            '[{ firstName: "Ada", city: "Bonn", email: "a@b.example" }] } }) { id } }',
        )
        page = await open_list(watched, served, f"companies?f={json.dumps(some)}")
        await count_shown(page, "1 record")
        await page.get_by_role("button", name="Export").click()
        await expect(page.get_by_text("An export has no spelling for this filter")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_number_that_takes_long_to_count_is_estimated_meanwhile(
    watched: Watched, serve: Serve, app_database: str
) -> None:
    async with serve() as served:
        people = [{"email": f"{number}@example.com", "city": "x" * 900} for number in range(2000)]
        await ask(served, "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute("ANALYZE workspace_default.person")
            # The planner's own figure of a table of 2,345,678 rows.
            await connection.execute(
                "UPDATE pg_class SET reltuples = 2345678 WHERE oid = 'workspace_default.person'::regclass"
            )
        # The number is asked for once more where the subscription begins late.
        held = await hold_requests(watched.page, "/graphql", "ConsoleCount")
        page = await open_list(watched, served, "people")
        await expect(page.get_by_role("status", name="Number of records")).to_contain_text("≈ 2,345,678 records")
        await expect(cell(page, "Ada")).to_be_visible()
        await watched.assert_accessible()
        # The estimate of all records is none of those under a filter.
        await page.get_by_role("searchbox", name="Search People").fill("example.com")
        await expect(page.get_by_role("status", name="Number of records")).to_have_text("Counting…")
        await page.get_by_role("searchbox", name="Search People").fill("")
        await expect(page.get_by_role("status", name="Number of records")).to_contain_text("≈ 2,345,678 records")
        held.released.set()
        await count_shown(page, "2,003 records")
        await watched.page.unroute_all(behavior="ignoreErrors")
        await watched.assert_clean(served.address, LOADED)


async def test_an_empty_list_shows_a_request_that_would_create_a_record(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "visit", [{"type": "DATE", "name": "day", "label": "Day", "isNullable": False}])
        await create_object(served, "vaccine", [{"type": "DATE", "name": "day", "label": "Day"}])
        page = await open_list(watched, served, "vaccines")
        await expect(page.get_by_text("/rest/vaccines")).to_contain_text('{"name":"Example"}')
        await page.get_by_role("link", name="Visits", exact=True).click()
        await expect(page.get_by_role("heading", name="No visits yet")).to_be_visible()
        await expect(page.get_by_text("curl")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_the_keys_after_a_click_on_a_head_belong_to_the_cell(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        # The focus of its buttons goes to the grid in browsers with one alone.
        await watched.page.add_init_script("delete window.EditContext")
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="First name").click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("Ada")
        await press(page, "ArrowDown")

        async def is_at_grace() -> bool:
            return await focused_text(page) == "Grace"

        # The sorted rows are read meanwhile.
        await until_true(is_at_grace)
        # A row that is chosen is deleted by a key.
        await page.get_by_role("checkbox", name="Select row 3").click()
        await press(page, "ArrowUp")
        assert await focused_text(page) == "Grace"
        await press(page, "Delete")
        await expect(cell(page, "Łukasz")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)
