"""The OWASP cheat sheet on GraphQL, documents: depth, amount, aliases, fragments, batches, introspection.

https://cheatsheetseries.owasp.org/cheatsheets/GraphQL_Cheat_Sheet.html
"""

import httpx
import pytest

from tests.attacks.owasp import ask, codes, data
from tests.engine.server.conftest import StartApp

NAME = "{ __typename }"


def nested(levels: int) -> str:
    """Return people of companies of people, and so on."""
    below = "id"
    for _ in range(levels):
        below = f"company {{ people(first: 1) {{ edges {{ node {{ {below} }} }} }} }}"
    return f"{{ people(first: 1) {{ edges {{ node {{ {below} }} }} }} }}"


async def test_depth(client: httpx.AsyncClient) -> None:
    assert "errors" not in await ask(client, nested(5))
    assert codes(await ask(client, nested(60))) == {"QUERY_TOO_COMPLEX"}
    assert codes(await ask(client, "{" * 5_000)) <= {"QUERY_TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"}
    value: object = {"id": {"eq": "00000000-0000-0000-0000-000000000000"}}
    for _ in range(150):
        value = {"not": value}
    text = "query ($f: PersonFilterInput) { people(filter: $f) { totalCount } }"
    assert codes(await ask(client, text, f=value)) <= {"QUERY_TOO_COMPLEX", "BAD_USER_INPUT"}


async def test_amount(client: httpx.AsyncClient) -> None:
    assert codes(await ask(client, "{ people(first: 100000) { edges { node { id } } } }")) == {"BAD_USER_INPUT"}
    part = "a#: companies(first: 200) { edges { node { people(first: 200) { edges { node { id } } } } } }"
    wide = " ".join(part.replace("#", str(number)) for number in range(20))
    assert codes(await ask(client, f"{{ {wide} }}")) == {"QUERY_TOO_COMPLEX"}


async def test_alias_overload(client: httpx.AsyncClient) -> None:
    for inner in (
        "__typename",
        "companies { totalCount }",
        'company(id: "00000000-0000-0000-0000-000000000000") { id }',
    ):
        text = " ".join(f"a{n}: {inner}" for n in range(501))
        assert codes(await ask(client, f"{{ {text} }}")) == {"QUERY_TOO_COMPLEX"}
    deletes = " ".join(f'a{n}: deletePerson(id: "00000000-0000-0000-0000-000000000000") {{ id }}' for n in range(501))
    assert codes(await ask(client, f"mutation {{ {deletes} }}")) == {"QUERY_TOO_COMPLEX"}


async def test_repeated_fields_and_directives(client: httpx.AsyncClient) -> None:
    assert codes(await ask(client, f"{{ {'__typename ' * 20_000} }}")) == {"QUERY_TOO_COMPLEX"}
    assert codes(await ask(client, f"{{ __typename {'@skip(if: false) ' * 500} }}")) <= {
        "QUERY_TOO_COMPLEX",
        "GRAPHQL_VALIDATION_FAILED",
    }


async def test_fragments(client: httpx.AsyncClient) -> None:
    circle = "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    assert codes(await ask(client, circle)) == {"GRAPHQL_VALIDATION_FAILED"}
    own = "query { ...A } fragment A on Query { __typename ...A }"
    assert codes(await ask(client, own)) == {"GRAPHQL_VALIDATION_FAILED"}
    # Each fragment spreads the next one twice: 2^40 fields.
    doubling = " ".join(f"fragment F{n} on Query {{ a{n}: __typename ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    answer = await ask(client, f"{{ ...F0 }} {doubling} fragment F40 on Query {{ __typename }}")
    assert "errors" not in answer or codes(answer) == {"QUERY_TOO_COMPLEX"}
    many = " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(301))
    spreads = " ".join(f"...F{n}" for n in range(301))
    assert codes(await ask(client, f"{{ {spreads} }} {many}")) == {"QUERY_TOO_COMPLEX"}


async def test_batches_are_bounded_and_each_operation_counts(start_app: StartApp) -> None:
    async with start_app(rate_limit=30) as (_, client):
        too_many = await client.post("/graphql", json=[{"query": NAME}] * 21)
        assert codes(too_many.json()) == {"QUERY_TOO_COMPLEX"}
        # A guess of a secret value has its price by aliases and by batches alike.
        first = await client.post("/graphql", json=[{"query": NAME}] * 20)
        assert len(first.json()) == 20
        second = await client.post("/graphql", json=[{"query": NAME}] * 20)
        assert second.status_code == 429
        assert codes(second.json()) == {"RATE_LIMIT_EXCEEDED"}


async def test_a_body_of_many_values_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"query": "{ __typename }", "variables": {"a": [' + b"1," * 1_100_000 + b"1]}}"
    answer = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert codes(answer.json()) == {"QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
async def test_introspection_can_be_switched_off_with_all_that_tells_names(start_app: StartApp, path: str) -> None:
    asking = (
        "{ __schema { types { name } } }",
        '{ __type(name: "Company") { name } }',
        "{ ...F } fragment F on Query { ... on Query { a: __schema { queryType { name } } } }",
        "query ($no: Boolean = false) { __schema @include(if: $no) { description } }",
    )
    misspelt = '{ objects(fitler: {}) { totalCount } companies(fitler: {name: {eqq: "x"}}) { totalCount } }'
    given = (
        "query ($f: CompanyFilterInput) { companies(filter: $f) { totalCount } }"
        if path == "/graphql"
        else "query ($f: ObjectFilterInput) { objects(filter: $f) { totalCount } }"
    )
    async with start_app() as (_, client):
        for text in asking:
            assert "errors" not in await ask(client, text, path)
        assert "Did you mean" in str(await ask(client, misspelt, path))
        assert "Did you mean" in str(await ask(client, given, path, f={"idd": {"eq": None}}))
        for address in ("/rest/people?filter=emial[eq]:a", "/rest/metadata/objects?order_by=nameSingulr"):
            assert "Did you mean" in (await client.get(address)).text
    async with start_app(introspection=False) as (_, client):
        for text in (*asking, *asking):
            answer = await ask(client, text, path)
            assert codes(answer) == {"FORBIDDEN"}
            assert "FIELDSTONE_INTROSPECTION" in answer["errors"][0]["message"]
            assert answer.get("data") is None
        streamed = await client.post("/graphql/stream", json={"query": asking[0]})
        assert "Company" not in streamed.text
        for answer in (await ask(client, misspelt, path), await ask(client, given, path, f={"idd": {"eq": None}})):
            assert "errors" in answer
            assert "Did you mean" not in str(answer)
        # REST describes the same model.
        for described in ("/rest/open-api/core", "/rest/open-api/metadata", "/open-api/core"):
            refused = await client.get(described)
            assert (refused.status_code, "FIELDSTONE_INTROSPECTION" in refused.text) == (403, True)
        for address in ("/rest/people?filter=emial[eq]:a", "/rest/metadata/objects?order_by=nameSingulr"):
            assert "Did you mean" not in (await client.get(address)).text
        # Clients name types in their answers.
        assert await data(client, "{ __typename }", path) == {"__typename": "Query"}


async def test_graphiql_and_explanations_are_for_development(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        page = await client.get("/graphql", headers={"Accept": "text/html"})
        assert "text/html" not in page.headers["content-type"]
        assert "data-endpoint" not in (await client.get("/console/graphql")).text
        of_rest = await client.get("/rest/open-api", headers={"Accept": "text/html, */*"})
        assert (of_rest.status_code, of_rest.headers["content-type"]) == (404, "application/json; charset=utf-8")
        assert "/rest/open-api/core and /rest/open-api/metadata" in of_rest.text
        explained = await client.post(
            "/graphql", json={"query": "{ companies { totalCount } }"}, headers={"X-Fieldstone-Explain": "1"}
        )
        assert "sql" not in explained.text.lower()
        assert "server-timing" not in explained.headers
