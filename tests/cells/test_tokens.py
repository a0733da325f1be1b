"""Tokens of an identity provider for workspaces of any cell, before and behind a move."""

from ipaddress import ip_address
from uuid import UUID

import pytest

from fieldstone.engine.cells.directory import Directory
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cells.workspaces import create_in
from fieldstone.engine.server.rate_limits.failed_tokens import MOST
from tests.cells.clusters import cell_services, client_of, open_app, send, settings_with
from tests.engine.identity.provider import claims, new_key, provide, sign

pytestmark = pytest.mark.long

CREATE = 'mutation { createCompany(data: { name: "Acme" }) { id } }'
COUNT = "{ companies { totalCount } }"


async def test_a_token_leads_to_the_cell_of_its_workspace(cells: dict[str, str]) -> None:
    settings, key = settings_with(cells), new_key("ES256", "test")
    async with provide(key) as provider, open_app(cells, jwt=provider.setting()) as app:
        assert await create_in(settings, "first", "east", actor="test") == "east"
        token = sign(claims(workspace="first"), key, "ES256")
        async with client_of(app, token) as client:
            assert "errors" not in await send(client, CREATE)
            await move(settings, "first", "home", lambda _: None)
            found = await send(client, COUNT)
            assert found["data"]["companies"]["totalCount"] == 1
        # One that no process has seen.
        async with client_of(app, sign(claims(workspace="first", sub="bob"), key, "ES256")) as client:
            assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 1
        async with client_of(app, sign(claims(workspace="nowhere"), key, "ES256")) as client:
            refused = await client.post("/graphql", json={"query": COUNT})
            assert refused.status_code == 401


async def test_a_token_of_an_address_of_which_too_many_fail_has_no_place_asked(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request with a denied token cost a statement in the home, without a limit."""
    settings, key = settings_with(cells), new_key("ES256", "test")
    asked: list[UUID] = []
    find = Directory.find_workspace

    async def note(directory: Directory, workspace_id: UUID) -> str | None:
        asked.append(workspace_id)
        return await find(directory, workspace_id)

    monkeypatch.setattr(Directory, "find_workspace", note)
    async with provide(key) as provider, open_app(cells, jwt=provider.setting()) as app:
        await create_in(settings, "first", "east", actor="test")
        for _ in range(MOST):
            cell_services(app, "east").failed_tokens.begin(ip_address("127.0.0.1"))
        async with client_of(app, sign(claims(workspace="first"), key, "ES256")) as client:
            statuses = [(await client.post("/graphql", json={"query": COUNT})).status_code for _ in range(5)]
        # The first request finds the place.
        assert (statuses, len(asked)) == ([429] * 5, 1)
