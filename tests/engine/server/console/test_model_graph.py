"""The graph of the model in a real browser: places that are kept for everyone, and relations that are drawn."""

import re

import pytest
from playwright.async_api import FloatRect, Locator, Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.forms import apply_plan, choose
from tests.waiting import until_true

pytestmark = pytest.mark.system

CHANGE = "mutation ($changes: [Change!]!) { applyChanges(changes: $changes) { version } }"
PLACES = "{ preferences(scope: WORKSPACE) objects { edges { node { id nameSingular } } } }"


async def find_places(served: Served) -> dict[str, list[int]]:
    """Return the kept places by the names of objects."""
    data = await served.ask("/metadata", PLACES)
    kept = data["preferences"].get("model.layout", {})
    nodes = [edge["node"] for edge in data["objects"]["edges"]]
    return {node["nameSingular"]: kept[node["id"]] for node in nodes if node["id"] in kept}


async def find_box(locator: Locator) -> FloatRect:
    """Return where an element is on the screen, once it stays there: the graph is fitted into the page."""
    found: list[FloatRect | None] = []

    async def is_still() -> bool:
        await locator.scroll_into_view_if_needed()
        found.append(await locator.bounding_box())
        return len(found) > 2 and found[-1] == found[-2] == found[-3]

    await until_true(is_still)
    box = found[-1]
    assert box is not None
    return box


async def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Move the mouse from one point to another with its button down."""
    await page.mouse.move(*start)
    await page.mouse.down()
    await page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    await page.mouse.move(*end, steps=4)
    await page.mouse.up()


async def test_the_graph_shows_the_relations_and_leads_to_the_forms(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model")
        await page.get_by_role("link", name="Graph").click()
        graph = page.get_by_role("region", name="Objects and relations")
        await expect(graph.get_by_role("status")).to_contain_text("4 of 4 objects, 5 relations")
        await expect(graph.get_by_role("link", name="Companies")).to_be_visible()
        await watched.assert_accessible()
        await choose(page, "Show an object with its neighbours", "Companies")
        await expect(page).to_have_url(re.compile("open=company$"))
        await expect(graph.get_by_role("status")).to_contain_text("of 4 objects")
        await watched.assert_accessible()
        await graph.get_by_role("link", name="Companies").click()
        await expect(page.get_by_role("table", name="Fields of Companies")).to_be_visible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_an_object_is_moved_by_drag_and_by_keys_for_everyone(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/graph")
        people = page.get_by_role("group", name="People", exact=True)
        before = await find_box(people)
        await drag(page, (before["x"] + 8, before["y"] + 6), (before["x"] + 28, before["y"] + 146))
        lay_out = page.get_by_role("button", name="Lay out…")
        await expect(lay_out).to_be_visible()
        kept = await find_places(served)
        assert sorted(kept) == ["activity", "company", "opportunity", "person"], "all that is shown stays as it is seen"

        await page.reload()
        await expect(people).to_be_visible()
        assert await find_places(served) == kept
        await people.focus()
        await page.keyboard.press("Enter")
        for _ in range(3):
            await page.keyboard.press("Shift+ArrowDown")

        async def is_moved() -> bool:
            return (await find_places(served))["person"] == [kept["person"][0], kept["person"][1] + 60]

        await until_true(is_moved)
        await watched.assert_accessible()
        await lay_out.click()
        await watched.assert_accessible()
        await page.get_by_role("alertdialog").get_by_role("button", name="Lay out").click()
        await expect(lay_out).to_be_hidden()
        assert await find_places(served) == {}
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_relation_is_drawn_or_begun_by_a_button(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/graph")
        graph = page.get_by_role("region", name="Objects and relations")
        company = page.get_by_role("group", name="Companies", exact=True)
        dot = await find_box(company.get_by_title("Drag to another object"))
        person = await find_box(page.get_by_role("group", name="People", exact=True))
        start = (dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
        await drag(page, start, (person["x"] + person["width"] / 2, person["y"] + person["height"] / 2))
        form = page.get_by_role("dialog", name="New field of Company")
        await expect(form.get_by_role("combobox", name="To the object")).to_have_value("People")
        await form.get_by_label("Label", exact=True).fill("Owner")
        await form.get_by_label("Label of the other end").fill("Owned companies")
        await watched.assert_accessible()
        await apply_plan(page, "New field of Company")
        await expect(graph.get_by_role("status")).to_contain_text("6 relations")

        await page.emulate_media(color_scheme="dark")
        await page.get_by_role("button", name="Relation from Companies").press("Enter")
        await choose(page, "To the object", "Companies")
        await form.get_by_label("Label", exact=True).fill("Parent")
        await form.get_by_label("Label of the other end").fill("Subsidiaries")
        await apply_plan(page, "New field of Company")
        await expect(graph.get_by_role("status")).to_contain_text("7 relations")
        await expect(graph.get_by_role("img", name="company: Parent, company: Subsidiaries")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_large_model_opens_on_an_object_and_grows(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        objects = [
            {
                "createObject": {
                    "nameSingular": f"part{n}",
                    "namePlural": f"parts{n}",
                    "labelSingular": f"Part {n}",
                    "labelPlural": f"Parts {n}",
                }
            }
            for n in range(30)
        ]
        await served.ask("/metadata", CHANGE, changes=objects)
        await watched.sign_in(served, "/console/model/graph?open=opportunity")
        graph = page.get_by_role("region", name="Objects and relations")
        await expect(graph.get_by_role("status")).to_contain_text("3 of 34 objects, 3 relations")
        box = await find_box(page.get_by_role("group", name="People", exact=True))
        await page.mouse.click(box["x"] + 6, box["y"] + 6)
        await expect(graph.get_by_role("status")).to_contain_text("4 of 34 objects, 5 relations")
        await page.get_by_role("button", name="All objects").click()
        await expect(graph.get_by_role("status")).to_contain_text("34 of 34 objects, 5 relations")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))
