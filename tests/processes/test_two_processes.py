"""Two servers on one database: a change through one is served by the other, whatever becomes of the messages."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from tests.citus_cluster import ON_CITUS
from tests.ports import free_port
from tests.processes.model_changes import CREATE_FIELD, Series
from tests.processes.requests import ask, create_object
from tests.processes.serving import Served, metric, serving
from tests.waiting import eventually

pytestmark = pytest.mark.long

# A change of a distributed table, and each write of one, takes several times as long.
CHANGES = 40 if ON_CITUS else 200
LOAD = 10 if ON_CITUS else 50
"""Requests a second to each server."""


@dataclass(frozen=True)
class Pair:
    """Two servers with a client for each."""

    one: Served
    other: Served
    clients: tuple[httpx.Client, httpx.Client]


@contextmanager
def two_servers(**variables: str) -> Iterator[Pair]:
    with serving(**variables) as one, serving(**variables) as other, one.client() as first, other.client() as second:
        yield Pair(one, other, (first, second))


def object_ids(client: httpx.Client) -> dict[str, str]:
    found = ask(client, "/metadata", "{ objects(first: 100) { edges { node { id namePlural } } } }")
    return {edge["node"]["namePlural"]: edge["node"]["id"] for edge in found["objects"]["edges"]}


def version(client: httpx.Client) -> float:
    """The version of the model that a server has loaded."""
    return metric(client, 'fieldstone_model_version{workspace="default"}')


def change_and_see(pair: Pair, name: str) -> None:
    """Change the model through one server, and see the other take notice by itself."""
    one, other = pair.clients
    create_object(one, name)
    eventually(lambda: version(other) == version(one), "the model is stale")
    ask(other, "/graphql", f"{{ {name}s {{ totalCount }} }}")


READS = (
    "{ people(first: 5) { totalCount edges { node { id email company { name } } } } }",
    "{ companies(first: 5, orderBy: { name: ASC }) { edges { node { id name people { totalCount } } } } }",
    '{ people(filter: { email: { contains: "load" } }, orderBy: { createdAt: DESC }, first: 3) { totalCount } }',
    "{ peopleAggregate { count } }",
    "{ opportunities(first: 3) { edges { node { id name company { id } person { email } } } } }",
    "{ activities(first: 3, orderBy: { createdAt: DESC }) { edges { node { id title } } } }",
)
# Each with its value, and concerns the record of the one before it, where that is there by then.
WRITES = (
    (
        'mutation ($v: String!) { createPerson(data: { email: $v, firstName: "L" }) { id } }',
        "{name}{number}@example.com",
    ),
    ('mutation ($v: String!) { updatePeople(filter: { email: { eq: $v } }, data: { city: "Ulm" }) { id } }', "{last}"),
    ("mutation ($v: String!) { deletePeople(filter: { email: { eq: $v } }) { id } }", "{last}"),
    ("mutation ($v: String!) { createCompany(data: { name: $v }) { id name } }", "load {name}{number}"),
    ("mutation ($v: String!) { restorePeople(filter: { email: { eq: $v } }) { id } }", "{last}"),
    ("mutation ($v: String!) { createActivity(data: { title: $v }) { id } }", "load {name}{number}"),
    ("mutation ($v: String!) { destroyPeople(filter: { email: { eq: $v } }) { id } }", "{last}"),
    ("mutation ($v: String!) { createOpportunity(data: { name: $v }) { id } }", "load {name}{number}"),
)
NEW_EVERY = 9
"""Writes after which the next one has its value in its document, which no server has seen before."""
MOST_AT_ONCE = 4 if ON_CITUS else 40
"""Requests to one server that are under way: where it cannot keep up, they come at a lower rate."""


@dataclass(slots=True)
class Load:
    """Requests of both kinds, at a steady rate, whose documents are valid before and after every change."""

    client: httpx.AsyncClient
    name: str
    sent: int = 0
    failures: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Send until cancelled; those under way are finished."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        slots = asyncio.Semaphore(MOST_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            try:
                for number in itertools.count():
                    await asyncio.sleep(max(0.0, began + number / LOAD - loop.time()))
                    await slots.acquire()
                    tasks.create_task(self._send(number)).add_done_callback(lambda _: slots.release())
            except asyncio.CancelledError:
                return

    async def _send(self, number: int) -> None:
        turn, is_write = divmod(number, 2)
        body = self._write(turn) if is_write else {"query": READS[turn % len(READS)]}
        began = datetime.now(UTC)
        try:
            answer = await self.client.post("/graphql", json=body)
        except httpx.HTTPError as error:
            found = repr(error)
        else:
            self.sent += 1
            if answer.status_code == 200 and "errors" not in answer.json():
                return
            found = f"{answer.status_code} {answer.text}"
        self.failures.append(f"{began:%H:%M:%S.%f} to {datetime.now(UTC):%H:%M:%S.%f} {body}: {found}")

    def _write(self, turn: int) -> dict[str, Any]:
        document, value = WRITES[turn % len(WRITES)]
        last = f"{self.name}{turn - turn % len(WRITES)}@example.com"
        value = value.format(name=self.name, number=turn, last=last)
        if turn % NEW_EVERY:
            return {"query": document, "variables": {"v": value}}
        return {"query": document.replace("($v: String!) ", "").replace("$v", f'"{value}"')}


@asynccontextmanager
async def loaded(served: Served, name: str) -> AsyncIterator[Load]:
    headers = {"authorization": f"Bearer {served.key}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=60) as client:
        load = Load(client, name)
        task = asyncio.create_task(load.run())
        try:
            yield load
        finally:
            task.cancel()
            await asyncio.wait([task])
        # The reason of its early end is no failure of a request.
        task.result()


# Both servers and their clients take all of two processors for a minute, and much longer where others do, too.
@pytest.mark.alone
@pytest.mark.timeout(900)
async def test_each_change_is_served_by_the_other_in_its_next_request_under_load(database: str) -> None:
    with two_servers(DATABASE_URL=database, FIELDSTONE_LOG_LEVEL="warning") as pair:
        series = Series(objects=object_ids(pair.clients[0]))

        def change_all() -> None:
            for number, step in enumerate(itertools.islice(series.steps(), CHANGES)):
                through, beside = pair.clients[:: 1 if number % 2 else -1]
                outcome = step(partial(ask, through, "/metadata"))
                ask(beside, "/graphql", outcome.document)
                if outcome.gone is not None:
                    answer = beside.post("/graphql", json={"query": outcome.gone}).json()
                    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", answer

        async with loaded(pair.one, "a") as first, loaded(pair.other, "b") as second:
            await asyncio.to_thread(change_all)
        logs = [line for served in (pair.one, pair.other) for line in served.errors]
        assert not first.failures + second.failures, "\n".join([*first.failures, *second.failures, *logs])
        assert min(first.sent, second.sent) > LOAD
        versions = [version(client) for client in pair.clients]
        eventually(lambda: version(pair.clients[0]) == version(pair.clients[1]), "a model is stale")
        assert max(versions) >= CHANGES
        assert not any("error" in line for line in logs), "\n".join(logs)


async def test_a_hundred_fields_at_once_through_both_are_all_made(database: str) -> None:
    with two_servers(DATABASE_URL=database) as pair:
        ids = [create_object(pair.clients[0], f"thing{number}") for number in range(10)]
        before = version(pair.clients[0])

        async def create(client: httpx.AsyncClient, number: int) -> None:
            given = {"objectMetadataId": ids[number % 10], "name": f"field{number}", "label": "F", "type": "TEXT"}
            answer = await client.post("/metadata", json={"query": CREATE_FIELD, "variables": {"input": given}})
            assert "errors" not in answer.json(), answer.text

        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=served.url,
                        headers={"authorization": f"Bearer {served.key}"},
                        timeout=60,
                        limits=httpx.Limits(max_connections=100),
                    )
                )
                for served in (pair.one, pair.other)
            ]
            await asyncio.gather(*(create(clients[number // 10 % 2], number) for number in range(100)))
        eventually(lambda: all(version(client) == before + 100 for client in pair.clients), "a model is stale")
        for client, place in itertools.product(pair.clients, range(10)):
            selection = " ".join(f"field{number}" for number in range(place, 100, 10))
            ask(client, "/graphql", f"{{ thing{place}s {{ edges {{ node {{ {selection} }} }} }} }}")
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT version FROM fieldstone.model_change ORDER BY version").fetchall()
    assert [number for (number,) in rows] == list(range(1, int(before) + 101))


def test_a_key_that_was_revoked_through_one_is_refused_by_the_other(database: str) -> None:
    with two_servers(DATABASE_URL=database) as pair:
        one, other = pair.clients
        made = ask(one, "/metadata", 'mutation { createApiKey(input: { name: "x" }) { id token } }')["createApiKey"]
        with httpx.Client(base_url=pair.other.url, headers={"authorization": f"Bearer {made['token']}"}) as theirs:
            ask(theirs, "/graphql", "{ people { totalCount } }")
            ask(one, "/metadata", "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", id=made["id"])
            eventually(
                lambda: theirs.post("/graphql", json={"query": "{ __typename }"}).status_code == 401,
                "the key is served",
            )
        ask(other, "/graphql", "{ people { totalCount } }")


def test_with_messages_cut_off_each_looks_by_itself(database: str) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with two_servers(DATABASE_URL=database, FIELDSTONE_BROADCAST_URL=nobody) as pair:
        for number in range(3):
            change_and_see(pair, f"thing{number}")
        # And no refusal waits for that.
        create_object(pair.clients[0], "urgent")
        ask(pair.clients[1], "/graphql", "{ urgents { totalCount } }")
        assert [metric(client, "fieldstone_broadcast_connected") for client in pair.clients] == [0, 0]
