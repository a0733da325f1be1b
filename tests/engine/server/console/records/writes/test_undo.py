"""An undo says which records it did not bring back."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import ask, cell, count_shown, open_list, press

pytestmark = pytest.mark.system

DESTROY = 'mutation { destroyPeople(filter: { firstName: { eq: "Ada" }, deletedAt: { is: NOT_NULL } }) { id } }'


async def test_an_undo_of_a_deletion_names_the_records_that_another_has_destroyed(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people?sort=firstName")
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home", "Shift+ArrowDown", "Shift+Space", "Delete")
        await count_shown(page, "1 record")
        await ask(served, DESTROY)
        await page.get_by_role("button", name="Undo").click()
        await expect(
            page.get_by_text(
                "Undone: Moved 2 records to the trash, but for 1 record that others have moved or destroyed"
            )
        ).to_be_visible()
        await count_shown(page, "2 records")
        await expect(cell(page, "Ada")).to_be_hidden()
