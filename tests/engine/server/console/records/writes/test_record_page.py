"""The page of a record is edited and followed by the keys and the mouse buttons that people know."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.records.lists import ask, cell, open_list, press, until_answered

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
ADA = '(filter: { firstName: { eq: "Ada" } }, data: { city: "Ulm" })'


async def test_a_letter_on_a_value_begins_its_edit_and_escape_brings_it_back(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        ada = (await ask(served, f"mutation {{ updatePeople{ADA} {{ id }} }}"))["updatePeople"][0]["id"]
        page = await open_list(watched, served, f"people/{ada}")
        value = page.get_by_role("button", name="Edit City: Ulm")
        await value.focus()
        # G and R are a way to another page, and letters of the value here.
        await page.keyboard.type("Gr")
        editor = page.get_by_role("textbox", name="City")
        await expect(editor).to_have_value("Gr")
        await press(page, "Escape")
        await expect(value).to_be_focused()
        await page.keyboard.type("Graz")
        await press(page, "Enter")
        await expect(page.get_by_role("button", name="Edit City: Graz")).to_be_focused()
        await until_answered(served, f'{{ person(id: "{ada}") {{ city }} }}', {"person": {"city": "Graz"}})
        # A value without letters is opened as before.
        await press(page, "Enter")
        await expect(editor).to_have_value("Graz")
        # No letter is lost between one edit and the next.
        await press(page, "Enter")
        await page.keyboard.type("Linz")
        await expect(editor).to_have_value("Linz")
        await press(page, "Escape")
        await expect(page.get_by_role("heading", name="Ada", level=1)).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def employ_ada(served: Served) -> tuple[str, str]:
    """Create the company of Ada, and return the ids of both."""
    made = await ask(served, 'mutation { createCompany(data: { name: "Orion" }) { id } }')
    company = made["createCompany"]["id"]
    ada_of = '(filter: { firstName: { eq: "Ada" } }, data: { companyId: $id })'
    link = f"mutation ($id: UUID) {{ updatePeople{ada_of} {{ id }} }}"
    return company, (await ask(served, link, id=company))["updatePeople"][0]["id"]


async def test_related_records_are_links_that_a_browser_opens_in_a_tab(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        company, ada = await employ_ada(served)
        page = await open_list(watched, served, f"people?open={ada}")
        panel = page.get_by_role("complementary", name="Person Ada")
        async with page.context.expect_page() as opened:
            await panel.get_by_role("link", name="Open Company").click(button="middle")
        tab = await opened.value
        await expect(tab.get_by_role("heading", name="Orion", level=1)).to_be_visible()
        assert tab.url == f"{served.address}/console/records/companies/{company}"
        async with page.context.expect_page() as opened:
            await tab.get_by_role("link", name="Ada", exact=True).click(button="middle")
        await expect((await opened.value).get_by_role("heading", name="Ada", level=1)).to_be_visible()
        await expect(tab.get_by_role("heading", name="Orion", level=1)).to_be_visible()
        # The first button goes on beside the list.
        await expect(page.get_by_role("complementary")).to_have_count(1)
        await panel.get_by_role("link", name="Open Company").click()
        await expect(page.get_by_role("complementary", name="Company Orion")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_the_cells_of_a_list_that_lead_somewhere_are_links(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        company, ada = await employ_ada(served)
        page = await open_list(watched, served, "people?sort=firstName")
        for name, path in (("Ada", f"people/{ada}"), ("Orion", f"companies/{company}")):
            async with page.context.expect_page() as opened:
                await cell(page, name).get_by_role("link").click(button="middle")
            tab = await opened.value
            await expect(tab.get_by_role("heading", name=name, level=1)).to_be_visible()
            assert tab.url == f"{served.address}/console/records/{path}"
            async with page.context.expect_page() as opened:
                await cell(page, name).get_by_role("link").click(modifiers=["ControlOrMeta"])
            await expect((await opened.value).get_by_role("heading", name=name, level=1)).to_be_visible()
        # A screen reader presses it without a pointer.
        async with page.context.expect_page() as opened:
            await cell(page, "Ada").get_by_role("link").dispatch_event("click")
        await expect((await opened.value).get_by_role("heading", name="Ada", level=1)).to_be_visible()
        # The first button alone chooses the cell, and the next letters are its value.
        await cell(page, "Ada").get_by_role("link").click()
        await page.keyboard.type("Augusta")
        await press(page, "Enter")
        await expect(cell(page, "Augusta")).to_be_visible()
        assert "/console/records/people?" in page.url
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)
