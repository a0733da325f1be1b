"""The audit log over HTTP: principal, action, time and address of each entry. A flood of failures does not fill it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from fieldstone.engine.audit.retention import trim
from fieldstone.engine.audit.trail import MOST_PENDING, MOST_ROWS, AuditTrail
from fieldstone.engine.errors import RefusedUser
from fieldstone.engine.identity.tokens import user_id
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.rate_limits.failed_tokens import MOST, MOST_SIGN_INS
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, Author
from tests.engine.identity.provider import ISSUER, Provider, claims, new_key, sign
from tests.engine.server.conftest import StartApp
from tests.waiting import until_found

LOG = (
    "query ($filter: AuditEntryFilterInput, $first: Int, $after: String) { auditLog(filter: $filter, first: $first,"
    " after: $after, orderBy: { createdAt: ASC }) { totalCount pageInfo { endCursor hasNextPage } edges { node { id"
    " createdAt action actorKind actorId actorName address subjectId subjectName count details } } } }"
)
CREATE_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { id token } }"
REVOKE = "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }"
CREATE_WEBHOOK = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"
UPDATE_WEBHOOK = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"
DELETE_WEBHOOK = "mutation ($id: UUID!) { deleteWebhook(id: $id) { id } }"
MARKER = "marker-2f8c1"


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    answer = (await client.post("/metadata", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def log_of(client: httpx.AsyncClient, *actions: str) -> list[Any]:
    """Return the entries, of these actions where there are some."""
    chosen = {"action": {"in": list(actions)}} if actions else None
    return [edge["node"] for edge in (await ask(client, LOG, filter=chosen))["auditLog"]["edges"]]


@asynccontextmanager
async def at(app: Fieldstone, address: str, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client with this address."""
    transport = httpx.ASGITransport(app=app, client=(address, 4711))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://fieldstone.test", headers={"Authorization": key}
    ) as client:
        yield client


@pytest.fixture
async def served(start_app: Any) -> AsyncIterator[tuple[Fieldstone, str]]:
    """An app, and the header of a key called `test`."""
    async with start_app(webhook_allow="127.0.0.0/8") as (app, client):
        yield app, client.headers["Authorization"]


async def test_keys_and_webhooks_are_noted_with_their_author_and_address(served: tuple[Fieldstone, str]) -> None:
    app, key = served
    async with at(app, "203.0.113.9", key) as client:
        made = (await ask(client, CREATE_KEY, input={"name": "partner"}))["createApiKey"]
        await ask(client, REVOKE, id=made["id"])
        target = {"targetUrl": f"http://127.0.0.1/{MARKER}", "operations": "*.*", "secret": MARKER}
        hook = (await ask(client, CREATE_WEBHOOK, input=target))["createWebhook"]["id"]
        await ask(client, UPDATE_WEBHOOK, id=hook, input={"secret": f"{MARKER} again"})
        await ask(client, DELETE_WEBHOOK, id=hook)
        entries = await log_of(client)
    # The first key was made by a command, as this test does.
    assert [entry["action"] for entry in entries] == [
        *("API_KEY_CREATED", "API_KEY_CREATED", "API_KEY_REVOKED"),
        *("WEBHOOK_CREATED", "WEBHOOK_UPDATED", "WEBHOOK_DELETED"),
    ]
    first, created, revoked, *webhooks = entries
    assert (first["actorKind"], first["actorName"], first["address"]) == ("COMMAND", "fieldstone", None)
    assert first["subjectName"] == "test"
    for entry in entries[1:]:
        assert (entry["actorKind"], entry["actorName"], entry["address"]) == ("API_KEY", "test", "203.0.113.9")
        assert entry["actorId"] == first["subjectId"]
        assert entry["count"] == 1
    for entry in (created, revoked):
        assert (entry["subjectId"], entry["subjectName"]) == (made["id"], "partner")
    assert {entry["subjectId"] for entry in webhooks} == {hook}
    assert webhooks[0]["details"] == {"inputs": ["operations", "secret", "targetUrl"]}
    assert webhooks[1]["details"] == {"inputs": ["secret"]}
    assert MARKER not in str(entries)


async def test_an_act_that_is_rolled_back_is_not_noted(served: tuple[Fieldstone, str]) -> None:
    app, key = served
    async with at(app, "203.0.113.9", key) as client:
        text = (
            f'mutation {{ a: createApiKey(input: {{ name: "x" }}) {{ id }} b: revokeApiKey(id: "{uuid4()}") {{ id }} }}'
        )
        answer = (await client.post("/metadata", json={"query": text})).json()
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert [entry["subjectName"] for entry in await log_of(client)] == ["test"]


async def test_failed_sign_ins_are_noted_by_address_and_those_of_a_former_key_in_its_workspace(
    served: tuple[Fieldstone, str], app_database: str
) -> None:
    app, key = served
    async with at(app, "203.0.113.9", key) as client:
        made = (await ask(client, CREATE_KEY, input={"name": "former"}))["createApiKey"]
        await ask(client, REVOKE, id=made["id"])
        async with at(app, "198.51.100.7", f"Bearer {made['token']}") as former:
            for _ in range(3):
                assert (await former.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
            former.headers["Authorization"] = "Bearer fs_" + "x" * 43
            assert (await former.get("/graphql/stream", params={"query": "{ __typename }"})).status_code == 401
            former.headers["Authorization"] = "Basic Zm9v"
            assert (await former.post("/metadata", json={"query": "{ __typename }"})).status_code == 401
            # A visitor without a key or a cookie has not tried to sign in.
            del former.headers["Authorization"]
            assert (await former.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
        await (await app.runtime.ready()).audit.flush()
        (entry,) = await log_of(client, "SIGN_IN_FAILED")
    assert (entry["actorKind"], entry["actorId"], entry["actorName"]) == ("API_KEY", made["id"], "former")
    assert (entry["address"], entry["count"]) == ("198.51.100.7", 3)
    with psycopg.connect(app_database) as connection:
        rows = connection.execute(
            "SELECT workspace_id, actor_kind, address, count FROM fieldstone.audit_log"
            " WHERE action = 'SIGN_IN_FAILED' AND actor_id IS NULL"
        ).fetchall()
    assert rows == [(None, "UNKNOWN", "198.51.100.7", 2)]


async def test_failures_of_tokens_that_are_signed_and_of_sessions_are_noted_in_their_workspace(
    start_app: StartApp, app_database: str
) -> None:
    key, now = new_key("ES256", "es256"), int(time.time())
    issuer = Provider().setting(jwksUrl=None, key=key.as_dict(private=False))
    async with start_app(jwt=issuer) as (app, client):
        services = await app.runtime.ready()
        workspace = services.foundation.default.workspace.id
        await ask(client, f'mutation {{ denyTokens(input: {{ issuer: "{ISSUER}" subject: "eve" }}) {{ issuer }} }}')
        refused = {
            "eve": claims(sub="eve"),
            "bob": claims(sub="bob", exp=now - 1),
            "ada": claims(role="editor"),
            "joe": claims(sub="joe", aud="other"),
        }
        nowhere = claims(sub="eve", workspace="nowhere")
        acting = {"x-fieldstone-role": "admin"}
        signed_in = await client.post("/auth/sign-in", json={"key": client.headers["authorization"].split()[1]})
        assert signed_in.status_code == 200
        assert (await client.delete("/auth/session")).status_code == 200
        async with at(app, "198.51.100.7", "") as other:
            for given in (*refused.values(), nowhere):
                other.headers["Authorization"] = f"Bearer {sign(given, key, 'ES256')}"
                assert (await other.post("/graphql", json={"query": "{ __typename }"})).status_code in (401, 403)
            other.headers["Authorization"] = f"Bearer {sign(claims(sub='sue', role='viewer'), key, 'ES256')}"
            answer = await other.post("/graphql", json={"query": "{ __typename }"}, headers=acting)
            assert answer.status_code == 403
            del other.headers["Authorization"]
            other.headers["Cookie"] = signed_in.headers["set-cookie"].partition(";")[0]
            assert (await other.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
        await services.audit.flush()
        entries = await log_of(client, "SIGN_IN_FAILED")
        kinds = {(entry["actorKind"], entry["actorName"], entry["subjectName"]) for entry in entries}
        assert kinds == {("API_KEY", "test", "test"), *(("USER", name, name) for name in (*refused, "sue"))}
        assert {entry["actorId"] for entry in entries} >= {str(user_id(ISSUER, name)) for name in refused}
        assert {(entry["address"], entry["count"]) for entry in entries} == {("198.51.100.7", 1)}
        # A workspace that is gone is that of an unknown client.
        services.audit.fail(None, "203.0.113.9", RefusedUser(uuid4(), uuid4(), "eve"))
        await services.audit.flush()
    with psycopg.connect(app_database) as connection:
        rows = connection.execute(
            "SELECT address, sum(count) FROM fieldstone.audit_log WHERE workspace_id IS DISTINCT FROM %s GROUP BY 1",
            [workspace],
        ).fetchall()
    assert sorted(rows) == [("198.51.100.7", 1), ("203.0.113.9", 1)]


async def test_a_sign_in_that_is_refused_for_too_many_is_noted_too(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        for _ in range(MOST_SIGN_INS + 1):
            last = await client.post("/auth/sign-in", json={"key": "fs_wrong"})
        for _ in range(MOST):
            services.failed_tokens.begin(ip_address("127.0.0.1"))
        client.headers["Cookie"] = f"fieldstone_session={MARKER}"
        del client.headers["Authorization"]
        limited = await client.post("/graphql", json={"query": "{ __typename }"})
        assert (last.status_code, limited.status_code) == (429, 429)
        await services.audit.flush()
    with psycopg.connect(app_database) as connection:
        rows = connection.execute("SELECT sum(count) FROM fieldstone.audit_log WHERE action = 'SIGN_IN_FAILED'")
        assert rows.fetchone() == (MOST_SIGN_INS + 2,)


async def test_a_flood_of_failures_takes_a_bounded_number_of_rows(
    served: tuple[Fieldstone, str], app_database: str
) -> None:
    app, _ = served
    database = (await app.runtime.ready()).foundation.database
    trail = AuditTrail(database)
    for turn in range(5):
        for number in range(3_000):
            trail.fail(number.to_bytes(32), f"10.{turn}.{number // 250}.{number % 250}")
        assert len(trail._failures) <= MOST_PENDING
        await trail.flush()
    trail._rows = 1
    await trail.flush()
    with psycopg.connect(app_database) as connection:
        found = connection.execute("SELECT count(*), sum(count) FROM fieldstone.audit_log WHERE actor_kind = 'UNKNOWN'")
        rows, failures = found.fetchone() or (0, 0)
    assert rows <= MOST_ROWS + 2
    assert failures == 15_000


async def test_equal_acts_of_many_requests_are_one_entry(served: tuple[Fieldstone, str]) -> None:
    app, key = served
    services = await app.runtime.ready()
    author = Author(kind="API_KEY", id=UUID(int=7), name="support", address="203.0.113.9")
    own, deleted = services.foundation.default.workspace.id, uuid4()
    # An entry of a workspace that has been deleted meanwhile holds up no other one.
    for workspace_id, role in ((own, "rep"), (deleted, "rep"), (own, "rep"), (own, "viewer")):
        services.audit.add(
            AuditEntry(
                workspace_id=workspace_id,
                action=AuditAction.IMPERSONATED,
                author=author,
                subject_name=role,
            )
        )
    await services.audit.flush()
    await services.audit.flush()
    async with at(app, "203.0.113.9", key) as client:
        entries = await log_of(client, "IMPERSONATED")
    assert sorted((entry["subjectName"], entry["count"]) for entry in entries) == [("rep", 2), ("viewer", 1)]


async def test_acts_wait_while_the_database_refuses_them_and_are_written_at_the_stop(
    served: tuple[Fieldstone, str], app_database: str
) -> None:
    app, _ = served
    trail = AuditTrail((await app.runtime.ready()).foundation.database)
    running = asyncio.create_task(trail.run())
    await asyncio.sleep(0)
    with psycopg.connect(app_database, autocommit=True) as connection:
        trail.fail(b"x", "203.0.113.9")
        connection.execute("ALTER TABLE fieldstone.audit_log RENAME TO away")
        await trail.flush()
        connection.execute("ALTER TABLE fieldstone.away RENAME TO audit_log")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        counted = connection.execute("SELECT count FROM fieldstone.audit_log WHERE actor_kind = 'UNKNOWN'").fetchall()
    assert counted == [(1,)]


async def test_failures_that_come_while_others_are_written_are_written_next(
    served: tuple[Fieldstone, str], app_database: str
) -> None:
    app, _ = served
    trail = AuditTrail((await app.runtime.ready()).foundation.database)
    trail.fail(b"x", "203.0.113.9")
    async with await psycopg.AsyncConnection.connect(app_database) as connection:
        await connection.execute("LOCK TABLE fieldstone.audit_log")
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as other:
            flushing = asyncio.create_task(trail.flush())
            await until_found(
                other, "SELECT FROM pg_locks WHERE NOT granted AND relation = 'fieldstone.audit_log'::regclass"
            )
        for hash_ in (b"x", b"y"):
            trail.fail(hash_, "203.0.113.9")
        await connection.rollback()
        await flushing
        await trail.flush()
        cursor = await connection.execute("SELECT sum(count) FROM fieldstone.audit_log WHERE action = 'SIGN_IN_FAILED'")
        assert await cursor.fetchone() == (3,)


async def test_a_workspace_reads_its_own_entries_page_by_page_and_nobody_writes_them(
    served: tuple[Fieldstone, str],
) -> None:
    app, key = served
    services = await app.runtime.ready()
    other = await services.foundation.workspaces.create("other", actor="test")
    theirs = await services.foundation.keys.create(other.workspace.id, "theirs")
    async with at(app, "203.0.113.9", key) as client:
        for number in range(5):
            await ask(client, CREATE_KEY, input={"name": f"key {number}"})
        names, after = [], None
        while True:
            page = (await ask(client, LOG, first=2, after=after))["auditLog"]
            names += [edge["node"]["subjectName"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert names == ["test", *(f"key {number}" for number in range(5))]
        assert page["totalCount"] == 6
        schema = await ask(client, "{ __schema { mutationType { fields { name } } } }")
        mutations = [field["name"] for field in schema["__schema"]["mutationType"]["fields"]]
        assert [name for name in mutations if "audit" in name.lower()] == []
        client.headers["Authorization"] = f"Bearer {theirs.token}"
        assert "key 1" not in str(await log_of(client))


async def test_old_entries_are_deleted_by_their_age(served: tuple[Fieldstone, str], app_database: str) -> None:
    app, _ = served
    database = (await app.runtime.ready()).foundation.database
    with psycopg.connect(app_database) as connection:
        connection.execute(
            "INSERT INTO fieldstone.audit_log (id, created_at, action, actor_kind)"
            " SELECT gen_random_uuid(), now() - day * interval '1 day', 'SIGN_IN', 'USER'"
            " FROM generate_series(0, 9) AS day"
        )
    assert await trim(database, 5) == 5
    assert await trim(database, 5) == 0


ROLE = {"name": "rep", "label": "Rep", "grants": [{"object": "*", "read": {}}]}


async def test_changes_of_roles_are_noted_however_they_are_made(served: tuple[Fieldstone, str]) -> None:
    app, key = served
    actions = ("ROLE_CREATED", "ROLE_UPDATED", "ROLE_DELETED")
    async with at(app, "203.0.113.9", key) as client:
        text = "mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }"
        role = (await ask(client, text, input=ROLE))["createRole"]["id"]
        text = "mutation ($id: UUID!, $input: UpdateRoleInput!) { updateRole(id: $id, input: $input) { id } }"
        await ask(client, text, id=role, input={"label": "Sales"})
        (version,) = [entry["details"]["version"] for entry in await log_of(client, "ROLE_UPDATED")]
        await ask(client, "mutation ($id: UUID!) { deleteRole(id: $id) { id } }", id=role)
        entries = await log_of(client, *actions)
        assert [entry["action"] for entry in entries] == list(actions)
        assert {(entry["subjectId"], entry["subjectName"]) for entry in entries} == {(role, "rep")}
        assert {(entry["actorName"], entry["address"]) for entry in entries} == {("test", "203.0.113.9")}
        assert [entry["details"]["version"] for entry in entries] == [version - 1, version, version + 1]
        text = 'mutation { createField(input: { objectMetadataId: "ID" name: "extra" label: "E" type: TEXT }) { id } }'
        found = await ask(client, '{ objects(filter: { nameSingular: { eq: "person" } }) { edges { node { id } } } }')
        await ask(client, text.replace("ID", found["objects"]["edges"][0]["node"]["id"]))
        assert len(await log_of(client, *actions)) == 3
