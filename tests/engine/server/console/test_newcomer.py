"""The way of a person that has never seen the console, in the browser alone: it is the tutorial, with its pictures."""

import re

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.forms import apply_plan, choose
from tests.engine.server.console.newcomer import Pictures
from tests.engine.server.console.records.lists import ask, assert_live, cell, count_shown, press

pytestmark = pytest.mark.system

ROWS = 10_000
MOST_REQUESTS = 150
"""Some are sent twice where a subscription begins late: see "Live" in docs/explanation/console.md."""
_JOB = re.compile(r"/rest/imports/[0-9a-f-]{36}$")
FIELDS = (("Hours", "Number"), ("Reported on", "Date"), ("Urgent", "True or false"), ("Details", "Text"))
STATUSES = ("Open", "Waiting", "Solved")


def tickets() -> bytes:
    """A file of CSV with a row for each ticket."""
    lines = ["Name,Status,Hours,Reported on,Urgent,Details"]
    for number in range(ROWS):
        status = STATUSES[number % 3].upper()
        day = f"2026-{1 + number % 12:02}-{1 + number % 28:02}"
        urgent = "true" if number % 7 == 0 else "false"
        lines.append(f"Ticket {number:05},{status},{number % 16},{day},{urgent},Call number {number}")
    return "\n".join(lines).encode()


async def add_object(page: Page, pictures: Pictures) -> None:
    await page.get_by_role("link", name="Open the data model").click()
    await page.get_by_role("button", name="Object", exact=True).click()
    await page.get_by_label("Label of one").fill("Ticket")
    await expect(page.get_by_label("Name of several in the API")).to_have_value("tickets")
    await pictures.take("new-object")
    await page.get_by_role("button", name="Show the plan").click()
    appears = page.get_by_role("region", name="Appears")
    await expect(appears).to_contain_text("parts of the API")
    # A newcomer asks for their names, or does not.
    await expect(appears.get_by_text("Mutation.createTicket", exact=True)).to_be_hidden()
    await pictures.take("plan")
    await page.get_by_role("button", name="Apply", exact=True).click()


async def add_fields(page: Page, pictures: Pictures) -> None:
    add = page.get_by_role("button", name="Field", exact=True)
    await add.click()
    await page.get_by_label("Label", exact=True).fill("Status")
    await choose(page, "Type", "Select")
    for label in STATUSES:
        await page.get_by_role("button", name="Option", exact=True).click()
        await page.get_by_placeholder("Label").last.fill(label)
    await pictures.take("select-field")
    await apply_plan(page, "New field of Ticket")
    for label, kind in FIELDS:
        await add.click()
        await page.get_by_label("Label", exact=True).fill(label)
        await choose(page, "Type", kind)
        await apply_plan(page, "New field of Ticket")
        await expect(page.get_by_role("link", name=label, exact=True)).to_be_visible()
    await add.click()
    await page.get_by_label("Label", exact=True).fill("Customer")
    await choose(page, "Type", "Relation")
    await choose(page, "To the object", "Companies")
    await pictures.take("relation")
    await apply_plan(page, "New field of Ticket")
    await expect(page.get_by_role("link", name="Customer", exact=True)).to_be_visible()
    await pictures.take("fields")


async def import_file(page: Page, pictures: Pictures) -> None:
    await page.get_by_role("link", name="Records", exact=True).click()
    await page.get_by_role("link", name="Import").first.click()
    file = FilePayload(name="tickets.csv", mimeType="text/csv", buffer=tickets())
    await page.get_by_label("File", exact=True).set_input_files(file)
    await expect(page.get_by_label("Field for Reported on")).to_have_value("reportedOn")
    await pictures.take("columns-of-the-file")
    await page.get_by_role("button", name="Import", exact=True).click()
    await expect(page.get_by_text("Done. 10,000 created, 0 updated, 0 refused.")).to_be_visible(timeout=120_000)
    await pictures.take("imported")
    await page.get_by_role("link", name="Open Tickets").click()
    await count_shown(page, "10,000 records")


async def filter_and_save(page: Page, pictures: Pictures) -> None:
    await page.get_by_role("button", name="Filter").click()
    await page.get_by_role("button", name="Condition").click()
    await page.get_by_label("Field", exact=True).select_option(label="Status")
    await page.get_by_label("Value", exact=True).select_option(label="Open")
    await count_shown(page, "3,334 records")
    await pictures.take("filter")
    await page.get_by_role("button", name="Save as…").click()
    await page.get_by_role("textbox", name="Name").fill("Open tickets")
    await page.get_by_label("Shared with everyone").check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_label("View", exact=True).locator("option:checked")).to_have_text("Open tickets")


async def see_anothers_change(page: Page, change: str, pictures: Pictures) -> None:
    await assert_live(page)
    await expect(cell(page, change)).to_be_visible()
    await pictures.take("live")


async def make_role_and_key(page: Page, pictures: Pictures) -> str:
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Access").click()
    await page.get_by_role("button", name="Role", exact=True).click()
    await page.get_by_label("Label", exact=True).fill("Reader")
    await pictures.take("role")
    await apply_plan(page, "New role")
    await page.get_by_role("link", name="Keys").click()
    await page.get_by_role("button", name="Key", exact=True).click()
    await page.get_by_label("Name", exact=True).fill("Report")
    await page.get_by_label("Role", exact=True).select_option("reader")
    await page.get_by_role("button", name="Create").click()
    key = await page.get_by_text(re.compile(r"^fs_\S{20,}$")).inner_text()
    await pictures.take("key")
    await page.get_by_role("button", name="Done").click()
    return key


async def see_as_the_role(page: Page, pictures: Pictures) -> None:
    await page.get_by_role("link", name="Roles").click()
    await page.get_by_role("button", name="View as Reader").click()
    await expect(page.get_by_text("You see all of this as the role reader")).to_be_visible()
    side = page.get_by_role("navigation", name="Main")
    await side.get_by_role("link", name="Tickets").click()
    await count_shown(page, "10,000 records")
    await expect(page.get_by_role("button", name="Ticket", exact=True)).to_be_hidden()
    await expect(side.get_by_role("link", name="Data model")).to_be_hidden()
    await expect(page.get_by_text("no live updates", exact=True)).to_be_visible()
    await pictures.take("as-the-role")
    await page.get_by_role("grid").focus()
    await press(page, "F2")
    await expect(page.get_by_role("alert")).to_contain_text("Your role does not update Tickets.")
    await page.get_by_role("button", name="Close").click()
    await side.get_by_role("link", name="Tickets").focus()
    await press(page, "g", "w")
    await expect(page.get_by_text("Your role does not open this page")).to_be_visible()
    await page.get_by_role("button", name="Stop").click()
    await expect(side.get_by_role("link", name="Data model")).to_be_visible()


async def undo_a_field(page: Page, pictures: Pictures) -> None:
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Data model").click()
    await page.get_by_role("table", name="Objects").get_by_role("link", name="Tickets", exact=True).click()
    await page.get_by_role("button", name="Field", exact=True).click()
    await page.get_by_label("Label", exact=True).fill("Mood")
    await apply_plan(page, "New field of Ticket")
    await expect(page.get_by_role("link", name="Mood", exact=True)).to_be_visible()
    await press(page, "g", "h")
    newest = page.get_by_role("row", name="Created field ticket.mood")
    await expect(newest).to_be_visible()
    await page.get_by_role("button", name="Roll back to version").nth(0).click()
    await expect(page.get_by_role("region", name="Breaks")).to_contain_text("mood")
    await pictures.take("rollback")
    await page.get_by_role("button", name="Apply", exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Tickets").click()
    await count_shown(page, "10,000 records")
    await expect(page.get_by_role("columnheader", name="Mood")).to_be_hidden()


async def test_a_newcomer_comes_to_the_end_of_the_tutorial(watched: Watched, serve: Serve) -> None:
    page = watched.page
    pictures = Pictures(page)
    async with serve(demo=True) as served:
        await page.goto(f"{served.address}/console/")
        await page.get_by_label("API key").fill(served.key)
        await pictures.take("sign-in")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="First steps")).to_be_visible()
        await expect(page.get_by_role("link", name="Companies 300")).to_be_visible()
        await pictures.take("start")
        await add_object(page, pictures)
        await add_fields(page, pictures)
        await import_file(page, pictures)
        await filter_and_save(page, pictures)
        await assert_live(page)
        change = 'filter: { name: { eq: "Ticket 00003" } }, data: { details: "A colleague has called back" }'
        await ask(served, f"mutation {{ updateTickets({change}) {{ id }} }}")
        await see_anothers_change(page, "A colleague has called back", pictures)
        key = await make_role_and_key(page, pictures)
        await see_as_the_role(page, pictures)
        await undo_a_field(page, pictures)
        # The key of the new role reads, and does no more.
        reader = type(served)(address=served.address, key=key, code="")
        assert (await ask(reader, "{ tickets { totalCount } }"))["tickets"]["totalCount"] == ROWS
        with pytest.raises(AssertionError, match=r"FORBIDDEN|Cannot query field"):
            await ask(reader, 'mutation { createTicket(data: { name: "mine" }) { id } }')
        # A job is asked for as long as it runs: the number of these requests is that of the machine.
        sent = [url for url in watched.requests if not url.startswith(("data:", "blob:")) and not _JOB.search(url)]
        assert len(sent) < MOST_REQUESTS, len(sent)
        await watched.assert_clean(served.address, (".js", ".css"))
