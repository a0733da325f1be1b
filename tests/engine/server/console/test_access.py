"""The pages of access in a real browser: roles, keys, sessions, the audit log, and the view of another role."""

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched

pytestmark = pytest.mark.system


async def test_a_role_and_its_key_are_made_and_seen_as(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/access")
        await page.get_by_role("button", name="Role", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("Night shift")
        await expect(page.get_by_label("Name", exact=True)).to_have_value("night-shift")
        await page.get_by_role("combobox", name="An object with rights of its own").fill("Comp")
        await page.get_by_role("option", name="Companies").click()
        await page.get_by_role("checkbox", name="read Companies").uncheck()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Show the plan").click()
        await page.get_by_role("button", name="Apply", exact=True).click()
        await expect(page.get_by_role("table", name="Roles")).to_contain_text("night-shift")
        await watched.assert_accessible()

        await page.get_by_role("link", name="Keys").click()
        await page.get_by_role("button", name="Key", exact=True).click()
        await page.get_by_label("Name", exact=True).fill("night")
        await page.get_by_label("Role", exact=True).select_option("night-shift")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Create").click()
        await expect(page.get_by_text(re.compile(r"^fs_\S{20,}$"))).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("row", name="night-shift")).to_be_visible()
        await page.get_by_role("button", name="Revoke night").click()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Revoke the key").click()
        await expect(page.get_by_role("row", name="night-shift")).to_contain_text("revoked")

        await page.get_by_role("link", name="Roles").click()
        await page.get_by_role("button", name="View as Night shift").click()
        await expect(page.get_by_text("You see all of this as the role night-shift")).to_be_visible()
        side = page.get_by_role("navigation", name="Main")
        await expect(side.get_by_role("link", name="People")).to_be_visible()
        await expect(side.get_by_role("link", name="Companies")).to_be_hidden()
        await expect(side.get_by_role("link", name="Access")).to_be_hidden()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Stop").click()
        await expect(side.get_by_role("link", name="Companies")).to_be_visible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_session_is_ended_and_the_audit_log_has_it(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        async with httpx.AsyncClient() as other:
            assert (await other.post(f"{served.address}/auth/sign-in", json={"key": served.key})).is_success
        await watched.sign_in(served, "/console/access/sessions")
        ends = page.get_by_role("button", name="End the session of browser")
        await expect(ends).to_have_count(2)
        await watched.assert_accessible()
        # The newest session is the one of this page.
        await ends.last.click()
        await page.get_by_role("button", name="End the session", exact=True).click()
        await expect(ends).to_have_count(1)
        await page.get_by_role("link", name="Audit log").click()
        await expect(page.get_by_role("row", name="sign in").first).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))
