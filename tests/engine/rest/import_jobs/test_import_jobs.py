"""Import jobs: received, checked, run and undone."""

import csv
import io
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.rest.import_jobs.progress import DoneRows, ranges_of
from tests.engine.rest.asking import ask, create, emails
from tests.engine.rest.exports.exporting import add_field, key_of_role
from tests.engine.rest.import_jobs.jobs import act, counts, end_of, new_job
from tests.engine.server.conftest import StartApp


async def test_a_file_is_checked_run_and_undone(client: httpx.AsyncClient) -> None:
    await create(client, "people", email="old@x", city="Bonn", jobTitle="Clerk")
    text = "Vorname;E-mail;City;Notes\nA;old@x;Berlin;x\nB;new@x;;y\n;;Rome;z\n"
    job = await new_job(client, text, "name=crm.csv&on_conflict=email")
    assert (job["status"], job["name"], job["size"], job["object"]) == ("READY", "crm.csv", len(text), "people")
    assert job["columns"] == ["Vorname", "E-mail", "City", "Notes"]
    assert job["sample"] == [["A", "old@x", "Berlin", "x"], ["B", "new@x", None, "y"], [None, None, "Rome", "z"]]
    assert job["suggested"] == {"Vorname": None, "E-mail": "email", "City": "city", "Notes": None}
    refused = await ask(client, "POST", f"imports/{job['id']}/check", 400)
    assert "'Vorname' is no column of People" in refused["messages"][0]
    mapping = {"Vorname": "firstName", "E-mail": "email", "City": "city", "Notes": None}
    job = await act(client, job["id"], "check", json={"mapping": mapping})
    checked = await end_of(client, job["id"])
    assert (checked["status"], counts(checked), checked["mapping"]) == ("CHECKED", (1, 1, 1), mapping)
    assert checked["hasWritten"] is False
    assert checked["ignored"] == ["Notes"]
    assert await emails(client, "order_by=email") == ["old@x"]

    await act(client, job["id"], "run")
    done = await end_of(client, job["id"])
    assert (done["status"], counts(done), done["bytesRead"]) == ("DONE", (1, 1, 1), len(text))
    assert done["hasWritten"] is True
    people = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [(one["email"], one["firstName"], one["city"], one["jobTitle"]) for one in people] == [
        ("new@x", "B", None, None),
        ("old@x", "A", "Berlin", "Clerk"),
    ]
    answer = await client.get(f"/rest/imports/{job['id']}/errors.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["row"], row["line"], row["field"], row["code"]) == ("3", "4", "email", "BAD_USER_INPUT")
    assert row["record"] == ";;Rome;z"

    await act(client, job["id"], "undo")
    undone = await end_of(client, job["id"])
    assert (undone["status"], undone["undone"], undone["kept"]) == ("UNDONE", 2, 0)
    people = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [(one["email"], one["firstName"], one["city"]) for one in people] == [("old@x", None, "Bonn")]
    assert await emails(client, "filter=deletedAt[is]:NOT_NULL") == ["new@x"]


@pytest.mark.parametrize(
    ("value", "is_unique", "suggested"),
    [
        ("Orion", True, "company.code"),
        ("Orion", False, "companyId"),
        ("", True, "companyId"),
        ("0197A3C2-0000-7000-8000-000000000000", True, "companyId"),
    ],
)
async def test_a_column_of_names_is_suggested_to_be_the_unique_text_of_a_relation(
    client: httpx.AsyncClient, value: str, is_unique: bool, suggested: str
) -> None:
    await add_field(client, "company", "code", "TEXT", isUnique=is_unique)
    job = await new_job(client, f"E-mail;Company\na@x;{value}\nb@x\n")
    assert job["suggested"] == {"E-mail": "email", "Company": suggested}


async def test_no_two_columns_are_suggested_to_be_one_unique_text(client: httpx.AsyncClient) -> None:
    await add_field(client, "company", "code", "TEXT", isUnique=True)
    job = await new_job(client, "E-mail;Company;Company code\na@x;Orion;ORI\n")
    assert job["suggested"] == {"E-mail": "email", "Company": "companyId", "Company code": "company.code"}


async def test_undo_leaves_records_that_were_changed_since(client: httpx.AsyncClient) -> None:
    await add_field(client, "person", "price", "CURRENCY")
    kept = await create(client, "people", email="a@x", price={"amountMicros": 5, "currencyCode": "EUR"})
    back = await create(client, "people", email="b@x", price={"amountMicros": 5, "currencyCode": "EUR"})
    text = "email,price.amountMicros\na@x,7\nb@x,7\nc@x,7\nd@x,7\n"
    job = await new_job(client, text, "on_conflict=email&start=run")
    assert counts(await end_of(client, job["id"])) == (2, 2, 0)
    await ask(client, "PATCH", f"people/{kept['id']}", json={"city": "Bonn"})
    (created,) = (await ask(client, "GET", "people?filter=email[eq]:c@x"))["data"]["people"]
    await ask(client, "PATCH", f"people/{created['id']}", json={"city": "Bonn"})
    await act(client, job["id"], "undo")
    undone = await end_of(client, job["id"])
    assert (undone["status"], undone["undone"], undone["kept"]) == ("UNDONE", 2, 2)
    people = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [(one["email"], one["price"]["amountMicros"]) for one in people] == [("a@x", 7), ("b@x", 5), ("c@x", 7)]
    assert people[1]["id"] == back["id"]
    assert people[1]["price"]["currencyCode"] == "EUR"
    again = await ask(client, "POST", f"imports/{job['id']}/undo", 409)
    assert "The import is UNDONE" in again["message"]


@pytest.mark.long
async def test_undo_of_records_that_were_written_twice(client: httpx.AsyncClient) -> None:
    await create(client, "people", email="a@x", city="Bonn")
    text = "email,city\na@x,Rome\nb@x,Rome\na@x,Oslo\nb@x,Oslo\nb@x,Paris\na@x,Oslo\n"
    job = await new_job(client, text, "on_conflict=email&start=run")
    assert counts(await end_of(client, job["id"])) == (1, 5, 0)
    await act(client, job["id"], "undo")
    undone = await end_of(client, job["id"])
    assert (undone["status"], undone["kept"]) == ("UNDONE", 0)
    people = (await ask(client, "GET", "people"))["data"]["people"]
    assert [(one["email"], one["city"]) for one in people] == [("a@x", "Bonn")]


async def test_json_lines_with_records_that_point_to_later_ones(client: httpx.AsyncClient) -> None:
    text = '{"email": "a@x", "meta": 1}\n{"email": "b@x"}\nno json\n'
    path = "imports?object=people&start=check"
    answer = await ask(client, "POST", path, 201, content=text, headers={"content-type": "application/jsonl"})
    job = answer["data"]["import"]
    assert (job["format"], job["columns"]) == ("jsonl", ["email", "meta"])
    checked = await end_of(client, job["id"])
    assert (checked["status"], counts(checked)) == ("CHECKED", (1, 0, 2))


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("imports?format=csv", "email\n", "The parameter 'object' is missing"),
        ("imports?object=people", "email\n", "'format' must be csv or jsonl"),
        ("imports?object=people&format=csv", "", "The file is empty"),
        ("imports?object=people&format=jsonl", "", "The file is empty"),
        ("imports?object=people&format=csv", b"\xff\n", "The file is not UTF-8"),
        ("imports?object=people&format=csv", b"email\0\n", "the character NUL"),
        ("imports?object=people&format=csv", "email\n".encode("utf-16-le"), "not UTF-8"),
        ("imports?object=people&format=csv", b"email,city,email\na,b,c\n", "'email' is in the header twice"),
        ("imports?object=people&format=csv&start=now", "email\n", "'start' must be check or run"),
        ("imports?object=people&format=csv&mapping=[]", "email\n", "'mapping' must be a JSON object"),
        ("imports?object=people&format=csv&mapping={%22a%22:1}", "email\n", "'mapping' must be a JSON object"),
    ],
)
async def test_files_that_are_refused(client: httpx.AsyncClient, path: str, content: Any, message: str) -> None:
    refused = await ask(client, "POST", path, 400, content=content)
    assert message in refused["messages"][0]
    assert (await ask(client, "GET", "imports"))["data"]["imports"] == []


async def test_an_unknown_object_and_job(client: httpx.AsyncClient) -> None:
    await ask(client, "POST", "imports?object=nobody&format=csv", 404, content="email\n")
    await ask(client, "GET", "imports/00000000-0000-0000-0000-000000000000", 404)
    await ask(client, "GET", "imports/x", 404)
    job = await new_job(client, "email\na@x\n")
    await ask(client, "POST", f"imports/{job['id']}/explode", 404)
    for act_ in ("stop", "undo"):
        await ask(client, "POST", f"imports/{job['id']}/{act_}", 409)
    refused = await ask(client, "PATCH", f"imports/{job['id']}", 400, json={"key": 1})
    assert "'key' is no option of an import" in refused["messages"][0]
    assert (await client.put(f"/rest/imports/{job['id']}")).status_code == 405
    removed = await ask(client, "DELETE", f"imports/{job['id']}")
    assert removed["data"]["import"] == {"id": job["id"]}
    await ask(client, "GET", f"imports/{job['id']}", 404)


@pytest.mark.long
async def test_a_role_sees_its_own_jobs_and_is_held_to_its_rights(client: httpx.AsyncClient, app_database: str) -> None:
    grants = [{"object": "person", "create": {"fields": {"only": ["email"]}}, "read": {"fields": {"only": ["email"]}}}]
    headers = await key_of_role(client, grants=grants)
    other = await new_job(client, "email\na@x\n")
    refused = await ask(
        client,
        "POST",
        "imports?object=people&format=csv&start=run",
        400,
        content="email,city\na@x,B\n",
        headers=headers,
    )
    assert "'city' is no column of People" in refused["messages"][0]
    assert (await ask(client, "GET", "imports", headers=headers))["data"]["imports"] == []
    await ask(client, "GET", f"imports/{other['id']}", 404, headers=headers)
    text = "email\n" + "".join(f"{number}@x\n" for number in range(3_000))
    job = await new_job(client, text, headers=headers)
    lock = await psycopg.AsyncConnection.connect(app_database)
    async with lock:
        await lock.execute("LOCK TABLE workspace_default.person")
        await act(client, job["id"], "run", headers=headers)
        roles = "query { roles { edges { node { id name } } } }"
        found = (await client.post("/metadata", json={"query": roles})).json()["data"]["roles"]["edges"]
        (role,) = [edge["node"]["id"] for edge in found if edge["node"]["name"] == "clerk"]
        query = "mutation ($id: UUID!, $input: UpdateRoleInput!) { updateRole(id: $id, input: $input) { id } }"
        sent = {"query": query, "variables": {"id": role, "input": {"grants": []}}}
        assert "errors" not in (await client.post("/metadata", json=sent)).json()
        await lock.rollback()
        ended = await end_of(client, job["id"])
    assert (ended["status"], ended["created"] < 3_000) == ("FAILED", True)
    assert ended["error"]["code"] in {"FORBIDDEN", "NOT_FOUND"}
    assert (await ask(client, "GET", "people?limit=0"))["totalCount"] == ended["created"]


@pytest.mark.long
async def test_a_key_that_is_revoked_stops_its_job(client: httpx.AsyncClient, app_database: str) -> None:
    headers = await key_of_role(client, parents=["editor"])
    text = "email\n" + "".join(f"{number}@x\n" for number in range(2_000))
    job = await new_job(client, text, headers=headers)
    async with await psycopg.AsyncConnection.connect(app_database) as lock:
        await lock.execute("LOCK TABLE workspace_default.person")
        await act(client, job["id"], "run", headers=headers)
        keys = 'query { apiKeys(filter: { name: { eq: "k" } }) { edges { node { id } } } }'
        (edge,) = (await client.post("/metadata", json={"query": keys})).json()["data"]["apiKeys"]["edges"]
        revoke = {"query": "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", "variables": edge["node"]}
        assert "errors" not in (await client.post("/metadata", json=revoke)).json()
    stopped = await end_of(client, job["id"])
    assert (stopped["status"], stopped["error"]["code"]) == ("STOPPED", "UNAUTHENTICATED")
    assert stopped["created"] < 2_000
    # With another key it goes on from there.
    await act(client, job["id"], "run")
    assert counts(await end_of(client, job["id"])) == (2_000, 0, 0)


async def test_a_stopped_job_goes_on_where_it_was(client: httpx.AsyncClient, app_database: str) -> None:
    text = "email\n" + "".join(f"{number}@x\n" for number in range(2_000)) + "0@x\n"
    job = await new_job(client, text)
    async with await psycopg.AsyncConnection.connect(app_database) as lock:
        await lock.execute("LOCK TABLE workspace_default.person")
        await act(client, job["id"], "run")
        stopping = act(client, job["id"], "stop")
        await lock.rollback()
        stopped = await stopping
    assert stopped["status"] == "STOPPED"
    before = (await ask(client, "GET", "people?limit=0"))["totalCount"]
    assert before == stopped["created"]
    await act(client, job["id"], "run")
    done = await end_of(client, job["id"])
    assert (done["status"], counts(done)) == ("DONE", (2_000, 0, 1))
    assert (await ask(client, "GET", "people?limit=0"))["totalCount"] == 2_000


@pytest.mark.long
async def test_places_and_bytes_are_bounded(start_app: StartApp, app_database: str) -> None:
    async with start_app(pool_size=8, import_store_mb=3) as (_, client):
        text = "email\na@x\n"
        jobs = [await new_job(client, text) for _ in range(3)]
        async with await psycopg.AsyncConnection.connect(app_database) as lock:
            await lock.execute("LOCK TABLE workspace_default.person")
            for job in jobs[:2]:
                await act(client, job["id"], "run")
            refused = await ask(client, "POST", f"imports/{jobs[2]['id']}/run", 429)
            assert "Too many imports are worked on" in refused["message"]
            await ask(client, "DELETE", f"imports/{jobs[0]['id']}", 409)
            twice = await ask(client, "POST", f"imports/{jobs[0]['id']}/run", 409)
            assert "The import is RUNNING" in twice["message"]
        for job in jobs[:2]:
            await end_of(client, job["id"])
        path = "imports?object=people&format=csv"
        too_large = await ask(client, "POST", path, 413, content="email\n" + "x@x\n" * 900_000)
        assert "FIELDSTONE_IMPORT_STORE_MB" in too_large["message"]
        assert len((await ask(client, "GET", "imports"))["data"]["imports"]) == 3


def test_numbers_of_rows() -> None:
    assert ranges_of([3, 1, 2, 7]) == "{[1,4),[7,8)}"
    done = DoneRows([(1, 4), (7, 8)], [5])
    assert [number for number in range(1, 10) if number in done] == [1, 2, 3, 5, 7]
    assert not any(number in DoneRows([], []) for number in range(3))
