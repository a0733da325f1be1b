"""A list of 100,000 records among 200 objects, and an object of 300 fields: requests, elements and memory, counted."""

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
    create_object,
    focused_text,
    open_list,
    press,
    until_answered,
)
from tests.waiting import until, until_true

pytestmark = pytest.mark.system

_OPERATION = re.compile(r"query (Console\w+)")
LOADED = (".js", ".css")
ROWS = """
    INSERT INTO workspace_default.person ("id", "firstName", "lastName", "email", "createdByName", "createdBySource")
    SELECT ('ffffffff-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, 'Person', 'No ' || number,
        number || '@many.example', 'test', 'IMPORT'
    FROM generate_series(4, 100000) AS number
"""

COUNT_FIELDS = """() => {
    window.fieldCounts = [];
    const count = () => {
        const fields = document.querySelectorAll(".record-field, .columns > li, .table tbody tr").length;
        if (fields > 0 && window.fieldCounts.at(-1) !== fields) window.fieldCounts.push(fields);
    };
    new MutationObserver(count).observe(document, { childList: true, subtree: true });
}"""
"""Notes each number of fields that the page has had, as it changes."""


def _created(name: str) -> dict[str, object]:
    labels = {"labelSingular": name.capitalize(), "labelPlural": f"{name.capitalize()}s"}
    return {"createObject": {"nameSingular": name, "namePlural": f"{name}s", **labels}}


def _reads(watched: Watched) -> list[str]:
    """Return the requests for records so far; the parts of the page that come behind it are none."""
    return [url for url in watched.requests if url.endswith("/graphql")]


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
        assert len(_reads(watched)) < 5, watched.requests
        assert await focused_text(page) == "Ada", "the focused cell is there, wherever the view is"
        assert await page.evaluate("document.getElementsByTagName('*').length") < 2500
        assert await grid.get_attribute("aria-rowcount") == "100002", "the head, the records, and the row of a new one"

        await grid.focus()
        await press(page, "Control+End", "Home")
        await expect(page.get_by_role("row").last).to_have_attribute("aria-rowindex", "100002")
        assert await focused_text(page) == "Person"
        await press(page, "ArrowUp", "PageUp")
        await expect(page.get_by_role("row", name="Select row 99990 ")).not_to_have_attribute("aria-busy", "true")
        assert len(_reads(watched)) < 8, watched.requests
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


async def test_the_forms_of_an_object_with_many_fields_show_the_first_of_them_at_once(
    watched: Watched, serve: Serve
) -> None:
    fields: list[dict[str, object]] = [
        {"name": f"field{at}x", "label": f"Field {at}", "type": "TEXT"} for at in range(300)
    ]
    fields[250]["isNullable"] = False
    page = watched.page
    async with serve() as served:
        await create_object(served, "sheet", fields)
        created = await ask(served, 'mutation { createSheet(data: { name: "Wide", field250x: "-" }) { id } }')
        id_ = created["createSheet"]["id"]
        await page.add_init_script(f"({COUNT_FIELDS})()")

        async def counts() -> list[int]:
            found: list[int] = await page.evaluate("window.fieldCounts")
            return found

        async def until_whole(least: int) -> list[int]:
            """Return the numbers of fields that there were, once all are there."""
            await until_true(lambda: page.evaluate("least => window.fieldCounts.at(-1) >= least", least))
            return await counts()

        await open_list(watched, served, "sheets")
        await page.get_by_role("button", name="Sheet", exact=True).click()
        await expect(page.get_by_role("textbox", name="Name")).to_be_focused()
        assert await until_whole(301) == [40, 301], "the form takes keys before it is whole"
        # The reads of the page's opening are over; names of records are read at /graphql alone.
        await page.wait_for_load_state("networkidle")
        watched.requests.clear()
        await page.keyboard.type("A name")
        await press(page, "Tab")
        await expect(page.get_by_role("textbox", name="Field 0", exact=True)).to_be_focused()
        assert _reads(watched) == [], "a field without a relation asks for no name"
        assert await page.evaluate("document.querySelectorAll('.record-form *').length") < 1600

        # The refusal of a value that is far below is shown, and its field has the focus.
        await page.get_by_role("button", name="Create", exact=True).click()
        await expect(page.get_by_text("Field 'field250x' is required")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("button", name="Edit Field 250: —")).to_be_focused()

        await page.get_by_role("button", name="Close without creating").click()
        await page.get_by_role("button", name="Discard it").click()
        for path in (f"records/sheets?open={id_}", f"records/sheets/{id_}", "model/sheet"):
            await watched.sign_in(served, f"/console/{path}")
            assert (await until_whole(300))[0] == 40, path
        await open_list(watched, served, "sheets")
        await page.get_by_role("button", name="Columns").click()
        assert (await until_whole(300))[0] == 40
        await watched.assert_accessible()
        await watched.assert_clean(served.address, ())
