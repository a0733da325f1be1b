"""Requests that REST refuses: the status, the form of the error, and the input that it names."""

import json
from typing import Any

import httpx
import pytest

from fieldstone.engine import create_app
from fieldstone.engine.errors import ApiError, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.rest.routes import Action
from fieldstone.engine.server.fast_path.rest_request import RestForm
from fieldstone.engine.server.rest.replies import build_rest_error
from tests.engine.metadata_api.roles import CREATE
from tests.engine.rest.asking import ask, create, emails
from tests.engine.rest.import_jobs.jobs import act, end_of, new_job
from tests.engine.server.conftest import StartApp, client_of

ID = "018cc5ca-0000-7000-8000-000000000000"
PROBLEM = {"accept": "application/problem+json"}


_READS = [
        ("people?limit=201", "'limit' must be a number from 0 to 200, not '201'."),
        ("people?limit=-1", "'limit' must be a number from 0 to 200, not '-1'."),
        ("people?limit=x", "'limit' must be a number from 0 to 200, not 'x'."),
        ("people?depth=3", "'depth' must be a number from 0 to 2, not '3'."),
        ("people?starting_after=a&ending_before=b", "'starting_after' and 'ending_before' cannot be given together."),
        ("people?limit=1&limit=2", "The parameter 'limit' is given twice."),
        ("people?filter=%ff", "The query string is not percent-encoded UTF-8."),
        ("people?first=1", "There is no parameter 'first' here: this address takes filter, order_by, limit, depth,"),
        (f"people/{ID}?limit=1", "There is no parameter 'limit' here: this address takes depth."),
        ("people/x", "The id 'x' in the path is not a UUID."),
        ("people?starting_after=x", "The cursor in 'starting_after' is not valid"),
        ("people?filter=city[eq]", "'filter' is not valid at character 9: ']:' and a value is expected, not its end;"),
        ("people?filter=and()", "'filter' is not valid at character 6: a condition between the parentheses"),
        ("people?filter=and(city[eq]:a", "'filter' is not valid at character 15: a comma or ')' is expected"),
        ("people?filter=city[eq]:a)", "'filter' is not valid at character 11: the end, or a comma is expected"),
        ("people?filter=city[eq]:", "'filter' is not valid at character 10: a value, \"\" for an empty text"),
        ('people?filter=city[eq]:"a', "'filter' is not valid at character 10: a closing \" is expected"),
        ("people?filter=" + "not(" * 60 + "a", "'filter' is nested more than 50 levels deep."),
        ("people?filter=city[in]:" + "[" * 60, "'filter' is nested more than 50 levels deep."),
        ("people?filter=town[eq]:a", "'filter' has 'town.eq', and there is no 'town' here."),
        ("people?filter=city[near]:a", "'filter' has 'city.near', and there is no 'near' in 'city'."),
        ("people?filter=company.name.x[eq]:a", "'filter' has 'company.name.x.eq', and there is no 'x' in"),
        ("people?filter=companyId[in]:a", "'filter.companyId.in"),
        ("people?filter=city[eq]:[a]", "'filter' has 'city.eq', which takes one value, not a list."),
        ("people?filter=createdAt[within]:a", "'filter' has 'createdAt.within', which takes a JSON object such as"),
        ("people?filter=company.employees[gt]:a", "'filter.company.employees.gt' must be a number, not \"a\"."),
        ("people?filter=companyId[eq]:a", "'filter.companyId.eq' must be a UUID"),
        ("people?filter=createdAt[gt]:now", "'filter.createdAt.gt' must be a date and time"),
        ("people?filter=company[is]:MAYBE", "'filter.company.is' must be"),
        ('people?filter=createdAt[within]:{"last":"\\ud800"}', "'filter' is not valid at character 19: a JSON object"),
        ("people?order_by=city[UP]", "'order_by' has the direction 'UP': it must be one of AscNullsFirst,"),
        ("people?order_by=company", "'order_by' has 'company', which takes one of its members, such as company.id."),
        ("people?filter=opportunities[some]:x", "'opportunities.some', which takes one of its members, such as"),
        ("people?order_by=city,,name", "'order_by' has '', which is not valid: right is, for instance,"),
        ("people?order_by=town", "'order_by' has 'town', and there is no 'town' here."),
        ("people/groupBy?group_by={", "'group_by' is not JSON:"),
        ('people/groupBy?group_by=[{"town":true}]', "'group_by[0]' has the field \"town\""),
        ("people?filter=city[eq]:a%00b", "'filter.city.eq' must not contain the NUL character."),
        (f"people?filter={50 * 'and('}city[eq]:a{50 * ')'}", "'filter' is nested too deeply."),
        (f"people?filter={51 * 'and('}city[eq]:a{51 * ')'}", "'filter' is nested more than 50 levels deep."),
    ]  # fmt: skip


async def test_wrong_reads(client: httpx.AsyncClient) -> None:
    for path, message in _READS:
        error = await ask(client, "GET", path, 400)
        assert [*error] == ["statusCode", "messages", "error"]
        assert (error["statusCode"], error["error"]) == (400, "Bad Request")
        assert message in error["messages"][0], path
        assert "asks for less" not in error["messages"][0]  # no page is too large


_WRITES: list[tuple[str, str, Any, str]] = [
    ("POST", "people", [1], "must be"),
    ("POST", "people", "x", "The body must be a JSON object."),
    ("POST", "people", {}, "Field 'email' is required"),
    ("POST", "people", {"town": 1}, "The body has the field \"town\", which 'PersonInput' does not define."),
    ("POST", "people", {"email": 1}, "'email' must be text, not 1."),
    ("POST", "people", [{"email": "a"}, {"email": 1}], "'[1].email' must be text, not 1."),
    ("POST", "batch/people", {"email": "a"}, "The body must be a JSON list of records."),
    ("POST", "people?upsert=maybe", {"email": "a"}, "'upsert' must be true or false, not 'maybe'."),
    ("PATCH", f"people/{ID}", [], "The body must be a JSON object."),
    ("PATCH", "people?filter=and(not(city[eq]:a)", {}, "'filter' is not valid"),
    ("POST", "people/duplicates", {"ids": [ID], "data": []}, "data"),
    ("POST", "people/duplicates", {"data": [{"email": "a"}, {"town": "b"}]}, "'data[1]' has the field \"town\""),
    ("DELETE", f"people/{ID}?soft_delete=2", None, "'soft_delete' must be true or false, not '2'."),
]


async def test_wrong_writes(client: httpx.AsyncClient) -> None:
    for method, path, body, message in _WRITES:
        error = await ask(client, method, path, 400, json=body)
        assert message in error["messages"][0], path


async def test_a_refused_list_names_its_record(client: httpx.AsyncClient) -> None:
    a, taken = [(await create(client, "people", email=email))["id"] for email in ("a", "taken")]
    required, conflict = "Field 'email' is required", "Another Person has this value of 'email'."
    link = "There is no Company to connect 'company' to."
    row = {"index": 1, "field": "email"}
    cases: list[tuple[str, str, Any, int, str, str, list[Any] | None]] = [
        ("POST", "batch/people", [{"email": "b"}, {"email": "taken"}], 409, f"[1].email: {conflict}", "data[1].email",
            [{**row, "value": "taken"}]),
        ("POST", "people", [{"email": "b"}, {"city": "c"}], 400, f"[1].email: {required}", "data[1].email", [row]),
        ("POST", "people", [{"email": "b"}, {"email": "c", "companyId": ID}], 404, f"[1].company: {link}",
            "data[1].company", [{"index": 1, "field": "company", "value": ID}]),
        ("PATCH", "people", [{"id": taken, "city": "c"}, {"id": a, "email": None}], 400, f"[1].email: {required}",
            "updates[1].data.email", None),
        ("POST", "companies", {"name": "A", "people": {"create": [{"email": "b"}, {"city": "c"}]}}, 400,
            f"people.create[1].email: {required}", "data.people.create[1].email", None),
    ]  # fmt: skip
    for method, path, body, status, message, field, rows in cases:
        error = await ask(client, method, path, status, json=body)
        assert (error.get("message") or error["messages"][0], error["field"], error.get("rows")) == (
            message,
            field,
            rows,
        ), path
        problem = (await client.request(method, f"/rest/{path}", json=body, headers=PROBLEM)).json()
        assert (problem["detail"], problem["field"]) == (message.partition(": ")[2], field)
    unknown = await ask(client, "PATCH", "people", 400, json=[{"id": a, "data": 1}])
    assert unknown["messages"][0].startswith("'[0]' has the field \"data\"")


async def test_unknown_paths_are_named(client: httpx.AsyncClient) -> None:
    for path in ("nothing", f"nothing/{ID}", "nothing/x", "people/a/b/c", "batch/nothing", "", "a//b", "Person"):
        error = await ask(client, "POST" if path.startswith("batch") else "GET", path, 404, json=[])
        assert [*error] == ["statusCode", "message", "error"]
        assert error["message"].startswith("There is nothing at /rest/")
        assert path.removeprefix("batch/").partition("/")[0] in error["message"]


async def test_the_plural_is_meant(client: httpx.AsyncClient) -> None:
    error = await ask(client, "GET", "person", 404)
    assert error["message"] == "There is nothing at /rest/person: do you mean /rest/people?"


async def test_methods(client: httpx.AsyncClient) -> None:
    id_ = (await create(client, "people", email="a"))["id"]
    for path, methods in [
        ("people", "GET, POST, PATCH, DELETE, HEAD, OPTIONS"),
        (f"people/{id_}", "GET, PATCH, PUT, DELETE, HEAD, OPTIONS"),
        ("batch/people", "POST, OPTIONS"),
        ("people/groupBy", "GET, HEAD, OPTIONS"),
    ]:
        options = await client.request("OPTIONS", f"/rest/{path}")
        assert (options.status_code, options.headers["allow"], options.content) == (200, methods, b"")
        refused = await client.request("TRACE", f"/rest/{path}")
        assert (refused.status_code, refused.headers["allow"]) == (405, methods)
    head = await client.head(f"/rest/people/{id_}")
    got = await client.get(f"/rest/people/{id_}")
    assert (head.status_code, head.content) == (200, b"")
    assert (head.headers["content-length"], head.headers["etag"]) == (str(len(got.content)), got.headers["etag"])


async def test_problem_details_are_for_those_that_ask(client: httpx.AsyncClient) -> None:
    answer = await client.post("/rest/people", json={"email": 1}, headers=PROBLEM)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "'email' must be text, not 1.",
        "code": "BAD_USER_INPUT",
        "field": "email",
    }
    for accept, is_problem in [
        ("application/json, application/problem+json", True),
        ("application/json, application/problem+json;q=0.5", False),
        ("*/*", False),
        ("application/*", False),
    ]:
        answer = await client.get("/rest/people/x", headers={"accept": accept})
        assert ("statusCode" not in answer.json()) is is_problem, accept
    assert (await client.get("/rest/people", headers=PROBLEM)).status_code == 200
    refused = await client.get("/rest/people", headers={"accept": "text/csv"})
    assert (refused.status_code, refused.json()["statusCode"]) == (406, 406)


async def test_a_key_is_needed(client: httpx.AsyncClient) -> None:
    for path in ("people", "nothing"):
        answer = await client.get(f"/rest/{path}", headers={"authorization": "Bearer no"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert [*answer.json()] == ["statusCode", "message", "error"]
        assert answer.json()["error"] == "Unauthorized"


async def test_bodies_are_json(start_app: StartApp) -> None:
    async with start_app(max_body_bytes=1_000) as (_, client):
        for content, type_, status in [
            (b"{}", "text/plain", 415),
            (b"{", "application/json", 400),
            (b"", "application/json", 400),
            (b'{"email":"\\ud800"}', "application/json", 400),
            (b'"' + b"a" * 1_000 + b'"', "application/json", 413),
        ]:
            answer = await client.post("/rest/people", content=content, headers={"content-type": type_})
            assert (answer.status_code, answer.json()["statusCode"]) == (status, status)


async def test_the_rate_limit_counts_requests(start_app: StartApp) -> None:
    async with start_app(rate_limit=2) as (_, client):
        first = await client.get("/rest/people")
        assert (first.status_code, first.headers["x-ratelimit-remaining"]) == (200, "1")
        assert (await client.get("/rest/nothing")).status_code == 404
        refused = await client.get("/rest/people", headers=PROBLEM)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert (refused.json()["code"], refused.json()["status"]) == ("RATE_LIMIT_EXCEEDED", 429)
        assert refused.json()["resetAt"] > 0


async def test_costs_are_told_and_limited(start_app: StartApp) -> None:
    async with start_app(max_cost=5_000) as (_, client):
        told = await client.get("/rest/people?limit=10", headers={"x-fieldstone-cost": "1"})
        assert [*told.json()] == ["data", "pageInfo", "totalCount", "extensions"]
        assert told.json()["extensions"] == {"cost": 110}
        messages = {(await ask(client, "GET", "people?depth=1", 400))["messages"][0] for _ in range(3)}
        (message,) = messages
        assert message.endswith("with 'first' for instance. In REST, a smaller 'limit' or 'depth' asks for less.")
    async with start_app(max_tokens=100) as (_, client):
        await ask(client, "GET", "people")
        error = await ask(client, "GET", "people?depth=2", 400)
        assert error["messages"][0] == (
            "The document has more than 100 tokens. In REST, a smaller 'limit' or 'depth' asks for less."
        )


async def test_trusted_documents_alone_are_no_way_for_rest(start_app: StartApp) -> None:
    async with start_app(documents="trusted") as (_, client):
        for path in ("people", f"people/{ID}", 'people/groupBy?group_by=[{"city":true}]', "people.csv"):
            for _ in range(2):
                assert "FIELDSTONE_DOCUMENTS=trusted-and-rest" in (await ask(client, "GET", path, 403))["message"]
        await ask(client, "POST", "people", 403, json={"email": "a@x.org"})
        for path in ("people.csv", "imports?object=people&format=csv"):
            await ask(client, "POST", path, 403, content="email\na@x.org\n")
        assert (await ask(client, "GET", "imports"))["data"]["imports"] == []
        await ask(client, "GET", "metadata/objects")


async def test_rest_is_answered_beside_trusted_documents_where_the_operator_says_so(start_app: StartApp) -> None:
    async with start_app(documents="trusted-and-rest") as (_, client):
        made = await create(client, "people", email="a@x.org")
        assert (await ask(client, "GET", "people?filter=email[eq]:a@x.org"))["totalCount"] == 1
        for _ in range(2):
            await ask(client, "GET", f"people/{made['id']}")
        assert "/people" in (await ask(client, "GET", "open-api/core"))["paths"]
        assert (await client.get("/rest/people.jsonl")).text.count("\n") == 1
        await ask(client, "POST", "people.csv", content="email\nb@x.org\n")
        job = await new_job(client, "email\nc@x.org\n", "start=run")
        assert (await end_of(client, job["id"]))["status"] == "DONE"
        await act(client, job["id"], "undo")
        assert (await end_of(client, job["id"]))["status"] == "UNDONE"
        assert await emails(client, "order_by=email") == ["a@x.org", "b@x.org"]
        refused = await client.post("/graphql", json={"query": "{ people { totalCount } }"})
        assert refused.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


async def test_a_role_sees_its_part(client: httpx.AsyncClient) -> None:
    made = await create(client, "opportunities", name="deal", amount=5)
    kept, unread = [await create(client, "opportunities", name=name) for name in ("kept", "unread")]
    await create(client, "companies", name="Acme")
    role = {
        "name": "clerk",
        "label": "Clerk",
        "grants": [
            {
                "object": "opportunity",
                "read": {"rule": {"name": {"neq": "unread"}}, "fields": {"only": ["name"]}},
                "delete": {"rule": {"name": {"neq": "kept"}}},
                "aggregates": False,
            },
            {"object": "activity", "create": {}},
        ],
    }
    key = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"
    await client.post("/metadata", json={"query": CREATE, "variables": {"input": role}})
    sent = {"query": key, "variables": {"input": {"name": "k", "role": "clerk"}}}
    token = (await client.post("/metadata", json=sent)).json()["data"]["createApiKey"]["token"]
    as_clerk: dict[str, Any] = {"headers": {"authorization": f"Bearer {token}"}}

    page = await ask(client, "GET", "opportunities?depth=1&filter=name[eq]:deal", **as_clerk)
    assert page["data"]["opportunities"] == [{"id": made["id"], "name": "deal"}]
    assert "totalCount" not in page
    hidden = await ask(client, "GET", "companies", 404, **as_clerk)
    never = await ask(client, "GET", "nothings", 404, **as_clerk)
    assert hidden == {**never, "message": never["message"].replace("nothings", "companies")}
    assert (await ask(client, "GET", "company", 404, **as_clerk))["message"] == (
        never["message"].replace("nothings", "company")
    )
    for query in ("filter=amount[gt]:1", "order_by=amount"):
        error = await ask(client, "GET", f"opportunities?{query}", 400, **as_clerk)
        assert "there is no 'amount'" in error["messages"][0]
    await ask(client, "GET", "activities", 403, **as_clerk)
    await ask(client, "GET", "activities?filter=title[eq]:a&order_by=title", 403, **as_clerk)
    await ask(client, "GET", 'opportunities/groupBy?group_by=[{"name":true}]', 403, **as_clerk)
    await ask(client, "GET", 'opportunities/groupBy?group_by=[{"name":true}]&order_by=name', 403, **as_clerk)
    await ask(client, "PATCH", f"opportunities/{made['id']}", 403, json={"name": "x"}, **as_clerk)
    await ask(client, "POST", "opportunities", 403, json={"name": "x"}, **as_clerk)
    await ask(client, "DELETE", f"opportunities/{made['id']}", 403, **as_clerk)
    await ask(client, "DELETE", f"opportunities/{kept['id']}?soft_delete=true", 403, **as_clerk)
    for method, query in (("GET", ""), ("DELETE", "?soft_delete=true")):
        absent = await ask(client, method, f"opportunities/{ID}{query}", 404, **as_clerk)
        told = await ask(client, method, f"opportunities/{unread['id']}{query}", 404, **as_clerk)
        assert told == json.loads(json.dumps(absent).replace(ID, unread["id"]))
    gone = await ask(client, "DELETE", f"opportunities/{made['id']}?soft_delete=true", **as_clerk)
    assert gone == {"data": {"deleteOpportunity": {"id": made["id"]}}}


@pytest.mark.parametrize("error", [RateLimitExceeded("Too many."), ServiceUnavailable("Away.")], ids=["429", "503"])
def test_an_answer_that_asks_for_patience_says_for_how_long_once(error: ApiError) -> None:
    assert build_rest_error(error, None).headers == [(b"retry-after", b"1")]
    assert RestForm("people", Action.FIND_MANY, None).refuse(error).headers == [(b"retry-after", b"1")]
    assert build_rest_error(error, None, beside=[(b"retry-after", b"40")]).headers == []


@pytest.mark.parametrize("header", ["X-Fieldstone-Consistency", "X-Fieldstone-Token"])
@pytest.mark.parametrize("accept", ["application/json", "application/problem+json"])
async def test_a_wrong_wish_for_consistency_is_refused_in_the_form_of_rest(header: str, accept: str) -> None:
    app = create_app(database_url="postgresql://127.0.0.1:9/nothing", replica_urls="postgresql://127.0.0.1:9/other")
    async with client_of(app) as client:
        answer = await client.get("/rest/people", headers={header: "never", "accept": accept})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith(accept)
    assert answer.json().get("statusCode" if accept == "application/json" else "status") == 400
    assert header in answer.text
