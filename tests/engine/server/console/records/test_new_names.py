"""A record and a board that are open while another client renames their fields, in the browser."""

import pytest
from playwright.async_api import Response, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.records.lists import ask, open_list

pytestmark = pytest.mark.system


async def _rename(served: Served, field: str, **update: str) -> None:
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    await served.ask("/metadata", apply, changes=[{"updateField": {"id": field, "update": update}}])


def _is_of_titles(answer: Response) -> bool:
    asked = answer.request.post_data or ""
    return "opportunities(" in asked and "title" in asked


async def test_a_record_outlives_a_new_name_of_its_field(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await ask(
            served, 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } } data: { city: "Ulm" }) { id } }'
        )
        found = await ask(served, '{ person(where: { email: "Ada@example.com" }) { id } }')
        page = await open_list(watched, served, f"people/{found['person']['id']}")
        await expect(page.get_by_role("button", name="Edit City: Ulm")).to_be_visible()
        await _rename(served, "person.city", name="town", label="Town")
        await expect(page.get_by_role("button", name="Edit Town: Ulm")).to_be_visible()


async def test_a_board_outlives_a_new_name_of_its_field(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await ask(served, 'mutation { createOpportunity(data: { name: "First", stage: NEW }) { id } }')
        page = await open_list(watched, served, "opportunities/board?by=stage")
        card = page.get_by_role("listitem").filter(has_text="First")
        await expect(card).to_be_visible()
        async with page.expect_response(_is_of_titles) as read:
            await _rename(served, "opportunity.name", name="title", label="Title")
        assert "errors" not in await (await read.value).json()
        await expect(page.get_by_text("The cards cannot be read.")).to_have_count(0)
        await expect(card).to_be_visible()
