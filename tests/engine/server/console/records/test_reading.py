"""A list of records: its columns, filter, order, search and address."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.forms import choose
from tests.engine.server.console.records.lists import ask, cell, count_shown, create_object, open_list
from tests.waiting import until

pytestmark = pytest.mark.system

LOADED = (".js", ".css")


async def test_a_list_is_filtered_sorted_and_searched_and_its_address_brings_it_back(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        await ask(
            served, 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } }, data: { city: "Berlin" }) { id } }'
        )
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        heads = await page.get_by_role("columnheader").all_inner_texts()
        assert [head for head in heads if head][:3] == ["First name", "Last name", "Email"]
        await watched.assert_accessible()

        await page.get_by_role("button", name="First name").click()
        await expect(page.get_by_role("columnheader", name="First name")).to_have_attribute("aria-sort", "ascending")
        await page.get_by_role("button", name="First name").click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("Łukasz")

        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition").click()
        await page.get_by_label("Field").select_option(label="City")
        await page.get_by_label("Operator").select_option(label="has no value")
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Condition", exact=True).click()
        await page.get_by_label("Field").nth(1).select_option(label="First name")
        await page.get_by_label("Operator").nth(1).select_option(label="starts with")
        await page.get_by_role("textbox", name="Value").fill("gr")
        await count_shown(page, "1 record")
        await expect(page.get_by_role("listitem").filter(has_text="First name starts with gr")).to_be_visible()
        await watched.assert_accessible()

        await page.get_by_label("Which of the conditions must hold").select_option(label="None of these holds")
        await count_shown(page, "1 record")
        await expect(cell(page, "Ada")).to_be_visible()
        await page.reload()
        await count_shown(page, "1 record")
        await expect(page.get_by_role("button", name="Filter 2")).to_be_visible()
        await page.get_by_role("button", name="Remove: not (City has no value or First name starts with gr)").click()
        await count_shown(page, "3 records")

        await page.get_by_role("searchbox", name="Search People").fill("nobody here")
        await expect(page.get_by_role("heading", name="No people match")).to_be_visible()
        await watched.assert_accessible()
        # The number of records without a condition tells which one is the narrowest.
        await page.get_by_role("button", name="Without the search “nobody here” 3 records").click()
        await count_shown(page, "3 records")
        await watched.assert_clean(served.address, LOADED)


async def test_columns_are_hidden_moved_and_sized_and_the_order_has_several_keys(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Columns").click()
        await page.get_by_label("Phone").first.uncheck()
        await page.get_by_role("button", name="Move Email to the left").click()
        # Its first digit alone would be less than the narrowest column.
        width = page.get_by_label("Width of Email")
        await width.fill("")
        await width.press_sequentially("300")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Done").click()
        heads = [head for head in await page.get_by_role("columnheader").all_inner_texts() if head]
        assert heads[:4] == ["First name", "Email", "Last name", "Job title"]
        box = await page.get_by_role("columnheader", name="Email").bounding_box()
        assert box is not None
        assert box["width"] == 300

        await page.get_by_role("button", name="Sort").click()
        await page.get_by_role("button", name="Sort key").click()
        await page.get_by_label("Sort key 1").first.select_option(label="Email")
        await page.get_by_label("Direction 1").select_option(label="descending")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("Łukasz")
        await expect(page).to_have_url(re.compile("sort=-email"))
        await watched.assert_clean(served.address, LOADED)


async def test_an_object_without_records_and_one_that_is_not_there_say_so(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "companies")
        await expect(page.get_by_role("heading", name="No companies yet")).to_be_visible()
        await watched.assert_accessible()
        await page.goto(f"{served.address}/console/records/unicorns")
        await expect(page.get_by_text("There is no object “unicorns”")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_no_letter_is_lost_in_a_search_or_a_filter(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        search = page.get_by_label("Search People")
        await search.press_sequentially("race@example")
        await expect(search).to_have_value("race@example")
        await search.press("Home")
        await search.press_sequentially("G")
        await count_shown(page, "1 record")
        await expect(search).to_have_value("Grace@example")
        await search.fill("")
        await count_shown(page, "3 records")

        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition").click()
        await page.get_by_label("Field", exact=True).select_option(label="First name")
        await page.get_by_label("Value", exact=True).press_sequentially("Łuk", delay=50)
        await count_shown(page, "1 record")
        await expect(page.get_by_label("Value", exact=True)).to_have_value("Łuk")
        await page.get_by_role("button", name="Remove: First name").click()
        await count_shown(page, "3 records")
        await expect(page.get_by_label("Value", exact=True)).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_conditions_and_links_name_the_records_behind_them(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        link = {"objectMetadataId": "person", "type": "RELATION", "name": "advised", "label": "Advised companies"}
        payload = {"type": "MANY_TO_MANY", "targetObjectMetadataId": "company", "targetFieldLabel": "Advisors"}
        mentors = {"targetFieldLabel": "Mentors", "junctionNameSingular": "mentor", "junctionNamePlural": "mentors"}
        other = {"name": "mentored", "label": "Mentored companies", "relationCreationPayload": {**payload, **mentors}}
        changes = [{"createField": {**link, "relationCreationPayload": payload}}, {"createField": {**link, **other}}]
        apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
        await served.ask("/metadata", apply, changes=changes)
        people = '{ create: [{ email: "x@x.example" }] }'
        create = f'mutation {{ createCompany(data: {{ name: "Orion", people: {people} }}) {{ id }} }}'
        orion = (await ask(served, create))["createCompany"]["id"]
        ada = (await ask(served, '{ person(where: { email: "Ada@example.com" }) { id } }'))["person"]["id"]
        await ask(
            served,
            "mutation ($person: UUID!, $company: UUID!) {"
            " createPersonCompany(data: { personId: $person, companyId: $company }) { id } }",
            person=ada,
            company=orion,
        )
        # One request names the records of all conditions; one that is not there has a word.
        wanted = {"or": [{"companyId": {"in": [orion, ada]}}, {"advised": {"some": {"personId": {"eq": ada}}}}]}
        asked: list[str] = []
        watched.page.on("request", lambda one: asked.append(one.post_data or ""))
        page = await open_list(watched, served, f"people?f={json.dumps(wanted)}")
        await count_shown(page, "2 records")
        words = "Company is any of Orion, an unknown company or some Advised companies: Person is Ada"
        await expect(page.get_by_role("button", name=f"Remove: {words}")).to_be_visible()
        assert len([body for body in asked if "query ConsoleNames" in body]) == 1
        # One request reads the fields of both objects that have no text.
        links = [body for body in asked if "query ConsoleObject(" in body and '"mentors"' in body]
        assert links
        assert all('"personCompanies"' in body for body in links)
        await watched.assert_accessible()

        # A record of the link has no text: both of its sides name it, in lists, in headings and in searches.
        await page.goto(f"{served.address}/console/records/companies/{orion}")
        advisors = page.get_by_role("region", name="Advisors of Orion")
        await advisors.get_by_role("link", name="Ada · Orion", exact=True).click()
        await expect(page.get_by_role("heading", name="Ada · Orion", level=1)).to_be_visible()
        await watched.assert_accessible()
        await page.goto(f"{served.address}/console/access/explain")
        await choose(page, "Object", "Person Companies")
        await page.get_by_role("button", name="Choose a record…").click()
        await page.get_by_role("combobox", name="Person Company").fill("ori")
        await page.get_by_role("option", name="Ada · Orion").click()
        await expect(page.get_by_role("button", name="Ada · Orion")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_today_is_the_day_of_the_person(watched: Watched, serve: Serve) -> None:
    now = datetime.now(UTC)
    # A zone that has another date than UTC now, and has it for ten hours more at least.
    zone, hours = ("Pacific/Kiritimati", 14) if now.hour >= 11 else ("Pacific/Pago_Pago", -11)
    here = (now + timedelta(hours=hours)).date()
    async with serve() as served:
        for name, day in (("Here", here), ("Greenwich", now.date())):
            data = {"name": name, "closeDate": day.isoformat()}
            await ask(
                served, "mutation ($data: OpportunityInput!) { createOpportunity(data: $data) { id } }", data=data
            )
        browser = await watched.page.context.new_cdp_session(watched.page)
        await browser.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        page = await open_list(watched, served, "opportunities")
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition").click()
        await page.get_by_label("Field").select_option(label="Close date")
        await page.get_by_label("Operator").select_option(label="is today")
        await count_shown(page, "1 record")
        await expect(cell(page, "Here")).to_be_visible()
        await expect(
            page.get_by_role("listitem").filter(has_text=f"Close date is within this day in {zone}")
        ).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_label("Direction").select_option(label="the last")
        await expect(page.get_by_text(f"Close date is within the last 1 days in {zone}")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_saved_filter_that_says_today_is_read(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, 'people?f={"createdAt":{"isToday":true}}')
        await count_shown(page, "3 records")
        await expect(page.get_by_role("listitem").filter(has_text="Created at is today in UTC")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_filter_keeps_the_digits_of_its_numbers(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "part", [{"type": "NUMBER", "name": "price", "label": "Price"}])
        parts = '[{ name: "a", price: 12345678901234567.89 }, { name: "b", price: 1.5 }, { name: "c", price: 2 }]'
        await ask(served, f"mutation {{ createParts(data: {parts}) {{ id }} }}")
        page = await open_list(watched, served, "parts")
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition").click()
        await page.get_by_label("Field", exact=True).select_option("price")
        await page.get_by_label("Operator").select_option("eq")
        await page.get_by_label("Value", exact=True).press_sequentially("12345678901234567.89")
        await count_shown(page, "1 record")
        await page.reload()
        await count_shown(page, "1 record")
        await expect(cell(page, "12,345,678,901,234,567.89")).to_be_visible()

        await page.get_by_role("button", name="Filter").click()
        await page.get_by_label("Operator").select_option("in")
        await page.get_by_label("Values, separated by commas").press_sequentially("2, 1.50")
        await count_shown(page, "2 records")
        await page.reload()
        await page.get_by_role("button", name="Filter").click()
        await expect(page.get_by_label("Values, separated by commas")).to_have_value("2, 1.50")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_amounts_of_a_list_are_opened_as_they_were_typed(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "part", [{"type": "CURRENCY", "name": "price", "label": "Price"}])
        price = '{ price: { amountMicros: "12500000", currencyCode: "EUR" } }'
        await ask(served, f"mutation {{ createPart(data: {price}) {{ id }} }}")
        page = await open_list(watched, served, 'parts?f={"price":{"amountMicros":{"in":["12500000"]}}}')
        await count_shown(page, "1 record")
        await page.get_by_role("button", name="Filter").click()
        values = page.get_by_label("Values, separated by commas")
        await expect(values).to_have_value("12.50")
        await values.fill("12.50, 3")
        await expect(page.get_by_role("listitem").filter(has_text="is any of 12.50, 3.00")).to_be_visible()
        await count_shown(page, "1 record")
        await watched.assert_clean(served.address, LOADED)


async def test_a_relation_is_compared_with_several_records_by_their_names(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        for name, person in (("Orion", "Ada"), ("Zeta", "Grace")):
            made = await ask(served, f'mutation {{ createCompany(data: {{ name: "{name}" }}) {{ id }} }}')
            update = "mutation ($filter: PersonFilterInput!, $data: PersonInput!)"
            await ask(
                served,
                f"{update} {{ updatePeople(filter: $filter, data: $data) {{ id }} }}",
                filter={"firstName": {"eq": person}},
                data={"companyId": made["createCompany"]["id"]},
            )
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition").click()
        await page.get_by_label("Field", exact=True).select_option("companyId")
        await page.get_by_label("Operator").select_option("in")
        await choose(page, "Company", "Orion")
        await count_shown(page, "1 record")
        other = page.get_by_role("button", name="Choose a record…")
        await expect(other).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("combobox", name="Company")).to_be_focused()
        await choose(page, "Company", "Zeta")
        await count_shown(page, "2 records")
        await expect(page.get_by_role("listitem").filter(has_text="Company is any of Orion, Zeta")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Without Orion").click()
        await count_shown(page, "1 record")
        await expect(cell(page, "Grace")).to_be_visible()
        await expect(other).to_be_focused()
        await page.get_by_role("button", name="Without Zeta").press("Enter")
        await expect(page.get_by_role("combobox", name="Company")).to_be_focused()
        await watched.assert_clean(served.address, LOADED)


async def test_a_condition_on_a_field_that_another_renames_is_marked_and_left_out(
    watched: Watched, serve: Serve
) -> None:
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    async with serve() as served:
        page = await open_list(watched, served, 'people?f={"jobTitle":{"eq":"x"},"firstName":{"startsWith":"A"}}')
        await expect(page.get_by_role("heading", name="No people match")).to_be_visible()
        change = {"updateField": {"id": "person.jobTitle", "update": {"name": "post"}}}
        await served.ask("/metadata", apply, changes=[change])
        gone = page.get_by_role("button", name="Remove: jobTitle (a field that is gone) is x")
        await expect(gone).to_be_visible()
        await count_shown(page, "1 record")
        await watched.assert_accessible()
        await page.reload()
        await count_shown(page, "1 record")
        await gone.click()
        await expect(gone).to_be_hidden()
        await count_shown(page, "1 record")
        # The browser itself tells of a request that was on its way when the field was renamed.
        watched.complaints[:] = [said for said in watched.complaints if "400" not in said]
        await watched.assert_clean(served.address, LOADED)


async def test_rows_are_shown_before_they_are_counted_and_no_number_of_before_stands_for_them(
    watched: Watched, serve: Serve
) -> None:
    cities = ["Bonn"] * 120 + ["Köln"] * 120
    data = [
        {"firstName": f"Filler {at}", "email": f"{at}@many.example", "city": city} for at, city in enumerate(cities)
    ]
    number = watched.page.get_by_role("status", name="Number of records")
    async with serve() as served:
        await ask(served, "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=data)
        page = watched.page
        held = await hold_requests(page, "/graphql", "ConsoleCount")
        await watched.sign_in(served, "/console/records/people")
        await expect(cell(page, "Ada")).to_be_visible()
        await expect(number).to_have_text("Counting…")
        held.released.set()
        await count_shown(page, "243 records")

        held.released.clear()
        await page.get_by_role("searchbox", name="Search People").fill("Bonn")
        await expect(cell(page, "Filler 0")).to_be_visible()
        await expect(cell(page, "Ada")).to_have_count(0)
        await expect(number).to_have_text("Counting…")
        await page.get_by_label("Select all records").check()
        await expect(page.get_by_text("All records selected")).to_be_visible()
        await page.get_by_role("button", name="Edit…").click()
        await expect(page.get_by_role("dialog", name="Edit all records")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Cancel").click()
        # A list that is read to its end is counted by that.
        await page.get_by_role("searchbox", name="Search People").fill("Grace")
        await expect(number).to_have_text("1 record")
        held.released.set()
        await page.get_by_role("searchbox", name="Search People").fill("Köln")
        await count_shown(page, "120 records")
        # No list is empty before it was read.
        await page.get_by_role("searchbox", name="Search People").fill("nobody")
        none = page.get_by_role("heading", name="No people match")
        await expect(none).to_be_visible()
        await page.unroute("**/graphql")
        held = await hold_requests(page, "/graphql", "ConsoleRecords", "ConsoleCount")
        await page.get_by_role("searchbox", name="Search People").fill("Ada")
        await until(lambda: bool(held.requests))
        await expect(number).to_have_text("Counting…")
        await expect(none).to_be_hidden()
        held.released.set()
        await expect(cell(page, "Ada")).to_be_visible()
        await count_shown(page, "1 record")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)
