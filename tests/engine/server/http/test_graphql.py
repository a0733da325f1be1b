"""The endpoints: methods, media types, parameters, keys, and the answers to wrong requests."""

import gzip
from typing import Any

import httpx
import pytest

from tests.engine.server.conftest import StartApp, client_of

JSON = "application/json; charset=utf-8"
RESPONSE = "application/graphql-response+json; charset=utf-8"
CREATE = 'mutation { createCompany(data: { name: "Acme" }) { name } }'


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
async def test_an_operation_is_answered_by_post_and_by_get(client: httpx.AsyncClient, path: str) -> None:
    query = "query Name { __typename }"
    posted = await client.post(path, json={"query": query, "operationName": "Name", "variables": {}, "extensions": {}})
    got = await client.get(path, params={"query": query, "operationName": "Name", "variables": "{}"})
    for response in (posted, got):
        assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})
        assert response.headers["content-type"] == JSON
        assert response.headers["content-length"] == str(len(response.content))


async def test_variables_reach_the_operation(client: httpx.AsyncClient) -> None:
    query = "query ($name: String) { companies(filter: { name: { eq: $name } }) { totalCount } }"
    await client.post("/graphql", json={"query": CREATE})
    for variables, count in (({"name": "Acme"}, 1), ({"name": "Émile"}, 0)):
        posted = await client.post("/graphql", json={"query": query, "variables": variables})
        assert posted.json() == {"data": {"companies": {"totalCount": count}}}
    got = await client.get("/graphql", params={"query": query, "variables": '{"name": "Acme"}'})
    assert got.json() == {"data": {"companies": {"totalCount": 1}}}


async def test_head_is_answered_like_get_without_the_body(client: httpx.AsyncClient) -> None:
    params = {"query": "{ __typename }"}
    head, got = await client.head("/graphql", params=params), await client.get("/graphql", params=params)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


async def test_options_names_the_methods(client: httpx.AsyncClient) -> None:
    response = await client.options("/graphql")
    assert (response.status_code, response.headers["allow"]) == (200, "GET, HEAD, POST, OPTIONS")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "BREW"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql", json={"query": CREATE})
    assert (response.status_code, code_of(response)) == (405, "BAD_USER_INPUT")
    assert response.headers["allow"] == "GET, HEAD, POST, OPTIONS"


async def test_a_mutation_by_get_is_refused_and_changes_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": CREATE})
    assert (response.status_code, code_of(response)) == (405, "BAD_USER_INPUT")
    assert "POST" in response.headers["allow"]
    count = await client.post("/graphql", json={"query": "{ companies { totalCount } }"})
    assert count.json()["data"]["companies"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")],
    ids=["unparsable", "invalid"],
)
async def test_a_wrong_document_is_200_as_json_and_400_as_a_graphql_response(
    client: httpx.AsyncClient, query: str, code: str
) -> None:
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        response = await client.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert (response.status_code, code_of(response)) == (status, code)
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert "data" not in response.json()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "'query' is missing: it holds the operation's text."),
        ({"query": None}, "'query' must be a string: it holds the operation's text."),
        ({"query": 5}, "'query' must be a string: it holds the operation's text."),
        ({"query": "{ __typename }", "operationName": 5}, "'operationName' must be a string or null."),
        ({"query": "{ __typename }", "variables": "x"}, "'variables' must be a JSON object or null."),
        ({"query": "{ __typename }", "variables": [1]}, "'variables' must be a JSON object or null."),
        ({"query": "{ __typename }", "extensions": 0}, "'extensions' must be a JSON object or null."),
        ("{ __typename }", "A request must be a JSON object with the operation's text under 'query'."),
        ([], "The request's body is an empty list: a batch needs at least one operation."),
    ],
    ids=str,
)
async def test_a_malformed_request_is_400_whatever_is_accepted(
    client: httpx.AsyncClient, body: Any, message: str
) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        response = await client.post("/graphql", json=body, headers={"accept": accept})
        assert response.status_code == 400
        assert response.json()["errors"][0]["message"] == message
        assert code_of(response) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=",
        "query=%ff",
        "query=a&variables=%7B",
        "query=a&variables=[]",
        "&".join(["a=1"] * 200),
        "query=a&variables=%22%5Cud800%22",
    ],
)
async def test_a_malformed_query_string_is_400(client: httpx.AsyncClient, query_string: str) -> None:
    response = await client.get(f"/graphql?{query_string}", headers={"accept": "application/graphql-response+json"})
    assert response.status_code == 400
    assert response.headers["content-type"] == RESPONSE


async def test_a_body_must_say_that_it_is_json(client: httpx.AsyncClient) -> None:
    for content_type in ("text/plain", "application/json; charset=latin-1", ""):
        response = await client.post("/graphql", content=b"{}", headers={"content-type": content_type})
        assert (response.status_code, code_of(response)) == (415, "BAD_USER_INPUT")


async def test_a_compressed_body_is_refused_by_its_header(client: httpx.AsyncClient) -> None:
    body = gzip.compress(b'{"query": "{ __typename }"}')
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    for path in ("/graphql", "/metadata", "/rest/people"):
        response = await client.post(path, content=body, headers=headers)
        assert response.status_code == 415
        assert "must not be compressed: send it without Content-Encoding" in response.text


async def test_a_byte_order_mark_is_no_part_of_a_body(client: httpx.AsyncClient) -> None:
    body = b'\xef\xbb\xbf{"query": "{ __typename }"}'
    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_client_that_takes_no_json_gets_406(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": "image/png"})
    assert (response.status_code, code_of(response)) == (406, "BAD_USER_INPUT")


async def test_a_body_past_the_limit_gets_413(start_app: StartApp) -> None:
    async def parts() -> Any:
        for _ in range(20):
            yield b" " * 100

    async with start_app(max_body_bytes=1000) as (_, client):
        headers = {"content-type": "application/json"}
        for content in (b" " * 1001, parts()):
            response = await client.post("/graphql", content=content, headers=headers)
            assert (response.status_code, code_of(response)) == (413, "BAD_USER_INPUT")
            (error,) = response.json()["errors"]
            limit = "The request's body has more than 1,000 bytes, which is the limit (FIELDSTONE_MAX_BODY_BYTES)."
            assert error["message"] == limit
            assert response.headers["connection"] == "close"
        assert (await client.post("/graphql", content=b'{"query":"{ __typename }"}', headers=headers)).is_success


async def test_a_key_without_its_scheme_is_told_so(start_app: StartApp) -> None:
    """One of another scheme was told to be unknown, as if it had been looked for."""
    alone = "The key in 'Authorization' has no 'Bearer' before it: write 'Authorization: Bearer KEY'."
    unknown = "The API key is not valid: it is unknown, expired or revoked."
    async with start_app() as (app, client), client_of(app) as stranger:
        key = client.headers["authorization"].removeprefix("Bearer ")
        for given, message in (
            (key, alone),
            (f" {key} ", alone),
            ("eyJh.eyJz.c2ln", alone),
            ("secret", alone),
            (f"Token {key}", alone),
            ("Basic a2V5", alone),
            ("Bearer secret", unknown),
            (f"bearer  {key}x", unknown),
        ):
            answer = await stranger.post("/graphql", json={"query": "{ __typename }"}, headers={"authorization": given})
            assert (answer.status_code, answer.json()["errors"][0]["message"]) == (401, message), given


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic a2V5", "fs_abc", "Bearer fs_abc", "Bearer fs_" + "a" * 43, "Bearer é"],
)
async def test_without_a_valid_key_everything_is_401(start_app: StartApp, authorization: str | None) -> None:
    async with start_app() as (app, _), client_of(app) as stranger:
        headers = {} if authorization is None else {b"authorization": authorization.encode("latin-1")}
        for response in (
            await stranger.post("/graphql", json={"query": "{ __typename }"}, headers=headers),
            await stranger.post("/metadata", content=b"not JSON", headers=headers),
            await stranger.get("/graphql", params={"query": "{"}, headers=headers),
        ):
            assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"] == 'Bearer realm="fieldstone"'
            assert "x-ratelimit-limit" not in response.headers


async def test_a_key_is_refused_as_soon_as_it_is_revoked(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        made = await client.post(
            "/metadata", json={"query": 'mutation { createApiKey(input: { name: "n" }) { id token } }'}
        )
        key = made.json()["data"]["createApiKey"]
        other = {"authorization": f"bearer  {key['token']} "}
        assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=other)).is_success
        await client.post("/metadata", json={"query": f'mutation {{ revokeApiKey(id: "{key["id"]}") {{ id }} }}'})
        refused = await client.post("/graphql", json={"query": "{ __typename }"}, headers=other)
        assert (refused.status_code, code_of(refused)) == (401, "UNAUTHENTICATED")


async def test_an_answer_of_a_new_field_comes_in_the_next_request(client: httpx.AsyncClient) -> None:
    async def ask(path: str, query: str) -> Any:
        response = await client.post(path, json={"query": query})
        assert "errors" not in response.json(), response.text
        return response.json()["data"]

    made = await ask(
        "/metadata",
        'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "Project"'
        ' labelPlural: "Projects" }) { id } }',
    )
    await ask(
        "/metadata",
        f'mutation {{ createField(input: {{ objectMetadataId: "{made["createObject"]["id"]}" name: "budget"'
        ' label: "Budget" type: CURRENCY }) { id } }',
    )
    await ask(
        "/graphql",
        'mutation { createProject(data: { name: "A" budget: { amountMicros: 5 currencyCode: "EUR" } }) { id } }',
    )
    found = await ask(
        "/graphql", "{ projects(filter: { budget: { amountMicros: { gte: 5 } } }) { edges { node { name } } } }"
    )
    assert found == {"projects": {"edges": [{"node": {"name": "A"}}]}}


COSTLY = "{ people(first: 7) { totalCount edges { node { id } } } }"


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_price_is_told_to_who_asks_for_it(client: httpx.AsyncClient, method: str) -> None:
    sent: dict[str, Any] = {"json": {"query": COSTLY}} if method == "POST" else {"params": {"query": COSTLY}}
    told = await client.request(method, "/graphql", headers={"X-Fieldstone-Cost": "1"}, **sent)
    assert told.json()["extensions"] == {"cost": 107}
    for headers in ({}, {"X-Fieldstone-Cost": "0"}):
        assert "extensions" not in (await client.request(method, "/graphql", headers=headers, **sent)).json()


async def test_the_price_of_each_root_field_is_told_to_a_client_that_asks(client: httpx.AsyncClient) -> None:
    document = """query ($offset: Int) { __typename a: people(first: 7) { totalCount edges { node { id } } }
      b: person(id: "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e") { id }
      c: people(first: 2, offset: $offset) { edges { cursor } } }"""
    sent = {"query": document, "variables": {"offset": 50}}
    told = await client.post("/graphql", json=sent, headers={"X-Fieldstone-Cost": "roots"})
    assert told.json()["extensions"] == {"cost": 115, "costByRoot": {"a": 107, "b": 1, "c": 7}}
    document = """mutation { free: createCompany(data: { name: "a" }) { id }
      paid: createCompany(data: { name: "b" }) { people(first: 3) { edges { node { id } } } } }"""
    told = await client.post("/graphql", json={"query": document}, headers={"X-Fieldstone-Cost": "roots"})
    assert told.json()["extensions"] == {"cost": 3, "costByRoot": {"paid": 3}}


async def test_each_answer_of_a_batch_has_its_price(client: httpx.AsyncClient) -> None:
    batch = [
        {"query": COSTLY},
        {"query": 3},
        {"query": "{ __typename }"},
        {"query": 'mutation { createPerson(data: {email: "a@b.c"}) { id } }'},
    ]
    answers = (await client.post("/graphql", json=batch, headers={"X-Fieldstone-Cost": "1"})).json()
    assert [answer.get("extensions") for answer in answers] == [{"cost": 107}, None, {"cost": 0}, {"cost": 0}]


@pytest.mark.long
async def test_a_bulk_write_of_as_many_records_as_are_allowed_fits_into_a_body(client: httpx.AsyncClient) -> None:
    document = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
    data = [{"name": f"Company {n} {'x' * 600}"} for n in range(10_000)]
    response = await client.post("/graphql", json={"query": document, "variables": {"data": data}})
    assert len(response.json()["data"]["createCompanies"]) == 10_000
