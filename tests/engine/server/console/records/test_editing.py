"""Records are filled, changed and deleted by the keyboard alone."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import (
    ask,
    cell,
    count_shown,
    focused_text,
    open_list,
    press,
    until_answered,
)
from tests.waiting import until

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
NAMES = "{ people { edges { node { firstName lastName } } } }"
PEOPLE = "{ people { edges { node { firstName lastName city email company { name } } } } }"

COLOURS = """grid => {
    const focused = document.getElementById(grid.getAttribute("aria-activedescendant"));
    return [focused, document.body].map((one) => getComputedStyle(one).backgroundColor);
}"""
"""The colours behind the focused cell and behind the page."""


def names_of(*people: tuple[str, str | None]) -> dict[str, object]:
    """Return the data of `NAMES` with these first and last names."""
    return {"people": {"edges": [{"node": {"firstName": first, "lastName": last}} for first, last in people]}}


async def focus_grid(page: Page) -> None:
    """Reach the grid by the keyboard alone."""
    grid = page.get_by_role("grid")
    for _ in range(40):
        if await grid.evaluate("grid => grid === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError("the grid is not reached by Tab")


async def test_cells_are_edited_filled_pasted_and_undone_by_the_keyboard_alone(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        for name in ("Orion", "Zeta"):
            await ask(served, "mutation ($n: String) { createCompany(data: { name: $n }) { id } }", n=name)
        page = await open_list(watched, served, "people")
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await count_shown(page, "3 records")
        await focus_grid(page)
        assert await focused_text(page) == "Ada"
        # The system draws no shadow and no background of a page.
        await page.emulate_media(forced_colors="active")
        focused, page_colour = await page.get_by_role("grid").evaluate(COLOURS)
        assert focused != page_colour
        await page.emulate_media(forced_colors="none")

        await press(page, "ArrowRight", "F2")
        await expect(page.get_by_role("textbox", name="Last name of Ada")).to_be_focused()
        await watched.assert_accessible()
        # The keys of an input method are its own: Enter takes its letters, Escape drops them.
        method = await page.context.new_cdp_session(page)
        for key in ("Enter", "Escape"):
            composed = {"text": "らぶ", "selectionStart": 2, "selectionEnd": 2}
            await method.send("Input.imeSetComposition", composed)
            await press(page, key)
            await expect(page.get_by_role("textbox", name="Last name of Ada")).to_be_focused()
        await method.send("Input.insertText", {"text": ""})
        await press(page, "Control+a")
        await page.keyboard.type("Lovelace")
        await press(page, "Enter")
        await expect(cell(page, "Lovelace")).to_be_visible()
        await expect(page.get_by_role("grid")).to_be_focused()

        await press(page, "ArrowRight")
        await page.keyboard.type("Grace@example.com")
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_contain_text("Another Person has this value")
        assert "Grace@example.com" in await focused_text(page)
        await watched.assert_accessible()
        await press(page, "Enter")
        await expect(page.get_by_role("textbox")).to_have_value("Grace@example.com")
        await press(page, "Escape")
        await expect(page.get_by_role("alert")).to_be_hidden()
        assert await focused_text(page) == "Ada@example.com"

        await press(page, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Enter")
        picker = page.get_by_role("combobox", name="Company of Ada Lovelace")
        await expect(picker).to_be_focused()
        await picker.press_sequentially("ori")
        await expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Orion"])
        await watched.assert_accessible()
        await press(page, "Enter")
        await expect(cell(page, "Orion")).to_be_visible()

        await press(page, "Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
        await expect(cell(page, "Orion")).to_have_count(3)
        await press(page, "Control+z")
        await expect(cell(page, "Orion")).to_have_count(1)
        await press(page, "Control+Shift+z")
        await expect(cell(page, "Orion")).to_have_count(3)
        await press(page, "Delete")
        await expect(cell(page, "Orion")).to_have_count(0)

        await press(page, "Control+Home")
        await page.evaluate("navigator.clipboard.writeText('Ann\\tOne\\nBen\\tTwo')")
        await press(page, "Control+v")
        await expect(page.get_by_text("Pasted 4 cells")).to_be_visible()
        await press(page, "Shift+ArrowRight", "Shift+ArrowDown", "Control+c")
        assert await page.evaluate("navigator.clipboard.readText()") == "Ann\tOne\nBen\tTwo"
        await press(page, "Control+z")
        await expect(cell(page, "Lovelace")).to_be_visible()
        written = await ask(served, PEOPLE)
        assert [edge["node"]["firstName"] for edge in written["people"]["edges"]] == ["Ada", "Grace", "Łukasz"]
        assert all(edge["node"]["company"] is None for edge in written["people"]["edges"])
        await watched.assert_clean(served.address, LOADED)


async def test_a_paste_below_the_last_record_creates_records_and_says_so_first(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "companies")
        await ask(served, 'mutation { createCompany(data: { name: "Orion" }) { id } }')
        await page.reload()
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await count_shown(page, "1 record")
        await focus_grid(page)
        await page.evaluate("navigator.clipboard.writeText('Alpha\\tx\\nBeta\\ty')")
        await press(page, "Control+v")
        dialog = page.get_by_role("dialog", name="Paste")
        await expect(dialog).to_contain_text("2 cells in 1 record, and 1 new record.")
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Paste").click()
        await count_shown(page, "2 records")
        await expect(cell(page, "Alpha")).to_be_visible()
        await focus_grid(page)
        await press(page, "Control+z")
        await count_shown(page, "1 record")
        await expect(cell(page, "Orion")).to_be_visible()

        await press(page, "ArrowRight", "ArrowRight")
        await page.evaluate("navigator.clipboard.writeText('many')")
        await press(page, "Control+v")
        await expect(dialog).to_contain_text("Row 1, Employees: This field has")
        await expect(dialog.get_by_role("button", name="Paste")).to_be_disabled()
        await watched.assert_clean(served.address, LOADED)


async def test_values_that_are_being_written_are_edited_and_filled_as_they_are_seen(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        held = await hold_requests(page, "/graphql", '"updatePerson', "updatePeople")
        await focus_grid(page)
        await press(page, "F2", "Control+a")
        await page.keyboard.type("Bob")
        await press(page, "Enter", "ArrowUp", "F2")
        await expect(page.get_by_role("textbox")).to_have_value("Bob")
        # Back to the value that the server still has.
        await press(page, "Control+a")
        await page.keyboard.type("Ada")
        await press(page, "Enter", "ArrowUp", "ArrowRight", "F2")
        await page.keyboard.type("Lovelace")
        await press(page, "Enter", "ArrowUp", "Shift+ArrowDown", "Control+d")
        await expect(cell(page, "Lovelace")).to_have_count(2)
        held.released.set()
        await until_answered(served, NAMES, names_of(("Ada", "Lovelace"), ("Grace", "Lovelace"), ("Łukasz", None)))
        await expect(page.get_by_role("alert")).to_be_hidden()
        await press(page, "Control+z", "Control+z", "Control+z")
        await until_answered(served, NAMES, names_of(("Bob", None), ("Grace", None), ("Łukasz", None)))
        await expect(cell(page, "Bob")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_is_created_once_and_the_next_one_is_typed_meanwhile(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        held = await hold_requests(page, "/graphql", "createPeople")
        await focus_grid(page)
        await press(page, "Shift+Enter")
        panel = page.get_by_role("complementary", name="New Person")
        await expect(panel.get_by_role("textbox", name="First name")).to_be_focused()
        await page.keyboard.type("Zoë")
        await press(page, "Tab")
        await panel.get_by_role("button", name="Edit Email").click()
        await page.keyboard.type("zoe@example.com")
        await press(page, "Tab")
        await panel.get_by_role("button", name="Create").dblclick()
        await until(lambda: bool(held.requests))
        # The form stays until the answer, which may be a refusal.
        await press(page, "Escape")
        await panel.get_by_role("button", name="Close").click()
        await page.evaluate("history.back()")
        question = page.get_by_role("alertdialog", name="Leave while a change is being saved?")
        await question.get_by_role("button", name="Stay").click()
        await expect(panel.get_by_role("button", name="Creating…")).to_be_visible()
        held.released.set()
        await expect(page.get_by_role("complementary", name="Person Zoë")).to_be_visible()
        await count_shown(page, "4 records")
        assert len(held.requests) == 1
        await press(page, "Escape")
        await expect(page.get_by_role("complementary")).to_have_count(0)

        held.released.clear()
        await focus_grid(page)
        await press(page, "Control+End", "ArrowDown", "Home", "ArrowRight", "ArrowRight")
        await page.keyboard.type("one@example.com")
        await press(page, "Enter")
        await until(lambda: len(held.requests) == 2)
        await page.keyboard.type("two@example.com")
        await press(page, "Tab")
        held.released.set()
        await count_shown(page, "5 records")
        await expect(cell(page, "two@example.com")).to_be_visible()
        await press(page, "ArrowUp")
        await count_shown(page, "6 records")
        found = await ask(served, "{ people { edges { node { email } } } }")
        told = [edge["node"]["email"] for edge in found["people"]["edges"]]
        assert told[3:] == ["zoe@example.com", "one@example.com", "two@example.com"]
        await watched.assert_clean(served.address, LOADED)


async def test_records_are_created_deleted_restored_and_destroyed(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await focus_grid(page)
        await press(page, "Shift+Enter")
        panel = page.get_by_role("complementary", name="New Person")
        await expect(panel.get_by_role("textbox", name="First name")).to_be_focused()
        await watched.assert_accessible()
        await page.keyboard.type("Zoë")
        await press(page, "Tab")
        await panel.get_by_role("button", name="Create").click()
        await expect(panel.get_by_role("alert")).to_contain_text("Field 'email' is required")
        await panel.get_by_role("button", name="Edit Email").click()
        await page.keyboard.type("zoe@example.com")
        await press(page, "Enter")
        await panel.get_by_role("button", name="Create").click()
        await expect(page.get_by_role("complementary", name="Person Zoë")).to_be_visible()
        await count_shown(page, "4 records")
        await watched.assert_accessible()
        await press(page, "Escape")

        await focus_grid(page)
        await press(page, "Control+Home", "Shift+ArrowDown", "Shift+Space")
        await expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("2 records selected")
        await watched.assert_accessible()
        await press(page, "Delete")
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Undo").click()
        await count_shown(page, "4 records")

        await page.get_by_label("Select all records").check()
        await page.get_by_role("button", name="Delete…").click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("This means 4 records.")
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No people yet")).to_be_visible()
        await page.get_by_role("button", name="Create the first one").click()
        form = page.get_by_role("complementary", name="New Person")
        await expect(form.get_by_role("textbox", name="First name")).to_be_focused()
        await watched.assert_accessible()
        await form.get_by_role("button", name="Close").click()
        await expect(page.get_by_role("link", name="Import a file")).to_be_visible()

        await page.get_by_role("link", name="Trash").click()
        await count_shown(page, "4 records")
        await page.get_by_label("Select row 1").check()
        await page.get_by_role("button", name="Restore…").click()
        await dialog.get_by_role("button", name="Restore").click()
        await count_shown(page, "3 records")
        await page.get_by_label("Select all records").check()
        await page.get_by_role("button", name="Destroy…").click()
        await expect(dialog.get_by_role("button", name="Destroy")).to_be_disabled()
        await dialog.get_by_label("Type people").fill("people")
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Destroy").click()
        await expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
        await page.get_by_role("link", name="All people").click()
        await count_shown(page, "1 record")
        await watched.assert_clean(served.address, LOADED)


async def test_selected_records_get_one_value_together(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await ask(served, 'mutation { createCompany(data: { name: "Orion" }) { id } }')
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await focus_grid(page)
        await press(page, "Shift+ArrowDown", "Shift+Space")
        await page.get_by_role("button", name="Edit…").click()
        dialog = page.get_by_role("dialog", name="Edit 2 records")
        await dialog.get_by_label("Field").select_option(label="City")
        await dialog.get_by_role("textbox", name="New value").fill("Bonn")
        await press(page, "Enter")
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Change 2 records").click()
        await expect(cell(page, "Bonn")).to_have_count(2)
        await page.get_by_role("button", name="Undo").click()
        await expect(cell(page, "Bonn")).to_have_count(0)

        # A related record is named by its label.
        await page.get_by_role("button", name="Edit…").click()
        await dialog.get_by_label("Field").select_option(label="Company")
        await dialog.get_by_role("combobox", name="New value").fill("ori")
        await dialog.get_by_role("option", name="Orion").click()
        await expect(dialog.get_by_text("New value: Orion")).to_be_visible()
        await dialog.get_by_role("button", name="Change 2 records").click()
        await expect(dialog).to_be_hidden()
        found = await ask(served, '{ people(filter: { company: { name: { eq: "Orion" } } }) { totalCount } }')
        assert found["people"]["totalCount"] == 2
        await watched.assert_clean(served.address, LOADED)


async def test_more_records_than_a_gesture_takes_are_edited_by_their_filter(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        people = [{"email": f"{number}@example.com"} for number in range(297)]
        await ask(served, "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
        page = await open_list(watched, served, "people")
        await count_shown(page, "300 records")
        await focus_grid(page)
        await press(page, "Control+Home", "Control+Shift+End", "Shift+Space")
        await expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("300 records selected")
        await page.get_by_role("button", name="Edit…").click()
        dialog = page.get_by_role("dialog", name="Edit 300 records")
        await dialog.get_by_label("Field").select_option(label="City")
        await dialog.get_by_role("textbox", name="New value").fill("Bonn")
        await press(page, "Enter")
        await expect(dialog.get_by_text("This cannot be undone here.")).to_be_visible()
        await watched.assert_accessible()
        held = await hold_requests(page, "/graphql", "ConsoleUpdateWhere")
        await dialog.get_by_role("button", name="Change 300 records").click()
        await expect(dialog.get_by_role("button", name="Changing…")).to_be_visible()
        await press(page, "Escape")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_be_visible()
        held.released.set()
        await expect(page.get_by_text("Changed City of 300 records")).to_be_visible()
        await expect(cell(page, "Bonn").first).to_be_visible()
        found = await ask(served, '{ people(filter: { city: { eq: "Bonn" } }) { totalCount } }')
        assert found["people"]["totalCount"] == 300
        await watched.assert_clean(served.address, LOADED)


async def test_an_undo_that_is_refused_for_a_while_can_be_asked_for_again(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await focus_grid(page)
        for name in ("Bob", "Carl"):
            await press(page, "F2", "Control+a")
            await page.keyboard.type(name)
            await press(page, "Enter", "ArrowUp")
            await until_answered(served, NAMES, names_of((name, None), ("Grace", None), ("Łukasz", None)))
        limited = {"message": "Too many requests.", "extensions": {"code": "RATE_LIMIT_EXCEEDED"}}

        async def refuse(route: Route) -> None:
            await route.fulfill(status=200, json={"errors": [limited]})

        await page.route("**/graphql", refuse)
        await press(page, "Control+z")
        await expect(page.get_by_role("alert")).to_contain_text("Too many requests.")
        await page.unroute("**/graphql", refuse)
        await press(page, "Control+z")
        await until_answered(served, NAMES, names_of(("Bob", None), ("Grace", None), ("Łukasz", None)))
        await expect(cell(page, "Bob")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_letters_on_a_value_of_a_new_record_begin_its_editor(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "companies?open=new")
        panel = page.get_by_role("complementary", name="New Company")
        name = panel.get_by_role("textbox", name="Name")
        await expect(name).to_be_focused()
        await page.keyboard.type("Orion")
        await press(page, "Enter")
        await panel.get_by_role("button", name="Edit Employees: —").focus()
        await page.keyboard.type("12")
        await press(page, "Enter")
        await expect(panel.get_by_role("button", name="Edit Employees: 12")).to_be_focused()
        # The letters of a step to another page are text, too. Escape restores the value.
        await panel.get_by_role("button", name="Edit Name: Orion").focus()
        await page.keyboard.type("g h")
        await expect(name).to_have_value("g h")
        await press(page, "Escape")
        await panel.get_by_role("button", name="Create").click()
        created = {"companies": {"edges": [{"node": {"name": "Orion", "employees": 12}}]}}
        await until_answered(served, "{ companies { edges { node { name employees } } } }", created)
        await watched.assert_clean(served.address, LOADED)
