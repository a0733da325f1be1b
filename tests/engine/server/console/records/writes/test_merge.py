"""Duplicates are found, chosen and merged from the list, with the rights of the person's role."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import ask, cell, count_shown, open_list, press

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
TWINS = [
    {"firstName": "Joan", "lastName": "Clarke", "email": "joan@x.example", "city": "Bletchley"},
    {
        "firstName": "joan",
        "lastName": "CLARKE",
        "email": "clarke@x.example",
        "jobTitle": "Cryptanalyst",
        "city": "London",
    },
    {"firstName": "Joan", "lastName": "Murray", "email": "murray@x.example", "phone": "1912"},
]
GRANT = '{ object: "person", read: {}, update: { fields: { only: ["city"] } }, delete: {} }'
ROLE = f'mutation {{ createRole(input: {{ name: "clerk", label: "Clerk", grants: [{GRANT}] }}) {{ id }} }}'


async def test_a_likely_duplicate_is_merged_into_the_record_that_stays(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        made = (await ask(served, CREATE, data=TWINS))["createPeople"]
        first, second, _ = (one["id"] for one in made)
        note = 'mutation ($id: UUID!) { createActivity(data: { title: "Call", personId: $id }) { id } }'
        await ask(served, note, id=first)
        page = await open_list(watched, served, 'people?sort=email&f={"email":{"in":["joan@x.example"]}}')
        await count_shown(page, "1 record")
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ")
        await page.get_by_role("button", name="Merge…").click()
        dialog = page.get_by_role("dialog", name="Merge People")
        await expect(dialog.get_by_role("checkbox", name="1 · Joan Clarke")).to_be_checked()
        twin = dialog.get_by_role("checkbox", name="2 · joan CLARKE")
        await expect(twin).not_to_be_checked()
        # The likely duplicates alone are offered.
        await expect(dialog.get_by_role("checkbox")).to_have_count(2)
        await expect(dialog.get_by_role("status")).to_have_text("Choose two records or more.")
        await expect(dialog.get_by_role("button", name="Merge 1 record")).to_be_disabled()
        await watched.assert_accessible()
        await twin.check()
        await expect(dialog.get_by_text("2 records would become one.")).to_be_visible()
        await dialog.get_by_label("The record that stays").select_option(label="2 · joan CLARKE")
        result = dialog.get_by_role("row", name="City").get_by_role("cell")
        await expect(result).to_have_text(["City", "Bletchley", "London", "London"])
        await expect(dialog.get_by_role("row", name="Activities").get_by_role("cell").last).to_have_text("1")
        await expect(dialog.get_by_role("columnheader").last).to_have_text("After the merge")
        await watched.assert_accessible()
        found = await ask(served, "query ($id: UUID!) { person(id: $id) { city } }", id=first)
        assert found["person"] == {"city": "Bletchley"}
        await dialog.get_by_role("button", name="Merge 2 records").click()
        await expect(page.get_by_text("Merged 2 records into joan CLARKE")).to_be_visible()
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_role("toolbar", name="Selection")).to_be_hidden()
        query = "query ($id: UUID!) { person(id: $id) { city jobTitle activities { totalCount } } }"
        merged = {"city": "London", "jobTitle": "Cryptanalyst", "activities": {"totalCount": 1}}
        assert (await ask(served, query, id=second))["person"] == merged
        assert (await ask(served, query, id=first))["person"] is None
        await page.get_by_role("button", name="Open", exact=True).click()
        await expect(page.get_by_role("complementary", name="Person joan CLARKE")).to_contain_text("Cryptanalyst")
        await watched.assert_clean(served.address, LOADED)


async def test_no_step_before_a_merge_takes_the_record_that_stays_away(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await ask(served, CREATE, data=TWINS[:2])
        page = await open_list(watched, served, 'people?sort=email&f={"city":{"in":["Bletchley","London"]}}')
        await count_shown(page, "2 records")
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ", "Delete")
        await count_shown(page, "1 record")
        await page.get_by_role("button", name="Undo").click()
        await count_shown(page, "2 records")
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", "Shift+ ", "ArrowDown", "Shift+ ")
        await page.get_by_role("button", name="Merge…").click()
        await page.get_by_role("button", name="Merge 2 records").click()
        await expect(page.get_by_text("Merged 2 records into")).to_be_visible()
        await count_shown(page, "1 record")
        # The other one is in the trash, and this one has all of it.
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.post_data or ""))
        await page.get_by_role("grid").focus()
        await press(page, "Control+Shift+Z")
        await expect(page.get_by_text("Merged 2 records into")).to_have_count(0)
        assert not any("ConsoleDelete" in one for one in sent)
        count = '{ people(filter: { city: { in: ["Bletchley", "London"] } }) { totalCount } }'
        assert (await ask(served, count))["people"]["totalCount"] == 1
        await watched.assert_clean(served.address, LOADED)


async def test_more_than_nine_records_are_not_merged_at_once(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        alike = [{"firstName": "Joan", "lastName": "Clarke", "email": f"{number}@x.example"} for number in range(12)]
        await ask(served, CREATE, data=alike)
        page = await open_list(watched, served, 'people?sort=email&f={"firstName":{"eq":"Joan"}}')
        await count_shown(page, "12 records")
        await page.get_by_role("grid").focus()
        await press(page, *["Shift+ ", "ArrowDown"] * 9)
        await page.get_by_role("button", name="Merge…").click()
        dialog = page.get_by_role("dialog", name="Merge People")
        await expect(dialog.get_by_role("checkbox")).to_have_count(12)
        await expect(dialog.get_by_text("9 records would become one.")).to_be_visible()
        await dialog.get_by_role("checkbox").last.check()
        await expect(dialog.get_by_role("status")).to_have_text("At most 9 records are merged at once.")
        await expect(dialog.get_by_role("button", name="Merge 10 records")).to_be_disabled()
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Cancel").click()
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ")
        await expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("10 records selected")
        await expect(page.get_by_role("button", name="Merge…")).to_be_hidden()
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_without_the_rights_is_told_and_merges_nothing(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await ask(served, CREATE, data=TWINS)
        await served.ask("/metadata", ROLE)
        page = await open_list(watched, served, "../access/roles")
        await page.get_by_role("button", name="View as Clerk").click()
        await page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
        await count_shown(page, "6 records")
        await expect(cell(page, "Bletchley")).to_be_attached()
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ", "ArrowDown", "Shift+ ")
        await page.get_by_role("button", name="Merge…").click()
        dialog = page.get_by_role("dialog", name="Merge People")
        refusals = ["The role clerk does not look for duplicates of People.", "The role 'clerk' may not merge People."]
        await expect(dialog.get_by_role("alert")).to_contain_text(refusals)
        await expect(dialog.get_by_role("status")).to_have_text("")
        await watched.assert_accessible()
        await expect(dialog.get_by_role("button", name="Merge 2 records")).to_be_disabled()
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_be_hidden()
        assert (await ask(served, "{ people { totalCount } }"))["people"]["totalCount"] == 6


async def test_a_record_that_another_changed_meanwhile_is_told_and_not_merged(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        _, second = (one["id"] for one in (await ask(served, CREATE, data=TWINS[:2]))["createPeople"])
        page = await open_list(watched, served, 'people?sort=email&f={"city":{"in":["Bletchley","London"]}}')
        await count_shown(page, "2 records")
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ", "ArrowDown", "Shift+ ")
        await page.get_by_role("button", name="Merge…").click()
        dialog = page.get_by_role("dialog", name="Merge People")
        await expect(dialog.get_by_text("2 records would become one.")).to_be_visible()
        change = 'mutation ($id: UUID!) { updatePerson(id: $id, data: { city: "Dublin" }) { id } }'
        await ask(served, change, id=second)
        await dialog.get_by_role("button", name="Merge 2 records").click()
        told = dialog.get_by_role("alert")
        await expect(told).to_contain_text("1 · joan CLARKE was changed meanwhile.")
        await watched.assert_accessible()
        await expect(dialog.get_by_role("button", name="Merge 2 records")).to_be_disabled()
        live = 'query { people(filter: { city: { in: ["Bletchley", "Dublin"] } }) { totalCount } }'
        assert (await ask(served, live))["people"]["totalCount"] == 2
        await told.get_by_role("button", name="Show the present values").click()
        values = dialog.get_by_role("row", name="City").get_by_role("cell")
        await expect(values.filter(has_text="Dublin").first).to_be_visible()
        await expect(told).to_have_count(0)
        await dialog.get_by_role("button", name="Merge 2 records").click()
        await expect(page.get_by_text("Merged 2 records into")).to_be_visible()
        assert (await ask(served, live))["people"]["totalCount"] == 1


async def test_records_are_merged_while_their_duplicates_are_looked_for(watched: Watched, serve: Serve) -> None:
    """A search for duplicates may take seconds, and found ones that are not chosen change nothing in the merge."""
    async with serve() as served:
        await ask(served, CREATE, data=TWINS[:2])
        page = await open_list(watched, served, 'people?sort=email&f={"city":{"in":["Bletchley","London"]}}')
        await count_shown(page, "2 records")
        await page.get_by_role("grid").focus()
        await press(page, "Shift+ ", "ArrowDown", "Shift+ ")
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.post_data or ""))
        held = await hold_requests(page, "/graphql", "ConsoleDuplicates")
        await page.get_by_role("button", name="Merge…").click()
        dialog = page.get_by_role("dialog", name="Merge People")
        merge = dialog.get_by_role("button", name="Merge 2 records")
        await expect(merge).to_be_enabled()
        held.released.set()
        await expect(dialog.get_by_text("2 records would become one.")).to_be_visible()
        await merge.click()
        await expect(page.get_by_text("Merged 2 records into")).to_be_visible()
        # One trial, and the merge itself.
        assert sum("mutation ConsoleMerge" in one for one in sent) == 2
