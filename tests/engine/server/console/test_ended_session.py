"""A session that ends while a person types or clicks: nothing is lost, and all goes on with the next one."""

import re

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.forms import choose
from tests.engine.server.console.records.lists import (
    ask,
    assert_live,
    cell,
    count_shown,
    open_list,
    press,
    until_answered,
)
from tests.processes.serving import run

pytestmark = pytest.mark.system


def ended(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Your session has ended")


async def end_session(page: Page, served: Served) -> None:
    """End the session of the page by another request than one of its own."""
    assert (await page.request.delete(f"{served.address}/auth/session")).ok


async def sign_in_again(watched: Watched, key: str) -> None:
    dialog = ended(watched.page)
    await expect(dialog.get_by_label("API key")).to_be_focused()
    await watched.assert_accessible()
    await watched.page.keyboard.type(key)
    await watched.page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    assert all("401" in complaint for complaint in watched.complaints), watched.complaints


async def test_a_value_that_was_typed_is_written_and_live_changes_go_on(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await assert_live(page)
        await end_session(page, served)
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", "F2")
        await page.keyboard.type(" Ada")
        await press(page, "Enter")
        await sign_in_again(watched, served.key)
        await expect(page.get_by_role("grid")).to_be_focused()
        await expect(cell(page, "Ada Ada")).to_be_visible()
        query = '{ people(filter: { firstName: { eq: "Ada Ada" } }) { totalCount } }'
        await until_answered(served, query, {"people": {"totalCount": 1}})
        await assert_live(page)
        change = 'filter: { firstName: { eq: "Grace" } }, data: { city: "Ulm" }'
        await ask(served, f"mutation {{ updatePeople({change}) {{ id }} }}")
        await expect(cell(page, "Ulm")).to_be_visible()


async def test_letters_stay_in_their_field_and_the_plan_comes_by_itself(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/person")
        await page.get_by_role("button", name="Field", exact=True).click()
        await choose(page, "Type", "Number")
        await end_session(page, served)
        # The name in the API is asked for while the label is typed.
        await page.get_by_label("Label", exact=True).press_sequentially("Rank within the team", delay=60)
        assert await page.get_by_label("Label", exact=True).input_value() == "Rank within the team"
        await sign_in_again(watched, served.key)
        await expect(page.get_by_label("Name in the API")).to_have_value("rankWithinTheTeam")
        await expect(page.get_by_label("Label", exact=True)).to_be_focused()
        await end_session(page, served)
        await page.keyboard.press("Enter")
        await sign_in_again(watched, served.key)
        await expect(page.get_by_role("region", name="Appears")).to_contain_text("rankWithinTheTeam")


async def test_a_filter_a_new_record_and_a_file_go_on(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await page.get_by_role("button", name="Filter").click()
        await page.get_by_role("button", name="Condition").click()
        await page.get_by_label("Field", exact=True).select_option(label="First name")
        await end_session(page, served)
        await page.get_by_label("Value", exact=True).press_sequentially("Grace", delay=60)
        await sign_in_again(watched, served.key)
        await expect(page.get_by_label("Value", exact=True)).to_have_value("Grace")
        await count_shown(page, "1 record")

        await page.get_by_role("button", name="Person", exact=True).click()
        panel = page.get_by_role("complementary", name="New Person")
        await expect(panel.get_by_role("textbox", name="First name")).to_be_focused()
        await page.keyboard.type("Zoë")
        await press(page, "Tab")
        await panel.get_by_role("button", name="Edit Email").click()
        await page.keyboard.type("zoe@example.com")
        await press(page, "Tab")
        await end_session(page, served)
        await panel.get_by_role("button", name="Create").click()
        await sign_in_again(watched, served.key)
        await expect(page.get_by_role("complementary", name="Person Zoë")).to_be_visible()

        await page.get_by_role("link", name="Import").click()
        await expect(page.get_by_label("File", exact=True)).to_be_enabled()
        await end_session(page, served)
        file = FilePayload(name="crm.csv", mimeType="text/csv", buffer=b"email,city\njo@example.com,Bonn\n")
        await page.get_by_label("File", exact=True).set_input_files(file)
        await sign_in_again(watched, served.key)
        await expect(page.get_by_label("Field for city")).to_have_value("city")
        await end_session(page, served)
        await page.get_by_role("button", name="Import", exact=True).click()
        await sign_in_again(watched, served.key)
        await expect(page.get_by_text("Done. 1 created, 0 updated, 0 refused.")).to_be_visible()


async def test_another_workspace_signs_in_over_a_page_that_is_loaded_again(
    watched: Watched, serve: Serve, app_database: str
) -> None:
    page = watched.page
    async with serve() as served:
        assert run("workspace", "create", "other", DATABASE_URL=app_database).returncode == 0
        made = run("api-key", "create", "--name", "other", "--workspace", "other", DATABASE_URL=app_database)
        key = re.search(r"fs_[\w-]{20,}", made.stdout)
        assert key is not None, made.stdout + made.stderr
        await watched.sign_in(served, "/console/records")
        await page.get_by_role("link", name="People").first.focus()
        await page.context.clear_cookies()
        await page.keyboard.press("Enter")
        dialog = ended(page)
        await dialog.get_by_label("API key").fill(key[0])
        await page.keyboard.press("Enter")
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_role("link", name="Fieldstone other")).to_be_visible()
