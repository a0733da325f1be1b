"""A file becomes records and a list becomes a file, in the browser."""

import json
import re
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import FilePayload, Route, expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import ask, count_shown, open_list, press
from tests.waiting import until

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
LONG = 20_000
"""Rows of a file that is imported in several batches."""
FILE = b"Vorname,E-mail,city\nJo,jo@example.com,0600\nEva,Grace@example.com,Bonn\n"


async def test_a_file_is_checked_imported_and_taken_back(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("link", name="Import").click()
        await watched.assert_accessible()
        file = FilePayload(name="crm.csv", mimeType="text/csv", buffer=FILE)
        await page.get_by_label("File", exact=True).set_input_files(file)
        await expect(page.get_by_label("Field for city")).to_have_value("city")
        await page.get_by_label("Field for Vorname").select_option(label="First name")
        await page.get_by_label("Field for E-mail").select_option(label="Email")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Check").click()
        await expect(
            page.get_by_text("Nothing is written yet. 1 would be created, 0 updated, 1 refused.")
        ).to_be_visible(timeout=60_000)
        refused = page.get_by_role("table", name="Refused rows").get_by_role("row")
        await expect(refused.last).to_have_text(re.compile("2.*Email.*Another Person has this value"))
        await watched.assert_accessible()
        await page.get_by_label("Records that are there already").select_option(label="Update where Email is equal")
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 1 created, 1 updated, 0 refused.")).to_be_visible(timeout=60_000)
        await watched.assert_accessible()
        found = await ask(served, '{ person(where: { email: "jo@example.com" }) { firstName city } }')
        assert found["person"] == {"firstName": "Jo", "city": "0600"}

        await page.reload()
        await page.get_by_role("button", name="Undo the import").click()
        question = page.get_by_role("alertdialog", name="Undo the import?")
        await expect(question).to_contain_text("The created records (1) move to the trash")
        await watched.assert_accessible()
        await question.get_by_role("button", name="Undo it").click()
        await expect(page.get_by_text("Undone. 2 undone, 0 kept")).to_be_visible(timeout=60_000)
        await page.get_by_role("link", name="People", exact=True).last.click()
        await count_shown(page, "3 records")
        await watched.assert_clean(served.address, LOADED)


async def test_labels_of_options_and_the_keys_of_relations_are_imported(watched: Watched, serve: Serve) -> None:
    options = [{"value": "NEW_LEAD", "label": "New lead"}, {"value": "WON", "label": "Won"}]
    stage = {"objectMetadataId": "person", "type": "SELECT", "name": "stage", "label": "Stage", "options": options}
    code = {"objectMetadataId": "company", "type": "TEXT", "name": "code", "label": "Code", "isUnique": True}
    number = {"objectMetadataId": "company", "type": "NUMBER", "name": "serial", "label": "Serial", "isUnique": True}
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    lines = ["email,Stage,Company code,Firm", "jo@x,new lead,ACME,", "al@x,Wonn,ACME,", "bo@x,Won,ACNE,"]
    async with serve() as served:
        await served.ask("/metadata", apply, changes=[{"createField": one} for one in (stage, code, number)])
        await ask(served, 'mutation { createCompany(data: { name: "Acme", code: "ACME" }) { id } }')
        page = await open_list(watched, served, "people/import")
        file = FilePayload(name="leads.csv", mimeType="text/csv", buffer="\n".join(lines).encode())
        await page.get_by_label("File", exact=True).set_input_files(file)
        await expect(page.get_by_label("Field for Company code")).to_have_value("company.code")
        await expect(
            page.get_by_label("Field for Firm").get_by_role("option", name=re.compile("Company . Code"))
        ).to_be_attached()
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 1 created, 0 updated, 2 refused.")).to_be_visible(timeout=60_000)
        refused = page.get_by_role("table", name="Refused rows").get_by_role("row")
        await expect(refused.nth(1)).to_have_text(re.compile("2.*Stage.*not \"Wonn\".*Did you mean 'Won'"))
        await expect(refused.nth(2)).to_have_text(re.compile("3Company.*The row has \"ACNE\" in 'company.code'"))
        await watched.assert_accessible()
        found = await ask(served, '{ person(where: { email: "jo@x" }) { stage company { name } } }')
        assert found["person"] == {"stage": "NEW_LEAD", "company": {"name": "Acme"}}
        # A key that is no text is shown where the server suggests it, as it would be imported.
        await page.goto(f"{served.address}/console/records/people/import")
        numbers = FilePayload(name="numbers.csv", mimeType="text/csv", buffer=b"email,Company serial\njo@x,1\n")
        await page.get_by_label("File", exact=True).set_input_files(numbers)
        await expect(page.get_by_label("Field for Company serial")).to_have_value("company.serial")
        await watched.assert_clean(served.address, LOADED)


async def test_names_of_related_records_that_are_no_ids_are_led_to_their_unique_text(
    watched: Watched, serve: Serve
) -> None:
    unique = {"objectMetadataId": "company", "type": "TEXT", "name": "code", "label": "Code", "isUnique": True}
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    file = FilePayload(name="staff.csv", mimeType="text/csv", buffer=b"email,Company\njo@x,ACME\n")
    async with serve() as served:
        await ask(served, 'mutation { createCompany(data: { name: "Acme" }) { id } }')
        page = await open_list(watched, served, "people/import")
        await page.get_by_label("File", exact=True).set_input_files(file)
        columns = page.get_by_role("table", name="Columns of the file")
        await expect(columns).to_contain_text("These are no ids. A file can name Companies by a text that is unique")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 0 created, 0 updated, 1 refused.")).to_be_visible()
        await served.ask("/metadata", apply, changes=[{"createField": unique}])
        await ask(
            served, 'mutation { updateCompanies(filter: { name: { eq: "Acme" } }, data: { code: "ACME" }) { id } }'
        )
        # Another try begins with the file.
        await page.get_by_role("link", name="Import another file").click()
        await page.get_by_label("File", exact=True).set_input_files(file)
        await expect(page.get_by_label("Field for Company")).to_have_value("company.code")
        await expect(columns).not_to_contain_text("These are no ids.")
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 1 created, 0 updated, 0 refused.")).to_be_visible()
        found = await ask(served, '{ person(where: { email: "jo@x" }) { company { name } } }')
        assert found["person"] == {"company": {"name": "Acme"}}
        await watched.assert_clean(served.address, LOADED)


async def test_a_file_of_json_lines_is_imported_by_the_names_in_it(watched: Watched, serve: Serve) -> None:
    line = {"email": "jo@x", "city": None, "company": {"create": {"name": "Orion"}}}
    file = FilePayload(name="staff.jsonl", mimeType="application/jsonl", buffer=json.dumps(line).encode())
    async with serve() as served:
        page = await open_list(watched, served, "people/import")
        await page.get_by_label("File", exact=True).set_input_files(file)
        columns = page.get_by_role("table", name="Columns of the file")
        await expect(columns.get_by_role("row").nth(3)).to_have_text(re.compile("company.*Orion"))
        await watched.assert_accessible()
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 1 created, 0 updated, 0 refused.")).to_be_visible()
        found = await ask(served, '{ person(where: { email: "jo@x" }) { company { name } } }')
        assert found["person"] == {"company": {"name": "Orion"}}
        await watched.assert_clean(served.address, LOADED)


async def test_the_columns_of_a_file_that_was_still_received_have_their_fields(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people/import")
        answered: list[str] = []

        async def receive(route: Route) -> None:
            answer = await route.fetch()
            body = await answer.json()
            # The first answer is that of a moment before the file was here.
            if not answered:
                body["data"]["import"] |= {"status": "RECEIVING", "columns": None, "suggested": None, "sample": None}
            answered.append(route.request.url)
            await route.fulfill(response=answer, json=body)

        file = FilePayload(name="crm.csv", mimeType="text/csv", buffer=FILE)
        await page.get_by_label("File", exact=True).set_input_files(file)
        await expect(page.get_by_label("Field for city")).to_have_value("city")
        await page.route("**/rest/imports/*", receive)
        await page.reload()
        await expect(page.get_by_label("Field for city")).to_have_value("city")
        assert len(answered) > 1

        async def refuse(route: Route) -> None:
            answer = await route.fetch()
            body = await answer.json()
            if len(refused) < 2:
                refused.append(20 + 10 * len(refused))
                body["data"]["import"] |= {"status": "CHECKING", "failed": refused[-1]}
            await route.fulfill(response=answer, json=body)

        # The first of many refused rows are read once, however many more there are at the next look.
        refused: list[int] = []
        await page.route("**/rest/imports/*", refuse)
        watched.requests.clear()
        await page.reload()
        await expect(page.get_by_role("button", name="Check")).to_be_enabled()
        assert len(refused) == 2
        assert len([url for url in watched.requests if url.endswith("/errors.csv")]) == 1


async def test_an_export_has_the_filter_and_the_order_of_the_list(
    watched: Watched, serve: Serve, tmp_path: Path
) -> None:
    async with serve() as served:
        page = await open_list(watched, served, 'people?sort=-firstName&f={"firstName":{"in":["Ada","Grace"]}}')
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Export").click()
        await expect(page.get_by_role("menuitem", name="As JSON Lines")).to_be_visible()
        await watched.assert_accessible()
        async with page.expect_download() as download:
            await page.get_by_role("menuitem", name="As CSV").click()
        await (await download.value).save_as(tmp_path / "people.csv")
        lines = (tmp_path / "people.csv").read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("firstName,lastName,email,")
        assert [name for line in lines[1:] for name in ("Ada", "Grace") if name in line.split(",")] == ["Grace", "Ada"]
        await page.get_by_role("button", name="Export").press("Enter")
        await expect(page.get_by_role("menuitem", name="As CSV")).to_be_focused()
        async with page.expect_download() as download:
            await press(page, "ArrowDown", "Enter")
        await (await download.value).save_as(tmp_path / "people.jsonl")
        records = [json.loads(line) for line in (tmp_path / "people.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [record["firstName"] for record in records] == ["Grace", "Ada"]


async def test_a_file_of_another_encoding_is_read_and_its_import_is_found_again(watched: Watched, serve: Serve) -> None:
    text = "email;firstName\nzoe@example.com;Zoë\n"
    async with serve() as served:
        page = await open_list(watched, served, "people/import")
        for name, content in (("utf16.csv", text.encode("utf-16")), ("western.csv", text.encode("windows-1252"))):
            file = FilePayload(name=name, mimeType="text/csv", buffer=content)
            await page.get_by_label("File", exact=True).set_input_files(file)
            await expect(page.get_by_role("cell", name="Zoë")).to_be_visible()
            await expect(page.get_by_label("Field for firstName")).to_have_value("firstName")
            await page.goto(f"{served.address}/console/records/people/import")
        await expect(page.get_by_role("link", name="utf16.csv")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("link", name="western.csv").click()
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 1 created, 0 updated, 0 refused.")).to_be_visible()
        found = await ask(served, '{ person(where: { email: "zoe@example.com" }) { firstName } }')
        assert found["person"] == {"firstName": "Zoë"}
        await watched.assert_clean(served.address, LOADED)


async def test_a_large_file_is_sent_and_its_sending_is_cancelled(
    watched: Watched, serve: Serve, tmp_path: Path
) -> None:
    file = tmp_path / "large.csv"
    with file.open("w", encoding="utf-8") as written:
        written.write("email,firstName\n")
        line = "x" * 1_000
        written.writelines(f"{number}@example.com,{line}\n" for number in range(50_000))
    async with serve() as served:
        page = await open_list(watched, served, "people/import")
        # However fast the machine is, the file takes half a minute at this rate.
        network = await page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": file.stat().st_size / 30}
        await network.send("Network.emulateNetworkConditions", slow)
        await page.get_by_label("File", exact=True).set_input_files(file)
        question = page.get_by_role("alertdialog", name="Leave while the file is being sent?")
        await page.get_by_role("link", name="Companies").first.click()
        await watched.assert_accessible()
        await question.get_by_role("button", name="Stay").click()
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_text("The file is being sent")).to_be_hidden()
        await network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
        await expect(page.get_by_label("File", exact=True)).to_be_enabled()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.get_by_label("File", exact=True).set_input_files(file)
        size = f"{file.stat().st_size:,}"
        await expect(page.get_by_role("heading", name=f"large.csv · {size} bytes")).to_be_visible(timeout=120_000)
        await expect(page.get_by_label("Field for firstName")).to_have_value("firstName")
        await page.goto(f"{served.address}/console/records/people/import")
        before = page.get_by_role("region", name="Imports before")
        await expect(before.get_by_role("link", name="large.csv")).to_have_count(1)
        await watched.assert_clean(served.address, LOADED)


async def test_a_file_whose_header_has_a_column_twice_is_refused(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people/import")
        file = FilePayload(name="twice.csv", mimeType="text/csv", buffer=b"email,city,email\na,b,c\n")
        await page.get_by_label("File", exact=True).set_input_files(file)
        await expect(page.get_by_role("alert")).to_contain_text("'email' is in the header twice")
        await watched.assert_accessible()
        assert all("400" in complaint for complaint in watched.complaints)


async def test_an_import_is_stopped_and_goes_on(watched: Watched, serve: Serve, app_database: str) -> None:
    lines = [f"{number}@many.example,Person" for number in range(LONG)]
    content = "\n".join(["email,firstName", *lines]).encode()
    async with serve() as served:
        page = await open_list(watched, served, "people/import")
        file = FilePayload(name="many.csv", mimeType="text/csv", buffer=content)
        await page.get_by_label("File", exact=True).set_input_files(file)
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            # The first batch waits for this lock until the person has stopped the import.
            await connection.execute("LOCK TABLE workspace_default.person IN SHARE MODE")
            await page.get_by_role("button", name="Import", exact=True).click()
            await page.get_by_role("button", name="Stop").click()
            await expect(page.get_by_text("Stopped.")).to_be_visible()
        await watched.assert_accessible()
        written = (await ask(served, "{ people { totalCount } }"))["people"]["totalCount"]
        assert written < LONG
        await page.reload()
        # Of an import that has not written yet, the columns can be chosen again.
        await page.get_by_role("button", name=re.compile("^(Go on|Import)$")).click()
        await expect(page.get_by_text("Done. 20,000 created, 0 updated, 0 refused.")).to_be_visible(timeout=180_000)
        await watched.assert_clean(served.address, LOADED)


async def test_a_viewed_role_imports_with_its_own_rights_and_exports_nothing(watched: Watched, serve: Serve) -> None:
    create = """mutation { createRole(input: {
        name: "clerk", label: "Clerk", grants: [{ object: "person", read: {}, create: { preset: { city: "Bonn" } } }]
    }) { id } }"""
    async with serve() as served:
        await served.ask("/metadata", create)
        page = await open_list(watched, served, "../access/roles")
        held = await hold_requests(page, "/metadata", "query ConsoleMe")
        main = page.get_by_role("navigation", name="Main")
        await expect(main).to_be_visible()
        await page.get_by_role("button", name="View as Clerk").click()
        await until(lambda: bool(held.requests))
        # Nothing that the role is answered may be kept as the person's own.
        await expect(main).to_be_hidden()
        held.released.set()
        await main.get_by_role("link", name="People").click()
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Export").click()
        await expect(page.get_by_text("A file would have your own rights")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("link", name="Import").click()
        rows = b"email,firstName\nzoe@example.com,Zoe\nGrace@example.com,Grace\n"
        file = FilePayload(name="clerk.csv", mimeType="text/csv", buffer=rows)
        await page.get_by_label("File", exact=True).set_input_files(file)
        await page.get_by_role("button", name="Import", exact=True).click()
        await expect(page.get_by_text("Done. 1 created, 0 updated, 1 refused.")).to_be_visible()
        await expect(page.get_by_text("The refused rows have a file where you view no other role.")).to_be_visible()
        await expect(page.get_by_role("link", name="Refused rows as CSV")).to_have_count(0)
        await watched.assert_accessible()
        found = await ask(served, '{ person(where: { email: "zoe@example.com" }) { city } }')
        assert found["person"] == {"city": "Bonn"}
        await page.get_by_role("button", name="Stop", exact=True).click()
        await watched.assert_clean(served.address, LOADED)
