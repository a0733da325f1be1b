"""The way into the console by way of an OpenID provider, in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from fieldstone.engine import create_app
from tests.engine.identity.openid_provider import SETTINGS, provider_of
from tests.engine.server.console.browsing import Watched
from tests.engine.server.listening import listening
from tests.ports import free_port

pytestmark = pytest.mark.system


async def test_a_person_signs_in_at_a_provider_and_comes_back_to_the_page(
    watched: Watched, clients: Path, app_database: str
) -> None:
    page = watched.page
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    async with provider_of(clients, here=here) as provider:
        app = create_app(
            database_url=app_database,
            public_url=here,
            secret_key=SETTINGS["secret_key"],
            oidc=provider.setting(),
            rate_limit=0,
            log_level="error",
        )
        async with app.lifespan_context(), listening(app, port):
            await page.goto(f"{here}/console/records?q=peo")
            entry = page.get_by_role("link", name="Sign in with OpenID Connect")
            await expect(entry).to_be_visible()
            await watched.assert_accessible()
            await entry.click()
            # The provider asks for a login, and for the consent that this server gets its name.
            await page.get_by_placeholder("Enter any login").fill("ada")
            await page.get_by_placeholder("and password").fill("any")
            await page.get_by_role("button", name="Sign-in").click()
            await page.get_by_role("button", name="Continue").click()
            await expect(page.get_by_role("heading", name="All objects")).to_be_visible()
            await expect(page).to_have_url(f"{here}/console/records?q=peo")
            await expect(page.get_by_role("button", name="Person ada")).to_be_visible()
            await watched.assert_accessible()
            await page.get_by_role("button", name="Person ada").click()
            await page.get_by_role("menuitem", name="Sign out").click()
            await expect(page.get_by_role("heading", name="Sign in to Fieldstone")).to_be_visible()
