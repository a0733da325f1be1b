"""A list is saved as a view, shared, changed and deleted."""

import pytest
from playwright.async_api import Page, expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import ask, count_shown, open_list

pytestmark = pytest.mark.system

LOADED = (".js", ".css")


CREATE = "mutation ($input: CreateViewInput!) { createView(input: $input) { id } }"
VIEWS = '{ views(object: "person") { name shared } }'


async def choose_from_menu(page: Page, view: str, action: str) -> None:
    await page.get_by_role("button", name=f"Change the view {view}").click()
    await page.get_by_role("menuitem", name=action).click()


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
        await expect(page.get_by_role("button", name="Save as…")).to_be_hidden()
        await view.select_option(label="All people")
        await expect(page.get_by_role("columnheader", name="Phone")).to_be_visible()
        await view.select_option(label="Without a city")
        await expect(page.get_by_role("columnheader", name="Phone")).to_be_hidden()
        await choose_from_menu(page, "Without a city", "Delete view…")
        question = page.get_by_role("alertdialog", name="Delete the view Without a city?")
        await expect(question).to_contain_text("your own, and it is shared with everyone")
        await watched.assert_accessible()
        await question.get_by_role("button", name="Cancel").click()
        await expect(view.get_by_role("option", name="Without a city")).to_be_attached()
        await choose_from_menu(page, "Without a city", "Delete view…")
        await question.get_by_role("button", name="Delete the view").click()
        await expect(view.get_by_role("option")).to_have_text(["All people"])
        await count_shown(page, "3 records")
        await watched.assert_clean(served.address, LOADED)


async def test_a_view_whose_field_is_gone_says_so(watched: Watched, serve: Serve) -> None:
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    field = {"objectMetadataId": "person", "type": "TEXT", "name": "nick", "label": "Nick"}
    async with serve() as served:
        await served.ask("/metadata", apply, changes=[{"createField": field}])
        columns = [{"field": "email", "visible": True}, {"field": "nick", "visible": True}]
        given = {"object": "person", "name": "Nicks", "kind": "TABLE", "columns": columns}
        made = await served.ask("/metadata", CREATE, input=given)
        page = await open_list(watched, served, f"people?view={made['createView']['id']}")
        await expect(page.get_by_role("columnheader", name="Nick")).to_be_visible()
        await served.ask("/metadata", apply, changes=[{"deleteField": {"id": "person.nick"}}])
        await page.reload()
        await expect(page.get_by_text("Fields of this view are gone, or no longer fit it: nick")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Email")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Nick")).to_be_hidden()
        await count_shown(page, "3 records")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_presses_where_a_view_was_saved_leave_it_alone(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        given = {"object": "person", "name": "By name", "columns": [{"field": "email"}], "orderBy": [{"email": "ASC"}]}
        made = await served.ask("/metadata", CREATE, input=given)
        page = await open_list(watched, served, f"people?view={made['createView']['id']}&sort=-email")
        await count_shown(page, "3 records")
        box = await page.get_by_role("button", name="Save view").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await page.mouse.click(x, y)
        await expect(page.get_by_role("button", name="Save view")).to_be_hidden()
        await page.mouse.click(x, y)
        await page.mouse.click(x, y)
        await page.reload()
        await count_shown(page, "3 records")
        assert await served.ask("/metadata", VIEWS) == {"views": [{"name": "By name", "shared": False}]}
        await watched.assert_clean(served.address, LOADED)


async def test_a_view_is_renamed_and_shared_and_is_its_owners_alone(watched: Watched, serve: Serve) -> None:
    role = 'mutation { createRole(input: { name: "reader" label: "R" grants: [{ object: "*" read: {} }] }) { id } }'
    key = 'mutation { createApiKey(input: { name: "Other" role: "reader" }) { token } }'
    async with serve() as served:
        given = {"object": "person", "name": "Mine", "columns": [{"field": "email"}]}
        made = await served.ask("/metadata", CREATE, input=given)
        path = f"people?view={made['createView']['id']}"
        page = await open_list(watched, served, path)
        await choose_from_menu(page, "Mine", "Rename or share…")
        await page.get_by_role("textbox", name="Name").fill("Ours")
        await page.get_by_label("Shared with everyone").check()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_label("View", exact=True).get_by_role("option", name="Ours")).to_be_attached()
        assert await served.ask("/metadata", VIEWS) == {"views": [{"name": "Ours", "shared": True}]}

        await served.ask("/metadata", role)
        served.key = (await served.ask("/metadata", key))["createApiKey"]["token"]
        await watched.sign_in(served, f"/console/records/{path}&sort=email")
        await expect(
            page.get_by_label("View", exact=True).get_by_role("option", name="Ours* · browser")
        ).to_be_attached()
        await expect(page.get_by_role("button", name="Change the view Ours")).to_be_disabled()
        await expect(page.get_by_role("button", name="Save as…")).to_be_visible()
        await expect(page.get_by_role("button", name="Save view")).to_be_hidden()
        await watched.assert_clean(served.address, LOADED)


async def test_a_board_without_its_field_says_so_and_is_deleted(watched: Watched, serve: Serve) -> None:
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    options = [{"value": "NEW", "label": "New", "color": "gray", "position": 0}]
    field = {"objectMetadataId": "opportunity", "type": "SELECT", "name": "state", "label": "State", "options": options}
    async with serve() as served:
        await served.ask("/metadata", apply, changes=[{"createField": field}])
        given = {"object": "opportunity", "name": "By state", "kind": "KANBAN", "boardField": "state"}
        made = await served.ask("/metadata", CREATE, input=given)
        change = {"updateField": {"id": "opportunity.state", "update": {"type": "TEXT"}}}
        await served.ask("/metadata", apply, changes=[change])
        page = await open_list(watched, served, f"opportunities/board?view={made['createView']['id']}")
        await expect(page.get_by_text("Fields of this view are gone, or no longer fit it: state")).to_be_visible()
        await expect(page.get_by_role("region", name="Columns")).to_be_visible()
        await watched.assert_accessible()
        await choose_from_menu(page, "By state", "Delete view…")
        await page.get_by_role("button", name="Delete the view").click()
        await expect(page.get_by_label("View", exact=True).get_by_role("option", name="By state")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)
