"""A list that is open while its server is stopped and another one takes its place."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.records.lists import (
    ask,
    assert_live,
    cell,
    count_shown,
    open_list,
    press,
    until_answered,
)
from tests.ports import free_port
from tests.processes.serving import serving
from tests.waiting import until

pytestmark = pytest.mark.system

CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"


async def until_city(served: Served, city: str) -> None:
    people = {"people": {"edges": [{"node": {"city": city}}]}}
    await until_answered(served, "{ people(first: 1) { edges { node { city } } } }", people)


async def type_city(page: Page, city: str) -> None:
    await page.get_by_role("grid").focus()
    await press(page, "F2", "Control+a")
    await page.keyboard.type(city)
    await press(page, "Enter")


async def test_a_list_outlives_its_server(watched: Watched, app_database: str) -> None:
    port = str(free_port())
    page = watched.page
    with serving("--port", port, DATABASE_URL=app_database) as first:
        served = Served(address=first.url, key=first.key, code=first.code)
        # The key of the start ends with the server, and its sessions with it.
        made = await served.ask("/metadata", 'mutation { createApiKey(input: { name: "kept" }) { token } }')
        served.key = made["createApiKey"]["token"]
        people = [{"firstName": f"No {number:03}", "email": f"{number}@example.com"} for number in range(950)]
        await ask(served, CREATE, data=people)
        await open_list(watched, served, "people?sort=firstName")
        await count_shown(page, "950 records")
        await assert_live(page)
        await page.get_by_role("grid").focus()
        await press(page, "Home", *["ArrowRight"] * 5)
        await type_city(page, "Bonn")
        await expect(cell(page, "Bonn")).to_be_visible()
        await until_city(served, "Bonn")
        await press(page, "F2", "Control+a")
        await page.keyboard.type("Ulm")
    # The open editor keeps the typed text.
    await expect(page.get_by_text("Live updates paused")).to_be_visible()
    await expect(page.get_by_role("textbox", name="City of No 000")).to_have_value("Ulm")
    await press(page, "Enter")
    footer = page.get_by_role("alert").filter(has_text="The server cannot be reached. The change may or may not")
    await expect(footer).to_be_visible()
    await expect(cell(page, "⚠ Ulm")).to_be_visible()
    await expect(page.get_by_text("The records cannot be read.")).to_be_visible()
    await watched.assert_accessible()
    # Rows that are not here yet are asked for in vain, and again by themselves.
    await page.get_by_role("grid").evaluate("grid => grid.scrollTop = grid.scrollHeight")
    await expect(page.get_by_role("row").and_(page.locator("[aria-busy=true]")).first).to_be_visible()

    with serving("--port", port, DATABASE_URL=app_database):
        where = 'filter: { email: { eq: "1@example.com" } }'
        await ask(served, f'mutation {{ updatePeople({where}, data: {{ city: "Wien" }}) {{ id }} }}')
        await expect(page.get_by_text("The records cannot be read.")).to_be_hidden()
        await expect(page.get_by_role("row").and_(page.locator("[aria-busy=true]"))).to_have_count(0)
        await assert_live(page)
        await page.get_by_role("grid").evaluate("grid => grid.scrollTop = 0")
        # A write of the time without a socket is here, and the refused value is still marked.
        await expect(cell(page, "Wien")).to_be_visible()
        await expect(cell(page, "⚠ Ulm")).to_be_visible()
        await until_city(served, "Bonn")
        await page.get_by_role("grid").focus()
        await press(page, "F2", "Enter")
        await expect(cell(page, "Ulm")).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await count_shown(page, "950 records")
        await until_city(served, "Ulm")
    # A server that stops or has just begun answers 503.
    expected = re.compile(r"ERR_CONNECTION_REFUSED|503 \(Service Unavailable\)")
    assert all(expected.search(complaint) for complaint in watched.complaints), watched.complaints


async def test_a_list_waits_for_a_server_whose_proxy_answers_in_its_place(watched: Watched, serve: Serve) -> None:
    page = watched.page
    refused: list[str] = []

    async def refuse(route: Route) -> None:
        refused.append(route.request.url)
        await route.fulfill(status=502, content_type="text/html", body="<h1>502 Bad Gateway</h1>")

    async with serve() as served:
        await watched.sign_in(served, "/console/records/companies")
        await page.route("**/graphql", refuse)
        await page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
        await expect(page.get_by_text("The server cannot be reached. The page goes on by itself.")).to_be_visible()
        await until(lambda: len(refused) > 2)
        await page.unroute("**/graphql", refuse)
        await count_shown(page, "3 records")
        await expect(cell(page, "Ada")).to_be_visible()
        await expect(page.get_by_text("The records cannot be read.")).to_be_hidden()
    assert all("502 (Bad Gateway)" in complaint for complaint in watched.complaints), watched.complaints
