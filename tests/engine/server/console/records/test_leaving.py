"""A page that is left while a value is typed, is being saved or was refused, in the browser."""

import pytest
from playwright.async_api import Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched, hold_requests
from tests.engine.server.console.records.lists import (
    PASTE,
    ask,
    assert_live,
    cell,
    count_shown,
    create_object,
    open_list,
    press,
    until_answered,
)
from tests.waiting import until

pytestmark = pytest.mark.system

TAKEN = "Łukasz@example.com"
BEING_SAVED = "Leave while a change is being saved?"


async def open_people(watched: Watched, served: Served) -> Page:
    """Open the list of people behind that of companies."""
    page = await open_list(watched, served, "companies")
    await page.get_by_role("link", name="People").first.click()
    await count_shown(page, "3 records")
    await page.get_by_role("grid").focus()
    await press(page, "Control+Home")
    return page


async def assert_left(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Companies", exact=True)).to_be_visible()
    await expect(page.get_by_role("alertdialog")).to_have_count(0)


async def test_a_step_that_waits_for_a_change_is_not_made_where_another_has_changed_the_value(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        page = await open_people(watched, served)
        await assert_live(page)
        held = await hold_requests(page, "/graphql", "update0")
        await page.keyboard.type("Eve")
        await press(page, "Enter")
        await until(lambda: bool(held.requests))
        await ask(
            served, 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } } data: { firstName: "Zed" }) { id } }'
        )
        await page.get_by_role("link", name="Data model").click()
        await expect(page.get_by_role("alertdialog", name=BEING_SAVED)).to_be_visible()
        held.released.set()
        conflict = page.get_by_role("alertdialog", name="Another has changed First name")
        await expect(conflict).to_be_visible()
        await expect(page.get_by_role("alertdialog")).to_have_count(1)
        # The value is on the page alone, so that Back asks about it.
        await page.evaluate("history.back()")
        question = page.get_by_role("alertdialog", name="Leave a change that was not saved?")
        await question.get_by_role("button", name="Stay").click()
        await conflict.get_by_role("button", name="Write mine").click()
        await until_answered(
            served,
            '{ people(filter: { firstName: { eq: "Eve" } }) { edges { node { firstName } } } }',
            {"people": {"edges": [{"node": {"firstName": "Eve"}}]}},
        )
        await page.go_back()
        await assert_left(page)


async def test_a_step_that_waits_for_a_refused_paste_is_not_made(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_people(watched, served)
        held = await hold_requests(page, "/graphql", "update0")
        await cell(page, "Ada@example.com").click()
        await page.evaluate(PASTE, f"{TAKEN}\nother@example.com")
        await until(lambda: bool(held.requests))
        link = page.get_by_role("link", name="Data model")
        await link.click()
        await expect(page.get_by_role("alertdialog", name=BEING_SAVED)).to_be_visible()
        held.released.set()
        await expect(page.get_by_role("alertdialog")).to_have_count(0)
        await expect(page.get_by_role("alert").filter(has_text="email")).to_be_visible()
        await expect(cell(page, "Ada@example.com")).to_be_visible()
        # It was told, and nobody is asked about it.
        await link.click()
        await expect(page.get_by_role("heading", name="Data model")).to_be_visible()


async def test_a_refused_value_leaves_with_its_record(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_people(watched, served)
        await cell(page, "Grace@example.com").dblclick()
        await press(page, "Control+a")
        await page.keyboard.type(TAKEN)
        await press(page, "Enter")
        await expect(cell(page, f"⚠ {TAKEN}")).to_be_visible()
        await press(page, "Shift+Space", "Delete")
        await count_shown(page, "2 records")
        await page.go_back()
        await assert_left(page)


async def test_back_saves_the_text_of_an_editor(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_people(watched, served)
        await page.keyboard.type("Eve")
        await page.go_back()
        await assert_left(page)
        await until_answered(
            served,
            '{ people(filter: { firstName: { eq: "Eve" } }) { edges { node { firstName } } } }',
            {"people": {"edges": [{"node": {"firstName": "Eve"}}]}},
        )
        # In the panel, Back closes the record alone.
        await page.go_forward()
        await cell(page, "Eve").click()
        await press(page, "Space")
        await page.get_by_role("button", name="Edit City: —").click()
        await page.keyboard.type("Ulm")
        await page.go_back()
        await expect(cell(page, "Ulm")).to_be_visible()
        await expect(page.get_by_role("complementary")).to_have_count(0)


async def test_a_form_that_was_refused_before_is_asked_about_while_a_text_is_typed(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        page = await open_people(watched, served)
        await press(page, "Shift+Enter")
        panel = page.get_by_role("complementary", name="New Person")
        await panel.get_by_role("button", name="Edit Email").click()
        await page.keyboard.type(TAKEN)
        await press(page, "Enter")
        await panel.get_by_role("button", name="Create").click()
        await expect(panel.get_by_role("alert")).to_contain_text("email")
        await panel.get_by_role("button", name="Edit City").click()
        await page.keyboard.type("Ulm")
        await page.evaluate("history.back()")
        question = page.get_by_role("alertdialog", name="Leave without the new Person?")
        await question.get_by_role("button", name="Stay").click()
        await expect(panel).to_contain_text("Ulm")


async def test_a_text_that_cannot_be_read_is_asked_about(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "companies")
        await create_object(served, "crate", [{"name": "size", "label": "Size", "type": "NUMBER"}])
        await ask(served, "mutation { createCrate(data: { size: 41 }) { id } }")
        await page.get_by_role("link", name="Crates").first.click()
        await count_shown(page, "1 record")
        await cell(page, "41").dblclick()
        await press(page, "Control+a")
        await page.keyboard.type("many")
        await press(page, "Enter")
        editor = page.get_by_role("textbox", name="Size of")
        await expect(editor).to_have_attribute("aria-invalid", "true")
        link = page.get_by_role("link", name="Data model")
        question = page.get_by_role("alertdialog", name="Leave the text that you typed?")
        await link.click()
        await watched.assert_accessible()
        await question.get_by_role("button", name="Stay").click()
        await expect(editor).to_have_value("many")
        # The session does not end before the answer, and the browser does not ask again.
        for answer in ("Stay", "Discard it"):
            await page.get_by_role("button", name="browser admin").click()
            await page.get_by_role("menuitem", name="Sign out").click()
            await expect(question).to_be_visible()
            assert (await page.request.get(f"{served.address}/auth/session")).ok
            await question.get_by_role("button", name=answer).click()
            if answer == "Stay":
                await expect(editor).to_have_value("many")
                await expect(page.get_by_role("button", name="browser admin")).to_be_focused()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert (await page.request.get(f"{served.address}/auth/session")).status == 401
