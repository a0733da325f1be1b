"""Keys, the explanation of rights, and trusted documents in a real browser."""

import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.forms import choose

pytestmark = pytest.mark.system

ROLE = """mutation { createRole(input: { name: "rep" label: "Rep" claims: [{ name: "city", type: TEXT }]
  grants: [{ object: "person" read: { rule: { city: { eq: "$principal.city" } } fields: { allBut: ["phone"] } } }]
  }) { id } }"""
PLACES = 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } }, data: { city: "Bonn" }) { id } }'


async def take_token(page: Page) -> str:
    """Return the token that a dialog shows, and close the dialog."""
    token = await page.get_by_text(re.compile(r"^fs_\S{20,}$")).text_content()
    assert token is not None
    await page.get_by_role("button", name="Done").click()
    return token


async def count_people(served: Served, token: str) -> int | str:
    """Return the number of people that a key sees, or the code of its refusal."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.post(f"{served.address}/graphql", json={"query": "{ people { totalCount } }"})
    body = answer.json()
    found: int | str = (
        body["errors"][0]["extensions"]["code"] if "errors" in body else body["data"]["people"]["totalCount"]
    )
    return found


async def test_a_key_has_the_values_of_its_role_and_networks_and_is_rotated(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await served.ask("/metadata", ROLE)
        await served.ask("/graphql", PLACES)
        await watched.sign_in(served, "/console/access/keys")
        add = page.get_by_role("button", name="Key", exact=True)
        await add.click()
        await page.get_by_label("Name", exact=True).fill("Bonn")
        await page.get_by_label("Role", exact=True).select_option("rep")
        await page.get_by_label("city").fill("Bonn")
        await page.get_by_label("Networks").fill("nowhere")
        await page.get_by_label("Valid for").select_option("until a day")
        await page.get_by_label("Until").fill("2099-12-31")
        await page.get_by_role("button", name="Create").click()
        await expect(page.get_by_label("Networks")).to_have_attribute("aria-invalid", "true")
        await watched.assert_accessible()
        await page.get_by_label("Networks").fill("127.0.0.0/8\n203.0.113.0/24")
        await page.get_by_role("button", name="Create").click()
        token = await take_token(page)
        assert await count_people(served, token) == 1
        row = page.get_by_role("row", name="Bonn")
        await expect(row).to_contain_text("127.0.0.0/8, 203.0.113.0/24")
        await expect(row).to_contain_text("2099")

        for overlap, before in (("for an hour", 1), ("not at all", "UNAUTHENTICATED")):
            await page.get_by_role("button", name="Rotate Bonn").click()
            await page.get_by_label("The token before stays valid").select_option(overlap)
            await watched.assert_accessible()
            await page.get_by_role("button", name="Rotate the key").click()
            rotated = await take_token(page)
            assert await count_people(served, rotated) == 1
            assert await count_people(served, token) == before
            token = rotated
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_key_ends_no_later_than_the_one_that_makes_it(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        ends = f"{datetime.now(UTC) + timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"
        create = 'mutation ($ends: DateTime) { createApiKey(input: { name: "Mine" expiresAt: $ends }) { token } }'
        served.key = (await served.ask("/metadata", create, ends=ends))["createApiKey"]["token"]
        # As on plain http: a page has no clipboard.
        await page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        await watched.sign_in(served, "/console/access/roles")
        await page.get_by_role("link", name="Keys").click()
        await page.get_by_role("button", name="Key", exact=True).click()
        await page.get_by_label("Name", exact=True).fill("Program")
        valid = page.get_by_label("Valid for")
        await expect(valid.get_by_role("option")).to_have_text(
            ["30 days", re.compile(r"^as long as mine, until \d+ \w+ \d{4}, \d\d:\d\d$"), "until a day"]
        )
        await expect(valid).to_have_value("")
        await page.get_by_role("button", name="Create").click()
        shown = page.get_by_role("dialog", name="The key Program")
        await expect(shown).to_contain_text("It ends on ")
        await shown.get_by_role("button", name="Copy").click()
        await expect(shown.get_by_role("button", name="Press Ctrl+C")).to_be_visible()
        await watched.assert_accessible()
        selected = await page.evaluate("String(window.getSelection())")
        # The token is shown only now: no key and no step loses it without a question.
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("dialog")).to_have_count(1)
        await page.evaluate("history.back()")
        question = page.get_by_role("alertdialog", name="Leave a secret that is shown only now?")
        await question.get_by_role("button", name="Stay").click()
        assert selected == await take_token(page)
        made = await served.ask(
            "/metadata", '{ apiKeys(filter: { name: { eq: "Program" } }) { edges { node { expiresAt } } } }'
        )
        assert datetime.fromisoformat(made["apiKeys"]["edges"][0]["node"]["expiresAt"]) == datetime.fromisoformat(ends)
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_the_way_that_says_so_is_told_in_words(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await served.ask("/metadata", ROLE)
        await served.ask("/graphql", PLACES)
        await watched.sign_in(served, "/console/access/explain")
        answer = page.get_by_role("status", name="Answer")
        await page.get_by_label("Role", exact=True).select_option("Rep")
        await choose(page, "Object", "People")
        await page.get_by_label("city").fill("Bonn")
        await page.get_by_role("button", name="Explain").click()
        await expect(answer).to_contain_text("allowed")
        await expect(answer).to_contain_text("City is $principal.city")
        await expect(answer).to_contain_text("all but Phone")
        await watched.assert_accessible()
        await page.get_by_label("Field", exact=True).select_option("Phone")
        await page.get_by_role("button", name="Explain").click()
        await expect(answer).to_contain_text("refused")
        await page.get_by_label("Field", exact=True).select_option("City")
        await page.get_by_role("button", name="Choose a record…").click()
        await page.get_by_role("option", name="Grace").click()
        await page.get_by_role("button", name="Explain").click()
        await expect(answer).to_contain_text("refused")
        await page.get_by_label("city").fill("")
        await page.get_by_label("Action").select_option("destroy")
        await expect(page.get_by_label("Field", exact=True)).to_be_hidden()
        await page.get_by_role("button", name="Explain").click()
        await expect(answer).to_contain_text("city")
        await page.emulate_media(color_scheme="dark")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_documents_are_imported_shown_and_removed_and_broken_ones_are_named(
    watched: Watched, serve: Serve
) -> None:
    page = watched.page
    manifest = {
        "one": "query Names { people { edges { node { firstName } } } }",
        "two": "query Old { people { never } }",
    }
    async with serve() as served:
        await watched.sign_in(served, "/console/access/documents")
        await page.get_by_role("button", name="Import").click()
        form = page.get_by_role("dialog", name="Import documents")
        await form.get_by_label("Client", exact=True).fill("web")
        await form.get_by_label("Manifest", exact=True).fill("{")
        await form.get_by_role("button", name="Import").click()
        await expect(form.get_by_text("This is no JSON.")).to_be_visible()
        file = FilePayload(name="manifest.json", mimeType="application/json", buffer=json.dumps(manifest).encode())
        await form.get_by_label("File of the manifest").set_input_files(files=[file])
        await expect(form.get_by_label("Manifest", exact=True)).to_have_value(json.dumps(manifest))
        await watched.assert_accessible()
        await form.get_by_role("button", name="Import").click()
        await expect(page.get_by_text("2 new or changed, 0 removed.")).to_be_visible()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("alert")).to_contain_text("web, Old: Cannot query field 'never'")
        table = page.get_by_role("table", name="Trusted documents")
        await table.get_by_text("Names", exact=True).click()
        await expect(table.get_by_text(manifest["one"])).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Remove two of web").click()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Remove", exact=True).click()
        await expect(table.get_by_role("row")).to_have_count(2)
        await expect(page.get_by_role("alert")).to_be_hidden()
        await watched.assert_clean(served.address, (".js", ".css"))
