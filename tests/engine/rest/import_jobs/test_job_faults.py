"""Import jobs under mistakes of clients, failures of the database, and records that cannot have their values back."""

import csv
import io
import json
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.rest.import_jobs import store
from fieldstone.engine.rest.import_jobs.progress import BatchKeeper
from fieldstone.engine.rest.import_jobs.store import JobStore
from fieldstone.sql.errors import CommitOutcomeUnknown, ConnectionLost, DatabaseBusy, DatabaseError, ValueOutOfRange
from fieldstone.sql.transaction import Transaction
from tests.engine.rest.asking import ask, create
from tests.engine.rest.exports.exporting import key_of_role
from tests.engine.rest.import_jobs.jobs import act, counts, end_of, new_job
from tests.engine.server.conftest import StartApp
from tests.waiting import until_found

pytestmark = pytest.mark.long

WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.person'::regclass"
HOLDING = """SELECT query_start FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND query LIKE 'SELECT lease IS NOT DISTINCT%%' AND query_start > %s::timestamptz"""


async def test_options_that_stand_in_the_query_string_are_refused(client: httpx.AsyncClient) -> None:
    job = await new_job(client, "email\na@x\n")
    for query in ("on_conflict=email", "dry_run=true", "upsert=true"):
        refused = await ask(client, "POST", f"imports/{job['id']}/run?{query}", 400)
        assert refused["messages"][0] == (
            f"There is no parameter '{query.partition('=')[0]}' here: this address takes none. The options of an import"
            " are its JSON body."
        )
    await ask(client, "PATCH", f"imports/{job['id']}?upsert=true", 400, json={})
    for method, path in (("GET", f"imports/{job['id']}?depth=1"), ("DELETE", f"imports/{job['id']}?force=true")):
        refused = await ask(client, method, path, 400)
        assert refused["messages"][0].endswith("this address takes none.")
    assert (await ask(client, "GET", f"imports/{job['id']}"))["data"]["import"]["status"] == "READY"
    assert (await ask(client, "GET", "people"))["totalCount"] == 0


async def test_rows_with_texts_that_postgresql_cannot_hold_are_refused_rows(client: httpx.AsyncClient) -> None:
    wrong: list[dict[str, Any]] = [
        {"a\0b": 1},
        {"city": "a\0b"},
        {"city": "\ud800"},
        {"\ud800": 1},
        {"city": {"\0": ["\0"]}},
    ]
    lines = [*wrong, {}, *wrong]
    text = "\n".join(json.dumps({"email": f"{number}@x"} | line) for number, line in enumerate(lines))
    headers = {"content-type": "application/jsonl"}
    answer = await ask(client, "POST", "imports?object=people&start=run", 201, content=text, headers=headers)
    job = answer["data"]["import"]
    assert job["columns"] == ["email", "a\ufffdb", "city"]
    done = await end_of(client, job["id"])
    assert (done["status"], counts(done)) == ("DONE", (1, 0, 10))
    errors = list(csv.DictReader(io.StringIO((await client.get(f"/rest/imports/{job['id']}/errors.csv")).text)))
    assert [row["row"] for row in errors] == ["1", "2", "3", "4", "5", "7", "8", "9", "10", "11"]
    assert errors[0]["field"] == errors[5]["field"] == "a\ufffdb"
    for query in ("name=a%00.csv", "on_conflict=a%00", "mapping={%22a%22:%22\\u0000%22}"):
        path = f"imports?object=people&format=csv&{query}"
        await ask(client, "POST", path, 400, content="email\na@x\n")


async def test_a_failure_that_comes_again_ends_the_job(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    async def read_chunk(_: JobStore, _id: object, number: int) -> bytes:
        read.append(number)
        raise failures.pop(0)

    monkeypatch.setattr(JobStore, "read_chunk", read_chunk)
    for error, code in ((DatabaseError("x"), "INTERNAL_SERVER_ERROR"), (ValueOutOfRange("x"), "BAD_USER_INPUT")):
        read.clear()
        failures = [ConnectionLost("gone"), error]
        job = await new_job(client, "email\na@x\n", "start=run")
        failed = await end_of(client, job["id"])
        assert (failed["status"], failed["error"]["code"], len(read)) == ("FAILED", code, 2)


async def test_a_statement_that_is_ended_once_does_not_end_the_job(
    client: httpx.AsyncClient, app_database: str
) -> None:
    text = "email\n" + "".join(f"{number}@x\n" for number in range(5))
    async with (
        await psycopg.AsyncConnection.connect(app_database) as holder,
        await psycopg.AsyncConnection.connect(app_database, autocommit=True) as operator,
    ):
        await holder.execute("LOCK TABLE workspace_default.person IN EXCLUSIVE MODE")
        job = await new_job(client, text, "start=run")
        (waiting,) = await until_found(operator, WAITING)
        assert await (await operator.execute("SELECT pg_cancel_backend(%s::int)", [waiting])).fetchone() == (True,)
    done = await end_of(client, job["id"])
    assert (done["status"], counts(done)) == ("DONE", (5, 0, 0))
    people = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [person["email"] for person in people] == text.split()[1:]


async def test_a_key_that_is_revoked_writes_no_half_of_an_ended_batch(
    client: httpx.AsyncClient, app_database: str
) -> None:
    headers = await key_of_role(client, parents=["editor"])
    async with (
        await psycopg.AsyncConnection.connect(app_database) as holder,
        await psycopg.AsyncConnection.connect(app_database, autocommit=True) as operator,
    ):
        await holder.execute("LOCK TABLE workspace_default.person IN EXCLUSIVE MODE")
        job = await new_job(client, "email\na@x\nb@x\n", "start=run", headers=headers)
        (waiting,) = await until_found(operator, WAITING)
        keys = 'query { apiKeys(filter: { name: { eq: "k" } }) { edges { node { id } } } }'
        (edge,) = (await client.post("/metadata", json={"query": keys})).json()["data"]["apiKeys"]["edges"]
        revoke = {"query": "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", "variables": edge["node"]}
        assert "errors" not in (await client.post("/metadata", json=revoke)).json()
        await operator.execute("SELECT pg_cancel_backend(%s::int)", [waiting])
    stopped = await end_of(client, job["id"])
    assert (stopped["status"], stopped["error"]["code"], counts(stopped)) == ("STOPPED", "UNAUTHENTICATED", (0, 0, 0))


async def test_a_row_that_is_never_written_in_time_ends_the_job(start_app: StartApp, app_database: str) -> None:
    async with start_app(statement_timeout=1) as (_, client):
        async with await psycopg.AsyncConnection.connect(app_database) as holder:
            await holder.execute("LOCK TABLE workspace_default.person IN EXCLUSIVE MODE")
            job = await new_job(client, "email\na@x\nb@x\n", "start=run")
            failed = await end_of(client, job["id"])
        assert (failed["status"], failed["error"]["code"]) == ("FAILED", "TIMEOUT")
        await act(client, job["id"], "run")
        assert counts(await end_of(client, job["id"])) == (2, 0, 0)


async def test_a_statement_that_is_ended_once_does_not_end_an_undo(
    client: httpx.AsyncClient, app_database: str
) -> None:
    job = await new_job(client, "email\na@x\nb@x\n", "start=run")
    await end_of(client, job["id"])
    async with (
        await psycopg.AsyncConnection.connect(app_database) as holder,
        await psycopg.AsyncConnection.connect(app_database, autocommit=True) as operator,
    ):
        await holder.execute("LOCK TABLE workspace_default.person IN EXCLUSIVE MODE")
        await act(client, job["id"], "undo")
        (waiting,) = await until_found(operator, WAITING)
        assert await (await operator.execute("SELECT pg_cancel_backend(%s::int)", [waiting])).fetchone() == (True,)
    undone = await end_of(client, job["id"])
    assert (undone["status"], undone["undone"], undone["kept"], undone["error"]) == ("UNDONE", 2, 0, None)
    assert (await ask(client, "GET", "people"))["totalCount"] == 0


async def test_a_batch_that_is_never_undone_in_time_ends_the_undo(start_app: StartApp, app_database: str) -> None:
    async with start_app(statement_timeout=1) as (_, client):
        job = await new_job(client, "email\na@x\nb@x\n", "start=run")
        await end_of(client, job["id"])
        async with await psycopg.AsyncConnection.connect(app_database) as holder:
            await holder.execute("LOCK TABLE workspace_default.person IN EXCLUSIVE MODE")
            await act(client, job["id"], "undo")
            failed = await end_of(client, job["id"])
        assert (failed["status"], failed["error"]["code"]) == ("FAILED", "TIMEOUT")
        await act(client, job["id"], "undo")
        undone = await end_of(client, job["id"])
        assert (undone["status"], undone["undone"]) == ("UNDONE", 2)


@pytest.mark.parametrize(
    ("plural", "text", "still_runs"),
    [("people", "email\na\nb\nc\n", False), ("companies", "name\na\nb\nc\n", True)],
    ids=["committed", "still committing"],
)
async def test_a_batch_whose_answer_was_lost_is_written_once(
    start_app: StartApp,
    app_database: str,
    monkeypatch: pytest.MonkeyPatch,
    plural: str,
    text: str,
    still_runs: bool,
) -> None:
    """Its own records refused the rows of the next attempt, or a half of them was written again."""
    keep, lost = BatchKeeper.end, list[Transaction]()

    async def lose(transaction: Transaction) -> None:
        await Transaction.commit(transaction)
        if still_runs:
            # As the transaction of the lost attempt does until it is committed.
            await first.execute("SELECT FROM fieldstone.import_job FOR NO KEY UPDATE")
        raise CommitOutcomeUnknown("the answer was lost")

    async def end(keeper: BatchKeeper, transaction: Transaction, data: bytes) -> None:
        await keep(keeper, transaction, data)
        if not lost:
            lost.append(transaction)
            monkeypatch.setattr(transaction, "commit", partial(lose, transaction))

    monkeypatch.setattr(BatchKeeper, "end", end)
    async with (
        start_app(statement_timeout=1) as (_, client),
        await psycopg.AsyncConnection.connect(app_database) as first,
        await psycopg.AsyncConnection.connect(app_database, autocommit=True) as operator,
    ):
        path = f"imports?object={plural}&format=csv&start=run"
        job = (await ask(client, "POST", path, 201, content=text))["data"]["import"]
        if still_runs:
            (began,) = await until_found(operator, HOLDING, ["epoch"])
            # Its time is over, and another one waits.
            await until_found(operator, HOLDING, [began])
            await first.rollback()
        done = await end_of(client, job["id"])
        assert (done["status"], counts(done), len(lost)) == ("DONE", (3, 0, 0), 1)
        assert (await ask(client, "GET", plural))["totalCount"] == 3


async def test_a_database_that_is_away_is_no_fault_of_ours(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await new_job(client, "email\na@x\n")

    async def fail(*_: object, **_options: object) -> None:
        raise DatabaseBusy("all connections are in use")

    monkeypatch.setattr(JobStore, "get", fail)
    answer = await ask(client, "GET", f"imports/{job['id']}", 503)
    assert answer["message"].startswith("The server is busy")


async def test_the_head_and_the_options_of_a_job_are_bounded(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/jsonl"}
    line = json.dumps({"email": "a@x", "city": ["x" * 80_000], "more": {str(n): "y" * 180 for n in range(400)}})
    answer = await ask(client, "POST", "imports?object=people", 201, content=f"{line}\n" * 4, headers=headers)
    job = answer["data"]["import"]
    assert [len(value) for value in job["sample"][0]] == [3, 200, 200]
    wide = json.dumps({"x" * 700 + str(number): 1 for number in range(100)})
    refused = await ask(client, "POST", "imports?object=people", 400, content=wide, headers=headers)
    assert refused["messages"] == ["The names of the columns have more than 65,536 characters together."]
    for name, value in (("onConflict", ["x" * 200_000]), ("mapping", {"x" * 200_000: "email"})):
        refused = await ask(client, "PATCH", f"imports/{job['id']}", 400, json={name: value})
        assert refused["messages"] == [f"'{name}' has more than 200,000 characters as JSON."]


async def test_files_that_were_removed_do_not_count(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_FILES", 2)
    async with start_app(import_store_mb=1) as (_, client):
        text = "email,city\n" + "".join(f"{number}@x,{'x' * 2_000}\n" for number in range(300))
        for _ in range(3):
            job = await new_job(client, text, "start=run&on_conflict=email")
            done = await end_of(client, job["id"])
            assert (done["status"], done["size"]) == ("DONE", len(text))
        kept = [await new_job(client, "email\na@x\n") for _ in range(2)]
        refused = await ask(client, "POST", "imports?object=people&format=csv", 429, content="email\na@x\n")
        assert "The workspace has 2 files of import jobs" in refused["message"]
        await ask(client, "DELETE", f"imports/{kept[0]['id']}")
        await ask(client, "POST", "imports?object=people&format=csv", 413, content="x" * (1 << 20))


async def test_records_that_cannot_have_their_values_back_are_kept(
    client: httpx.AsyncClient, app_database: str
) -> None:
    companies = [await create(client, "companies", name=name) for name in ("Gone", "Stays", "New")]
    text = "email,companyId\n"
    for number in range(7):
        # The third and the sixth one pointed to a company that is destroyed.
        owner = companies[0] if number in (2, 5) else companies[1]
        await create(client, "people", email=f"{number}@x", companyId=owner["id"])
        text += f"{number}@x,{companies[2]['id']}\n"
    text += f"7@x,{companies[2]['id']}\n"
    job = await new_job(client, text, "on_conflict=email&start=run")
    assert counts(await end_of(client, job["id"])) == (1, 7, 0)
    async with await psycopg.AsyncConnection.connect(app_database) as connection:
        await connection.execute("DELETE FROM workspace_default.company WHERE name = 'Gone'")
    await act(client, job["id"], "undo")
    undone = await end_of(client, job["id"])
    assert (undone["status"], undone["undone"], undone["kept"]) == ("UNDONE", 6, 2)
    people = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    stays, new = companies[1]["id"], companies[2]["id"]
    assert [person["companyId"] for person in people] == [new if number in (2, 5) else stays for number in range(7)]
