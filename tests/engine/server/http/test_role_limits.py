"""The limits of roles: page, cost and rate, each request by its own role although the roles share plans."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from fieldstone.engine.server.app import Fieldstone
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import Serve
from tests.waiting import until_true

__all__ = ["serve"]

PAGE = "query ($n: Int) { companies(first: $n) { edges { node { name } } } }"
WHOLE = "{ companies { edges { node { name } } } }"
DEAR = "{ companies(first: 50) { edges { node { people(first: 10) { edges { node { id } } } } } } }"
CREATE = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"

Ask = Callable[..., Any]


async def new_key(app: Fieldstone, client: httpx.AsyncClient, name: str, **limits: int) -> str:
    """Make a role that may do everything within limits, and return a key of it."""
    every: dict[str, Any] = {action: {} for action in ("read", "create", "update", "delete", "restore", "destroy")}
    answer = await client.post(
        "/metadata",
        json={
            "query": "mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }",
            "variables": {
                "input": {
                    "name": name,
                    "label": name,
                    "limits": limits,
                    "grants": [{"object": "*", "aggregates": True, **every}],
                }
            },
        },
    )
    assert "errors" not in answer.json(), answer.text
    foundation = (await app.runtime.ready()).foundation
    return (await foundation.keys.create(foundation.default.workspace.id, name, role=name)).token


@asynccontextmanager
async def limited(start_app: StartApp, *, settings: Any = None, **limits: int) -> AsyncIterator[tuple[Ask, Ask]]:
    """Functions that ask as an administrator, and as a role with limits, of the same documents."""
    async with start_app(**(settings or {})) as (app, client):
        token = await new_key(app, client, "small", **limits)
        data = [{"name": f"c{n}"} for n in range(100)]
        assert (
            "errors" not in (await client.post("/graphql", json={"query": CREATE, "variables": {"data": data}})).json()
        )

        def asking(key: str) -> Ask:
            async def ask(query: str, path: str = "/graphql", **variables: Any) -> Any:
                given = {"query": query, "variables": variables}
                response = await client.post(path, json=given, headers={"authorization": f"Bearer {key}"})
                return response.json()

            return ask

        yield asking(client.headers["authorization"].removeprefix("Bearer ")), asking(token)


async def test_each_role_has_its_own_page_whoever_asked_first(start_app: StartApp) -> None:
    async with limited(start_app, maxPage=10) as (admin, small):
        for _ in range(3):
            for ask, size in ((admin, 60), (small, 10)):
                assert len((await ask(WHOLE))["data"]["companies"]["edges"]) == size
            assert len((await admin(PAGE, n=20))["data"]["companies"]["edges"]) == 20
            (error,) = (await small(PAGE, n=20))["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert error["message"] == "'first' must be from 0 to 10, not 20."
            assert len((await small(PAGE, n=10))["data"]["companies"]["edges"]) == 10
        below = "{ companies(first: 2) { edges { node { people(last: 11) { totalCount } } } } }"
        assert "from 0 to 10" in (await small(below))["errors"][0]["message"]
        assert "errors" not in await admin(below)


async def test_events_are_held_to_the_page_of_the_role_and_groups_are_not(start_app: StartApp) -> None:
    groups = "query ($n: Int) { found: companiesGroupBy(groupBy: [{ name: true }], first: $n) { count } }"
    events = "query ($n: Int) { events(first: $n) { edges { cursor } } }"
    async with limited(start_app, maxPage=3) as (admin, small):

        async def are_listed() -> bool:
            return len((await admin(events, "/metadata"))["data"]["events"]["edges"]) == 50

        await until_true(are_listed)
        for _ in range(2):
            for ask, listed in ((admin, 50), (small, 3)):
                assert len((await ask(groups))["data"]["found"]) == 100
                assert len((await ask(events, "/metadata"))["data"]["events"]["edges"]) == listed
        (error,) = (await small(events, "/metadata", n=4))["errors"]
        assert error["message"] == "'first' must be from 0 to 3, not 4."
        assert "errors" not in await admin(events, "/metadata", n=4)


async def test_each_role_has_its_own_cost_whoever_asked_first(start_app: StartApp) -> None:
    async with limited(start_app, maxCost=100) as (admin, small):
        for _ in range(3):
            assert "errors" not in await admin(DEAR)
            (error,) = (await small(DEAR))["errors"]
            assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
            assert (error["extensions"]["cost"], error["extensions"]["limit"]) == (550, 100)
        # Offsets are priced for each request.
        skipping = "query ($n: Int) { companies(first: 1, offset: $n) { edges { node { id } } } }"
        assert "errors" not in await small(skipping, n=10)
        assert "errors" not in await admin(skipping, n=5_000)
        assert (await small(skipping, n=5_000))["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_the_cost_of_a_mutation_is_that_of_the_role(start_app: StartApp) -> None:
    filtered = 'filter: { name: { like: "c%" } }'
    text = f'mutation {{ updateCompanies({filtered} data: {{ website: "x" }}) {{ people {{ totalCount }} }} }}'
    async with limited(start_app, maxCost=20) as (admin, small):
        assert (await small(text))["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert "errors" not in await admin(text)
        assert (await small(text))["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_a_role_cannot_go_past_the_server(start_app: StartApp) -> None:
    settings = {"max_page": 20, "default_page": 20, "max_cost": 100}
    async with limited(start_app, settings=settings, maxPage=1_000, maxCost=10_000) as (_, large):
        assert "from 0 to 20" in (await large(PAGE, n=21))["errors"][0]["message"]
        assert (await large("{ companies { edges { node { people { edges { node { id } } } } } } }"))["errors"][0][
            "extensions"
        ]["limit"] == 100


async def test_a_role_has_its_own_rate_at_once_after_a_change(start_app: StartApp) -> None:
    async with start_app(rate_limit=1_000) as (app, client):
        workspace_id = (await app.runtime.ready()).foundation.default.workspace.id
        headers = {"authorization": f"Bearer {await new_key(app, client, 'slow', rateLimit=3)}"}
        ping = {"query": "{ __typename }"}
        answers = [await client.post("/graphql", json=ping, headers=headers) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["x-ratelimit-limit"] == "3"
        assert (await client.post("/graphql", json=ping)).headers["x-ratelimit-limit"] == "1000"
        update = "mutation ($id: UUID!) { updateRole(id: $id, input: { limits: { rateLimit: 5 } }) { id } }"
        snapshot = await (await app.runtime.ready()).foundation.current.get(workspace_id)
        (id_,) = [str(role.id) for role in snapshot.roles.values() if role.name == "slow"]
        answer = await client.post("/metadata", json={"query": update, "variables": {"id": id_}})
        assert "errors" not in answer.json(), answer.text
        left = await client.post("/graphql", json=ping, headers=headers)
        assert (left.status_code, left.headers["x-ratelimit-remaining"]) == (200, "1")


@pytest.mark.parametrize("first", ["admin", "small"])
async def test_the_fast_path_keeps_the_roles_apart(serve: Serve, first: str) -> None:
    async with serve() as serving:
        small, admin = await serving.talk(), await serving.talk()
        small.token = await new_key(serving.app, serving.client, "small", maxPage=1)
        talks = [admin, small] if first == "admin" else [small, admin]
        people = "{ people { edges { node { firstName } } } }"
        for talk in talks:
            await talk.warm_up(people)
        before = await serving.warm()
        sizes = [len((await talk.ask(people)).json["data"]["people"]["edges"]) for talk in (admin, small, admin, small)]
        assert sizes == [2, 1, 2, 1]
        assert await serving.warm() == before + 4
