"""The rate limit as clients see it."""

import time

import httpx

from tests.engine.server.conftest import StartApp

PING = {"query": "{ __typename }"}


def told(response: httpx.Response) -> tuple[str, str]:
    assert int(response.headers["x-ratelimit-reset"]) >= int(time.time())
    return response.headers["x-ratelimit-limit"], response.headers["x-ratelimit-remaining"]


async def test_every_authenticated_answer_tells_what_is_left(start_app: StartApp) -> None:
    async with start_app(rate_limit=10) as (_, client):
        assert told(await client.post("/graphql", json=PING)) == ("10", "9")
        assert told(await client.post("/metadata", json=PING)) == ("10", "8")
        assert told(await client.get("/graphql", params=PING)) == ("10", "7")
        assert told(await client.post("/graphql", content=b"{", headers={"content-type": "application/json"})) == (
            "10",
            "6",
        )
        assert told(await client.post("/graphql", content=b"{}")) == ("10", "5")
        assert told(await client.post("/graphql", json=[PING, PING, PING])) == ("10", "2")


async def test_past_the_limit_the_answer_says_until_when(start_app: StartApp) -> None:
    async with start_app(rate_limit=2) as (app, client):
        for _ in range(2):
            assert (await client.post("/graphql", json=PING)).status_code == 200
        refused = await client.post("/graphql", json=PING)
        assert refused.status_code == 429
        assert told(refused) == ("2", "0")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        body = refused.json()
        extensions = body["errors"][0]["extensions"]
        assert extensions["code"] == "RATE_LIMIT_EXCEEDED"
        assert 0 < extensions["resetAt"] - time.time() * 1000 <= 60_000
        assert body["extensions"] == extensions
        services = await app.runtime.ready()
        made = await services.keys.create(services.foundation.default.workspace.id, "another")
        other = await client.post("/graphql", json=PING, headers={"authorization": f"Bearer {made.token}"})
        assert told(other) == ("2", "1")


async def test_a_batch_counts_each_operation_and_is_refused_as_a_whole(start_app: StartApp) -> None:
    create = {"query": 'mutation { createCompany(data: { name: "a" }) { id } }'}
    async with start_app(rate_limit=4) as (_, client):
        assert (await client.post("/graphql", json=[create] * 5)).status_code == 429
        answer = await client.post("/graphql", json={"query": "{ companies { totalCount } }"})
        assert answer.json()["data"]["companies"]["totalCount"] == 0
        assert told(answer) == ("4", "2")


async def test_without_a_limit_nothing_is_counted(client: httpx.AsyncClient) -> None:
    assert "x-ratelimit-limit" not in (await client.post("/graphql", json=PING)).headers
