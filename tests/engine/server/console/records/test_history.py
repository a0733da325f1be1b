"""The page of a record: its history in the words of its fields, and the ways back and out of the console."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import ask, create_object, until_answered

pytestmark = pytest.mark.system

SUPPLIER = {
    "type": "RELATION",
    "name": "supplier",
    "label": "Supplier",
    "relationCreationPayload": {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": "company",
        "targetFieldLabel": "Deals",
    },
}
FIELDS: list[dict[str, Any]] = [
    {"type": "ADDRESS", "name": "place", "label": "Place"},
    {"type": "CURRENCY", "name": "price", "label": "Price"},
    {"type": "ARRAY", "name": "words", "label": "Words"},
    {"type": "LINKS", "name": "site", "label": "Site"},
    SUPPLIER,
]
CREATE = """mutation { createDeal(data: {
    name: "First", place: { addressStreet1: "Street 1", addressCity: "Berlin" },
    price: { amountMicros: "2000000", currencyCode: "EUR" }, words: ["one", "two"],
    site: { primaryLinkUrl: "https://a.example", primaryLinkLabel: "Site" }
}) { id } }"""
UPDATE = """mutation ($id: UUID!, $supplier: UUID!) { updateDeal(id: $id, data: {
    place: { addressCity: "Bonn" }, price: { amountMicros: "3500000" }, words: ["one"],
    site: { primaryLinkUrl: "https://b.example" }, supplierId: $supplier
}) { id } }"""
READ = "{ deals { edges { node { place { addressCity } supplier { name } } } } }"


def deal(city: str, supplier: str | None) -> dict[str, object]:
    """Return the data of `READ` for one deal."""
    node = {"place": {"addressCity": city}, "supplier": supplier and {"name": supplier}}
    return {"deals": {"edges": [{"node": node}]}}


async def test_a_change_is_told_in_the_words_of_its_field_and_taken_back(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await create_object(served, "deal", FIELDS)
        company = (await ask(served, 'mutation { createCompany(data: { name: "Orion" }) { id } }'))["createCompany"]
        id_ = (await ask(served, CREATE))["createDeal"]["id"]
        await ask(served, UPDATE, id=id_, supplier=company["id"])
        await watched.sign_in(served, f"/console/records/deals/{id_}")
        page = watched.page
        history = page.get_by_role("region", name="History of First")
        for words in (
            "Place: Street 1, Berlin → Street 1, Bonn",
            "Price: 2.00 EUR → 3.50 EUR",
            "Words: one, two → one",
            "Supplier: — → Orion",
        ):
            await expect(history.get_by_text(words, exact=True)).to_be_visible()
        # Parts that the words of a value leave out are told as the API has them.
        await expect(history.get_by_text("Site: ")).to_contain_text('"primaryLinkUrl":"https://b.example"')
        await expect(page.get_by_role("link", name="Open Site")).to_have_attribute("href", "https://b.example/")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await watched.assert_accessible()
        await history.get_by_role("button", name="Return Supplier to —").click()
        await until_answered(served, READ, deal("Bonn", None))
        # The event of this write moves the others down.
        await expect(history.get_by_role("button", name="Return Supplier to Orion")).to_be_visible()
        await history.get_by_role("button", name="Return Place to Street 1, Berlin").click()
        await until_answered(served, READ, deal("Berlin", None))
        await expect(history.get_by_role("button", name="Return Place to Street 1, Bonn")).to_be_visible()
        await history.get_by_role("button", name="Return Supplier to Orion").click()
        await until_answered(served, READ, deal("Berlin", "Orion"))
        await watched.assert_clean(served.address, ())
