"""Tokens of an identity provider for workspaces of any cell, before and behind a move."""

from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cells.workspaces import create_in
from tests.cells.clusters import client_of, open_app, send, settings_with
from tests.engine.identity.provider import claims, new_key, provide, sign

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
