"""Requests over a socket to a server in this process, and whether it answered them without a task."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import uvicorn

from fieldstone.engine.server.app import Fieldstone
from fieldstone.sql.concurrency.deadlines import Overdue

PEOPLE = "query ($n: String) { people(filter: {firstName: {eq: $n}}) { edges { node { firstName } } totalCount } }"


VARYING = (b"date:", b"x-ratelimit-re", b"x-request-id:")
"""The beginnings of the headers of an answer that are another value each time."""


@dataclass(slots=True, kw_only=True)
class Answered:
    """A response: its status line and headers as they came, and its body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    @property
    def headers(self) -> list[bytes]:
        """Those that say the same each time."""
        return [line for line in self.head.split(b"\r\n") if not line.startswith(VARYING)]

    def header(self, name: bytes) -> bytes | None:
        return next((line.split(b": ")[1] for line in self.head.split(b"\r\n") if line.startswith(name + b":")), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Talk:
    """One connection to a served app."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self.writer = writer
        self.token = token

    def request(self, query: str, *, more: str = "", path: str = "/graphql", **variables: Any) -> bytes:
        """Return the bytes of a request."""
        return self.request_of({"query": query, "variables": variables}, more=more, path=path)

    def request_of(self, given: Any, *, more: str = "", path: str = "/graphql") -> bytes:
        """Return the bytes of a request with a body."""
        body = json.dumps(given).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.token}\r\n{more}"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def send(self, *pieces: bytes) -> None:
        """Send these bytes as one piece."""
        self.writer.write(b"".join(pieces))

    async def receive(self) -> Answered:
        """Return the next response."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        answered = Answered(head=head, body=b"")
        answered.body = await self._reader.readexactly(int(answered.header(b"content-length") or 0))
        return answered

    async def ask(self, query: str, *, more: str = "", path: str = "/graphql", **variables: Any) -> Answered:
        """Return the response to an operation."""
        self.send(self.request(query, more=more, path=path, **variables))
        return await self.receive()

    async def post(self, given: Any) -> Answered:
        """Return the response to a body."""
        self.send(self.request_of(given))
        return await self.receive()

    async def warm_up(self, query: str, times: int = 4, **variables: Any) -> None:
        """Ask until all that an operation takes is at hand on a connection to the database."""
        for _ in range(times):
            assert (await self.ask(query, **variables)).status == 200

    async def is_closed(self) -> bool:
        """Wait for the end of the connection, before which nothing more may come."""
        return await self._reader.read() == b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """An app as `fieldstone serve` serves it."""

    app: Fieldstone
    client: httpx.AsyncClient
    server: uvicorn.Server
    talk: Callable[[], Awaitable[Talk]]

    @property
    def patience(self) -> Overdue:
        """The time for which the warm path waits for the rest of a request."""
        assert self.app.warm is not None
        return self.app.warm.patience

    async def warm(self) -> int:
        """How many requests the warm path has answered."""
        page = (await self.client.get("/metrics")).text
        return int(float(page.split("\nfieldstone_warm_requests_total ")[1].split("\n")[0]))


Serve = Callable[..., Any]


async def pass_over(dsn: str, *tables: str) -> None:
    """Give tables a trigger as an operator may make one, by which PostgreSQL notes a row elsewhere and inserts none."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute(
            "CREATE TABLE public.passed (id uuid); CREATE FUNCTION pass_over() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN INSERT INTO public.passed VALUES (new.id); RETURN NULL; END $$"
        )
        for table in tables:
            await connection.execute(
                f"CREATE TRIGGER pass_over BEFORE INSERT ON workspace_default.{table}"
                " FOR EACH ROW EXECUTE FUNCTION pass_over()".encode()
            )


async def create_person(client: httpx.AsyncClient, name: str) -> None:
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    answer = await client.post(
        "/graphql", json={"query": text, "variables": {"d": {"firstName": name, "email": f"{name}@example.com"}}}
    )
    assert "errors" not in answer.json(), answer.text


@asynccontextmanager
async def locked(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Hold the table of the people, so that its readers wait; the lock goes with the block or a commit."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        cursor = await connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relname LIKE '%person'")
        ((table,),) = await cursor.fetchall()
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield connection


async def waiters(dsn: str) -> list[int]:
    """The backends that wait for a lock."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return [row[0] for row in await cursor.fetchall()]


async def until_waiting(dsn: str, number: int = 1) -> list[int]:
    while len(found := await waiters(dsn)) != number:
        await asyncio.sleep(0.01)
    return found


CREATE = 'mutation ($e: String!) { createPerson(data: {firstName: "New", email: $e}) { email } }'


COUNT = '{ people(filter: {firstName: {eq: "New"}}) { totalCount } }'


async def count(talk: Talk) -> int:
    return int((await talk.ask(COUNT)).json["data"]["people"]["totalCount"])
