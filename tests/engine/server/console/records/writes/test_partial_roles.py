"""Records are shown, and written, to a role that reads some of their fields and to one that may not count them."""

import json

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import ask, cell, count_shown, open_list, press, until_answered
from tests.engine.server.console.records.writes.roles import as_role

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
UPDATE = "mutation ($id: UUID!, $input: UpdateRoleInput!) { updateRole(id: $id, input: $input) { id } }"
CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
NAMES = '{ people(filter: { city: { eq: "Bonn" } }) { edges { node { firstName } } } }'


async def test_a_role_that_does_not_read_the_versions_sees_and_edits_records(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        fields = {"fields": {"only": ["firstName", "lastName", "city"]}}
        reader = await as_role(served, {"object": "person", "read": fields, "update": fields, "delete": {}})
        page = await open_list(watched, reader, "people")
        await count_shown(page, "3 records")
        await expect(cell(page, "Ada")).to_be_visible()
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", "ArrowRight", "ArrowRight")
        for city in ("Berlin", "Bonn"):
            await page.keyboard.type(city)
            await press(page, "Enter", "ArrowUp")
            await expect(cell(page, city)).to_be_visible()
        await until_answered(served, NAMES, {"people": {"edges": [{"node": {"firstName": "Ada"}}]}})
        await press(page, "Control+z")
        await expect(cell(page, "Berlin")).to_be_visible()
        await ask(served, 'mutation { updatePeople(filter: { city: { eq: "Berlin" } } data: { city: "Ulm" }) { id } }')
        await expect(cell(page, "Ulm")).to_be_visible()
        await press(page, "Space")
        panel = page.get_by_role("complementary", name="Person Ada")
        await panel.get_by_role("button", name="Edit City: Ulm").click()
        await press(page, "Control+a")
        await page.keyboard.type("Bonn")
        await press(page, "Enter")
        await until_answered(served, NAMES, {"people": {"edges": [{"node": {"firstName": "Ada"}}]}})
        await press(page, "Escape")
        await page.get_by_role("grid").focus()
        await press(page, "Shift+Space", "Delete")
        await count_shown(page, "2 records")
        await expect(page.get_by_role("alert")).to_have_count(0)
        # Deleted records are told from the others by a field that the role does not read.
        await expect(page.get_by_role("link", name="Trash")).to_be_hidden()
        await page.goto(f"{served.address}/console/records/people/trash")
        await expect(page.get_by_text("Your role does not see the trash of People.")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_that_reads_some_of_the_versions_edits_records(watched: Watched, serve: Serve) -> None:
    """The server refuses `ifUpdatedAt` to it, and so refused each edit of the console."""
    async with serve() as served:
        read = [{"rule": {"city": {"eq": "Bonn"}}}, {"fields": {"allBut": ["updatedAt"]}}]
        reader = await as_role(served, {"object": "person", "read": read, "update": {}})
        page = await open_list(watched, reader, "people?sort=firstName")
        await count_shown(page, "3 records")
        await cell(page, "Ada").click()
        await page.keyboard.type("Augusta")
        await press(page, "Enter")
        found = '{ people(filter: { firstName: { eq: "Augusta" } }) { totalCount } }'
        await until_answered(served, found, {"people": {"totalCount": 1}})
        await page.get_by_role("grid").focus()
        await press(page, "Control+z")
        await until_answered(served, found, {"people": {"totalCount": 0}})
        await expect(page.get_by_role("alert")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_that_reads_alone_is_told_so_by_the_address_of_a_form_and_has_a_request_that_runs(
    watched: Watched, serve: Serve
) -> None:
    """The form had no fields, and the request asked for a number that the server refuses to the role."""
    async with serve() as served:
        grant = {"object": "person", "read": {"fields": {"only": ["firstName"]}}, "aggregates": False}
        reader = await as_role(served, grant)
        page = await open_list(watched, reader, "people?open=new")
        panel = page.get_by_role("complementary", name="New Person")
        await expect(panel).to_contain_text("The role partial does not create People.")
        await expect(panel.get_by_role("button", name="Create")).to_have_count(0)
        await watched.assert_accessible()
        await panel.get_by_role("button", name="Close").click()
        await expect(panel).to_be_hidden()
        await page.get_by_role("link", name="As a request").click()
        await page.get_by_role("button", name="JavaScript").click()
        text = await page.get_by_text("await fetch(").text_content()
        assert text is not None
        query = text.split("`")[3]
        assert len((await reader.ask("/graphql", query, first=10))["people"]["edges"]) == 3
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_that_only_reads_has_no_way_back_to_the_values_of_a_record(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        ada = '(filter: { firstName: { eq: "Ada" } }, data: { city: "Ulm" })'
        changed = await ask(served, f"mutation {{ updatePeople{ada} {{ id }} }}")
        path = f"/console/records/people/{changed['updatePeople'][0]['id']}"
        page = watched.page
        await watched.sign_in(served, path)
        await expect(page.get_by_role("button", name="Return City to —")).to_be_visible()
        await watched.sign_in(await as_role(served, {"object": "*", "read": {}}), path)
        await expect(page.get_by_role("region", name="History of Ada").get_by_text("City: — → Ulm")).to_be_visible()
        await expect(page.get_by_role("button", name="Return")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_that_may_not_count_reads_a_list_to_its_end(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        people = [{"firstName": f"P{number:03}", "email": f"{number}@example.com"} for number in range(147)]
        await ask(served, CREATE, data=people)
        await ask(served, 'mutation { createCompany(data: { name: "Orion" }) { id } }')
        await ask(served, 'mutation { createOpportunity(data: { name: "First", stage: NEW }) { id } }')
        every = {"object": "*", "aggregates": False, "read": {}, "update": {}, "create": {}}
        # Its pages are shorter than those that the console asks for.
        reader = await as_role(served, every, limits={"maxPage": 20})
        page = await open_list(watched, reader, "people?sort=firstName")
        await count_shown(page, "More than 100 records")
        await expect(cell(page, "Ada")).to_be_visible()
        await page.get_by_role("grid").focus()
        await press(page, "Control+End")
        await count_shown(page, "150 records")
        await press(page, "Control+End")
        await expect(cell(page, "P146")).to_be_visible()
        await press(page, "Control+a")
        await expect(page.get_by_role("alert")).to_contain_text("Your role does not count People")
        await page.get_by_role("button", name="Close").click()

        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", "Shift+Space")
        await page.get_by_role("button", name="Edit…").click()
        dialog = page.get_by_role("dialog", name="Edit 1 record")
        await dialog.get_by_label("Field").select_option(label="City")
        await dialog.get_by_role("textbox", name="New value").fill("Bonn")
        await press(page, "Enter")
        await dialog.get_by_role("button", name="Change 1 record").click()
        await until_answered(served, NAMES, {"people": {"edges": [{"node": {"firstName": "Ada"}}]}})

        nobody = json.dumps({"city": {"eq": "Nowhere"}})
        await page.goto(f"{served.address}/console/records/people?f={nobody}")
        await expect(page.get_by_role("heading", name="No people match")).to_be_visible()
        # The records of a relation are listed without their number.
        await page.goto(f"{served.address}/console/records/companies")
        await cell(page, "Orion").click()
        await press(page, "Space")
        await expect(page.get_by_role("heading", name="People", level=2)).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.goto(f"{served.address}/console/records/opportunities/board?by=stage")
        await expect(page.get_by_role("region", name="New").get_by_role("listitem")).to_have_count(1)
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.goto(f"{served.address}/console/events")
        await expect(page.get_by_role("table", name="Events").get_by_role("row")).to_have_count(21)
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_with_pages_of_one_sees_whole_names(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        eve = '{ firstName: "Eve", lastName: "Stone", email: "eve@example.com" }'
        await ask(
            served, f'mutation {{ createOpportunity(data: {{ name: "First", person: {{ create: {eve} }} }}) {{ id }} }}'
        )
        reader = await as_role(served, {"object": "*", "read": {}}, limits={"maxPage": 1})
        page = await open_list(watched, reader, "opportunities")
        await count_shown(page, "1 record")
        await expect(cell(page, "Eve Stone")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_the_number_of_a_list_goes_with_the_right_to_count(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        people = [{"firstName": f"P{number:03}", "email": f"{number}@example.com"} for number in range(147)]
        await ask(served, CREATE, data=people)
        reader = await as_role(served, {"object": "*", "read": {}})
        page = await open_list(watched, reader, "people?sort=firstName")
        await count_shown(page, "150 records")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        role = (await served.ask("/metadata", '{ role(name: "partial") { id } }'))["role"]
        grants = [{"object": "*", "aggregates": False, "read": {}}]
        await served.ask("/metadata", UPDATE, id=role["id"], input={"grants": grants})
        await count_shown(page, "More than 100 records")
        # A full page may be the last one.
        names = [person["firstName"] for person in people[:50]]
        delete = "mutation ($names: [String!]!) { deletePeople(filter: { firstName: { in: $names } }) { id } }"
        await ask(served, delete, names=names)
        await page.reload()
        await count_shown(page, "100 records")
        await watched.assert_clean(served.address, LOADED)
