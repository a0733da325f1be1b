"""Two servers on one cluster: each reads a workspace at its node, and learns of the changes made through the other."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.workspaces.distribution import list_placements
from tests.citus.places import make_apart
from tests.databases import Databases
from tests.engine.server.prepared import migrate
from tests.processes.event_clients import Writing, check_that_all_arrived, following, make_key, servers
from tests.processes.forking import Forked
from tests.processes.requests import ask, create_object
from tests.processes.serving import environment, run, serving
from tests.waiting import eventually

SERVERS = ("one", "other")
"""The names of the servers' connections."""
# A node's connections from the coordinator and the other node have names of Citus.
_ENTERED = (
    "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = ANY(%s) AND strpos(query, %s) > 0"
)


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A workspace with the address of its node's database, and a client of each server."""

    schema: str
    node: str
    clients: Sequence[httpx.Client]

    def entered(self, node: str, table: str) -> set[str]:
        """The servers whose connections to a node have asked it for records of a table."""
        with psycopg.connect(node) as connection:
            rows = connection.execute(_ENTERED, [list(SERVERS), f'"{self.schema}"."{table}"']).fetchall()
        return {name for (name,) in rows}

    def read_at_the_node(self, table: str, query: str) -> None:
        """Send a query to each server until its own connection to the node has asked for the records."""
        for name, client in zip(SERVERS, self.clients, strict=True):

            def has_entered(name: str = name, client: httpx.Client = client) -> bool:
                ask(client, "/graphql", query)
                return name in self.entered(self.node, table)

            eventually(has_entered, f"the server {name} does not read {table} at the node")


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        yield dsn


@pytest.fixture
def tenants(dsn: str) -> Iterator[Sequence[Tenant]]:
    """The workspaces `default` and `second`, each on a node of its own."""
    with ExitStack() as stack:
        placed = asyncio.run(_place(dsn))
        both = [
            stack.enter_context(serving(DATABASE_URL=make_conninfo(dsn, application_name=name))) for name in SERVERS
        ]
        yield [
            Tenant(
                schema=schema,
                node=make_conninfo(dsn, port=place.rpartition(":")[2]),
                clients=[
                    stack.enter_context(
                        httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {key}"}, timeout=60)
                    )
                    for served in both
                ],
            )
            for schema, place, key in placed
        ]


async def _place(dsn: str) -> list[tuple[str, str, str]]:
    """Return the schema, the node and a key of each workspace."""
    async with open_foundation(load_settings(database_url=dsn, distribute="citus", log_level="error")) as foundation:
        workspaces = [foundation.default.workspace, (await make_apart(foundation, "second")).workspace]
        async with foundation.database.session() as connection:
            places = {one.name: one.place or "" for one in await list_placements(connection)}
        keys = [await foundation.keys.create(workspace.id, "test") for workspace in workspaces]
    return [(one.schema, places[one.name], made.token) for one, made in zip(workspaces, keys, strict=True)]


def test_both_servers_read_each_workspace_at_its_node(tenants: Sequence[Tenant]) -> None:
    for number, tenant in enumerate(tenants):
        one, other = tenant.clients[:: -1 if number else 1]
        made = ask(one, "/graphql", 'mutation { createPerson(data: { email: "a@b.example" }) { email } }')
        assert ask(other, "/graphql", "{ people { edges { node { email } } } }") == {
            "people": {"edges": [{"node": made["createPerson"]}]}
        }
        tenant.read_at_the_node("person", "{ people { totalCount } }")
    for tenant, beside in zip(tenants, reversed(tenants), strict=True):
        assert not tenant.entered(beside.node, "person")


def test_a_changed_model_and_a_revoked_key_reach_the_other_server(tenants: Sequence[Tenant]) -> None:
    for number, tenant in enumerate(tenants):
        one, other = tenant.clients[:: -1 if number else 1]
        create_object(one, "kiln")
        ask(other, "/graphql", 'mutation { createKiln(data: { name: "first" }) { id } }')
        assert ask(one, "/graphql", "{ kilns { totalCount } }") == {"kilns": {"totalCount": 1}}
        tenant.read_at_the_node("kiln", "{ kilns { totalCount } }")

        made = ask(one, "/metadata", 'mutation { createApiKey(input: { name: "x" }) { id token } }')["createApiKey"]
        headers = {"authorization": f"Bearer {made['token']}"}
        with httpx.Client(base_url=other.base_url, headers=headers, timeout=60) as theirs:
            ask(theirs, "/graphql", "{ kilns { totalCount } }")
            ask(one, "/metadata", "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", id=made["id"])
            eventually(
                lambda theirs=theirs: (
                    theirs.post("/graphql", json={"query": "{ kilns { totalCount } }"}).status_code  # type: ignore[misc]  # mypy knows no such default
                    == 401
                ),
                "the key is served",
            )
        ask(other, "/graphql", "{ kilns { totalCount } }")


# The statement of the move, its copy of the rows, and the rows that follow.
MOVING = (
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
    " AND starts_with(query, 'SELECT citus_schema_move')"
)
STEPS = (
    MOVING,
    "SELECT FROM pg_replication_slots WHERE database = current_database()",
    "SELECT FROM pg_subscription_rel WHERE srsubstate = 'r'",
)


def test_no_event_is_lost_or_doubled_wherever_a_move_is_killed(clients: Path, dsn: str, databases: Databases) -> None:
    name = str(conninfo_to_dict(dsn)["dbname"])
    with ExitStack() as stack:
        both = stack.enter_context(servers(dsn, 2))
        key = make_key(dsn)
        nodes = [stack.enter_context(psycopg.connect(node.dsn(name), autocommit=True)) for node in databases.cluster]
        followers = stack.enter_context(following(clients, both, key))
        with Writing(both, key) as writing:
            for step in STEPS:
                writing.go_on()
                _kill_move(dsn, _free_node(dsn, databases), nodes, step)
                eventually(lambda: not _is_seen(nodes, MOVING), "the coordinator goes on without its client")
            free = _free_node(dsn, databases)
            done = run("workspace", "move", "default", "--to", free, **_settings(dsn))
            assert done.returncode == 0, done.stderr
            writing.go_on()
        assert check_that_all_arrived(dsn, followers, writing) > 80
        assert not writing.refused
        assert _free_node(dsn, databases) != free


def _kill_move(dsn: str, to: str, nodes: Sequence["psycopg.Connection[Any]"], step: str) -> None:
    """Move the workspace in a process of its own, which is killed as soon as a node shows the step."""
    with Path(os.devnull).open("w") as nowhere:
        command = ["workspace", "move", "default", "--to", to]
        process = Forked(command, environment(**_settings(dsn)), stdout=nowhere.fileno(), stderr=nowhere.fileno())
    try:
        eventually(lambda: process.poll() is not None or _is_seen(nodes, step), f"the move does not reach {step}")
    finally:
        process.kill()
        process.wait()


def _is_seen(nodes: Sequence["psycopg.Connection[Any]"], step: str) -> bool:
    return any(node.execute(step.encode()).fetchone() is not None for node in nodes)


def _settings(dsn: str) -> dict[str, str]:
    return {"DATABASE_URL": dsn, "FIELDSTONE_DISTRIBUTE": "citus"}


def _free_node(dsn: str, databases: Databases) -> str:
    """Return the node that does not have the workspace `default`."""
    listed = run("workspace", "list", "--places", **_settings(dsn))
    assert listed.returncode == 0, listed.stderr
    (free,) = [node.port for node in databases.cluster[1:] if f":{node.port}\t" not in listed.stdout]
    return f"127.0.0.1:{free}"


def test_a_worker_is_no_entry_of_a_server(dsn: str, databases: Databases) -> None:
    worker = databases.cluster[1].dsn(str(conninfo_to_dict(dsn)["dbname"]))
    done = run("workspace", "list", **_settings(worker))
    assert done.returncode != 0
    assert "needs the coordinator of a cluster that has workers: DATABASE_URL leads to a worker" in done.stderr
