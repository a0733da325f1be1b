"""Several cells served by one app: each request by the cell of its workspace, whatever happens to another one."""

import asyncio

import httpx

from fieldstone.sql import embedded
from fieldstone.sql.embedded.process import shut_down
from tests.cells.clusters import cell_services, client_of, make_workspace, open_app, send

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id name } }"
LIST = "{ companies { edges { node { name } } } }"


async def names(client: httpx.AsyncClient) -> list[str]:
    found = await send(client, LIST)
    return [edge["node"]["name"] for edge in found["data"]["companies"]["edges"]]


async def test_each_workspace_is_served_by_its_cell(cells: dict[str, str]) -> None:
    async with open_app(cells) as app:
        _, first = await make_workspace(app, "home", "first")
        second_model, second = await make_workspace(app, "east", "second")
        async with client_of(app, first) as one, client_of(app, second) as two:
            await send(one, CREATE, name="Acme")
            await send(two, CREATE, name="Globex")
            assert (await names(one), await names(two)) == (["Acme"], ["Globex"])
            rest = await two.get("/rest/companies")
            assert rest.json()["data"]["companies"][0]["name"] == "Globex"
            model = await two.post("/metadata", json={"query": "{ me { workspace { name } } }"})
            assert model.status_code == 200, model.text
            refused = await one.post(
                "/graphql", json={"query": LIST}, headers={"authorization": "Bearer fs_" + "x" * 43}
            )
            assert refused.status_code == 401
            shown = (await one.get("/metrics")).text
            assert 'fieldstone_cell_ready{cell="east"} 1.0' in shown
            assert 'fieldstone_pool_limit{cell="home"}' in shown
        directory = cell_services(app, "home").foundation.database
        async with directory.session() as connection:
            placed = await (
                await connection.execute("SELECT workspace_id, cell FROM fieldstone.placement WHERE name = 'second'")
            ).fetchall()
        assert placed == [(second_model.workspace.id, "east")]


async def test_a_cell_that_is_away_hurts_no_other(
    cells: dict[str, str], cell_servers: dict[str, embedded.EmbeddedServer]
) -> None:
    async with open_app(cells) as app:
        _, first = await make_workspace(app, "home", "first")
        _, second = await make_workspace(app, "east", "second")
        async with client_of(app, first) as one, client_of(app, second) as two:
            await send(one, CREATE, name="Acme")
            await send(two, CREATE, name="Globex")
            server = cell_servers["home"]
            await asyncio.to_thread(shut_down, server.folder)
            try:
                # The directory is away with the home: the workspaces that are known are served, reads and writes.
                await send(two, CREATE, name="Initech")
                assert await names(two) == ["Globex", "Initech"]
                away = await one.post("/graphql", json={"query": LIST})
                assert away.status_code == 503
                assert (await two.get("/readyz")).status_code == 200
                # A key that was just made is found in its cell all the same.
                foundation = cell_services(app, "east").foundation
                workspace = await foundation.workspaces.find("second")
                made = await foundation.keys.create(workspace.id, "another")
                async with client_of(app, made.token) as three:
                    assert await names(three) == ["Globex", "Initech"]
                    unknown = await three.post(
                        "/graphql", json={"query": LIST}, headers={"authorization": "Bearer fs_" + "y" * 43}
                    )
                    assert unknown.status_code == 503
            finally:
                cell_servers["home"] = await asyncio.to_thread(embedded.start, server.folder.root)
                await asyncio.to_thread(embedded.stop, server)
            async with asyncio.timeout(20):
                while (await one.post("/graphql", json={"query": LIST})).status_code != 200:
                    await asyncio.sleep(0.1)
            assert await names(one) == ["Acme"]


async def test_a_start_waits_for_no_cell_that_is_away(cells: dict[str, str]) -> None:
    away = {**cells, "west": "postgresql://127.0.0.1:1/nowhere"}
    async with open_app(away) as app:
        _, first = await make_workspace(app, "home", "first")
        async with client_of(app, first) as one:
            await send(one, CREATE, name="Acme")
            assert 'fieldstone_cell_ready{cell="west"} 0.0' in (await one.get("/metrics")).text
