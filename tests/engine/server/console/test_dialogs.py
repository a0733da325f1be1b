"""Dialogs whose write is not answered yet, in a real browser."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.engine.server.console.browsing import Serve, Watched, hold_requests
from tests.engine.server.console.records.lists import press
from tests.waiting import until

pytestmark = pytest.mark.system


async def ask_about_a_key(page: Page) -> None:
    await page.get_by_role("button", name="Revoke Program").click()


async def fill_key(page: Page) -> None:
    await page.get_by_role("button", name="Key", exact=True).click()
    await page.get_by_label("Name", exact=True).fill("Second")


async def rotate_key(page: Page) -> None:
    await page.get_by_role("button", name="Rotate Program").click()


async def fill_manifest(page: Page) -> None:
    await page.get_by_role("button", name="Import").click()
    await page.get_by_label("Client", exact=True).fill("web")
    await page.get_by_label("Manifest", exact=True).fill('{"one": "{ people { totalCount } }"}')


async def name_strip(page: Page) -> None:
    await page.get_by_role("button", name="browser admin").click()
    await page.get_by_role("menuitem", name="Strip of the workspace…").click()
    await page.get_by_label("Label", exact=True).fill("Live")


async def fill_webhook(page: Page) -> None:
    await page.get_by_role("button", name="Webhook").click()
    await page.get_by_label("Address").fill("https://8.8.8.8/hooks")
    await page.get_by_label("Operations").fill("*.*")


async def name_view(page: Page) -> None:
    await page.get_by_role("button", name="Save as…").click()
    await page.get_by_role("textbox", name="Name").fill("By name")


async def plan_a_field(page: Page) -> None:
    await page.get_by_role("button", name="Field", exact=True).click()
    await page.get_by_label("Label", exact=True).fill("Motto")
    await page.get_by_role("button", name="Show the plan").click()


@pytest.mark.parametrize(
    ("path", "open_dialog", "verb", "operation"),
    [
        ("access/keys", ask_about_a_key, "Revoke the key", "ConsoleRevokeKey"),
        ("access/keys", fill_key, "Create", "ConsoleCreateKey"),
        ("access/keys", rotate_key, "Rotate the key", "ConsoleRotateKey"),
        ("access/documents", fill_manifest, "Import", "ConsoleImportDocuments"),
        ("model/person", plan_a_field, "Apply", "ConsoleApply"),
        ("webhooks", fill_webhook, "Create", "ConsoleCreateWebhook"),
        ("", name_strip, "Save", "ConsoleKeepShared"),
        ("records/people?sort=email", name_view, "Save", "ConsoleCreateView"),
    ],
)
async def test_a_dialog_stays_until_its_write_is_answered(
    watched: Watched,
    serve: Serve,
    path: str,
    open_dialog: Callable[[Page], Awaitable[None]],
    verb: str,
    operation: str,
) -> None:
    page = watched.page
    held: list[Route] = []

    async def hold(route: Route) -> None:
        asked: Any = route.request.post_data_json
        # A document may have several operations, and names the one that is meant.
        if operation in asked.get("operationName", asked["query"]):
            held.append(route)
        else:
            await route.continue_()

    async with serve() as served:
        await served.ask("/metadata", 'mutation { createApiKey(input: { name: "Program" }) { token } }')
        await watched.sign_in(served, f"/console/{path}")
        await press(page, "g", "e")
        await expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
        await page.go_back()
        await open_dialog(page)
        dialog: Any = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
        await page.route("**/metadata", hold)
        await dialog.get_by_role("button", name=verb, exact=True).click()
        await until(lambda: bool(held))
        # No key leads to another page behind the dialog.
        await press(page, "Escape", "Control+k", "g", "m")
        await dialog.get_by_role("button", name="Cancel").or_(dialog.get_by_role("button", name="Back")).click()
        await dialog.get_by_role("button").last.click()
        # A step asks about the write, and not about a form that was never sent.
        await page.evaluate("history.forward()")
        question = page.get_by_role("alertdialog", name="Leave while a change is being saved?")
        await question.get_by_role("button", name="Stay").click()
        await expect(question).to_be_hidden()
        await expect(dialog).to_be_visible()
        assert len(held) == 1
        await held[0].abort()
        problem = dialog.get_by_role("alert").filter(has_text="The result of this write is not known.")
        await expect(problem).to_be_visible()
        await watched.assert_accessible()
        await press(page, "Escape")
        # A form that was filled in asks once more, and a plan goes back to its form.
        await expect(dialog.get_by_role("button", name=verb, exact=True)).to_be_hidden()


async def test_a_dialog_is_left_if_the_server_does_not_answer_for_long(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        for name in ("Program", "Other"):
            create = "mutation ($name: String!) { createApiKey(input: { name: $name }) { token } }"
            await served.ask("/metadata", create, name=name)
        await page.clock.install()
        await watched.sign_in(served, "/console/access/keys")
        held = await hold_requests(page, "/metadata", '"operationName":"ConsoleRevokeKey"')
        await page.get_by_role("button", name="Revoke Program").click()
        dialog = page.get_by_role("alertdialog")
        await dialog.get_by_role("button", name="Revoke the key").click()
        await until(lambda: bool(held.requests))
        await press(page, "Escape")
        await expect(dialog).to_be_visible()
        await page.clock.fast_forward(10_000)
        await expect(dialog.get_by_role("status")).to_contain_text("has not answered for a while")
        await watched.assert_accessible()
        await press(page, "Escape")
        await expect(dialog).to_be_hidden()
        # The answer, which comes after all, closes no other dialog.
        await page.get_by_role("button", name="Revoke Other").click()
        held.released.set()
        await expect(page.get_by_text("revoked", exact=True)).to_be_visible()
        await expect(dialog.get_by_text("Revoke the key Other?")).to_be_visible()


async def test_a_dialog_does_not_wait_for_the_list_behind_it(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await served.ask("/metadata", 'mutation { createApiKey(input: { name: "Program" }) { token } }')
        await watched.sign_in(served, "/console/access/keys")
        await page.get_by_role("button", name="Revoke Program").click()
        held = await hold_requests(page, "/metadata", '"operationName":"ConsoleKeys"')
        await page.get_by_role("button", name="Revoke the key").click()
        await until(lambda: bool(held.requests))
        await expect(page.get_by_role("alertdialog")).to_be_hidden()
        held.released.set()
        await expect(page.get_by_text("revoked", exact=True)).to_be_visible()
