"""The warm path over real connections: the same answers as the ordinary one, and all that must not be different."""

import asyncio
import itertools
import json
import random
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn

from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.engine.server.streams.websocket_protocol import BreakingProtocol
from tests.engine.server.conftest import StartApp
from tests.waiting import until

PEOPLE = "query ($n: String) { people(filter: {firstName: {eq: $n}}) { edges { node { firstName } } totalCount } }"


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
        return [line for line in self.head.split(b"\r\n") if not line.startswith((b"date:", b"x-ratelimit-re"))]

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
        body = json.dumps({"query": query, "variables": variables}).encode()
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

    async def warm(self) -> int:
        """How many requests the warm path has answered."""
        page = (await self.client.get("/metrics")).text
        return int(float(page.split("\nfieldstone_warm_requests_total ")[1].split("\n")[0]))


Serve = Callable[..., Any]


@pytest.fixture
def serve(start_app: StartApp) -> Serve:
    """A function that serves an app with some settings."""

    @asynccontextmanager
    async def begin(**settings: Any) -> AsyncIterator[Serving]:
        async with start_app(**{"pool_size": 1, **settings}) as (app, client):
            config = uvicorn.Config(
                app,
                http=FieldstoneProtocol,
                ws=BreakingProtocol,
                proxy_headers=False,
                lifespan="off",
                log_config=None,
                access_log=False,
            )
            server = uvicorn.Server(config)
            writers: list[asyncio.StreamWriter] = []
            with socket.create_server(("127.0.0.1", 0)) as listener:
                serving = asyncio.create_task(server._serve([listener]))
                await until(lambda: server.started)

                async def talk() -> Talk:
                    reader, writer = await asyncio.open_connection(*listener.getsockname())
                    writers.append(writer)
                    return Talk(reader, writer, client.headers["Authorization"].removeprefix("Bearer "))

                try:
                    for name in ("Ada", "Grace"):
                        await create_person(client, name)
                    yield Serving(app=app, client=client, server=server, talk=talk)
                finally:
                    for writer in writers:
                        writer.close()
                    server.should_exit = True
                    await serving

    return begin


async def create_person(client: httpx.AsyncClient, name: str) -> None:
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    answer = await client.post(
        "/graphql", json={"query": text, "variables": {"d": {"firstName": name, "email": f"{name}@example.com"}}}
    )
    assert "errors" not in answer.json(), answer.text


@asynccontextmanager
async def locked(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Hold the table of the people, so that whoever reads it waits; the lock goes with the block or a commit."""
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


async def test_a_repeated_operation_is_answered_as_before_and_without_a_task(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        first = await talk.ask(PEOPLE, n="Ada")
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        tasks = len(serving.server.server_state.tasks)
        for name in ("Ada", "Bob", "Ada"):
            again = await talk.ask(PEOPLE, n=name)
            expected = [{"node": {"firstName": "Ada"}}] if name == "Ada" else []
            assert again.json == {"data": {"people": {"edges": expected, "totalCount": len(expected)}}}
        assert (again.headers, again.body) == (first.headers, first.body)
        assert again.header(b"date")
        assert await serving.warm() == before + 3
        assert len(serving.server.server_state.tasks) == tasks


@pytest.mark.parametrize(
    "more",
    [
        "Accept: application/json\r\n",
        "Accept: application/graphql-response+json\r\n",
        "Accept: text/html\r\nAccept: */*\r\n",
        "Connection: keep-alive\r\nUser-Agent: x\r\n",
    ],
)
async def test_the_media_type_is_the_one_that_was_asked_for(serve: Serve, more: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        first = await talk.ask(PEOPLE, more=more, n="Ada")
        for _ in range(4):
            again = await talk.ask(PEOPLE, more=more, n="Ada")
            assert (again.headers, again.body) == (first.headers, first.body)
        assert await serving.warm() > 0


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("Accept: text/html\r\n", 406),
        ("Origin: https://example.com\r\n", 200),
        ("Expect: 100-continue\r\n", 100),
        ("Connection: close\r\n", 200),
        ("Authorization: Bearer nobody\r\n", 400),
        (f"X-Long: {'x' * 4_096}\r\n", 200),
    ],
)
async def test_a_head_that_says_more_goes_the_ordinary_way(serve: Serve, more: str, status: int) -> None:
    async with serve() as serving:
        for _ in range(4):
            talk = await serving.talk()
            talk.send(talk.request(PEOPLE, more=more, n="Ada"))
            assert (await talk.receive()).status == status
        assert await serving.warm() == 0


async def test_a_web_socket_is_opened_at_the_same_address(serve: Serve) -> None:
    # What follows its first request is no HTTP.
    more = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    )
    async with serve() as serving:
        for _ in range(2):
            talk = await serving.talk()
            talk.send(f"GET /graphql HTTP/1.1\r\nHost: a\r\n{more}\r\n".encode())
            assert (await talk.receive()).status == 101


async def test_what_is_wrong_is_refused_as_before(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        for query, variables in (
            ("{ nothing }", {}),
            (PEOPLE, {"n": 7}),
            ("query ($i: UUID!) { person(id: $i) { id } }", {"i": "no id"}),
            ("mutation { deletePerson(id: 1) { id } }", {}),
            ("not graphql", {}),
        ):
            answers = [await talk.ask(query, **variables) for _ in range(3)]
            assert "errors" in answers[0].json
            assert {(tuple(one.headers), one.body) for one in answers} == {(tuple(answers[0].headers), answers[0].body)}
        assert (await talk.ask(PEOPLE, n="Ada")).json["data"]["people"]["totalCount"] == 1


async def test_the_bytes_of_a_known_request_are_a_body_where_a_body_is_due(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        known = talk.request(PEOPLE, n="Ada")
        head = talk.request("")[: -len(b'{"query": "", "variables": {}}')]
        outer = head.replace(b"Content-Length: 30", b"Content-Length: %d" % len(known))
        assert outer != head
        before = await serving.warm()
        talk.send(outer)
        await talk.writer.drain()
        # So that the known bytes arrive by themselves.
        await until(lambda: any(one._is_receiving for one in serving.server.server_state.connections))
        talk.send(known)
        refused = await talk.receive()
        assert refused.status == 400
        assert "is not JSON" in refused.json["errors"][0]["message"]
        assert await serving.warm() == before
        assert (await talk.ask(PEOPLE, n="Grace")).json["data"]["people"]["totalCount"] == 1


async def test_requests_in_one_piece_and_in_many_are_answered_in_their_order(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        names = ["Ada", "Bob", "Eve", "Ada", "Bob"]
        wanted = [name == "Ada" for name in names]
        requests = [talk.request(PEOPLE, n=name) for name in names]

        async def received() -> list[bool]:
            return [bool((await talk.receive()).json["data"]["people"]["totalCount"]) for _ in names]

        talk.send(*requests)
        assert await received() == wanted
        for one in requests:
            talk.send(one[:40])
            await asyncio.sleep(0)
            talk.send(one[40:])
        assert await received() == wanted
        talk.send(requests[0], requests[1][:100])
        await asyncio.sleep(0)
        talk.send(requests[1][100:], *requests[2:])
        assert await received() == wanted
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200


async def test_any_requests_cut_anywhere_are_answered_like_one_by_one(serve: Serve) -> None:
    chance = random.Random(4)  # noqa: S311 - the same each time
    async with serve() as serving:
        talk = await serving.talk()
        head = talk.request("")[: -len(b'{"query": "", "variables": {}}')]
        chunked = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)
        kinds = [
            *(talk.request(PEOPLE, n=name) for name in ("Ada", "Bob", "x" * 3_000)),
            talk.request("{ people { totalCount } }"),
            talk.request("{ nothing }"),
            talk.request("{ objects { totalCount } }", path="/metadata"),
            head + b"x" * 30,
            chunked + b"3\r\nabc\r\n0\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        expected: list[tuple[int, bytes]] = []
        for kind in kinds * 4:
            talk.send(kind)
            answered = await talk.receive()
            expected.append((answered.status, answered.body))
        expected = expected[-len(kinds) :]
        before = await serving.warm()
        for _ in range(60):
            chosen = [chance.randrange(len(kinds)) for _ in range(chance.randint(1, 8))]
            sent = b"".join(kinds[one] for one in chosen)
            ends = [len(b"".join(kinds[one] for one in chosen[:place])) for place in range(1, len(chosen))]
            cuts = {
                *(chance.randrange(len(sent)) for _ in range(chance.randint(0, 6))),
                *(end for end in ends if chance.random() < 0.5),
            }
            places = [0, *sorted(cuts), len(sent)]
            for start, end in itertools.pairwise(places):
                talk.send(sent[start:end])
                for _ in range(chance.choice((0, 1, 20))):
                    await asyncio.sleep(0)
            for one in chosen:
                answered = await talk.receive()
                assert (answered.status, answered.body) == expected[one], (chosen, places)
        assert await serving.warm() > before


async def test_a_body_that_comes_by_itself_is_waited_for_a_moment(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        (protocol,) = serving.server.server_state.connections
        assert isinstance(protocol, FieldstoneProtocol)
        known = talk.request(PEOPLE, n="Ada")
        end = known.index(b"\r\n\r\n") + 4
        serving.app.warm.patience.seconds = 60
        for cut in (end, end + 10):
            before = await serving.warm()
            talk.send(known[:cut])
            await until(lambda: protocol._part != b"")
            talk.send(known[cut:])
            assert (await talk.receive()).json["data"]["people"]["totalCount"] == 1
            assert await serving.warm() == before + 1
        # In three pieces, or when it takes too long, it is for the ordinary path.
        talk.send(known[:end])
        await until(lambda: protocol._part != b"")
        talk.send(known[end : end + 5])
        await until(lambda: protocol._is_receiving)
        talk.send(known[end + 5 :])
        assert (await talk.receive()).status == 200
        talk.send(known[:end])
        await until(lambda: protocol._part != b"")
        protocol._wait_no_longer()
        assert protocol._is_receiving
        talk.send(known[end:])
        assert (await talk.receive()).status == 200
        assert await serving.warm() == before + 1


async def test_a_client_of_python_gets_the_warm_path_too(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        host, port = talk.writer.get_extra_info("peername")
        headers = {"Authorization": serving.client.headers["Authorization"]}
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=headers) as client:
            body = {"query": PEOPLE, "variables": {"n": "Ada"}}
            answers = [(await client.post("/graphql", json=body)).json() for _ in range(8)]
        assert [answer["data"]["people"]["totalCount"] for answer in answers] == [1] * 8
        assert await serving.warm() > 0


async def test_what_arrives_meanwhile_waits_and_is_answered_after(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            filler = talk.request(PEOPLE, n="x" * 200_000)
            talk.send(talk.request(PEOPLE, n="Bob"), filler)
        counts = [(await talk.receive()).json["data"]["people"]["totalCount"] for _ in range(3)]
        assert counts == [1, 0, 0]
        assert await serving.warm() > before


async def test_a_request_that_starts_over_is_read_no_faster_than_others(serve: Serve, app_database: str) -> None:
    """uvicorn stops reading for a long body, and must not be overruled for what arrived behind it."""
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        (protocol,) = serving.server.server_state.connections
        assert isinstance(protocol, FieldstoneProtocol)
        async with locked(app_database):
            protocol.data_received(talk.request(PEOPLE, n="Ada"))
            protocol.data_received(talk.request(PEOPLE, n="x" * 70_000))
            request = protocol._request
            assert request is not None
            assert request._quick is not None
            request._quick.cancel()
            request._start_over()
            assert protocol.flow.read_paused
            assert not protocol.transport.is_reading()
        counts = [(await talk.receive()).json["data"]["people"]["totalCount"] for _ in range(2)]
        assert counts == [1, 0]
        # Nor is it kept when it is over.
        assert protocol._given == b""


async def test_a_changed_model_is_what_the_next_request_sees(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        query = "{ people(orderBy: {firstName: ASC}) { edges { node { firstName jobTitle } } } }"
        await talk.warm_up(query)
        found = await talk.ask(
            '{ fields(filter: {name: {eq: "jobTitle"}}) { edges { node { id } } } }', path="/metadata"
        )
        (edge,) = found.json["data"]["fields"]["edges"]
        changed = await talk.ask(
            'mutation ($i: UUID!) { updateField(id: $i, input: {name: "work"}) { id } }',
            path="/metadata",
            i=edge["node"]["id"],
        )
        assert "errors" not in changed.json, changed.json
        refused = await talk.ask(query)
        assert refused.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        renamed = query.replace("jobTitle", "work")
        await talk.warm_up(renamed)
        assert len((await talk.ask(renamed)).json["data"]["people"]["edges"]) == 2


async def test_a_change_by_another_process_is_seen_where_the_statement_fails_by_it(
    serve: Serve, start_app: StartApp
) -> None:
    query = "{ people(orderBy: {firstName: ASC}) { edges { node { firstName nickname } } } }"
    async with serve() as serving, start_app() as (_, elsewhere):
        talk = await serving.talk()
        person = '{ objects(filter: {nameSingular: {eq: "person"}}) { edges { node { id } } } }'
        (edge,) = (await talk.ask(person, path="/metadata")).json["data"]["objects"]["edges"]
        create = "mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }"
        field = {"objectMetadataId": edge["node"]["id"], "type": "TEXT", "name": "nickname", "label": "Nickname"}
        created = (await talk.ask(create, path="/metadata", i=field)).json["data"]["createField"]
        await talk.warm_up(query)
        assert await serving.warm() > 0
        delete = f'mutation {{ deleteField(id: "{created["id"]}") {{ id }} }}'
        assert "errors" not in (await elsewhere.post("/metadata", json={"query": delete})).json()
        refused = await talk.ask(query)
        assert refused.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_metadata_api_is_warm_too(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        query = "{ objects(limit: 3, orderBy: {nameSingular: ASC}) { edges { node { nameSingular } } } }"
        first = await talk.ask(query, path="/metadata")
        assert "errors" not in first.json
        for _ in range(4):
            again = await talk.ask(query, path="/metadata")
            assert (again.headers, again.body) == (first.headers, first.body)
        assert await serving.warm() > 0


CREATE = 'mutation ($e: String!) { createPerson(data: {firstName: "New", email: $e}) { email } }'
COUNT = '{ people(filter: {firstName: {eq: "New"}}) { totalCount } }'


async def count(talk: Talk) -> int:
    return int((await talk.ask(COUNT)).json["data"]["people"]["totalCount"])


async def test_a_repeated_write_writes_once_with_its_event(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        first = await talk.ask(CREATE, e="0@example.com")
        before = 0
        for number in range(1, 8):
            before = await serving.warm()
            again = await talk.ask(CREATE, e=f"{number}@example.com")
            assert again.headers == first.headers
            assert again.json == {"data": {"createPerson": {"email": f"{number}@example.com"}}}
        assert await serving.warm() == before + 1
        assert await count(talk) == 8
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM (SELECT after FROM fieldstone.event_log UNION ALL"
                " SELECT after FROM fieldstone.event_staging) AS one WHERE after ->> 'firstName' = 'New'"
            )
            assert await cursor.fetchone() == (8,)


async def test_what_is_in_the_way_of_a_write_is_told_as_before(serve: Serve) -> None:
    link = 'mutation ($c: UUID!) { createPerson(data: {firstName: "A", email: "c@d", companyId: $c}) { id } }'
    async with serve() as serving:
        talk = await serving.talk()
        update = 'mutation ($i: UUID!) { updatePerson(id: $i, data: {jobTitle: "x"}) { id } }'
        nobody = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
        for text, values in ((link, {"c": nobody}), (update, {"i": nobody}), (CREATE, {"e": None})):
            answers = [await talk.ask(text, **values) for _ in range(5)]
            assert "errors" in answers[0].json
            assert {one.body for one in answers} == {answers[0].body}
        assert await serving.warm() == 0


async def test_a_write_whose_connection_is_lost_is_not_made_again(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"{number}@example.com")).status == 200
        async with locked(app_database) as connection:
            talk.send(talk.request(CREATE, e="lost@example.com"))
            (pid,) = await until_waiting(app_database)
            await connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        lost = await talk.receive()
        assert (lost.status, lost.header(b"retry-after")) == (503, b"1")
        assert await count(talk) == 4


async def test_a_write_goes_to_no_connection_that_is_known_to_be_dead(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"{number}@example.com")).status == 200
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
            )
        assert (await talk.ask(CREATE, e="after@example.com")).status == 200
        assert await count(talk) == 5


async def test_a_write_whose_commit_fails_is_not_told_as_done(serve: Serve, app_database: str) -> None:
    """The statement itself goes well: what refuses it is a constraint that is deferred to the commit."""
    refuse = """
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'unique_violation'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.email = 'never@example.com') EXECUTE FUNCTION public.refuse();
    """
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"warm{number}@example.com")).status == 200
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            cursor = await connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relname = 'person'")
            ((table,),) = await cursor.fetchall()
            await connection.execute(refuse.format(table))
        refused = await talk.ask(CREATE, e="never@example.com")
        assert refused.json["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert await count(talk) == 4


async def test_a_write_that_loses_a_deadlock_is_made_again(serve: Serve, app_database: str) -> None:
    link = "mutation ($e: String!, $c: UUID!) {"
    link += ' createPerson(data: {firstName: "New", email: $e, companyId: $c}) { id } }'
    async with serve() as serving:
        talk = await serving.talk()
        made = await talk.ask('mutation { createCompany(data: {name: "Deep"}) { id } }')
        company = made.json["data"]["createCompany"]["id"]
        for number in range(4):
            assert "errors" not in (await talk.ask(link, e=f"{number}@example.com", c=company)).json
        async with await psycopg.AsyncConnection.connect(app_database) as other:
            await other.execute("SET deadlock_timeout = '1h'")
            cursor = await other.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relname ~ '(person|company)$' AND relkind = 'r'"
                " ORDER BY relname ~ 'person'"
            )
            companies, people = [row[0] for row in await cursor.fetchall()]
            # The write has the lock on the people by the time at which it waits for the companies.
            await other.execute(f"LOCK TABLE {companies} IN ACCESS EXCLUSIVE MODE")
            talk.send(talk.request(link, e="deadlock@example.com", c=company))
            await until_waiting(app_database)
            # This lock can be had only because the write was rolled back.
            await other.execute(f"LOCK TABLE {people} IN ACCESS EXCLUSIVE MODE")
        assert "errors" not in (await talk.receive()).json
        assert await count(talk) == 5


async def test_a_revoked_key_is_refused_at_once(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        foundation = (await serving.app.runtime.ready()).foundation
        workspace = foundation.default.workspace.id
        made = await foundation.keys.create(workspace, "short")
        talk.token = made.token
        await talk.warm_up(PEOPLE, n="Ada")
        assert await serving.warm() > 0
        await foundation.keys.revoke(workspace, made.key.id)
        assert (await talk.ask(PEOPLE, n="Ada")).status == 401


async def test_each_request_counts_once_against_the_limit(serve: Serve) -> None:
    async with serve(rate_limit=10) as serving:
        talk = await serving.talk()
        # Two were taken by the records that were made.
        left = [int((await talk.ask(PEOPLE, n="Ada")).header(b"x-ratelimit-remaining") or -1) for _ in range(5)]
        assert left == [7, 6, 5, 4, 3]
        assert await serving.warm() > 0
        # The next one starts over: its statement is not prepared there.
        ((connection),) = (await serving.app.runtime.ready()).foundation.database._pool._all
        connection.retire()
        answered = await talk.ask(PEOPLE, n="Ada")
        assert answered.header(b"x-ratelimit-remaining") == b"2"
        assert [(await talk.ask(PEOPLE, n="Ada")).status for _ in range(3)] == [200, 200, 429]


async def test_a_statement_that_takes_too_long_is_ended_once(serve: Serve, app_database: str) -> None:
    async with serve(statement_timeout=0.3) as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        async with locked(app_database):
            warm = await talk.ask(PEOPLE, n="Ada")
            other = PEOPLE.replace("totalCount", "n: totalCount")
            cold = await talk.ask(other, n="Ada")
        assert (warm.status, warm.json) == (cold.status, cold.json)
        assert warm.json["errors"][0]["extensions"]["code"] == "TIMEOUT"
        assert await serving.warm() == before + 1
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200


async def test_a_client_that_leaves_ends_its_statement(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk, other = await serving.talk(), await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            # The second one waits for the only connection, and leaves without having had it.
            other.send(other.request(PEOPLE, n="Ada"))
            database = (await serving.app.runtime.ready()).foundation.database
            await until(lambda: database.stats().waiting == 1)
            other.writer.close()
            await until(lambda: database.stats().waiting == 0)
            talk.writer.close()
            await until_waiting(app_database, 0)
        third = await serving.talk()
        assert (await third.ask(PEOPLE, n="Ada")).status == 200
        page = (await serving.client.get("/metrics")).text
        assert 'fieldstone_requests_total{endpoint="/graphql",status="499"} 2.0' in page


async def test_a_lost_connection_is_not_seen_by_the_client(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as connection:
            talk.send(talk.request(PEOPLE, n="Ada"))
            (pid,) = await until_waiting(app_database)
            await connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert (await talk.receive()).json["data"]["people"]["totalCount"] == 1


async def test_more_clients_than_connections_are_all_answered(serve: Serve) -> None:
    async with serve() as serving:
        talks = [await serving.talk() for _ in range(20)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        for _ in range(5):
            for talk in talks:
                talk.send(talk.request(PEOPLE, n="Ada"))
            answers = [await talk.receive() for talk in talks]
            assert {answer.body for answer in answers} == {answers[0].body}
        assert await serving.warm() == before + 100


async def test_without_a_connection_in_time_it_is_503(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        (await serving.app.runtime.ready()).foundation.database._pool._patience.seconds = 0.2
        talk, other = await serving.talk(), await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            refused = await other.ask(PEOPLE, n="Ada")
            cold = await other.ask("{ people { totalCount } }")
        for answer in (refused, cold):
            assert (answer.status, answer.header(b"retry-after")) == (503, b"1")
            assert answer.json["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
            assert "busy" in answer.json["errors"][0]["message"]
        assert (await talk.receive()).status == 200
        page = (await serving.client.get("/metrics")).text
        # The server's own statements are among them.
        assert float(page.split("\nfieldstone_pool_refused_total ")[1].split("\n")[0]) >= 2


async def test_the_server_ends_when_what_is_under_way_is_answered(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk, idle = await serving.talk(), await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        await idle.warm_up(PEOPLE, n="Ada")
        async with locked(app_database):
            talk.send(talk.request(PEOPLE, n="Ada"))
            await until_waiting(app_database)
            serving.server.should_exit = True
            assert await idle.is_closed()
        answered = await talk.receive()
        assert answered.json["data"]["people"]["totalCount"] == 1
        assert answered.header(b"connection") == b"close"
        assert await talk.is_closed()


async def test_a_connection_is_kept_while_it_is_used_and_closed_when_idle(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        (protocol,) = serving.server.server_state.connections
        assert isinstance(protocol, FieldstoneProtocol)
        protocol.look(protocol.loop.time())
        assert (await talk.ask(PEOPLE, n="Ada")).status == 200
        protocol.timeout_keep_alive = 0
        protocol.look(protocol.loop.time())
        assert await talk.is_closed()


async def test_a_request_that_asks_for_its_price_is_not_warm(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        for _ in range(3):
            before = await serving.warm()
            told = await talk.ask(PEOPLE, more="X-Fieldstone-Cost: 1\r\n", n="Ada")
            assert told.json["extensions"] == {"cost": 160}
            assert await serving.warm() == before
