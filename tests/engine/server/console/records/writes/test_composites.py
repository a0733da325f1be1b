"""The parts of a composite are written by themselves: those that nobody typed stay, and refused ones are as typed."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.records.lists import (
    ask,
    cell,
    count_shown,
    create_object,
    open_list,
    press,
    until_answered,
)

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
FIELDS = [
    {"type": "ADDRESS", "name": "place", "label": "Place"},
    {"type": "CURRENCY", "name": "price", "label": "Price"},
]
READ = "{ deals { edges { node { place { addressStreet1 addressCity } price { amountMicros currencyCode } } } } }"


async def fill(served: Served, count: int) -> None:
    """Create deals in Berlin, at two euros."""
    await create_object(served, "deal", FIELDS)
    deal = {
        "place": {"addressStreet1": "Street 1", "addressCity": "Berlin"},
        "price": {"amountMicros": "2000000", "currencyCode": "EUR"},
    }
    create = "mutation ($data: [DealInput!]!) { createDeals(data: $data) { id } }"
    await ask(served, create, data=[{"name": f"Deal {number}", **deal} for number in range(count)])


def deals(count: int, city: str, code: str) -> object:
    """Return the data of `READ` for deals in a city and a currency."""
    place = {"addressStreet1": "Street 1", "addressCity": city}
    return {
        "deals": {
            "edges": [{"node": {"place": place, "price": {"amountMicros": "2000000", "currencyCode": code}}}] * count
        }
    }


async def test_one_part_is_given_to_many_records_and_their_other_parts_stay(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await fill(served, 2)
        page = await open_list(watched, served, "deals")
        await count_shown(page, "2 records")
        dialog = page.get_by_role("dialog", name="Edit 2 records")
        # Selected records are one gesture, and all that match are written by the filter.
        for keys, field, part, text in (
            (("Control+Home", "Shift+ArrowDown", "Shift+Space"), "Place", "City", "Bonn"),
            (("Escape", "Control+a"), "Price", "Currency", "USD"),
        ):
            await page.get_by_role("grid").focus()
            await press(page, *keys)
            await page.get_by_role("button", name="Edit…").click()
            await dialog.get_by_label("Field").select_option(label=field)
            await dialog.get_by_label(part).fill(text)
            await press(page, "Enter")
            await dialog.get_by_role("button", name="Change 2 records").click()
            await expect(dialog).to_be_hidden()
        await until_answered(served, READ, deals(2, "Bonn", "USD"))
        await watched.assert_clean(served.address, LOADED)


async def test_a_refused_composite_is_edited_again_by_its_parts(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await fill(served, 1)
        page = await open_list(watched, served, "deals")
        await count_shown(page, "1 record")
        await cell(page, "2.00 EUR").dblclick()
        await page.get_by_label("Amount").fill("99999999999999999999")
        await page.get_by_label("Currency").fill("USD")
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await press(page, "Enter")
        await expect(page.get_by_label("Amount")).to_have_value("99999999999999999999.00")
        await expect(page.get_by_label("Currency")).to_have_value("USD")
        await page.get_by_label("Amount").fill("2")
        await press(page, "Enter")
        await expect(cell(page, "2.00 USD")).to_be_visible()
        await until_answered(served, READ, deals(1, "Berlin", "USD"))


async def test_tab_goes_through_the_parts_of_a_value_and_on_to_the_next_one(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await fill(served, 1)
        page = await open_list(watched, served, "deals")
        await count_shown(page, "1 record")
        await page.get_by_role("button", name="Deal", exact=True).click()
        form = page.get_by_role("complementary", name="New Deal")
        await expect(form.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
        await page.keyboard.type("By keys")
        await press(page, "Tab")
        await page.keyboard.type("Street 2")
        for _ in range(20):
            if await form.get_by_role("textbox", name="Amount").count():
                break
            await press(page, "Tab")
        await expect(form.get_by_role("textbox", name="Amount")).to_be_focused()
        await page.keyboard.type("3")
        await press(page, "Tab")
        await page.keyboard.type("EUR")
        await press(page, "Shift+Tab")
        await expect(form.get_by_role("textbox", name="Amount")).to_be_focused()
        await press(page, "Control+Enter")
        await form.get_by_role("button", name="Create").click()
        await expect(cell(page, "Street 2")).to_be_visible()
        await expect(cell(page, "3.00 EUR")).to_be_visible()
        # In the grid Tab leaves the last part for the cell beside it.
        await cell(page, "3.00 EUR").dblclick()
        await page.get_by_label("Amount").fill("4")
        await press(page, "Tab", "Tab")
        await expect(page.get_by_role("grid")).to_be_focused()
        await expect(cell(page, "4.00 EUR")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)
