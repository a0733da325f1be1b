"""The outermost layers: unforeseen errors, the line in the log, and a client that left."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.sql import SQL, Identifier

from fieldstone.engine.server.app import Fieldstone
from tests.engine.server.conftest import StartApp, client_of
from tests.waiting import until_found

if TYPE_CHECKING:
    from starlette.types import Message

HIDDEN = "does not exist"


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def break_company(app: Fieldstone, *, is_lost: bool) -> None:
    """Take a table away behind the program's back, or have it fail in a way that the program does not know."""
    foundation = (await app.runtime.ready()).foundation
    table = foundation.default.by_singular["company"].table
    name, kept = Identifier(table.schema, table.name), Identifier("kept")
    async with foundation.database.session() as connection, connection.transaction():
        await connection.execute(SQL("ALTER TABLE {} RENAME TO {}").format(name, kept))
        if not is_lost:
            rows = SQL("SELECT * FROM {} WHERE (SELECT pg_read_file('/hidden')) = ''").format(
                Identifier(table.schema, "kept")
            )
            await connection.execute(SQL("CREATE VIEW {} AS {}").format(name, rows))


async def test_a_lost_table_is_one_line_for_all_requests_that_need_it(
    start_app: StartApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each request wrote a traceback, a thousand of them a second, and none said how the loss is found."""
    count = {"query": "{ companies { totalCount } }"}
    async with start_app(log_level="info", log_format="json") as (app, client):
        await break_company(app, is_lost=True)
        answers = [await client.post("/graphql", json=count) for _ in range(3)]
        answers.append(await client.get("/rest/companies"))
        other = await client.post("/graphql", json={"query": "mutation { createCompany(data: {}) { id } }"})
        ready = await client.get("/readyz")
    assert [answer.status_code for answer in answers] == [500] * 4
    assert (other.status_code, ready.status_code) == (500, 200)
    log = lines_of(capsys.readouterr().err)
    (line,) = [line for line in log if line["event"] == "unexpected error"]
    assert 'relation "workspace_default.company" does not exist' in line["reason"]
    assert line["hint"].startswith("fieldstone doctor names each table, column and privilege")
    assert line["exception"].startswith("Traceback")
    assert all(line["id"] in answer.text and HIDDEN not in answer.text for answer in (*answers, other))
    # The line of each request leads to it.
    assert [one.get("error_id") for one in log if one["event"] == "request"] == [line["id"]] * 5 + [None]


async def test_a_bug_shows_the_client_the_id_of_its_line_and_nothing_else(
    start_app: StartApp, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_app(log_level="info", log_format="json") as (app, client):
        await break_company(app, is_lost=False)
        answer = await client.post("/graphql", json={"query": "{ companies { totalCount } }"})
        batch = await client.post("/graphql", json=[{"query": "{ companies { totalCount } }"}] * 2)
    assert answer.status_code == 500
    assert batch.status_code == 200
    errors = [answer.json()["errors"][0], *(item["errors"][0] for item in batch.json())]
    log = lines_of(capsys.readouterr().err)
    # The queries of a batch run together, and may fail in any order.
    bugs = {line["id"]: line for line in log if line["event"] == "unexpected error"}
    assert bugs.keys() == {error["extensions"]["id"] for error in errors}
    assert len(bugs) == len(errors)
    for error in errors:
        line = bugs[error["extensions"]["id"]]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert line["id"] in error["message"]
        assert "/hidden" in line["exception"]
    assert "hidden" not in answer.text + batch.text
    requests = [line for line in log if line["event"] == "request"]
    assert [line["status"] for line in requests] == [500, 200]
    assert requests[0]["error_id"] == errors[0]["extensions"]["id"]


async def test_each_request_is_one_line_without_secrets(
    start_app: StartApp, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_app(log_level="info", log_format="json") as (app, client):
        token = client.headers["authorization"].removeprefix("Bearer ")
        services = await app.runtime.ready()
        (key,) = await services.keys.list(services.foundation.default.workspace.id)
        await client.post("/graphql", json=[{"query": '{ companies(filter: {name: {eq: "private"}}) { totalCount } }'}])
        await client.get("/readyz?token=private")
        await client.get("/a%0Ab")
        async with client_of(app) as stranger:
            await stranger.post("/graphql", json={}, headers={"authorization": "Bearer private"})
    text = capsys.readouterr().err
    assert token not in text
    assert "private" not in text
    lines = lines_of(text)
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", "/graphql", 200),
        ("GET", "/readyz", 200),
        ("GET", "/a\\nb", 404),
        ("POST", "/graphql", 401),
    ]
    assert lines[0]["key"] == str(key.id)
    assert lines[0]["workspace"] == str(key.workspace_id)
    assert lines[0]["operations"] == 1
    assert all(line["ms"] >= 0 and line["timestamp"].endswith("Z") for line in lines)


async def test_a_client_that_leaves_ends_its_statement(start_app: StartApp, capsys: pytest.CaptureFixture[str]) -> None:
    async with start_app(log_level="info", log_format="json") as (app, client):
        services = await app.runtime.ready()
        left = asyncio.Event()
        body = json.dumps({"query": "{ companies { totalCount } }"}).encode()
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Message] = []

        async def receive() -> "Message":
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: "Message") -> None:
            sent.append(message)

        object_ = services.foundation.default.by_singular["company"].table
        async with services.foundation.database.session() as connection, connection.transaction():
            await connection.execute(SQL("LOCK TABLE {}").format(Identifier(object_.schema, object_.name)))
            headers = [
                (b"authorization", client.headers["authorization"].encode()),
                (b"content-type", b"application/json"),
            ]
            scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
            request = asyncio.create_task(app(scope, receive, send))
            blocked = (
                "SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database"
                " WHERE datname = current_database() AND NOT granted"
            )
            await until_found(connection, blocked)
            left.set()
            await asyncio.wait_for(request, 60)
        assert sent == []
        assert services.foundation.database.stats().cancelled == 1
    assert [line["status"] for line in lines_of(capsys.readouterr().err)] == [499]
