"""The board of an object in a real browser."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.engine.server.console.browsing import Serve, Served, Watched, hold_requests
from tests.engine.server.console.records.lists import create_object
from tests.waiting import until_true

pytestmark = pytest.mark.system

_DEALS = (("First", "NEW", 10), ("Second", "NEW", 20), ("Third", "MEETING", 5), ("Fourth", None, 1))


async def _ask(watched: Watched, served: Served, query: str, **variables: object) -> Any:
    answer = await watched.page.request.post(
        f"{served.address}/graphql",
        data={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {served.key}"},
    )
    told = json.loads(await answer.text())
    assert "errors" not in told, told
    return told["data"]


async def _is_at(watched: Watched, served: Served, stage: str, *names: str) -> bool:
    page = f"opportunities(filter: {{ stage: {{ eq: {stage} }} }}) {{ edges {{ node {{ name }} }} }}"
    told = await _ask(watched, served, f"{{ {page} }}")
    return sorted(edge["node"]["name"] for edge in told["opportunities"]["edges"]) == sorted(names)


async def _fill(watched: Watched, served: Served) -> None:
    data = [{"name": name, "stage": stage, "amount": amount} for name, stage, amount in _DEALS]
    create = "mutation ($data: [OpportunityInput!]!) { createOpportunities(data: $data) { id } }"
    await _ask(watched, served, create, data=data)


async def test_cards_are_moved_by_a_menu_and_by_dragging(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await _fill(watched, served)
        await watched.sign_in(served, "/console/records/opportunities?q=")
        await page.get_by_role("link", name="As a board").click()
        new, meeting = (page.get_by_role("region", name=name, exact=True) for name in ("New", "Meeting"))
        await expect(new.get_by_role("listitem")).to_have_count(2)
        await expect(new).to_contain_text("Σ 30")
        await expect(page.get_by_role("region", name="No value").get_by_role("listitem")).to_have_count(1)
        await watched.assert_accessible()
        await new.get_by_role("button", name="Move First").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("menuitem", name="Meeting").press("Enter")
        await expect(meeting.get_by_role("listitem")).to_have_count(2)
        await expect(new).to_contain_text("Σ 20")
        await new.get_by_role("listitem").filter(has_text="Second").drag_to(meeting)
        await expect(meeting.get_by_role("listitem")).to_have_count(3)
        await expect(new.get_by_role("listitem")).to_have_count(0)
        await until_true(lambda: _is_at(watched, served, "MEETING", "First", "Second", "Third"))
        # Another's change is seen without a reload.
        await _ask(
            watched,
            served,
            'mutation { updateOpportunities(filter: { name: { eq: "Third" } }, data: { stage: NEW }) { id } }',
        )
        await expect(new.get_by_role("listitem")).to_have_count(1)
        await new.get_by_role("link", name="Third", exact=True).click()
        await expect(page.get_by_role("complementary", name="Opportunity Third")).to_be_visible()
        await watched.assert_clean(served.address, (".js",))


async def test_a_card_is_moved_again_while_its_move_is_under_way(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await _fill(watched, served)
        held = await hold_requests(page, "/graphql", "updateOpportunity")
        await watched.sign_in(served, "/console/records/opportunities/board?by=stage")
        new, meeting = (page.get_by_role("region", name=name, exact=True) for name in ("New", "Meeting"))
        await expect(new.get_by_role("listitem")).to_have_count(2)
        for name, way in (("First", (meeting, new)), ("Second", (meeting, new, meeting))):
            for column in way:
                await page.get_by_role("listitem").filter(has_text=name).drag_to(column)
                await expect(column.get_by_role("listitem").filter(has_text=name)).to_be_visible()
        held.released.set()
        await until_true(lambda: _is_at(watched, served, "MEETING", "Second", "Third"))
        await expect(page.locator("[data-moving]")).to_have_count(0)
        await expect(new.get_by_role("listitem")).to_have_text([re.compile("First")])
        await expect(page.get_by_role("alert")).to_have_count(0)
        await watched.assert_clean(served.address, (".js",))


async def test_a_refused_move_is_told_though_another_one_follows(watched: Watched, serve: Serve) -> None:
    page = watched.page
    held: list[Route] = []

    async def refuse_first(route: Route) -> None:
        if held or "updateOpportunity" not in (route.request.post_data or ""):
            await route.continue_()
        else:
            held.append(route)

    async with serve() as served:
        await _fill(watched, served)
        await page.route("**/graphql", refuse_first)
        await watched.sign_in(served, "/console/records/opportunities/board?by=stage")
        meeting = page.get_by_role("region", name="Meeting", exact=True)
        for name in ("First", "Second"):
            await page.get_by_role("listitem").filter(has_text=name).drag_to(meeting)
            await expect(meeting.get_by_role("listitem").filter(has_text=name)).to_be_visible()
        await page.get_by_role("link", name="Data model").click()
        question = page.get_by_role("alertdialog", name="Leave while a change is being saved?")
        await question.get_by_role("button", name="Stay").click()
        await held[0].abort()
        await expect(page.get_by_role("alert")).to_contain_text("The result of this write is not known.")
        await until_true(lambda: _is_at(watched, served, "MEETING", "Second", "Third"))
        await watched.assert_accessible()
        await page.get_by_role("button", name="Close").click()
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_card_keeps_the_digits_of_its_number_when_its_column_is_read_again(
    watched: Watched, serve: Serve
) -> None:
    page = watched.page
    async with serve() as served:
        deals = '[{ name: "First", stage: NEW, amount: 12.50 }, { name: "Second", stage: NEW, amount: 8.50 }]'
        await _ask(watched, served, f"mutation {{ createOpportunities(data: {deals}) {{ id }} }}")
        await watched.sign_in(served, "/console/records/opportunities/board?by=stage")
        new = page.get_by_role("region", name="New", exact=True)
        first = new.get_by_role("listitem").filter(has_text="First")
        await expect(first).to_contain_text("12.50")
        change = 'updateOpportunities(filter: { name: { eq: "First" } }, data: { amount: 19.90 })'
        await _ask(watched, served, f"mutation {{ {change} {{ id }} }}")
        await expect(first).to_contain_text("19.90")
        await expect(new.get_by_role("listitem").filter(has_text="Second")).to_contain_text("8.50")
        await watched.assert_clean(served.address, (".js",))


async def test_a_long_label_leaves_the_number_of_its_column_in_view(watched: Watched, serve: Serve) -> None:
    page = watched.page
    label = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"
    async with serve() as served:
        options = [{"value": "LONG", "label": label, "position": 0}]
        await create_object(served, "part", [{"type": "SELECT", "name": "state", "label": "State", "options": options}])
        await _ask(watched, served, 'mutation { createPart(data: { name: "Bolt", state: LONG }) { id } }')
        await watched.sign_in(served, "/console/records/parts/board?by=state")
        column = page.get_by_role("region", name=label)
        count = column.locator("header").get_by_text("1", exact=True)
        await expect(count).to_be_visible()
        inner, outer = await count.bounding_box(), await column.bounding_box()
        assert inner is not None
        assert outer is not None
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        await watched.assert_clean(served.address, (".js",))


async def test_an_object_without_options_says_so(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await watched.sign_in(served, "/console/records/people/board")
        await expect(watched.page.get_by_text("this object has none")).to_be_visible()
        await watched.assert_accessible()


async def test_a_board_is_saved_as_a_view(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await _fill(watched, served)
        await watched.sign_in(
            served, '/console/records/opportunities/board?by=stage&f={"amount":{"gte":10}}&sort=-amount'
        )
        await expect(page.get_by_role("region", name="New", exact=True).get_by_role("listitem")).to_have_count(2)
        await page.get_by_role("button", name="Save as…").click()
        await page.get_by_role("textbox", name="Name").fill("Large ones")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("button", name="Change the view Large ones")).to_be_visible()
        saved = await served.ask(
            "/metadata", '{ views(object: "opportunity") { name kind boardField filter orderBy } }'
        )
        assert saved["views"] == [
            {
                "name": "Large ones",
                "kind": "KANBAN",
                "boardField": "stage",
                "filter": {"amount": {"gte": 10}},
                "orderBy": [{"amount": "DescNullsLast"}],
            }
        ]
        # The list of the object leads to it, and to its table from there.
        await watched.page.goto(f"{served.address}/console/records/opportunities")
        await page.get_by_label("View", exact=True).select_option(label="Large ones")
        await expect(page.get_by_role("region", name="New", exact=True).get_by_role("listitem")).to_have_count(2)
        await expect(page.get_by_role("button", name="Save view")).to_be_hidden()
        await page.get_by_role("searchbox").fill("First")
        await expect(page.get_by_role("region", name="New", exact=True).get_by_role("listitem")).to_have_count(1)
        await page.get_by_role("button", name="Change the view Large ones").click()
        await page.get_by_role("menuitem", name="Delete view…").click()
        await page.get_by_role("button", name="Delete the view").click()
        await expect(page.get_by_label("View", exact=True).get_by_role("option")).to_have_count(1)
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_board_names_the_conditions_of_its_list(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await _fill(watched, served)
        large = json.dumps({"amount": {"gte": 10}})
        await watched.sign_in(served, f"/console/records/opportunities/board?by=stage&f={large}")
        new, meeting = (page.get_by_role("region", name=name, exact=True) for name in ("New", "Meeting"))
        await expect(new.get_by_role("listitem")).to_have_count(2)
        await expect(meeting.get_by_role("listitem")).to_have_count(0)
        await watched.assert_accessible()
        await page.get_by_role("button", name="Remove: Amount").click()
        await expect(meeting.get_by_role("listitem")).to_have_count(1)
        await expect(page.get_by_role("list", name="Conditions")).to_be_hidden()
        await watched.assert_clean(served.address, (".js", ".css"))
