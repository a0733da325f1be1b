"""Several cells served by one app: each request by the cell of its workspace, whatever happens to another one."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest

from fieldstone.engine import create_app
from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.rate_limits.failed_tokens import MOST
from fieldstone.metadata.model import Workspace
from fieldstone.sql import embedded
from fieldstone.sql.embedded.process import shut_down
from fieldstone.sql.errors import DatabaseUnavailable
from tests.cells.clusters import cell_services, client_of, make_workspace, open_app, open_first, send, setting_of

pytestmark = pytest.mark.long

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id name } }"
AT_ONCE = 4.0
"""Seconds for requests that wait for nothing: less than one look at a cell takes that hangs."""
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
            # An address of which too many keys have failed shares a look into the cells, which finds a new key.
            with contextlib.suppress(RateLimitExceeded):
                for _ in range(MOST):
                    cell_services(app, "home").failed_tokens.begin(ip_address("127.0.0.1"))
            made = await cell_services(app, "east").keys.create(second_model.workspace.id, "new")
            for token, status in ((made.token, 200), ("fs_" + "y" * 43, 429)):
                answer = await one.post("/graphql", json={"query": LIST}, headers={"authorization": f"Bearer {token}"})
                assert answer.status_code == status
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
            async with asyncio.timeout(60):
                while (await one.post("/graphql", json={"query": LIST})).status_code != 200:
                    await asyncio.sleep(0.1)
            assert await names(one) == ["Acme"]


async def test_a_model_that_cannot_be_loaded_is_no_unexpected_error(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_first(cells) as (app, client):
        await send(client, LIST)

        async def fail(_: object) -> None:
            raise DatabaseUnavailable("the server closed the connection")

        monkeypatch.setattr(cell_services(app, "home").foundation.current, "get", fail)
        away = await client.post("/graphql", json={"query": LIST})
        assert (away.status_code, away.json()["errors"][0]["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE")


@contextlib.contextmanager
def hanging(server: embedded.EmbeddedServer) -> Iterator[None]:
    """Stop all processes of a server for the block: its connections stay, and nothing answers."""
    parent = int((server.folder.cluster / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{parent}/task/{parent}/children")
    os.kill(parent, signal.SIGSTOP)
    stopped = [parent, *map(int, children.read_text().split())]
    try:
        for pid in stopped[1:]:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("hung", ["home", "east"])
async def test_a_cell_that_hangs_hurts_no_other(
    cells: dict[str, str], cell_servers: dict[str, embedded.EmbeddedServer], hung: str
) -> None:
    other = "east" if hung == "home" else "home"
    async with open_app(cells) as app:
        _, first = await make_workspace(app, hung, "first")
        _, second = await make_workspace(app, other, "second")
        made = await cell_services(app, other).foundation.keys.create((await _of(app, other)).id, "another")
        async with client_of(app, first) as one, client_of(app, second) as two, client_of(app, made.token) as three:
            await send(one, CREATE, name="Acme")
            await send(two, CREATE, name="Globex")
            with hanging(cell_servers[hung]):
                asked = [asyncio.create_task(one.post("/graphql", json={"query": LIST})) for _ in range(40)]
                async with asyncio.timeout(60):
                    for number in range(10):
                        await send(two, CREATE, name=str(number))
                        assert len(await names(two)) == 2 + number
                    # A key that was not seen before is looked for in the cells that answer.
                    assert len(await names(three)) == 11
                    assert {(await each).status_code for each in asked} == {503}
                    # Once the cell is known to hang, no request waits for it.
                    began = time.monotonic()
                    for _ in range(20):
                        assert (await one.post("/graphql", json={"query": LIST})).status_code == 503
                    assert time.monotonic() - began < AT_ONCE
            async with asyncio.timeout(60):
                while (await one.post("/graphql", json={"query": LIST})).status_code != 200:
                    await asyncio.sleep(0.1)
            assert await names(one) == ["Acme"]


async def _of(app: Fieldstone, cell: str) -> Workspace:
    return await cell_services(app, cell).foundation.workspaces.find("second")  # type: ignore[no-any-return]


async def test_a_start_waits_for_no_cell_that_is_away(cells: dict[str, str]) -> None:
    away = {**cells, "west": "postgresql://127.0.0.1:1/nowhere"}
    async with open_app(away) as app:
        _, first = await make_workspace(app, "home", "first")
        async with client_of(app, first) as one:
            await send(one, CREATE, name="Acme")
            assert 'fieldstone_cell_ready{cell="west"} 0.0' in (await one.get("/metrics")).text


def test_an_app_starts_again_on_another_event_loop(cells: dict[str, str]) -> None:
    app = create_app(cells=setting_of(cells), rate_limit=0, log_level="error")

    async def ask() -> None:
        async with app.lifespan_context(), client_of(app, "fs_unknown") as client:
            assert (await client.get("/readyz")).json()["status"] == "ready"
            assert (await client.post("/graphql", json={"query": LIST})).status_code == 401

    asyncio.run(ask())
    asyncio.run(ask())
