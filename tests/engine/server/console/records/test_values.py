"""Values of every type are edited, pasted and taken back, and none of them is changed by the way."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.records.lists import (
    ask,
    assert_live,
    cell,
    count_shown,
    create_object,
    open_list,
    press,
)
from tests.waiting import until_true

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
FIELDS: list[dict[str, Any]] = [
    {"type": "CURRENCY", "name": "price", "label": "Price"},
    {"type": "RATING", "name": "stars", "label": "Stars"},
    {"type": "DATE", "name": "day", "label": "Day"},
    {"type": "DATE_TIME", "name": "at", "label": "At"},
    {"type": "TEXT", "name": "body", "label": "Body"},
    {"type": "ADDRESS", "name": "home", "label": "Home"},
    {
        "type": "MORPH_RELATION",
        "name": "owner",
        "label": "Owner",
        "morphRelationsCreationPayload": [
            {"targetObjectMetadataId": target, "targetFieldLabel": "Owned"} for target in ("person", "company")
        ],
    },
]
READ = """{ samples { edges { node {
    name price { amountMicros currencyCode } stars day at body home { addressStreet1 addressCity }
    ownerPerson { firstName } ownerCompany { name }
} } } }"""

TYPE_AND_SAVE = """async (editor) => {
    document.execCommand("insertText", false, "2");
    await Promise.resolve();
    editor.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
}"""


async def read(served: Served) -> dict[str, object]:
    answer = await ask(served, READ)
    node: dict[str, object] = answer["samples"]["edges"][0]["node"]
    return node


async def is_kept(served: Served, name: str, value: object) -> bool:
    return (await read(served))[name] == value


async def paste(page: Page, text: str) -> None:
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await press(page, "Control+v")


async def at_column(page: Page, name: str) -> None:
    """Move to the cell of the first row in a column."""
    heads = [head for head in await page.get_by_role("columnheader").all_inner_texts() if head]
    await page.get_by_role("grid").focus()
    await press(page, "Control+Home", *["ArrowRight"] * heads.index(name))


async def test_each_type_keeps_what_is_typed_and_pasted(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "sample", FIELDS)
        await ask(
            served,
            'mutation { createSample(data: { name: "first", body: "two\\nlines", day: "2024-02-29", '
            'at: "2024-01-31T09:30:00.123456Z", home: { addressStreet1: "Main\\nStreet 1" } }) { id } }',
        )
        page = await open_list(watched, served, "samples")
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await count_shown(page, "1 record")

        # A text of several lines keeps them, and the empty text is another value than none.
        await at_column(page, "Body")
        await press(page, "F2")
        await page.keyboard.type("!")
        await press(page, "Shift+Enter")
        await page.keyboard.type("three")
        await press(page, "Enter")
        await expect(cell(page, "two lines! three")).to_be_visible()
        # The list shows a value before the server has it.
        await until_true(lambda: is_kept(served, "body", "two\nlines!\nthree"))
        await press(page, "F2", "Control+a", "Backspace")
        await expect(page.get_by_text("Ctrl+Enter an empty text")).to_be_visible()
        await watched.assert_accessible()
        await press(page, "Control+Enter")
        await expect(cell(page, "empty")).to_be_visible()
        await at_column(page, "Home")
        await press(page, "F2", "Tab", "Tab", "Tab")
        await page.keyboard.type("Bonn")
        await press(page, "Enter")
        await expect(cell(page, "Main Street 1, Bonn")).to_be_visible()
        home = {"addressStreet1": "Main\nStreet 1", "addressCity": "Bonn"}
        await until_true(lambda: is_kept(served, "home", home))

        # A digit is a rating; an amount with a comma is refused, not taken a hundredfold.
        await at_column(page, "Stars")
        await page.keyboard.type("4")
        await press(page, "Enter")
        await expect(cell(page, "★★★★")).to_be_visible()
        await at_column(page, "Price")
        await paste(page, "12,50 EUR")
        dialog = page.get_by_role("dialog", name="Paste")
        await expect(dialog).to_contain_text("An amount looks like 12500.50")
        await dialog.get_by_role("button", name="Cancel").click()
        await at_column(page, "Price")
        await paste(page, "1,250.5 EUR")
        await expect(cell(page, "1,250.50 EUR")).to_be_visible()

        # A date of which a part is missing is no date, and not the end of the one before.
        await at_column(page, "Day")
        await press(page, "F2", "Backspace", "Enter")
        await expect(page.get_by_role("alert")).to_contain_text("The date is not complete")
        await watched.assert_accessible()
        await press(page, "Escape")
        await expect(cell(page, "29 Feb 2024")).to_be_visible()
        await page.keyboard.type("2023-02-30")
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_contain_text("A date looks like")
        await press(page, "Control+a")
        await page.keyboard.type("2023-02-28")
        await press(page, "Enter")
        await expect(cell(page, "28 Feb 2023")).to_be_visible()
        await at_column(page, "At")
        await press(page, "F2", "Enter")
        await paste(page, "2024-02-30 09:30")
        await expect(dialog).to_contain_text("There is no such time.")
        await dialog.get_by_role("button", name="Cancel").click()

        await until_true(lambda: is_kept(served, "price", {"amountMicros": "1250500000", "currencyCode": "EUR"}))
        await until_true(lambda: is_kept(served, "day", "2023-02-28"))
        found = await read(served)
        assert (found["stars"], found["day"], found["at"]) == ("RATING_4", "2023-02-28", "2024-01-31T09:30:00.123456Z")
        await watched.assert_clean(served.address, LOADED)


async def test_a_relation_is_the_record_that_was_searched_for(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "sample", FIELDS)
        for name in ("Orion", "Zeta", "Oriole"):
            await ask(served, "mutation ($name: String) { createCompany(data: { name: $name }) { id } }", name=name)
        await ask(served, 'mutation { createSample(data: { name: "first" }) { id } }')
        page = await open_list(watched, served, "samples")
        await count_shown(page, "1 record")
        await page.get_by_role("button", name="Columns").click()
        await page.get_by_label("Owner (Person)").first.check()
        await page.get_by_role("button", name="Done").click()

        # Enter waits for the answer to the words that were typed.
        await at_column(page, "Owner (Company)")
        await page.keyboard.type("zet")
        await press(page, "Enter")
        await expect(cell(page, "Zeta")).to_be_visible()
        # An editor that is only looked at changes nothing, whatever the first record of its list is.
        await press(page, "F2")
        await expect(page.get_by_role("option", name="Orion")).to_be_visible()
        await press(page, "Enter")
        await expect(cell(page, "Zeta")).to_be_visible()
        await press(page, "F2")
        await page.keyboard.type("nothing has this name")
        await expect(page.get_by_text("No companies have these words.")).to_be_visible()
        await press(page, "Enter")
        await expect(page.get_by_role("combobox", name="Owner (Company) of")).to_have_value("nothing has this name")
        await press(page, "Escape")

        # One owner empties the other, and an undo gives that one back.
        await at_column(page, "Owner (Person)")
        await page.keyboard.type("ada")
        await press(page, "Tab")
        await expect(cell(page, "Ada")).to_be_visible()
        await expect(cell(page, "Zeta")).to_be_hidden()
        await page.get_by_role("grid").focus()
        await press(page, "Control+z")
        await expect(cell(page, "Zeta")).to_be_visible()
        found = await read(served)
        assert (found["ownerPerson"], found["ownerCompany"]) == (None, {"name": "Zeta"})
        await watched.assert_clean(served.address, LOADED)


async def test_ten_thousand_cells_of_a_spreadsheet_are_one_paste_and_one_undo(watched: Watched, serve: Serve) -> None:
    rows, columns = 250, 40
    async with serve() as served:
        await create_object(
            served,
            "grid",
            [{"type": "TEXT", "name": f"c{number}", "label": f"C{number}"} for number in range(columns - 1)],
        )
        records = [{"name": str(number)} for number in range(rows)]
        await ask(served, "mutation ($data: [GridInput!]!) { createGrids(data: $data) { id } }", data=records)
        page = await open_list(watched, served, "grids")
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await count_shown(page, "250 records")

        # As Excel copies them: a cell with a line's end in quotation marks, other quotation marks as they are.
        lines = [["n" + str(row), '"two\r\nlines"', '"a" and 5"', *["x"] * (columns - 3)] for row in range(rows)]
        await page.get_by_role("grid").focus()
        await paste(page, "\r\n".join("\t".join(line) for line in lines) + "\r\n")
        dialog = page.get_by_role("dialog", name="Paste")
        await expect(dialog).to_contain_text("7,500 cells in 250 records.")
        await expect(dialog).to_contain_text("The last 10 columns of the clipboard lie beyond the list")
        await dialog.get_by_role("button", name="Paste").click()
        await expect(page.get_by_text("Pasted 7,500 cells")).to_be_visible()
        last = await ask(served, "{ grids(first: 1, offset: 249) { edges { node { name c0 c1 c28 } } } }")
        found = last["grids"]["edges"][0]["node"]
        assert found["c0"].splitlines() == ["two", "lines"]
        assert (found["name"], found["c1"], found["c28"]) == ("n249", '"a" and 5"', "x")
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_text("Undone: Pasted 7,500 cells")).to_be_visible()
        await expect(cell(page, "0")).to_be_visible()

        # A copy has the whole range, also the rows that the list had not read yet.
        await page.reload()
        await count_shown(page, "250 records")
        await page.get_by_role("grid").focus()
        await press(page, "Control+Space", "Control+c")
        await expect(page.get_by_text("250 records had to be read first")).to_be_visible()
        await press(page, "Control+c")
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied.split("\n") == [str(row) for row in range(rows)]

        # One record more than a gesture may change: a sentence says so, and nothing is written.
        await assert_live(page)
        await ask(served, 'mutation { createGrid(data: { name: "last" }) { id } }')
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home")
        await page.get_by_role("button", name="1 new record · show").click()
        await count_shown(page, "251 records")
        await page.get_by_role("grid").focus()
        await paste(page, "\n".join("new" for _ in range(rows + 1)))
        await expect(page.get_by_role("alert")).to_contain_text("at most 250 records are changed at once")
        changed = await ask(served, '{ grids(filter: { name: { eq: "new" } }) { totalCount } }')
        assert changed["grids"]["totalCount"] == 0
        await watched.assert_clean(served.address, LOADED)


async def test_a_value_of_json_has_an_editor_of_its_own(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "sample", [{"type": "RAW_JSON", "name": "facts", "label": "Facts"}])
        create = "mutation ($data: SampleInput!) { createSample(data: $data) { id } }"
        await ask(served, create, data={"name": "One", "facts": {"big": 12345678901234567890, "list": [1, True, None]}})
        page = await open_list(watched, served, "samples")
        await count_shown(page, "1 record")
        await page.get_by_role("button", name="Columns").click()
        await page.get_by_label("Facts").first.check()
        await page.get_by_role("button", name="Done").click()
        # The values of a column that was shown just now have to come first.
        await count_shown(page, "1 record")
        await at_column(page, "Facts")
        await press(page, "F2")
        editor = page.get_by_role("textbox", name="Facts of One")
        await expect(editor).to_be_focused()
        await expect(editor).to_contain_text('"big": 12345678901234567890,')
        # CodeMirror comes with the first value of JSON, and takes the place of a field of text.
        await expect(page.get_by_role("group", name="Edit Facts of One")).to_contain_text("234")
        await watched.assert_accessible()
        await page.emulate_media(color_scheme="dark")
        await watched.assert_accessible()
        await press(page, "Control+a")
        await page.keyboard.type('{ "half": ')
        await press(page, "Control+Enter")
        await expect(page.get_by_role("alert").filter(has_text="This is not JSON")).to_be_visible()
        await page.keyboard.type("0.50 }")
        await press(page, "Control+z", "Control+y", "Control+Enter")
        await expect(editor).to_be_hidden()
        await expect(cell(page, '{"half":0.50}')).to_be_visible()
        await press(page, "Control+z")
        await expect(page.get_by_role("gridcell", name="12345678901234567890")).to_be_visible()
        await press(page, "F2")
        await expect(editor).to_be_focused()
        await page.keyboard.type("left")
        await press(page, "Escape")
        await expect(editor).to_be_hidden()
        assert await page.evaluate("document.activeElement.role") == "grid"
        # A key that saves follows the last letter before React has drawn it.
        await press(page, "F2")
        await expect(editor).to_be_focused()
        await press(page, "Control+a")
        await page.keyboard.type("1")
        await editor.evaluate(TYPE_AND_SAVE)
        await expect(cell(page, "12")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_records_of_one_name_are_told_apart_where_one_is_chosen(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        create = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
        twins = [{"name": "Twin", "website": f"https://{letter}.example"} for letter in "ab"]
        await ask(served, create, data=[*twins, {"name": "Twins", "website": "https://c.example"}])
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await at_column(page, "Company")
        await press(page, "Enter")
        await page.get_by_role("combobox", name="Company of Ada").press_sequentially("twin")
        await expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(
            ["Twin · https://a.example", "Twin · https://b.example", "Twins"]
        )
        await watched.assert_clean(served.address, LOADED)


async def test_several_options_have_their_words_apart_and_a_text_has_the_direction_of_its_letters(
    watched: Watched, serve: Serve
) -> None:
    options = [{"value": value, "label": value.title(), "color": "blue", "position": 0} for value in ("NEW", "DONE")]
    fields: list[dict[str, Any]] = [
        {"type": "MULTI_SELECT", "name": "states", "label": "States", "options": options},
        {"type": "RAW_JSON", "name": "facts", "label": "Facts"},
    ]
    starts = """element => {
        const left = (at) => {
            const range = document.createRange();
            const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            return range.getBoundingClientRect().left;
        };
        return [left(0), left(element.textContent.indexOf("a"))];
    }"""
    name = "مرحبا abc " + "long " * 60
    async with serve() as served:
        await create_object(served, "sample", fields)
        create = "mutation ($data: SampleInput!) { createSample(data: $data) { id } }"
        data = {"name": name, "states": ["NEW", "DONE"], "facts": ["مرحبا", "abc"]}
        made = await ask(served, create, data=data)
        page = await open_list(watched, served, "samples")
        await count_shown(page, "1 record")
        await expect(cell(page, "New Done")).to_be_visible()
        await page.set_viewport_size({"width": 390, "height": 844})
        await watched.sign_in(served, f"/console/records/samples/{made['createSample']['id']}")
        await expect(page.get_by_role("button", name="Edit States: New, Done")).to_be_visible()
        await watched.assert_accessible()
        # The first word of a text in Arabic stands at its right.
        first, other = await page.locator("dd .value-text").first.evaluate(starts)
        assert first > other
        # JSON begins at its left.
        first, other = await page.locator("dd code.value-text").filter(has_text="abc").evaluate(starts)
        assert first < other
        # A long name leaves the window to the fields.
        heading = await page.get_by_role("heading", level=1).bounding_box()
        assert heading is not None
        assert heading["height"] <= 48
        await watched.assert_clean(served.address, LOADED)
