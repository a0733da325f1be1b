"""A record whose value in the order of its list is changed stays in its place until one leaves it, and says so."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import (
    ask,
    assert_live,
    cell,
    count_shown,
    focused_text,
    open_list,
    press,
)

pytestmark = pytest.mark.system

CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
MOVED = "has another place in the order"


async def test_a_row_that_is_moved_by_its_value_stays_until_it_is_left(watched: Watched, serve: Serve) -> None:
    # More pages than one: the record moves behind the rows that are here.
    people = [{"lastName": f"B{number:03}", "email": f"{number}@many.example"} for number in range(250)]
    async with serve() as served:
        await ask(served, CREATE, data=people)
        page = await open_list(watched, served, 'people?sort=lastName&f={"lastName":{"is":"NOT_NULL"}}')
        await count_shown(page, "250 records")
        await assert_live(page)
        await page.get_by_role("grid").focus()
        await press(page, "ArrowDown", "ArrowRight")
        assert await focused_text(page) == "B001"
        await page.keyboard.type("B002b")
        await press(page, "Enter")
        await expect(page.get_by_text(MOVED)).to_be_visible()
        assert await focused_text(page) == "B002b"
        await watched.assert_accessible()
        # A value that is put back, or is no other place, has no mark.
        await press(page, "Control+z")
        await expect(page.get_by_text(MOVED)).to_be_hidden()
        assert await focused_text(page) == "B001"
        await page.keyboard.type("B001b")
        await press(page, "Enter")
        await page.keyboard.type("Z")
        await press(page, "Enter")
        await expect(page.get_by_text(MOVED)).to_be_visible()
        await press(page, "ArrowDown")
        await expect(cell(page, "Z")).to_be_hidden()
        assert await focused_text(page) == "B002", "the focus goes where the person went"

        # Another moves the focused record, and the list is read again while it has the focus.
        await ask(
            served, 'mutation { updatePeople(filter: { lastName: { eq: "B002" } }, data: { lastName: "Y" }) { id } }'
        )
        await expect(page.get_by_text(MOVED)).to_be_visible()
        assert await focused_text(page) == "Y"
        await ask(served, CREATE, data=[{"lastName": "A", "email": "a@many.example"}])
        await page.get_by_role("button", name="1 new record · show").click()
        await expect(cell(page, "A")).to_be_visible()
        told = page.get_by_text(f"Y {MOVED}, further away")
        await expect(told).to_be_visible()
        await watched.assert_accessible()
        await told.get_by_role("button", name="Open").click()
        panel = page.get_by_role("complementary", name="Person Y")
        await expect(panel.get_by_role("button", name="Edit Last name: Y")).to_be_visible()
        await watched.assert_clean(served.address, ())


async def test_the_marks_of_a_list_end_with_it(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people?sort=firstName")
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        assert await focused_text(page) == "Ada"
        await page.keyboard.type("Zoe")
        await press(page, "Enter")
        await expect(page.get_by_text(MOVED)).to_be_visible()
        await page.get_by_role("columnheader", name="First name").get_by_role("button").click()
        await expect(page.locator("[data-row='0'][data-column='0']")).to_have_text("Zoe")
        await expect(page.get_by_text(MOVED)).to_be_hidden()
        await watched.assert_clean(served.address, ())
