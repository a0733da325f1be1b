"""Lists of records in a browser, as a person and another client see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.engine.server.console.browsing import Served, Watched
from tests.waiting import until_true

PASTE = """text => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
    );
}"""
"""Pastes a text where the focus is."""


async def open_list(watched: Watched, served: Served, path: str) -> Page:
    """Sign in with the server's key and open a page of records."""
    await watched.sign_in(served, f"/console/records/{path}")
    return watched.page


async def ask(served: Served, query: str, **variables: Any) -> Any:
    """Return the data of an operation of another client."""
    return await served.ask("/graphql", query, **variables)


async def until_answered(served: Served, query: str, data: object) -> None:
    """Wait until another client gets these data: a list shows a value before the server has it."""

    async def is_answered() -> bool:
        return bool(await ask(served, query) == data)

    await until_true(is_answered)


async def create_object(served: Served, name: str, fields: Sequence[Mapping[str, Any]]) -> None:
    """Create an object, whose plural name ends with an s, with fields as `createField` takes them."""
    labels = {"labelSingular": name.capitalize(), "labelPlural": f"{name.capitalize()}s"}
    object_ = {"createObject": {"nameSingular": name, "namePlural": f"{name}s", **labels}}
    created = [{"createField": {"objectMetadataId": name, **field}} for field in fields]
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    await served.ask("/metadata", apply, changes=[object_, *created])


def cell(page: Page, text: str) -> Locator:
    """Return the cells that have exactly this text."""
    return page.get_by_role("gridcell", name=text, exact=True)


async def focused_text(page: Page) -> str:
    """Return the text of the cell that the grid names as its focused one."""
    text: str | None = await page.get_by_role("grid").evaluate(
        "grid => document.getElementById(grid.getAttribute('aria-activedescendant'))?.textContent ?? null"
    )
    assert text is not None, "the grid names a cell that is not there"
    return text


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def count_shown(page: Page, text: str) -> None:
    """Wait for the number of records, and for the rows in view, which keys need as well."""
    await expect(page.get_by_role("status", name="Number of records")).to_have_text(text)
    await expect(page.get_by_role("row").and_(page.locator("[aria-busy=true]"))).to_have_count(0)


async def assert_live(page: Page) -> None:
    """The list has its subscriptions: a change of another client will be seen."""
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
