"""The schema over HTTP: compressed where the client says that it takes it, the same text in any case."""

import zlib

import httpx
import pytest
from graphql import build_client_schema, get_introspection_query

ASK = {"query": get_introspection_query()}


async def ask(client: httpx.AsyncClient, accept_encoding: str) -> tuple[httpx.Response, bytes]:
    """The response, and its body as it was sent."""
    async with client.stream("POST", "/graphql", json=ASK, headers={"Accept-Encoding": accept_encoding}) as response:
        return response, b"".join([chunk async for chunk in response.aiter_raw()])


@pytest.mark.parametrize("accept_encoding", ["deflate", "gzip, deflate, br", "GZIP;q=1.0, Deflate;q=0.5"])
async def test_compressed_where_the_client_takes_it(client: httpx.AsyncClient, accept_encoding: str) -> None:
    response, sent = await ask(client, accept_encoding)
    assert response.headers["content-encoding"] == "deflate"
    assert response.headers["vary"] == "accept-encoding"
    assert int(response.headers["content-length"]) == len(sent)
    plain_response, plain = await ask(client, "identity")
    assert zlib.decompress(sent) == plain
    assert len(sent) < len(plain) / 5
    assert plain_response.headers["content-type"] == response.headers["content-type"]


@pytest.mark.parametrize("accept_encoding", ["", "identity", "gzip, br", "deflate;q=0", "deflate;q=0.000, gzip"])
async def test_plain_otherwise(client: httpx.AsyncClient, accept_encoding: str) -> None:
    response, sent = await ask(client, accept_encoding)
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "accept-encoding"
    assert int(response.headers["content-length"]) == len(sent)
    assert sent.startswith(b'{"data":{"__schema":')


async def test_a_client_builds_its_schema_from_it(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/graphql", json=ASK)).json()
    assert "Company" in build_client_schema(answer["data"]).type_map


async def test_in_a_batch_and_by_head(client: httpx.AsyncClient) -> None:
    alone = (await client.post("/graphql", json=ASK)).json()
    assert (await client.post("/graphql", json=[ASK, ASK])).json() == [alone, alone]
    response = await client.head("/graphql", params=ASK, headers={"Accept-Encoding": "identity"})
    assert response.content == b""
    assert int(response.headers["content-length"]) > 1_000
