"""Clients of graphql-transport-ws over real sockets, several operations on each."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from psycopg import sql
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.processes.serving import Served, run
from tests.waiting import until

CREATED = "subscription { personCreated { email } }"
WITHIN = 6.0
"""Seconds within which an event has arrived: without the bounds it takes eight and more."""


@dataclass(slots=True, eq=False)
class Socket:
    """One socket, and the server's messages on it by the ids of the operations.

    Attributes:
        code: the one that the server has closed it with.
    """

    connection: ClientConnection
    results: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, Any] = field(default_factory=dict)
    acknowledged: bool = False
    code: int | None = None
    reason: str = ""

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        await self.send(id=id_, type="subscribe", payload={"query": query, "variables": variables})

    async def until_over(self) -> int:
        """Return the code that the server closes the socket with."""
        await until(lambda: self.code is not None)
        assert self.code is not None
        return self.code

    async def until_failed(self, id_: str) -> Any:
        """Return the error that an operation ends with."""
        await until(lambda: id_ in self.errors)
        (error,) = self.errors[id_]
        return error

    async def listen(self) -> None:
        """Note each message until the socket is closed."""
        try:
            async for text in self.connection:
                message = json.loads(text)
                match message["type"]:
                    case "connection_ack":
                        self.acknowledged = True
                    case "next":
                        self.results[message["id"]].append(message["payload"])
                    case "error":
                        self.errors[message["id"]] = message["payload"]
        except ConnectionClosed:
            pass
        self.code, self.reason = self.connection.close_code, self.connection.close_reason or ""


async def until_subscribed(served: Served, count: Callable[[], int]) -> None:
    """Return when the server has so many subscriptions: no message says that one has begun."""
    async with httpx.AsyncClient(base_url=served.url) as http, asyncio.timeout(30):
        while f"fieldstone_subscribers {count()}.0\n" not in (await http.get("/metrics")).text:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(served: Served, key: str) -> AsyncIterator[Socket]:
    """Hold a socket; whether the server has taken it up, `acknowledged` and `code` say."""
    url = served.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None) as connection:
        socket = Socket(connection)
        listening = asyncio.create_task(socket.listen())
        try:
            await socket.send(type="connection_init", payload={"authorization": f"Bearer {key}"})
            await until(lambda: socket.acknowledged or socket.code is not None)
            yield socket
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace over HTTP."""

    http: httpx.AsyncClient
    key: str

    async def data(self, query: str, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        answer = (await self.http.post("/graphql", json={"query": query, "variables": variables})).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def create(self, email: str, **values: Any) -> str:
        """The id of a new person."""
        query = "mutation ($data: PersonInput!) { createPerson(data: $data) { id } }"
        return str((await self.data(query, data={"email": email, **values}))["createPerson"]["id"])

    async def update(self, id_: str, city: str) -> None:
        """Move a person."""
        query = "mutation ($id: UUID!, $city: String!) { updatePerson(id: $id, data: { city: $city }) { id } }"
        await self.data(query, id=id_, city=city)


@asynccontextmanager
async def tenant(served: Served, dsn: str, workspace: str) -> AsyncIterator[Tenant]:
    """Hold a client of a workspace that is made where it is missing."""
    run("workspace", "create", workspace, DATABASE_URL=dsn)
    made = run("api-key", "create", "--workspace", workspace, "--name", "attacks", DATABASE_URL=dsn)
    assert made.returncode == 0, made.stderr
    key = made.stdout.split()[-1]
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30) as http:
        yield Tenant(http, key)


@asynccontextmanager
async def two_workspaces(served: Served, dsn: str) -> AsyncIterator[tuple[Tenant, Tenant]]:
    """The attacker, and the victim, which must notice nothing of it."""
    async with tenant(served, dsn, "attacker") as attacker, tenant(served, dsn, "victim") as victim:
        yield attacker, victim


async def check_that_events_arrive(victim: Tenant, hearing: Socket, count: int) -> None:
    """Have a subscription of the victim, whose id is `v`, told of as many people, each at once."""
    heard = hearing.results["v"]
    for number in range(len(heard) + 1, len(heard) + 1 + count):
        await victim.create(f"{number}@example.com")
        async with asyncio.timeout(WITHIN):
            while len(heard) < number:
                await asyncio.sleep(0.002)


@contextmanager
def locked(dsn: str) -> Iterator[None]:
    """Have each statement that reads the attacker's companies wait for as long as it may."""
    with psycopg.connect(dsn) as holder:
        company = sql.Identifier(schema_of(holder), "company")
        holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(company))
        yield


def schema_of(connection: psycopg.Connection[Any]) -> str:
    """The schema of the attacker's records."""
    row = connection.execute("SELECT schema_name FROM fieldstone.workspace WHERE name = 'attacker'").fetchone()
    assert row is not None
    return str(row[0])
