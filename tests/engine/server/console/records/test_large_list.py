"""A list of 100,000 records among 200 objects: its requests, the elements of its page and its memory, counted."""

import re
from collections import Counter

import psycopg
import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import (
    PASTE,
    ask,
    cell,
    count_shown,
    focused_text,
    open_list,
    press,
    until_answered,
)
from tests.waiting import until

pytestmark = pytest.mark.system

_OPERATION = re.compile(r"query (Console\w+)")
LOADED = (".js", ".css")
ROWS = """
    INSERT INTO workspace_default.person ("id", "firstName", "lastName", "email", "createdByName", "createdBySource")
    SELECT ('ffffffff-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, 'Person', 'No ' || number,
        number || '@many.example', 'test', 'IMPORT'
    FROM generate_series(4, 100000) AS number
"""


def _created(name: str) -> dict[str, object]:
    labels = {"labelSingular": name.capitalize(), "labelPlural": f"{name.capitalize()}s"}
    return {"createObject": {"nameSingular": name, "namePlural": f"{name}s", **labels}}


async def test_a_drag_over_the_whole_list_costs_few_requests_and_little_of_the_page(
    watched: Watched, serve: Serve, app_database: str
) -> None:
    async with serve() as served:
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute(ROWS)
        names = [f"filler{letter}{number}" for letter in "abcdefgh" for number in range(25)]
        create = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
        await served.ask("/metadata", create, changes=[_created(name) for name in names])
        asked: Counter[str] = Counter()
        frames: list[str] = []
        watched.page.on("request", lambda one: asked.update(_OPERATION.findall(one.post_data or "")))
        watched.page.on("websocket", lambda one: one.on("framereceived", lambda frame: frames.append(str(frame))))
        page = await open_list(watched, served, "people")
        await count_shown(page, "100,000 records")
        await expect(cell(page, "Ada")).to_be_visible()
        # A result without data is the begin of a subscription: the page is read once more where that comes late.
        await until(lambda: any('"data":null' in frame for frame in frames))
        await count_shown(page, "100,000 records")
        assert 1 <= asked["ConsoleRecords"] <= 2, asked
        assert 1 <= asked["ConsoleCount"] <= 2, asked

        watched.requests.clear()
        grid = page.get_by_role("grid")
        await grid.evaluate(
            """async grid => {
                for (let step = 1; step <= 200; step++) {
                    grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * step / 200;
                    await new Promise(requestAnimationFrame);
                }
            }"""
        )
        await expect(cell(page, "No 100000")).to_be_visible()
        assert len(watched.requests) < 5, watched.requests
        assert await focused_text(page) == "Ada", "the focused cell is there, wherever the view is"
        assert await page.evaluate("document.getElementsByTagName('*').length") < 2500
        assert await grid.get_attribute("aria-rowcount") == "100002", "the head, the records, and the row of a new one"

        await grid.focus()
        await press(page, "Control+End", "Home")
        await expect(page.get_by_role("row").last).to_have_attribute("aria-rowindex", "100002")
        assert await focused_text(page) == "Person"
        await press(page, "ArrowUp", "PageUp")
        await expect(page.get_by_role("row", name="Select row 99990 ")).not_to_have_attribute("aria-busy", "true")
        assert len(watched.requests) < 8, watched.requests
        session = await page.context.new_cdp_session(page)
        await session.send("HeapProfiler.collectGarbage")
        heap = await session.send("Runtime.getHeapUsage")
        assert heap["usedSize"] < 60_000_000, heap
        await watched.assert_accessible()
        await watched.assert_clean(served.address, ())


async def test_a_paste_below_the_rows_that_were_read_writes_those_that_are_not_counted_yet(
    watched: Watched, serve: Serve
) -> None:
    data = [{"firstName": f"Filler {at}", "email": f"{at}@many.example"} for at in range(120)]
    read = '{ all: people { totalCount } named: people(filter: { firstName: { in: ["A", "B", "C"] } }) { totalCount } }'
    async with serve() as served:
        await ask(served, "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=data)
        page = watched.page
        held = await hold_requests(page, "/graphql", "ConsoleCount")
        await watched.sign_in(served, "/console/records/people")
        await expect(cell(page, "Ada")).to_be_visible()
        await page.get_by_role("grid").focus()
        await press(page, "Control+End", "Home")
        await expect(cell(page, "Filler 96")).to_be_visible()
        await page.evaluate(PASTE, "A\nB\nC")
        await until_answered(served, read, {"all": {"totalCount": 123}, "named": {"totalCount": 3}})
        held.released.set()
        await count_shown(page, "123 records")
