"""A credential that ends while its request is on its way."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.engine.server.conftest import StartApp

CREATE = 'mutation { createPerson(data: { email: "late@x" }) { id } }'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/graphql", {"query": CREATE}),
        ("/graphql", [{"query": CREATE}]),
        ("/graphql/stream", {"query": CREATE}),
        ("/metadata", {"query": 'mutation { createApiKey(input: { name: "mine" }) { token } }'}),
        ("/rest/people", {"email": "late@x"}),
    ],
    ids=["an operation", "a batch", "an event stream", "of the model", "REST"],
)
async def test_a_key_that_is_revoked_before_the_end_of_a_body_writes_nothing(
    start_app: StartApp, path: str, body: Any
) -> None:
    async with start_app() as (_, client):

        async def ask(query: str, **variables: Any) -> Any:
            answer = (await client.post("/metadata", json={"query": query, "variables": variables})).json()
            assert "errors" not in answer
            return answer["data"]

        made = await ask('mutation { createApiKey(input: { name: "stolen" }) { id token } }')
        headers = {
            "authorization": f"Bearer {made['createApiKey']['token']}",
            "content-type": "application/json",
        }

        async def send(*, revokes: bool) -> httpx.Response:
            text = json.dumps(body).encode()

            async def pieces() -> AsyncIterator[bytes]:
                yield text[:-5]
                if revokes:
                    await ask("mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", id=made["createApiKey"]["id"])
                yield text[-5:]

            return await client.post(path, content=pieces(), headers=headers)

        assert (await send(revokes=False)).status_code < 300
        late = await send(revokes=True)
        assert (late.status_code, "late" in late.text) == (401, False)
        people = await client.post("/graphql", json={"query": "{ people { totalCount } }"})
        assert people.json()["data"]["people"]["totalCount"] == (path != "/metadata")


async def test_no_operation_of_a_batch_begins_once_its_key_is_revoked(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        mine = {"query": 'mutation { createApiKey(input: { name: "mine" }) { id token } }'}
        made = (await client.post("/metadata", json=mine)).json()["data"]["createApiKey"]
        revoke = f'mutation {{ revokeApiKey(id: "{made["id"]}") {{ name }} }}'
        batch = [{"query": revoke}, mine, {"query": "{ me { name } }"}, {"query": "{ objects { totalCount } }"}]
        headers = {"authorization": f"Bearer {made['token']}"}
        done, *refused = (await client.post("/metadata", json=batch, headers=headers)).json()
        assert done == {"data": {"revokeApiKey": {"name": "mine"}}}
        assert [[error["extensions"]["code"] for error in one["errors"]] for one in refused] == [
            ["UNAUTHENTICATED"]
        ] * 3
        listed = (await client.post("/metadata", json={"query": "{ apiKeys { totalCount } }"})).json()
        assert listed["data"]["apiKeys"]["totalCount"] == 2
