"""Fields that a role reads and may not write are read-only from the start."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import PASTE, ask, cell, count_shown, open_list, press
from tests.engine.server.console.records.writes.roles import as_role

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
WRITTEN = {"fields": {"only": ["firstName", "email", "city"]}}
GRANT = {"object": "person", "read": {}, "create": WRITTEN, "update": {"fields": {"only": ["city"]}}}
LOCK = "read-only for your role"


async def test_a_list_shows_and_keeps_the_columns_that_the_role_may_not_write(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        clerk = await as_role(served, GRANT)
        page = await open_list(watched, clerk, "people?sort=firstName")
        await count_shown(page, "3 records")
        head = page.get_by_role("columnheader")
        await expect(head.filter(has_text="First name").get_by_role("img", name=LOCK)).to_be_visible()
        await expect(head.filter(has_text="City").get_by_role("img", name=LOCK)).to_have_count(0)
        # Nobody writes the time of the creation: the mark is about the role.
        await expect(head.filter(has_text="Created at").get_by_role("img", name=LOCK)).to_have_count(0)
        await expect(cell(page, "Ada")).to_have_attribute("aria-readonly", "true")
        await watched.assert_accessible()
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.post_data or ""))
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home")
        for way in ("x", "Delete", "paste"):
            if way == "paste":
                await page.evaluate(PASTE, "Grace")
            else:
                await press(page, way)
            await expect(page.get_by_role("alert")).to_contain_text("Your role does not write First name.")
            await page.get_by_role("button", name="Cancel" if way == "paste" else "Close").click()
            await expect(page.get_by_role("alert")).to_have_count(0)
            await page.get_by_role("grid").focus()
        # The role may give the field in a new record.
        await press(page, "Control+End", "ArrowDown", "Home")
        await page.keyboard.type("Zoe")
        await expect(page.get_by_role("textbox", name="First name of")).to_have_value("Zoe")
        await press(page, "Escape")
        await press(page, "Control+Home", "Shift+Space")
        await page.get_by_role("button", name="Edit…").click()
        choices = page.get_by_role("dialog", name="Edit 1 record").get_by_label("Field").get_by_role("option")
        await expect(choices).to_have_text(["City"])
        assert not any("ConsoleWrite" in one for one in sent)
        await watched.assert_clean(served.address, LOADED)


async def test_a_form_and_a_record_have_editors_for_what_the_role_writes(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        ada = '(filter: { firstName: { eq: "Ada" } }, data: { city: "Ulm", jobTitle: "Countess" })'
        changed = await ask(served, f"mutation {{ updatePeople{ada} {{ id }} }}")
        path = f"people/{changed['updatePeople'][0]['id']}"
        clerk = await as_role(served, GRANT)
        page = await open_list(watched, clerk, path)
        await expect(page.get_by_role("button", name="Edit City: Ulm")).to_be_visible()
        await expect(page.get_by_role("button", name="Edit ")).to_have_count(1)
        await expect(
            page.get_by_role("term").filter(has_text="Job title").get_by_role("img", name=LOCK)
        ).to_be_visible()
        await expect(page.get_by_role("button", name="Return City to —")).to_be_visible()
        await expect(page.get_by_role("button", name="Return Job title to —")).to_have_count(0)
        await watched.assert_accessible()
        await page.goto(f"{served.address}/console/records/people?open=new")
        form = page.get_by_role("complementary", name="New Person")
        await expect(form.get_by_role("term")).to_have_text(["First name", "Email *", "City"])
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_the_locks_of_a_list_follow_the_role(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        clerk = await as_role(served, GRANT)
        page = await open_list(watched, clerk, "people?sort=firstName")
        await count_shown(page, "3 records")
        lock = page.get_by_role("columnheader").filter(has_text="First name").get_by_role("img", name=LOCK)
        await expect(lock).to_be_visible()
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        role = (await served.ask("/metadata", '{ role(name: "partial") { id } }'))["role"]
        update = "mutation ($id: UUID!, $input: UpdateRoleInput!) { updateRole(id: $id, input: $input) { id } }"
        await served.ask("/metadata", update, id=role["id"], input={"grants": [{**GRANT, "update": WRITTEN}]})
        await expect(lock).to_have_count(0)
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home")
        await page.keyboard.type("Eva")
        await press(page, "Enter")
        await expect(cell(page, "Eva")).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_that_is_viewed_again_has_its_present_rights(watched: Watched, serve: Serve) -> None:
    """The session and the model of the first view were kept, with the locks of that time."""
    async with serve() as served:
        await as_role(served, GRANT)
        page = await open_list(watched, served, "../access/roles")
        main = page.get_by_role("navigation", name="Main")
        lock = page.get_by_role("columnheader").filter(has_text="First name").get_by_role("img", name=LOCK)

        async def view() -> None:
            await page.get_by_role("button", name="View as Partial").click()
            await main.get_by_role("link", name="People").click()
            await count_shown(page, "3 records")

        await view()
        await expect(lock).to_be_visible()
        await page.get_by_role("button", name="Stop").click()
        role = (await served.ask("/metadata", '{ role(name: "partial") { id } }'))["role"]
        update = "mutation ($id: UUID!, $input: UpdateRoleInput!) { updateRole(id: $id, input: $input) { id } }"
        grants = [{**GRANT, "update": WRITTEN, "delete": {}}]
        await served.ask("/metadata", update, id=role["id"], input={"grants": grants})
        await main.get_by_role("link", name="Access").click()
        await view()
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", "Shift+ ")
        await expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()
        await expect(lock).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)
