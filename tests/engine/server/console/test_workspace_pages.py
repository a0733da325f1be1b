"""The start, the webhooks and the API of the console in a real browser."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from playwright.async_api import Request, WebSocketRoute, expect

from tests.engine.server.console.browsing import NAMES, Serve, Watched
from tests.waiting import until

pytestmark = pytest.mark.system


async def test_the_start_ticks_its_steps_off(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve("/crm") as served:
        await watched.sign_in(served)
        steps = page.get_by_role("region", name="First steps").get_by_role("listitem")
        await expect(steps).to_have_count(4)
        await expect(steps.filter(has_text="Fill it with records").get_by_label("Done")).to_be_visible()
        await expect(steps.filter(has_text="Add an object").get_by_label("To do")).to_be_visible()
        events = steps.filter(has_text="Send events elsewhere")
        await events.get_by_text("The same with curl").click()
        await expect(events.get_by_text(f"curl -s '{served.address}/metadata'")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("link", name="Open the webhooks").click()
        await expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()
        await watched.assert_clean(served.address, (".js",))


async def test_a_webhook_is_made_paused_and_deleted(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/webhooks")
        await page.get_by_role("button", name="Webhook").click()
        form = page.get_by_role("dialog", name="New webhook")
        await form.get_by_label("Address").fill("http://127.0.0.1/hooks")
        await form.get_by_role("button", name="person.*").click()
        await expect(form.get_by_label("Operations")).to_have_value("person.*")
        await watched.assert_accessible()
        await form.get_by_role("button", name="Create").click()
        await expect(form.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
        await expect(form.get_by_label("Operations")).to_have_value("person.*")
        await form.get_by_label("Address").fill("https://8.8.8.8/hooks")
        await form.get_by_role("button", name="Create").click()
        secret = page.get_by_role("dialog", name="The secret of the webhook")
        await expect(secret.get_by_text(re.compile(r"^whsec_\S{20,}$"))).to_be_visible()
        await watched.assert_accessible()
        await secret.get_by_role("button", name="Done").click()
        await page.get_by_role("link", name="https://8.8.8.8/hooks").click()
        await expect(page.get_by_text("Active", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Edit").click()
        edit = page.get_by_role("dialog", name="Edit webhook")
        await edit.get_by_label("Purpose").fill("The data warehouse")
        # A change by another meanwhile is kept.
        id_ = page.url.rpartition("/")[2]
        update = 'mutation ($id: UUID!) { updateWebhook(id: $id, input: { operations: ["company.*"] }) { id } }'
        await served.ask("/metadata", update, id=id_)
        await edit.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("The data warehouse")).to_be_visible()
        await expect(page.get_by_text("company.*")).to_be_visible()
        await page.get_by_role("button", name="Delete").click()
        await watched.assert_accessible()
        question = page.get_by_role("alertdialog", name="Delete this webhook?")
        await question.get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()
        await watched.assert_clean(served.address, (".js",))


NODE = str(Path(sys.executable).with_name("node"))
SNIPPETS = (
    ("curl", "curl -s", ("sh", "-c"), ""),
    (
        "JavaScript",
        "await fetch(",
        (str(NODE), "--input-type=module", "-e"),
        "\nconsole.log(JSON.stringify({ data }));",
    ),
    ("Python", "import httpx", (sys.executable, "-c"), "\nprint(json.dumps(data))"),
)
"""The languages: their buttons, words of their snippets, the programs that run them, and the line that prints data."""

HARD = """L'Aquila "x" \\ ${HOME} `date` \"\"\" $(date)"""
"""A value with the characters by which a shell, JavaScript and Python could take it for something else."""


async def run_snippet(program: Sequence[str], text: str, key: str) -> Any:
    """Return the JSON that a snippet prints, run as a program of its own with the key in its environment."""
    process = await asyncio.create_subprocess_exec(
        *program, text, env={**os.environ, "KEY": key}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def test_the_request_of_a_list_runs_as_it_is_shown_in_each_language(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        wanted = json.dumps({"or": [{"firstName": {"in": ["Ada", "Grace"]}}, {"city": {"eq": HARD}}]})
        await watched.sign_in(served, f"/console/api?object=people&f={quote(wanted)}&sort=-createdAt&q=ada")
        request = page.get_by_role("region", name="Request")
        await expect(request).to_contain_text("curl -s")
        await watched.assert_accessible()
        for language, words, program, end in SNIPPETS:
            await request.get_by_role("button", name=language).click()
            text = await request.get_by_text(words).text_content()
            assert text is not None
            answer = await run_snippet(program, text + end, served.key)
            edges = answer["data"]["people"]["edges"]
            assert [edge["node"]["firstName"] for edge in edges] == ["Ada"], language
        await watched.assert_clean(served.address, (".js",))


@pytest.mark.parametrize(("environment", "count"), [("development", 3), ("production", 0)])
async def test_the_page_of_the_api_links_to_the_documents_that_the_server_has(
    watched: Watched, serve: Serve, environment: str, count: int
) -> None:
    """In production their addresses led to "Nothing is here"."""
    page = watched.page
    async with serve(environment=environment) as served:
        await watched.sign_in(served, "/console/api?object=people")
        await expect(page.get_by_role("region", name="Request")).to_contain_text("curl -s")
        links = page.get_by_role("main").get_by_role("link")
        await expect(links).to_have_count(count)
        for link in await links.all():
            address = await link.evaluate("link => link.href")
            assert (await page.request.get(address, headers={"Accept": "text/html"})).ok, address
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js",))


async def test_a_delivery_shows_its_request_and_each_attempt(watched: Watched, serve: Serve, app_database: str) -> None:
    page = watched.page
    async with serve(demo=True) as served:
        await served.ask("/graphql", 'mutation { createOpportunity(data: { name: "Spring order" }) { id } }')
        await watched.sign_in(served, "/console/webhooks")
        await page.get_by_role("link", name="http://echo.fieldstone.invalid/demo").click()
        row = page.get_by_role("table", name="Deliveries").get_by_role("row", name="opportunity.created")
        await expect(row).to_contain_text("Delivered", timeout=60_000)
        await row.get_by_role("button", name="Attempts at opportunity.created: 1").click()
        dialog = page.get_by_role("dialog", name="Delivery of opportunity.created")
        await expect(dialog).to_contain_text('"name": "Spring order"')
        attempts = dialog.get_by_role("listitem")
        await expect(attempts).to_have_count(1)
        # The answer of the echo is the body that it was sent.
        await expect(attempts).to_contain_text(re.compile(r"200 after [\d,]+ ms.*Spring order", re.DOTALL))
        await watched.assert_accessible()
        await page.emulate_media(color_scheme="dark")
        await watched.assert_accessible()
        await expect(page).to_have_url(re.compile("delivery="))
        await dialog.get_by_role("button", name="Send again").click()
        await expect(dialog).to_be_hidden()
        again = row.get_by_role("button", name="Attempts at opportunity.created: 1")
        await expect(again).to_be_visible()
        await until(lambda: count_tries(app_database) == 2)

        await page.get_by_label("Status").select_option("Failed")
        await expect(page.get_by_text("none has this status")).to_be_visible()
        # As if the address had answered with faults for three days.
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute("UPDATE fieldstone.webhook_delivery SET status = 'FAILED', finished_at = now()")
        await page.get_by_role("button", name="Send all failed ones again").click(timeout=60_000)
        await expect(page.get_by_text("1 are sent again.")).to_be_visible()
        await page.get_by_role("link", name="Webhooks").click()
        table = page.get_by_role("table", name="Webhooks")
        await expect(table.get_by_role("row").nth(1)).to_contain_text("100 %")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js",))


def count_tries(database: str) -> int:
    with psycopg.connect(database) as connection:
        (count,) = connection.execute("SELECT count(*) FROM fieldstone.webhook_try").fetchone() or (0,)
        return int(count)


async def test_the_operations_show_the_numbers_of_the_process(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/operations")
        processes = page.get_by_role("region", name="Processes")
        await expect(processes.get_by_text("Running")).to_be_visible(timeout=60_000)
        numbers = page.get_by_role("region", name="Numbers")
        await expect(numbers.get_by_role("img")).to_have_count(6)
        await expect(numbers.get_by_role("img", name="Connections to the database")).to_have_accessible_name(
            re.compile(r"At most \d+"), timeout=60_000
        )
        await watched.assert_accessible()
        await page.get_by_label("Range").select_option("1 hour")
        await expect(page).to_have_url(re.compile("range=3600"))
        await expect(numbers.get_by_role("img")).to_have_count(6)
        await page.emulate_media(color_scheme="dark")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js",))


async def test_events_are_shown_as_they_come(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/events")
        table = page.get_by_role("table", name="Events")
        for name in NAMES:
            await expect(table.get_by_role("link", name=name)).to_be_visible()
        await watched.assert_accessible()
        change = 'updatePeople(filter: { firstName: { eq: "Ada" } }, data: { city: "Wien" }) { id }'
        answer = await page.request.post(
            f"{served.address}/graphql",
            data={"query": f"mutation {{ {change} }}"},
            headers={"Authorization": f"Bearer {served.key}"},
        )
        assert "errors" not in await answer.json()
        await expect(table.get_by_text("city: — → Wien")).to_be_visible(timeout=60_000)
        await page.get_by_label("Action").select_option("Updated")
        await expect(table.get_by_role("row")).to_have_count(2)
        await table.get_by_role("link", name="Ada").click()
        await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
        await watched.assert_clean(served.address, (".js",))


async def test_events_of_a_break_are_shown_after_it(watched: Watched, serve: Serve) -> None:
    page = watched.page
    routes: list[WebSocketRoute] = []
    reads: list[Request] = []

    def relay(route: WebSocketRoute) -> None:
        async def pass_on(message: str | bytes) -> None:
            # The tail begins behind the first read, however fast the server is.
            await until(lambda: bool(reads))
            route.send(message)

        route.connect_to_server().on_message(pass_on)
        routes.append(route)

    page.on("request", lambda one: reads.append(one) if "query ConsoleEvents" in (one.post_data or "") else None)
    await page.route_web_socket(re.compile("/metadata$"), relay)
    async with serve() as served:
        await watched.sign_in(served, "/console/events")
        table = page.get_by_role("table", name="Events")
        await expect(table.get_by_role("link", name=NAMES[0])).to_be_visible()

        async def move_to(city: str) -> None:
            change = f'updatePeople(filter: {{ firstName: {{ eq: "Ada" }} }}, data: {{ city: "{city}" }}) {{ id }}'
            answer = await page.request.post(
                f"{served.address}/graphql",
                data={"query": f"mutation {{ {change} }}"},
                headers={"Authorization": f"Bearer {served.key}"},
            )
            assert "errors" not in await answer.json()

        # The page reads the events again when the tail has begun, and no more.
        await until(lambda: len(reads) == 2)
        await move_to("Wien")
        await expect(table.get_by_text("city: — → Wien")).to_be_visible(timeout=60_000)
        assert len(reads) == 2
        (route,) = routes
        await route.close(code=1012)
        await move_to("Graz")
        await expect(table.get_by_text("city: Wien → Graz")).to_be_visible(timeout=60_000)
        await until(lambda: len(routes) == 2)
