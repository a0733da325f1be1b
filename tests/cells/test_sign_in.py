"""People of an identity provider in a workspace of another cell than the home: sessions, denials and tokens."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cells.workspaces import register_all
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.queries import QUERIES
from tests.cells.clusters import cell_services, client_of, make_workspace, open_app, run, send, settings_with
from tests.engine.identity.openid_provider import HERE, SETTINGS, provider_of, visit
from tests.engine.identity.provider import ISSUER, claims, new_key, provide, sign

pytestmark = pytest.mark.long

QUERY = {"query": "{ companies { totalCount } }"}
SESSIONS = {"query": "{ sessions { edges { node { id kind name } } } }"}
DENY = "mutation ($input: DenyTokensInput!) { denyTokens(input: $input) { deniedAt } }"


def browser_of(app: Fieldstone) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HERE)


async def come_back(browser: httpx.AsyncClient, login: str) -> httpx.Response:
    begun = await browser.get("/auth/login")
    assert begun.status_code == 302, begun.text
    return await browser.get(await visit(begun.headers["location"], login))


async def status(client: httpx.AsyncClient, **options: Any) -> int:
    return (await client.post("/graphql", json=QUERY, **options)).status_code


async def prepare(app: Fieldstone, urls: dict[str, str]) -> tuple[Settings, str]:
    """Make a workspace in the cell east, and return a key of it."""
    settings = settings_with(urls)
    _, token = await make_workspace(app, "east", "first")
    await register_all(settings, settings.cells[1])
    return settings, token


async def test_a_person_signs_in_to_a_workspace_of_another_cell(cells: dict[str, str], clients: Path) -> None:
    async with provider_of(clients) as provider:
        oidc = provider.setting(claims={"role": "role", "workspace": "workspace"})
        async with open_app(cells, oidc=oidc, **SETTINGS) as app:
            settings, token = await prepare(app, cells)
            _, other = await make_workspace(app, "home", "second")
            browser = browser_of(app)
            assert (await browser.post("/auth/sign-in", json={"key": other})).status_code == 200
            before = dict(browser.cookies)
            assert (await come_back(browser, "ada")).status_code == 302
            # The session of the other workspace, in the other cell, has ended with the sign-in.
            async with browser_of(app) as stale:
                stale.cookies.update(before)
                assert await status(stale) == 401
            assert await status(browser) == 200
            async with client_of(app, token) as admin:
                listed = (await admin.post("/metadata", json=SESSIONS)).json()["data"]["sessions"]["edges"]
                assert [one["node"]["kind"] for one in listed] == ["USER"]
                await move(settings, "first", "home", lambda _: None)
                assert await status(browser) == 200
                listed = (await admin.post("/metadata", json=SESSIONS)).json()["data"]["sessions"]["edges"]
                id_ = listed[0]["node"]["id"]
                await run(admin, "mutation ($id: UUID!) { revokeSession(id: $id) { id } }", id=id_)
                assert await status(browser) == 401
                assert (await come_back(browser, "ada")).status_code == 302
                await move(settings, "first", "east", lambda _: None)
                assert (await browser.delete("/auth/session")).status_code == 200
                assert await status(browser) == 401
                assert (await come_back(browser, "ada")).status_code == 302
                await run(admin, DENY, input={"issuer": provider.issuer, "subject": "ada"})
                assert await status(browser) == 401
                # Until the denial has passed, a sign-in begins no session: the list is that of the workspace's cell.
                async with cell_services(app, "east").foundation.database.session() as connection:
                    await connection.execute("UPDATE fieldstone.denied_token SET denied_at = now() + interval '1 hour'")
                    await connection.execute(QUERIES["note_denied_tokens"])
                cell_services(app, "east").identity.tokens.denied.forget()
                refused = await come_back(browser, "ada")
                assert (refused.status_code, "revoked" in refused.text) == (401, True)
                assert (await come_back(browser, "grace")).status_code == 302


async def test_denied_tokens_stay_denied_over_a_move(cells: dict[str, str]) -> None:
    key = new_key("ES256", "test")
    async with provide(key) as provider, open_app(cells, jwt=provider.setting()) as app:
        settings, token = await prepare(app, cells)
        one, two = (sign(claims(workspace="first", jti=name), key, "ES256") for name in ("one", "two"))
        async with client_of(app, token) as admin, client_of(app, one) as first, client_of(app, two) as second:
            assert (await status(first), await status(second)) == (200, 200)
            await run(admin, DENY, input={"issuer": ISSUER, "jwtId": "one"})
            assert (await status(first), await status(second)) == (401, 200)
            await move(settings, "first", "home", lambda _: None)
            assert (await status(first), await status(second)) == (401, 200)
            await run(admin, DENY, input={"issuer": ISSUER, "subject": "ada"})
            assert (await status(first), await status(second)) == (401, 401)
            await move(settings, "first", "east", lambda _: None)
            assert (await status(first), await status(second)) == (401, 401)
            written = sign(claims(workspace="first", sub="bob"), key, "ES256")
            async with client_of(app, written) as third:
                created = await send(third, 'mutation { createCompany(data: { name: "x" }) { createdBy { name } } }')
                assert "errors" not in created
