"""Changes of the model while a node of Citus is away: their answers, and those of the requests behind them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine import create_app
from fieldstone.engine.settings.choices import Distribution
from tests.citus.places import node_of
from tests.citus_cluster import Node, configured, stop_all
from tests.databases import Databases
from tests.engine.server.conftest import client_of
from tests.waiting import until_found, until_true

CREATE_OBJECT = """mutation {
  createObject(input: { nameSingular: "kiln", namePlural: "kilns", labelSingular: "Kiln", labelPlural: "Kilns" }) { id }
}"""
COUNT = "{ kilns { totalCount } }"
CREATE = 'mutation { createKiln(data: { name: "x" }) { name } }'


CREATE_PERSON = 'mutation { createPerson(data: { email: "a@b.example" }) { email } }'


@dataclass(kw_only=True)
class Served:
    """An app with a client of its workspace, whose node is `own`; `other` is the node that has none of its records."""

    client: httpx.AsyncClient
    own: Node
    other: Node

    async def ask(self, text: str, path: str = "/graphql") -> httpx.Response:
        return await self.client.post(path, json={"query": text}, timeout=60)

    async def add_field(self, name: str) -> httpx.Response:
        found = await self.ask("{ objects(first: 100) { edges { node { id nameSingular } } } }", "/metadata")
        (person,) = (
            edge["node"]["id"]
            for edge in found.json()["data"]["objects"]["edges"]
            if edge["node"]["nameSingular"] == "person"
        )
        given = f'objectMetadataId: "{person}", name: "{name}", label: "{name}", type: TEXT'
        return await self.ask(f"mutation {{ createField(input: {{ {given} }}) {{ id }} }}", "/metadata")

    async def change(self) -> httpx.Response:
        return await self.ask(CREATE_OBJECT, "/metadata")


@pytest.fixture
async def served(workspace_dsn: str, databases: Databases) -> AsyncIterator[Served]:
    app = create_app(
        database_url=workspace_dsn, rate_limit=0, log_level="error", distribute=Distribution.CITUS, max_queue_ms=0
    )
    async with app.lifespan_context(), client_of(app) as client:
        foundation: Any = (await app.runtime.ready()).foundation
        workspace_id = foundation.default.workspace.id
        key = await foundation.keys.create(workspace_id, "test")
        client.headers["Authorization"] = f"Bearer {key.token}"
        assert (await client.post("/graphql", json={"query": "{ people { totalCount } }"})).status_code == 200
        name = (await node_of(app, workspace_id)).name
        own, other = sorted(databases.cluster[1:], key=lambda node: name != f"127.0.0.1:{node.port}")
        yield Served(client=client, own=own, other=other)


@pytest.mark.parametrize("fault", ["dies", "ends the connection"])
async def test_a_change_is_acknowledged_once_its_node_has_it(served: Served, databases: Databases, fault: str) -> None:
    """It was acknowledged without, and each request for the new object was answered with 500 until Citus recovered."""
    coordinator = databases.cluster[0]
    # The node recovers by itself in an hour.
    with configured(coordinator, "citus.recover_2pc_interval", "1h"):
        # The coordinator's commit waits, behind the first phase of the node.
        with configured(coordinator, "synchronous_standby_names", "nobody"):
            changing = asyncio.create_task(served.change())
            async with await psycopg.AsyncConnection.connect(served.own.dsn("postgres"), autocommit=True) as connection:
                await until_found(connection, "SELECT FROM pg_prepared_xacts")
                if fault == "ends the connection":
                    await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE starts_with(application_name, 'citus_internal')"
                    )
            if fault == "dies":
                served.own.stop(signal.SIGQUIT)
        try:
            changed = await changing
            early = [await served.ask(text) for text in (COUNT, CREATE)]
        finally:
            if fault == "dies":
                served.own.start()
        assert changed.status_code == 503
        assert "may or may not have been kept" in changed.text
        assert [response.status_code for response in early] == [503, 503]
        seen: list[int] = []

        async def is_read() -> bool:
            seen.append((await served.ask(COUNT)).status_code)
            return seen[-1] == 200

        await until_true(is_read)
        assert set(seen) <= {200, 503}
    assert (await served.change()).json()["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert (await served.ask(CREATE)).json() == {"data": {"createKiln": {"name": "x"}}}
    assert (await served.ask(COUNT)).json() == {"data": {"kilns": {"totalCount": 1}}}


@pytest.mark.parametrize("which", ["own", "other"])
async def test_a_change_that_finds_a_node_away_was_not_kept(served: Served, which: str) -> None:
    """It was answered as lost while committing, although no COMMIT had been sent."""
    server: Node = getattr(served, which)
    server.stop(signal.SIGQUIT)
    try:
        refused = await served.change()
    finally:
        server.start()
    assert refused.status_code == 503
    assert refused.json()["errors"][0]["message"] == "The database cannot be reached: try again in a moment."

    async def is_changed() -> bool:
        return "errors" not in (await served.change()).json()

    await until_true(is_changed)
    assert (await served.ask(CREATE)).json() == {"data": {"createKiln": {"name": "x"}}}


async def test_a_change_waits_for_no_hung_node_with_its_tables_locked(served: Served) -> None:
    """It kept its table locked for as long as any node hung: each write of the object waited, on whichever node."""
    assert "errors" not in (await served.add_field("first")).json()
    stop_all(served.other, signal.SIGSTOP)
    try:
        async with asyncio.timeout(30):
            refused = await served.add_field("second")
        written = await served.ask(CREATE_PERSON)
    finally:
        stop_all(served.other, signal.SIGCONT)
    assert refused.status_code == 503
    assert written.json() == {"data": {"createPerson": {"email": "a@b.example"}}}

    async def is_changed() -> bool:
        return "errors" not in (await served.add_field("second")).json()

    await until_true(is_changed)
