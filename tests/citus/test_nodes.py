"""Reads at the nodes of Citus, and the requests of all workspaces while one node is away."""

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
from fieldstone.metadata.workspaces.distribution import move
from fieldstone.sql.nodes.node import Node as NodeOfReads
from tests.citus.places import make_apart, node_of
from tests.citus_cluster import Node, configured, stop_all
from tests.databases import Databases
from tests.engine.server.conftest import client_of
from tests.waiting import until, until_found, until_true

CREATE = "mutation C($email: String!) { createPerson(data: { email: $email }) { id } }"
COUNT = "{ people { totalCount } }"
WRITERS = 12


@dataclass(kw_only=True)
class Cluster:
    """An app with the workspaces `default` and `other`, each on a node of its own, and a client of each."""

    app: Any
    nodes: dict[str, Node]
    default: httpx.AsyncClient
    other: httpx.AsyncClient
    ids: dict[str, Any]

    async def node_of(self, name: str) -> NodeOfReads:
        """The node of a workspace as the app knows it."""
        return await node_of(self.app, self.ids[name])


async def ask(client: httpx.AsyncClient, text: str, **variables: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": text, "variables": variables}, timeout=60)


async def count(client: httpx.AsyncClient) -> int:
    response = await ask(client, COUNT)
    assert response.status_code == 200, response.text
    number: int = response.json()["data"]["people"]["totalCount"]
    return number


@pytest.fixture
async def cluster(workspace_dsn: str, databases: Databases) -> AsyncIterator[Cluster]:
    app = create_app(
        database_url=workspace_dsn, rate_limit=0, log_level="error", distribute=Distribution.CITUS, max_queue_ms=0
    )
    async with app.lifespan_context(), client_of(app) as default, client_of(app) as other:
        foundation = (await app.runtime.ready()).foundation
        made = await make_apart(foundation, "other")
        ids = {"default": foundation.default.workspace.id, "other": made.workspace.id}
        for client, id_ in ((default, ids["default"]), (other, ids["other"])):
            key = await foundation.keys.create(id_, "test")
            client.headers["Authorization"] = f"Bearer {key.token}"
            await count(client)
        nodes = {f"127.0.0.1:{node.port}": node for node in databases.cluster}
        yield Cluster(app=app, nodes=nodes, default=default, other=other, ids=ids)


async def test_a_node_answers_the_reads_of_its_workspace(cluster: Cluster) -> None:
    node = await cluster.node_of("default")
    assert (await ask(cluster.default, CREATE, email="a@b.example")).status_code == 200
    before = node.database.stats().prepared
    assert await count(cluster.default) == 1
    assert node.database.stats().prepared > before


async def test_reads_follow_a_move_and_see_each_write(cluster: Cluster) -> None:
    first = await cluster.node_of("default")
    second = await cluster.node_of("other")
    foundation = (await cluster.app.runtime.ready()).foundation
    moving = asyncio.create_task(move(foundation.database, foundation.default.workspace, second.name))
    written = 0
    while not moving.done() or written < 5:
        assert (await ask(cluster.default, CREATE, email=f"{written}@b.example")).status_code == 200
        written += 1
        assert await count(cluster.default) == written
    await moving
    reads = (await cluster.app.runtime.ready()).core.reads
    await until(lambda: reads._directory.find(cluster.ids["default"]) is second)
    assert first is not second
    assert await count(cluster.default) == written


@pytest.mark.parametrize("fault", ["killed", "hung"])
async def test_a_node_that_is_away_hurts_no_other_workspace(cluster: Cluster, fault: str) -> None:
    node = await cluster.node_of("default")
    await cluster.node_of("other")
    server = cluster.nodes[node.name]
    acknowledged = 0
    statuses: list[int] = []
    is_over = asyncio.Event()

    async def write(number: int) -> None:
        nonlocal acknowledged
        sent = 0
        while not is_over.is_set():
            sent += 1
            response = await ask(cluster.default, CREATE, email=f"{number}-{sent}@b.example")
            statuses.append(response.status_code)
            acknowledged += response.status_code == 200 and "errors" not in response.json()
            if response.status_code != 200:
                await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as writers:
        for number in range(WRITERS):
            writers.create_task(write(number))
        await until(lambda: acknowledged > WRITERS)
        if fault == "killed":
            server.stop(signal.SIGQUIT)
        else:
            stop_all(server, signal.SIGSTOP)
        try:
            # The other workspace is read and written from the first moment on.
            for sent in range(10):
                response = await ask(cluster.other, CREATE, email=f"{sent}@c.example")
                assert response.status_code == 200, response.text
                assert "errors" not in response.json()
                assert await count(cluster.other) == sent + 1
            await until(lambda: bool(node.group.refusal))
            assert (await ask(cluster.default, COUNT)).status_code == 503
            assert (await ask(cluster.default, CREATE, email="x@y.example")).status_code == 503
        finally:
            if fault == "killed":
                server.start()
            else:
                stop_all(server, signal.SIGCONT)
        await until(lambda: node.answers and not node.group.refusal)
        is_over.set()
    assert set(statuses) <= {200, 503}, set(statuses)
    # The coordinator has committed a write before the node ends its own part, which it does behind its death.
    await _until_nothing_is_prepared(server)
    assert await count(cluster.default) >= acknowledged


async def _until_nothing_is_prepared(server: Node) -> None:
    async with await psycopg.AsyncConnection.connect(server.dsn("postgres"), autocommit=True) as connection:
        async with asyncio.timeout(90):
            while (await (await connection.execute("SELECT count(*) FROM pg_prepared_xacts")).fetchone()) != (0,):
                await asyncio.sleep(0.2)


@pytest.mark.parametrize("fault", ["dies", "ends the connection"])
async def test_a_write_is_acknowledged_once_its_node_has_it_and_read_when_the_node_is_back(
    cluster: Cluster, databases: Databases, fault: str
) -> None:
    """The node that fails between the two phases of a write was not noticed where it answered again at once."""
    node = await cluster.node_of("default")
    server, coordinator = cluster.nodes[node.name], databases.cluster[0]
    # The node recovers by itself in an hour.
    with configured(coordinator, "citus.recover_2pc_interval", "1h"):
        # The coordinator's commit waits, behind the first phase of the node.
        with configured(coordinator, "synchronous_standby_names", "nobody"):
            writing = asyncio.create_task(ask(cluster.default, CREATE, email="a@b.example"))
            async with await psycopg.AsyncConnection.connect(server.dsn("postgres"), autocommit=True) as connection:
                await until_found(connection, "SELECT FROM pg_prepared_xacts")
                if fault == "ends the connection":
                    await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE starts_with(application_name, 'citus_internal')"
                    )
            if fault == "dies":
                server.stop(signal.SIGQUIT)
        try:
            response = await writing
        finally:
            if fault == "dies":
                server.start()
        assert response.status_code == 503
        assert "may or may not have been kept" in response.text
        await until(lambda: node.answers and not node.group.refusal)

        async def is_read() -> bool:
            return await count(cluster.default) == 1

        await until_true(is_read)
    assert (await ask(cluster.default, CREATE, email="b@b.example")).status_code == 200
    assert await count(cluster.default) == 2
