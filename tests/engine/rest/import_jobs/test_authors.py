"""The authors of import jobs: users of an identity provider, principals that act as another one, and visitors."""

import time
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.errors import Unauthenticated
from fieldstone.engine.identity.remembered_tokens import read_remembered, remember
from fieldstone.engine.identity.tokens import user_id
from tests.engine.identity.provider import ISSUER, claims, create_open_role, new_key, provide, sign
from tests.engine.rest.asking import ask
from tests.engine.rest.import_jobs.jobs import act, counts, end_of, new_job
from tests.engine.server.conftest import StartApp

KEY = new_key("ES256", "es256")
ROWS = "email\n" + "".join(f"{number}@x\n" for number in range(2_000))
DENY = "mutation ($input: DenyTokensInput!) { denyTokens(input: $input) { subject } }"


def bearer(**given: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {sign(claims(**given), KEY, 'ES256')}"}


async def test_a_user_imports_by_a_token(start_app: StartApp) -> None:
    async with provide(KEY) as provider, start_app(jwt=provider.setting()) as (_, client):
        ada = bearer(name="Ada")
        job = await new_job(client, "email\na@x\n", "start=run", headers=ada)
        assert job["createdBy"] == {"id": str(user_id(ISSUER, "ada")), "name": "Ada"}
        done = await end_of(client, job["id"])
        assert (done["status"], counts(done)) == ("DONE", (1, 0, 0))
        (person,) = (await ask(client, "GET", "people"))["data"]["people"]
        author = {"kind": "USER", "id": str(user_id(ISSUER, "ada"))}
        assert (person["createdBy"]["name"], person["createdBy"]["context"]) == ("Ada", author)
        bob = bearer(sub="bob", role="viewer")
        assert (await ask(client, "GET", "imports", headers=bob))["data"]["imports"] == []
        await ask(client, "GET", f"imports/{job['id']}", 404, headers=bob)
        await ask(client, "POST", "imports?object=people&format=csv&start=run", 403, content="email\n1\n", headers=bob)


@pytest.mark.long
async def test_a_token_that_is_denied_stops_its_job(start_app: StartApp, app_database: str) -> None:
    async with provide(KEY) as provider, start_app(jwt=provider.setting()) as (_, client):
        job = await new_job(client, ROWS, headers=bearer(iat=int(time.time()) - 60))
        async with await psycopg.AsyncConnection.connect(app_database) as lock:
            await lock.execute("LOCK TABLE workspace_default.person")
            await act(client, job["id"], "run", headers=bearer(iat=int(time.time()) - 60))
            sent = {"query": DENY, "variables": {"input": {"issuer": ISSUER, "subject": "ada"}}}
            assert "errors" not in (await client.post("/metadata", json=sent)).json()
        stopped = await end_of(client, job["id"])
        assert (stopped["status"], stopped["error"]["code"]) == ("STOPPED", "UNAUTHENTICATED")
        assert stopped["created"] < 2_000
        # The user goes on with a later token.
        later = bearer(iat=int(time.time()) + 2)
        await act(client, job["id"], "run", headers=later)
        assert counts(await end_of(client, job["id"])) == (2_000, 0, 0)
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            found = await (
                await connection.execute("SELECT to_jsonb(j)::text FROM fieldstone.import_job AS j")
            ).fetchone()
        assert found is not None
        assert later["authorization"].rpartition(".")[2] not in found[0]


async def test_a_key_that_acts_as_another_role_has_the_rights_of_that(client: httpx.AsyncClient) -> None:
    await create_open_role(client, claims='claims: [{ name: "userId", type: UUID }]')
    ids = [f"018cc5ca-0413-7028-876c-8f78231400{number}" for number in ("01", "02")]
    ada, bob = ({"x-fieldstone-role": "open", "x-fieldstone-principal": f'{{"userId": "{id_}"}}'} for id_ in ids)
    job = await new_job(client, "email\na@x\n", "start=run", headers=ada)
    assert (await end_of(client, job["id"]))["status"] == "DONE"
    shown = [
        [one["id"] for one in (await ask(client, "GET", "imports", headers=headers))["data"]["imports"]]
        for headers in (ada, bob, {})
    ]
    assert shown == [[job["id"]], [], [job["id"]]]
    viewer = {"x-fieldstone-role": "viewer"}
    refused = await ask(
        client, "POST", "imports?object=people&format=csv&start=run", 403, content="email\n1\n", headers=viewer
    )
    assert "The role 'viewer' may not write the field 'email' of People." in refused["message"]


async def test_visitors_start_no_jobs(start_app: StartApp) -> None:
    async with start_app(anonymous_role="open") as (_, client):
        await create_open_role(client)
        del client.headers["authorization"]
        client.headers["apollo-require-preflight"] = "true"
        refused = await ask(client, "POST", "imports?object=people&format=csv", 403, content="email\n")
        assert "visitors can only send a file" in refused["message"]
        assert (await ask(client, "GET", "imports"))["data"]["imports"] == []
        await ask(
            client,
            "POST",
            "imports?object=people&format=csv",
            401,
            content="email\n",
            headers={"authorization": "Bearer x"},
        )


async def test_the_facts_of_a_token_are_checked_without_it(start_app: StartApp) -> None:
    async with provide(KEY) as provider, start_app(jwt=provider.setting()) as (app, _):
        tokens = (await app.runtime.ready()).identity.tokens
        verified = await tokens.verify(bearer()["authorization"].removeprefix("Bearer "))
        workspace_id = verified.principal.workspace_id
        known = read_remembered(remember(verified).write())
        assert await known.recall(tokens, workspace_id) == verified.principal
        changes: list[tuple[dict[str, Any], str]] = [
            ({"expires_at": time.time() - 1}, "has expired"),
            ({"issuer": "https://other.example"}, "its issuer or its role"),
            ({"role": "editor"}, "its issuer or its role"),
            ({"key_id": "another"}, "its key no more"),
            ({"thumbprint": "another"}, "its key no more"),
        ]
        for change, message in changes:
            with pytest.raises(Unauthenticated, match=message):
                await known._replace(**change).recall(tokens, workspace_id)
