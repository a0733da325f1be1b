"""The statements of a request count for the share of its key: those of no key are beyond the limit of each."""

from collections.abc import Hashable
from hashlib import sha256
from typing import Any

import httpx
import pytest

from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.connection_pool import ConnectionPool

EXPLAIN = "query ($input: ExplainAccessInput!) { explainAccess(input: $input) { allowed } }"
CREATE = "mutation { createCompany(data: {}) { id } }"
CREATE_ALL = "mutation { a: createCompany(data: {}) { id } b: createCompany(data: {}) { id } }"


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> list[Hashable]:
    """The shares of the connections that requests take; those of the server's own statements have no limit."""
    found: list[Hashable] = []
    acquire = ConnectionPool.acquire

    async def note(pool: ConnectionPool, *, share: Hashable = None, **options: Any) -> DriverConnection:
        if share is not None:
            found.append(share)
        return await acquire(pool, share=share, **options)

    monkeypatch.setattr(ConnectionPool, "acquire", note)
    return found


async def data(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    answer = (await client.post(path, json=body)).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.mark.parametrize("filter_", [{}, {"recordId": "00000000-0000-4000-8000-000000000000"}])
async def test_a_page_of_the_history(client: httpx.AsyncClient, shares: list[Hashable], filter_: Any) -> None:
    query = "query ($filter: RecordEventFilter) { events(filter: $filter, first: 1) { edges { cursor } } }"
    await data(client, "/metadata", {"query": query, "variables": {"filter": filter_}})
    assert [type(share) for share in shares] == [ShareKey]


async def test_an_explanation_of_access(client: httpx.AsyncClient, shares: list[Hashable]) -> None:
    made = await data(client, "/graphql", {"query": CREATE})
    shares.clear()
    given = {"role": "viewer", "object": "company", "action": "READ", "recordId": made["createCompany"]["id"]}
    await data(client, "/metadata", {"query": EXPLAIN, "variables": {"input": given}})
    assert [type(share) for share in shares] == [ShareKey]


async def test_a_stored_document(client: httpx.AsyncClient, shares: list[Hashable]) -> None:
    """Its version is compared, it is looked for among the trusted ones and the others, and it is kept."""
    text = "{ companies { totalCount } }"
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}}
    unknown = await client.post("/graphql", json=body)
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert [type(share) for share in shares] == [ShareKey] * 3
    await data(client, "/graphql", {**body, "query": text})
    assert [type(share) for share in shares] == [ShareKey] * 5


@pytest.mark.parametrize("query", [CREATE, CREATE_ALL])
async def test_a_mutation(client: httpx.AsyncClient, shares: list[Hashable], query: str) -> None:
    assert await data(client, "/graphql", {"query": query})
    assert [type(share) for share in shares] == [ShareKey]


@pytest.mark.parametrize(
    "query", ["{ views { id } }", "{ preferences }", "{ processes { id } }", "{ metrics { step } }"]
)
async def test_a_query_of_the_metadata_api(client: httpx.AsyncClient, shares: list[Hashable], query: str) -> None:
    await data(client, "/metadata", {"query": query})
    assert shares
    assert {type(share) for share in shares} == {ShareKey}


async def test_the_requests_for_an_import_job(client: httpx.AsyncClient, shares: list[Hashable]) -> None:
    made = await client.post(
        "/rest/imports?object=people", content=b"jobTitle\r\nCook\r\n", headers={"content-type": "text/csv"}
    )
    assert made.status_code == 201, made.text
    path = f"/rest/imports/{made.json()['data']['import']['id']}"
    # It is made, it gets its only chunk and its head, and it is read.
    assert [type(share) for share in shares] == [ShareKey] * 4
    for method, where, number in (
        ("GET", "/rest/imports", 1),
        ("GET", path, 1),
        ("GET", f"{path}/errors.csv", 2),
        ("PATCH", path, 3),
        ("DELETE", path, 4),
    ):
        shares.clear()
        answer = await client.request(method, where, json={"upsert": True} if method == "PATCH" else None)
        assert answer.status_code == 200, answer.text
        assert [type(share) for share in shares] == [ShareKey] * number, (method, where)
