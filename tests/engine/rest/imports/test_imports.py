"""Imports over HTTP: the records that they write, and the rows that they refuse."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.imports.rows import Row
from fieldstone.engine.rest.imports.writer import BatchWriter
from tests.engine.rest.asking import ask, create, emails
from tests.engine.rest.exports.exporting import add_field, key_of_role
from tests.engine.server.conftest import StartApp


async def send(client: httpx.AsyncClient, path: str, text: str | bytes, status: int = 200, **options: Any) -> Any:
    """The report of an import; that of a refused one with the error beside it."""
    answer = await ask(client, "POST", path, status, content=text, **options)
    if "data" not in answer or status != 200:
        return answer
    (report,) = answer["data"].values()
    return report


def counts(report: Any) -> tuple[int, int, int]:
    return report["created"], report["updated"], report["failed"]


async def test_csv_creates_records(client: httpx.AsyncClient) -> None:
    await add_field(client, "person", "price", "CURRENCY")
    await add_field(client, "person", "tags", "ARRAY")
    await add_field(client, "person", "extra", "RAW_JSON")
    await add_field(client, "person", "active", "BOOLEAN")
    company = await create(client, "companies", name="Acme")
    text = (
        "\ufeffemail,firstName,city,companyId,price.amountMicros,price.currencyCode,tags,extra,active\r\n"
        f'a@x,"A, ""a""",,{company["id"]},9007199254740993,EUR,"[""x"",""y""]","{{""n"":1.50}}",TRUE\r\n'
        'b@x,=1+1,"",,,,z,1,false\r\n'
    )
    assert counts(await send(client, "people.csv", text)) == (2, 0, 0)
    first, second = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert (first["firstName"], first["city"], first["companyId"]) == ('A, "a"', None, company["id"])
    assert first["price"] == {"amountMicros": 9007199254740993, "currencyCode": "EUR"}
    assert (first["tags"], first["extra"], first["active"]) == (["x", "y"], {"n": 1.5}, True)
    assert (second["city"], second["companyId"], second["tags"], second["active"]) == ("", None, ["z"], False)
    assert second["price"] in (None, {"amountMicros": None, "currencyCode": None})
    assert first["createdBy"]["context"]["kind"] == "API_KEY"


async def test_an_empty_cell_of_a_composite_is_null_wherever_it_stands(client: httpx.AsyncClient) -> None:
    await add_field(client, "person", "price", "CURRENCY")
    names = ("price.amountMicros", "price.currencyCode")
    for number, (header, cells, price) in enumerate(
        [
            (names, ",EUR", (None, "EUR")),
            (names[::-1], "EUR,", (None, "EUR")),
            (names, "7,", (7, None)),
            (names, ",", (None, None)),
        ]
    ):
        await create(client, "people", email=f"{number}@x", price={"amountMicros": 5, "currencyCode": "USD"})
        text = f"email,{','.join(header)}\n{number}@x,{cells}\n"
        assert counts(await send(client, "people.csv?on_conflict=email", text)) == (0, 1, 0)
        (found,) = (await ask(client, "GET", f"people?filter=email[eq]:{number}@x"))["data"]["people"]
        assert (found["price"]["amountMicros"], found["price"]["currencyCode"]) == price


async def test_json_lines_create_records(client: httpx.AsyncClient) -> None:
    company = await create(client, "companies", name="Acme")
    lines = [{"email": "a@x", "company": {"connect": company["id"]}}, {"email": "b@x", "city": None}]
    text = "\n\n".join(map(json.dumps, lines))
    assert counts(await send(client, "people.jsonl", text)) == (2, 0, 0)
    first, second = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert (first["companyId"], second["companyId"]) == (company["id"], None)


async def test_records_to_connect_to_by_a_unique_field(client: httpx.AsyncClient) -> None:
    await add_field(client, "company", "code", "TEXT", isUnique=True)
    company = await create(client, "companies", name="Acme", code="ACME")
    report = await send(client, "people.csv", "email,company.code\na@x,ACME\nb@x,\nc@x,NONE\n")
    assert counts(report) == (2, 0, 1)
    assert (report["errors"][0]["row"], report["errors"][0]["code"]) == (3, "NOT_FOUND")
    found = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [one["companyId"] for one in found] == [company["id"], None]
    # An empty cell disconnects.
    assert counts(await send(client, "people.csv?on_conflict=email", "email,company.code\na@x,\n")) == (0, 1, 0)
    assert (await ask(client, "GET", "people?order_by=email"))["data"]["people"][0]["companyId"] is None
    for name in ("company.name", "company.", "company.id.x", "company", "people.email", "email.x"):
        refused = await send(client, "people.csv", f"email,{name}\na@y,ACME\n", 400)
        assert refused["messages"][0].startswith(f"'{name}' is no column of People")


async def test_upserts(client: httpx.AsyncClient) -> None:
    first = "email,city\na@x,Bonn\nb@x,Bonn\n"
    assert counts(await send(client, "people.csv?on_conflict=email", first)) == (2, 0, 0)
    # The last of two rows with the same key counts.
    again = "email,city,jobTitle\nb@x,Ulm,x\nc@x,Ulm,y\nc@x,,z\n"
    assert counts(await send(client, "people.csv?upsert=true", again)) == (1, 2, 0)
    found = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [(one["city"], one["jobTitle"]) for one in found] == [("Bonn", None), ("Ulm", "x"), (None, "z")]
    assert counts(await send(client, "people.csv?on_conflict=email", again)) == (0, 3, 0)
    # Creates with keys that are taken fail row by row.
    report = await send(client, "people.csv", "email\na@x\nd@x\n")
    assert counts(report) == (1, 0, 1)
    shown = {"row": 1, "line": 2, "field": "email", "message": "Another Person has this value of 'email'."}
    assert report["errors"] == [{**shown, "code": "CONFLICT"}]
    for query, name in [
        ("on_conflict=city", "[city] is no unique key"),
        ("on_conflict=nothing", "on_conflict"),
        ("on_conflict=email&upsert=false", "on_conflict"),
        ("upsert=x", "upsert"),
        ("limit=1", "limit"),
    ]:
        refused = await send(client, f"people.csv?{query}", first, 400)
        assert name in refused["messages"][0], refused
        assert "data" not in refused


@pytest.mark.parametrize(
    ("type_", "column", "cells"),
    [
        ("NUMERIC", "code", ["1.0", "1.00", "1"]),
        ("DATE_TIME", "code", ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00", "2024-01-01"]),
        ("UUID", "code", ["0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", "0191D2A4-7C1E-7B0A-9D2E-3F5A6B7C8D9E"]),
        (
            "PHONES",
            "code.primaryPhoneCallingCode,code.primaryPhoneNumber,code.primaryPhoneCountryCode",
            ["+1,2,", "+1,2,US"],
        ),
    ],
)
async def test_of_rows_with_one_key_in_several_spellings_the_first_is_written(
    client: httpx.AsyncClient, type_: str, column: str, cells: Sequence[str]
) -> None:
    await add_field(client, "company", "code", type_, isUnique=True)
    lines = [f"name,{column}", *(f"n{number},{cell}" for number, cell in enumerate(cells))]
    report = await send(client, "companies.csv", "\n".join(lines))
    assert counts(report) == (1, 0, len(cells) - 1)
    assert [one["row"] for one in report["errors"]] == list(range(2, len(cells) + 1))
    assert [one["name"] for one in (await ask(client, "GET", "companies"))["data"]["companies"]] == ["n0"]


async def test_an_error_inside_of_a_row_names_its_place(client: httpx.AsyncClient) -> None:
    people = [{"email": "a@x"}, {"city": "Ulm"}]
    lines = [{"name": "Acme", "people": {"create": people}}, {"name": "Nova", "employees": "[7]"}]
    report = await send(client, "companies.jsonl", "\n".join(map(json.dumps, lines)), 400)
    errors = report["data"]["importCompanies"]["errors"]
    assert [error["field"] for error in errors] == ["people.create[1].email", "employees"]
    assert [error["message"] for error in errors] == [
        "Field 'email' is required",
        "'employees' must be a number, not \"[7]\".",
    ]


WRONG = """email,employees,companyId
a@x,1,
b@x,many,
c@x,2,no id
,3,
d@x,4,00000000-0000-4000-8000-000000000000
a@x,5,
e@x,6,
f@x
"""


async def test_errors_by_row(client: httpx.AsyncClient) -> None:
    await add_field(client, "person", "employees", "NUMBER", settings={"dataType": "int"})
    report = await send(client, "people.csv", WRONG)
    assert counts(report) == (2, 0, 6)
    found = {one["row"]: (one["line"], one.get("field"), one["code"]) for one in report["errors"]}
    assert found == {
        2: (3, "employees", "BAD_USER_INPUT"),
        3: (4, "companyId", "BAD_USER_INPUT"),
        4: (5, "email", "BAD_USER_INPUT"),
        5: (6, "company", "NOT_FOUND"),
        6: (7, "email", "CONFLICT"),
        8: (9, None, "BAD_USER_INPUT"),
    }
    messages = {one["row"]: one["message"] for one in report["errors"]}
    assert messages[2] == "'employees' must be a number, not \"many\"."
    assert messages[3].startswith("'companyId' must be a UUID such as ")
    assert messages[3].endswith('not "no id".')
    assert messages[4] == "Field 'email' is required"
    assert await emails(client, "order_by=email") == ["a@x", "e@x"]


async def test_errors_of_json_lines(client: httpx.AsyncClient) -> None:
    text = '{"email": "a@x"}\n{"email":\n[]\n{"email": 1}\n{"mail": "b@x"}\n{"email": "\\ud800"}\n'
    report = await send(client, "people.jsonl", text)
    assert counts(report) == (1, 0, 5)
    assert [one["line"] for one in sorted(report["errors"], key=lambda one: one["row"])] == [2, 3, 4, 5, 6]


async def test_many_wrong_rows(client: httpx.AsyncClient) -> None:
    lines = [f"{number % 700}@x,{'x' * (number % 3)}" for number in range(1_400)]
    await add_field(client, "person", "score", "NUMBER")
    report = await send(client, "people.csv", "\n".join(["email,score", *lines]))
    wrong = {number for number in range(1_400) if number % 3}
    right = {f"{number % 700}@x" for number in range(1_400) if number not in wrong}
    assert report["created"] == len(right)
    assert report["read"] == 1_400
    assert (await ask(client, "GET", "people?limit=0"))["totalCount"] == len(right)


async def test_all_or_nothing(client: httpx.AsyncClient) -> None:
    await create(client, "people", email="b@x")
    for text in ("email\na@x\nb@x\n", "email\na@x\n\n,\n", "email\na@x\na@x\n"):
        refused = await send(client, "people.csv?all_or_nothing=true", text, 400)
        assert refused["messages"] == ["No record was written, because of the rows in 'errors'."]
        report = refused["data"]["importPeople"]
        assert (report["created"], bool(report["failed"]), bool(report["errors"])) == (0, True, True)
        assert await emails(client, "") == ["b@x"]
    assert counts(await send(client, "people.csv?all_or_nothing=true", "email\na@x\nc@x\n")) == (2, 0, 0)
    again = await send(client, "people.csv?all_or_nothing=true&on_conflict=email", "email\na@x\nd@x\n")
    assert counts(again) == (1, 1, 0)


async def test_an_import_that_is_all_or_nothing_is_small(start_app: StartApp) -> None:
    async with start_app(max_bulk_writes=3, max_body_bytes=200) as (_, client):
        for text in ("email\na\nb\nc\nd\n", f"email\n{'x' * 300}\n"):
            refused = await send(client, "people.csv?all_or_nothing=true", text, 400)
            assert "all or nothing" in refused["messages"][0]
        assert counts(await send(client, "people.csv", "email\na\nb\nc\nd\n")) == (4, 0, 0)
        refused = await send(client, "people.csv", f"email\n{'x' * 300}\n", 400)
        assert "line 2 has more than 200 characters" in refused["messages"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "The file is empty"),
        (b"mail\n", "'mail' is no column of People"),
        (b"email,email\n", "twice"),
        (b"email\n\xff\n", "not UTF-8"),
        (b'email\n"a\n', "never closed"),
    ],
)
async def test_files_that_are_none(client: httpx.AsyncClient, text: bytes, message: str) -> None:
    assert message in (await send(client, "people.csv", text, 400))["messages"][0]


async def test_requests_that_are_refused(client: httpx.AsyncClient) -> None:
    assert (await ask(client, "POST", "nothing.csv", 404, content="a\n"))["statusCode"] == 404
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert "text/csv" in (await ask(client, "POST", "people.csv", 415, content="a", headers=form))["message"]
    await ask(client, "POST", "people.csv", 415, content="a", headers={"content-encoding": "gzip"})
    for charset, status in (("iso-2022-jp", 415), ('"windows-1252"', 415), ('"UTF-8"', 200), ("utf8", 200)):
        told = {"content-type": f"text/csv; charset={charset}"}
        await ask(client, "POST", "people.csv?dry_run=true", status, content="email\na\n", headers=told)
    key = {"idempotency-key": "a"}
    assert "on_conflict" in (await ask(client, "POST", "people.csv", 400, content="a", headers=key))["messages"][0]
    answer = await client.post("/rest/people.csv", content="a", headers={"authorization": "Bearer no"})
    assert answer.status_code == 401
    problem = await client.post("/rest/people.csv", content="a", headers={"accept": "application/problem+json"})
    assert (problem.status_code, problem.headers["content-type"]) == (400, "application/problem+json")
    assert problem.json()["code"] == "BAD_USER_INPUT"
    assert (await client.options("/rest/people.csv")).headers["allow"] == "GET, POST, HEAD, OPTIONS"


async def test_a_role_writes_its_part(client: httpx.AsyncClient) -> None:
    grant = {
        "object": "person",
        "read": {"fields": {"only": ["email", "city", "jobTitle"]}},
        "create": {
            "fields": {"only": ["email", "jobTitle"]},
            "preset": {"city": "Bonn"},
            "check": {"jobTitle": {"neq": "chief"}},
        },
    }
    headers = await key_of_role(client, grants=[grant], limits={"rateLimit": 50})
    text = "email,jobTitle\na@x,clerk\nb@x,chief\nc@x,cook\n"
    report = await send(client, "people.csv", text, headers=headers)
    assert counts(report) == (2, 0, 1)
    assert (report["errors"][0]["row"], report["errors"][0]["code"]) == (2, "FORBIDDEN")
    found = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [(one["email"], one["city"]) for one in found] == [("a@x", "Bonn"), ("c@x", "Bonn")]
    refused = await ask(client, "POST", "people.csv", 403, content="email,city\nd@x,Ulm\n", headers=headers)
    message = "The role 'clerk' may not write the field 'city' of People. Leave the column out."
    assert refused["message"] == message
    line = await send(client, "people.jsonl", '{"email": "d@x", "city": "Ulm"}', 400, headers=headers)
    assert line["data"]["importPeople"]["errors"][0]["code"] == "FORBIDDEN"
    # The check comes before the unique key, which would tell that another record has the address.
    taken = await send(client, "people.jsonl", '{"email": "a@x", "jobTitle": "chief"}', 400, headers=headers)
    assert taken["data"]["importPeople"]["errors"][0]["code"] == "FORBIDDEN"
    # A field that the role knows nothing of.
    assert "no column" in (await send(client, "people.csv", "phone\n1\n", 400, headers=headers))["messages"][0]
    # Without the right to update, an upsert is a create.
    again = "email,jobTitle\na@x,cook\ne@x,cook\n"
    assert counts(await send(client, "people.csv?on_conflict=email", again, headers=headers)) == (1, 0, 1)
    await ask(client, "POST", "companies.csv", 404, content="name\nx\n", headers=headers)
    assert (await ask(client, "GET", "people?limit=0"))["totalCount"] == 3


async def test_each_record_has_its_event(client: httpx.AsyncClient, app_database: str) -> None:
    await send(client, "people.csv", "email\n" + "".join(f"{number}@x\n" for number in range(600)))
    with psycopg.connect(app_database) as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM fieldstone.event_staging) + (SELECT count(*) FROM fieldstone.event_log)"
        ).fetchone()
    assert counted == (600,)


@pytest.mark.parametrize("query", ["upsert=true", "on_conflict=email"])
async def test_rows_with_the_same_key_are_written_after_each_other(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    sent: list[int] = []
    write = BatchWriter.write_all

    async def counted(self: BatchWriter, rows: Sequence[Row], prepared: GraphQLRequest | None = None) -> None:
        sent.append(len(rows))
        await write(self, rows, prepared)

    monkeypatch.setattr(BatchWriter, "write_all", counted)
    lines = [f"{email}@x,{number}" for number, email in enumerate("abcabad")]
    assert counts(await send(client, f"people.csv?{query}", "\n".join(["email,city", *lines]))) == (4, 3, 0)
    # None of them is refused first.
    assert sent == [3, 2, 2]
    found = (await ask(client, "GET", "people?order_by=email"))["data"]["people"]
    assert [one["city"] for one in found] == ["5", "4", "2", "6"]


async def test_a_dry_run_writes_nothing(client: httpx.AsyncClient, app_database: str) -> None:
    await create(client, "people", email="a@x", city="Bonn")
    text = "email,city\na@x,Ulm\nb@x,Ulm\n,Ulm\n"
    report = await send(client, "people.csv?dry_run=true&on_conflict=email", text)
    assert (counts(report), report["dryRun"]) == ((1, 1, 1), True)
    report = await send(client, "people.csv?dry_run=true", text)
    assert (counts(report), [one["row"] for one in report["errors"]]) == ((1, 0, 2), [1, 3])
    report = await send(client, "people.csv?dry_run=true&all_or_nothing=true", "email\nc@x\nd@x\n")
    assert counts(report) == (2, 0, 0)
    (person,) = (await ask(client, "GET", "people"))["data"]["people"]
    assert (person["email"], person["city"]) == ("a@x", "Bonn")
    with psycopg.connect(app_database) as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM fieldstone.event_staging) + (SELECT count(*) FROM fieldstone.event_log),"
            " (SELECT count(*) FROM fieldstone.idempotency)"
        ).fetchone()
    assert counted == (1, 0)
    assert counts(await send(client, "people.csv?on_conflict=email", text)) == (1, 1, 1)


async def test_columns_with_other_names(client: httpx.AsyncClient) -> None:
    mapping = '{"E-mail": "email", "Town": "city", "Notes": null}'
    report = await send(client, f"people.csv?mapping={mapping}", "E-mail,Town,Notes,jobTitle\na@x,Bonn,x,cook\n")
    assert (counts(report), report["ignored"]) == ((1, 0, 0), ["Notes"])
    (person,) = (await ask(client, "GET", "people"))["data"]["people"]
    assert (person["email"], person["city"], person["jobTitle"]) == ("a@x", "Bonn", "cook")
    for wrong in ("[]", '{"a": 1}', "{", '{"a": "email"}'):
        refused = await send(client, f"people.csv?mapping={wrong}", "b\n1\n", 400)
        assert "'mapping'" in refused["messages"][0]
    assert "twice" in (await send(client, 'people.csv?mapping={"a":"email"}', "a,email\n1,2\n", 400))["messages"][0]
    refused = await send(client, 'people.jsonl?mapping={"a":"email"}', "{}\n", 400)
    assert refused["messages"] == ["'mapping' is for the columns of CSV."]


def known_rows(dsn: str) -> int:
    """The records of people that PostgreSQL's statistics know of; -1: there are none."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT reltuples FROM pg_class WHERE oid = 'workspace_default.person'::regclass")
        return int(found.fetchall()[0][0])


def people(first: int, last: int) -> str:
    return "email\n" + "".join(f"{number}@x\n" for number in range(first, last))


async def test_postgresql_knows_the_values_of_a_large_import(client: httpx.AsyncClient, app_database: str) -> None:
    # No autovacuum counts them first.
    with psycopg.connect(app_database) as connection:
        connection.execute("ALTER TABLE workspace_default.person SET (autovacuum_enabled = false)")
    await send(client, "people.csv?dry_run=true", people(0, 1_000))
    await send(client, "people.csv", people(0, 999))
    assert known_rows(app_database) == -1
    await send(client, "people.csv", people(1_000, 2_000))
    assert known_rows(app_database) == 1_999
    with psycopg.connect(app_database) as connection:
        connection.execute("UPDATE pg_class SET reltuples = 10000 WHERE oid = 'workspace_default.person'::regclass")
    await send(client, "people.csv", people(2_000, 3_000))
    assert known_rows(app_database) == 10_000
    await send(client, "people.csv", people(3_000, 4_001))
    assert known_rows(app_database) == 4_000  # 999 + 1,000 + 1,000 + 1,001
    with psycopg.connect(app_database) as connection:
        plan = connection.execute(
            "EXPLAIN SELECT * FROM workspace_default.person"
            " WHERE \"deletedAt\" IS NULL AND id > '00000000-0000-0000-0000-000000000000' ORDER BY id LIMIT 200"
        )
        assert "Sort" not in str(plan.fetchall())


async def test_an_import_does_not_wait_long_for_its_statistics(client: httpx.AsyncClient, app_database: str) -> None:
    with psycopg.connect(app_database) as connection:
        # As the build of an index does.
        connection.execute("LOCK TABLE workspace_default.person IN SHARE UPDATE EXCLUSIVE MODE")
        assert counts(await send(client, "people.csv", people(0, 1_000))) == (1_000, 0, 0)
    assert known_rows(app_database) == -1
