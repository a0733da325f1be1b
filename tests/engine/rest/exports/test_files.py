"""Exports over HTTP: their files, and the requests that get none."""

import csv
import io
import json
from typing import Any

import httpx

from tests.engine.rest.asking import ask, create
from tests.engine.rest.exports.exporting import add_field, key_of_role


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def test_a_file_of_csv(client: httpx.AsyncClient) -> None:
    await add_field(client, "company", "price", "CURRENCY")
    await add_field(client, "company", "extra", "RAW_JSON")
    await add_field(client, "company", "tags", "ARRAY")
    odd = 'a "b", c\r\nd'
    given: list[dict[str, Any]] = [
        {"name": odd, "price": {"amountMicros": 9007199254740993, "currencyCode": "EUR"}, "tags": ["x", 'y"']},
        {"name": "", "extra": {"n": 1.10, "t": [None, True, "ü"], "e": [{}, []]}},
        {"name": "=1+1", "extra": "text", "tags": []},
    ]
    made = [await create(client, "companies", **one) for one in given]
    answer = await client.get("/rest/companies.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="companies.csv"'
    found = rows(answer.text)
    assert [row["id"] for row in found] == [one["id"] for one in made]
    assert [*found[0]][:3] == ["id", "updatedAt", "name"]
    assert [row["name"] for row in found] == [odd, "", "=1+1"]
    assert (found[0]["price.amountMicros"], found[0]["price.currencyCode"]) == ("9007199254740993", "EUR")
    assert [row["tags"] for row in found] == ['["x","y\\""]', "", "[]"]
    assert [row["extra"] for row in found] == ["", '{"e":[{},[]],"n":1.1,"t":[null,true,"ü"]}', '"text"']
    assert found[0]["createdAt"] == made[0]["createdAt"]
    assert found[0]["createdBy.source"] == "API"
    lines = answer.text.split("\r\n")
    assert lines[-1] == ""
    # An empty text is told from NULL.
    assert ',"",' in lines[3]
    assert '"' not in (await client.get("/rest/companies.csv?filter=name[eq]:no")).text


async def test_a_file_of_json_lines(client: httpx.AsyncClient) -> None:
    company = await create(client, "companies", name="Acme")
    made = [
        await create(client, "people", email=name, city="a\nb", companyId=company["id"]) for name in ("a", "b", "c")
    ]
    answer = await client.get("/rest/people.jsonl?order_by=email[DESC]")
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-disposition"] == 'attachment; filename="people.jsonl"'
    assert answer.text.endswith("\n")
    assert [json.loads(line) for line in answer.text.splitlines()] == made[::-1]
    two = await client.get("/rest/people.jsonl?limit=2&filter=email[neq]:a")
    assert [json.loads(line)["email"] for line in two.text.splitlines()] == ["b", "c"]
    behind = await client.get(f"/rest/people.jsonl?starting_after={made[0]['id']}")
    assert [json.loads(line) for line in behind.text.splitlines()] == made[1:]
    assert rows((await client.get("/rest/people.csv?limit=1")).text)[0]["companyId"] == company["id"]
    for query in ("limit=0", "filter=email[eq]:x"):
        assert (await client.get(f"/rest/people.jsonl?{query}")).text == ""
        assert (await client.get(f"/rest/people.csv?{query}")).text.startswith("id,updatedAt,")


async def test_a_refusal_is_one_of_rest(client: httpx.AsyncClient) -> None:
    wrong = [("filter=town[eq]:x", "town"), ("limit=-1", "limit"), ("depth=1", "depth"), ("order_by=x", "x")]
    for query, field in wrong:
        refused = await ask(client, "GET", f"people.csv?{query}", 400)
        assert f"'{field}" in refused["messages"][0]
    assert (await ask(client, "GET", "nothing.csv", 404))["message"].startswith("There is nothing at /rest/nothing")
    assert "do you mean /rest/people" in (await ask(client, "GET", "person.jsonl", 404))["message"]
    await ask(client, "GET", "people.xlsx", 404)
    await ask(client, "GET", "people.csv/x", 404)
    refused = await client.get("/rest/people.csv", headers={"authorization": "Bearer no"})
    assert refused.status_code == 401
    for method in ("DELETE", "PATCH", "PUT"):
        answer = await client.request(method, "/rest/people.csv")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    assert (await client.options("/rest/people.csv")).headers["allow"] == "GET, POST, HEAD, OPTIONS"
    head = await client.head("/rest/people.csv")
    assert (head.status_code, head.content, head.headers["content-type"][:8]) == (200, b"", "text/csv")
    assert (await client.head("/rest/people.csv?limit=x")).status_code == 400


async def test_a_role_exports_its_part(client: httpx.AsyncClient) -> None:
    made = [await create(client, "opportunities", name=name, amount=5) for name in ("deal", "other")]
    grant = {"object": "opportunity", "read": {"fields": {"only": ["name"]}, "rule": {"name": {"eq": "deal"}}}}
    headers = await key_of_role(client, grants=[grant])
    found = await client.get("/rest/opportunities.csv", headers=headers)
    assert found.text == f"id,name\r\n{made[0]['id']},deal\r\n"
    lines = await client.get("/rest/opportunities.jsonl", headers=headers)
    assert [json.loads(line) for line in lines.text.splitlines()] == [{"id": made[0]["id"], "name": "deal"}]
    hidden = await ask(client, "GET", "opportunities.csv?filter=amount[gt]:1", 400, headers=headers)
    assert hidden["messages"][0].startswith("'filter' has 'amount.gt', and there is no 'amount'")
    await ask(client, "GET", "companies.csv", 404, headers=headers)


async def test_chosen_columns(client: httpx.AsyncClient) -> None:
    await add_field(client, "company", "price", "CURRENCY")
    await create(client, "companies", name="Acme", price={"amountMicros": 5, "currencyCode": "EUR"})
    answer = await client.get("/rest/companies.csv?columns=price.currencyCode,%20name")
    assert answer.text == "price.currencyCode,name\r\nEUR,Acme\r\n"
    answer = await client.get("/rest/companies.jsonl?columns=name,price")
    assert answer.text == '{"name":"Acme","price":{"amountMicros":5,"currencyCode":"EUR"}}\n'
    for path, word in (
        ("companies.csv?columns=nothing", "There is no column 'nothing'"),
        ("companies.csv?columns=name,name", "twice"),
        ("companies.jsonl?columns=price.amountMicros", "There is no column"),
        ("companies.jsonl?spreadsheet=true", "is for CSV"),
    ):
        assert word in (await ask(client, "GET", path, 400))["messages"][0]
    headers = await key_of_role(client, grants=[{"object": "company", "read": {"fields": {"only": ["name"]}}}])
    hidden = await ask(client, "GET", "companies.csv?columns=name,price.amountMicros", 400, headers=headers)
    assert hidden["messages"] == ["There is no column 'price.amountMicros': id, name are there."]


async def test_a_file_for_spreadsheets(client: httpx.AsyncClient) -> None:
    """Negative numbers that JSON has as strings got the apostrophe of texts, and could not be imported again."""
    numbers = {"score": -5, "debt": "-9223372036854775808", "share": "-0.50"}
    await add_field(client, "company", "score", "NUMBER")
    await add_field(client, "company", "debt", "NUMBER", settings={"dataType": "bigint"})
    await add_field(client, "company", "share", "NUMERIC")
    names = ["=1+1", "+1", "-1", "@x", "\tx", "x=1"]
    for name in names:
        await create(client, "companies", name=name, **numbers)
    path = "/rest/companies.csv?columns=name,score,debt,share"
    found = rows((await client.get(f"{path}&spreadsheet=true")).text)
    assert [row["name"] for row in found] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "x=1"]
    assert all({name: row[name] for name in numbers} == {**numbers, "score": "-5"} for row in found)
    assert [row["name"] for row in rows((await client.get(path)).text)] == names
