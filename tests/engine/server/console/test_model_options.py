"""The options of a field on the page of the model: their order, and where the records of a removed one go."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.forms import apply_plan, choose
from tests.engine.server.console.records.lists import create_object

pytestmark = pytest.mark.system


async def test_options_are_ordered_by_the_pointer_and_by_keys(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/person")
        await page.get_by_role("button", name="Field", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("Mood")
        await choose(page, "Type", "Select")
        for label in ("Bad", "Fair", "Good", "Best"):
            await page.get_by_role("button", name="Option", exact=True).click()
            await page.get_by_placeholder("Label").last.fill(label)

        async def order() -> list[str]:
            return [await box.input_value() for box in await page.get_by_placeholder("Label").all()]

        async def drag(label: str, to: str, *, drop: bool = True) -> None:
            """Take an option by its grip, at its beginning, and move it over another one."""
            boxes = [
                await page.get_by_role("listitem").filter(has=page.get_by_label(f"Label of {one}")).bounding_box()
                for one in (label, to)
            ]
            (start, end) = [box for box in boxes if box is not None]
            await page.mouse.move(start["x"] + 8, start["y"] + start["height"] / 2)
            await page.mouse.down()
            await page.mouse.move(end["x"] + 8, end["y"] + end["height"] / 2, steps=12)
            if drop:
                await page.mouse.up()

        await drag("Best", "Bad")
        assert await order() == ["Best", "Bad", "Fair", "Good"]
        await drag("Bad", "Good")
        assert await order() == ["Best", "Fair", "Good", "Bad"]
        # A drag that is taken back leaves the order as it was.
        await drag("Best", "Bad", drop=False)
        await page.keyboard.press("Escape")
        await page.mouse.up()
        assert await order() == ["Best", "Fair", "Good", "Bad"]

        # The button keeps the focus while its option moves, and at the end.
        up = page.get_by_role("button", name="Move Bad up")
        await up.focus()
        for _ in range(3):
            await expect(up).to_be_focused()
            await page.keyboard.press("Enter")
        assert await order() == ["Bad", "Best", "Fair", "Good"]
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Move Bad down")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Space")
        assert await order() == ["Best", "Fair", "Bad", "Good"]
        await watched.assert_accessible()
        await apply_plan(page, "New field of Person")
        await expect(page.get_by_role("table", name="Fields of People")).to_contain_text("Best, Fair, Bad, Good")
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_an_option_that_goes_leaves_its_records_to_another(watched: Watched, serve: Serve) -> None:
    page = watched.page
    options = [{"value": value, "label": value.title(), "position": at} for at, value in enumerate(("NEW", "OLD"))]
    async with serve() as served:
        field = {"type": "SELECT", "name": "state", "label": "State", "options": options}
        await create_object(served, "part", [field])
        await served.ask("/graphql", 'mutation { createPart(data: { name: "Bolt", state: NEW }) { id } }')
        await watched.sign_in(served, "/console/model/part/state")
        await page.get_by_role("button", name="Remove New").click()
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_text("these options of state are in use")).to_be_visible()
        successor = page.get_by_label("Records with New get")
        await expect(successor.get_by_role("option")).to_have_text(
            ["nothing else: no record has it", "Old", "no value"]
        )
        await watched.assert_accessible()
        await successor.select_option("Old")
        await apply_plan(page, "Field part.state")
        assert await served.ask("/graphql", "{ parts { edges { node { state } } } }") == {
            "parts": {"edges": [{"node": {"state": "OLD"}}]}
        }
        await watched.assert_clean(served.address, (".js", ".css"))
