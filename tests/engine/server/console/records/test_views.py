"""A list is saved as a view, shared, changed and deleted."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import ask, count_shown, open_list

pytestmark = pytest.mark.system

LOADED = (".js", ".css")


async def test_a_view_is_saved_opened_by_its_address_changed_and_deleted(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        ada = '{ firstName: { eq: "Ada" } }'
        await ask(served, f'mutation {{ updatePeople(filter: {ada}, data: {{ city: "Berlin" }}) {{ id }} }}')
        page = await open_list(watched, served, 'people?sort=-email&f={"city":{"is":"NULL"}}')
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Columns").click()
        await page.get_by_label("Phone").first.uncheck()
        await page.get_by_role("button", name="Done").click()
        await page.get_by_role("button", name="Save as…").click()
        await page.get_by_role("textbox", name="Name").fill("Without a city")
        await page.get_by_label("Shared with everyone").check()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Save", exact=True).click()
        view = page.get_by_label("View", exact=True)
        await expect(view.get_by_role("option", name="Without a city")).to_be_attached()
        await expect(page.get_by_role("button", name="Save as…")).to_be_hidden()
        await watched.assert_accessible()

        chosen = await view.input_value()
        await page.goto(f"{served.address}/console/records/people?view={chosen}")
        await count_shown(page, "2 records")
        heads = [head for head in await page.get_by_role("columnheader").all_inner_texts() if head]
        assert "Phone" not in heads
        await expect(page.get_by_role("columnheader", name="Email")).to_have_attribute("aria-sort", "descending")

        await page.get_by_role("button", name="Remove: City has no value").click()
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Save view").click()
        await expect(page.get_by_role("button", name="Delete view")).to_be_visible()
        await view.select_option(label="All people")
        await expect(page.get_by_role("columnheader", name="Phone")).to_be_visible()
        await view.select_option(label="Without a city")
        await expect(page.get_by_role("columnheader", name="Phone")).to_be_hidden()
        await page.get_by_role("button", name="Delete view").click()
        await expect(view.get_by_role("option")).to_have_text(["All people"])
        await count_shown(page, "3 records")
        await watched.assert_clean(served.address, LOADED)


async def test_a_view_whose_field_is_gone_says_so(watched: Watched, serve: Serve) -> None:
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    field = {"objectMetadataId": "person", "type": "TEXT", "name": "nick", "label": "Nick"}
    async with serve() as served:
        await served.ask("/metadata", apply, changes=[{"createField": field}])
        create = "mutation ($input: CreateViewInput!) { createView(input: $input) { id } }"
        columns = [{"field": "email", "visible": True}, {"field": "nick", "visible": True}]
        given = {"object": "person", "name": "Nicks", "kind": "TABLE", "columns": columns}
        made = await served.ask("/metadata", create, input=given)
        page = await open_list(watched, served, f"people?view={made['createView']['id']}")
        await expect(page.get_by_role("columnheader", name="Nick")).to_be_visible()
        await served.ask("/metadata", apply, changes=[{"deleteField": {"id": "person.nick"}}])
        await page.reload()
        await expect(page.get_by_text("Fields of this view are gone: ")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Email")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Nick")).to_be_hidden()
        await count_shown(page, "3 records")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)
