"""Secrets with a mark, searched in all that a server writes: tables, the log, metrics, errors, answers, history."""

import json
import re
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.engine.identity.provider import Provider, claims, sign_with_text
from tests.engine.webhooks.target import target_server
from tests.processes.serving import Served, close, start, wait_until_ready

pytestmark = pytest.mark.long

MARK = "leak7f3a"
SECRET_KEY = f"{MARK}-secret-key-of-more-than-thirty-two-letters"
METRICS_TOKEN = f"{MARK}-metrics"
TOKEN_KEY = f"{MARK}-key-of-an-identity-provider-of-more-than-32-bytes"
CREATE_WEBHOOK = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id secret } }"
UPDATE_WEBHOOK = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"
READ = (
    "{ auditLog { edges { node { action details actorName subjectName } } }"
    " metadataHistory { edges { node { changes } } }"
    " webhooks { edges { node { targetUrl deliveries { edges { node { event error responseBody status } } } } } }"
    " apiKeys { edges { node { name } } } }"
)


def dump(dsn: str) -> str:
    """Return all rows of all tables as text."""
    with psycopg.connect(dsn) as connection:
        names = connection.execute(
            "SELECT nspname, relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p', 'm') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'"
        ).fetchall()
        assert len(names) > 20
        texts = []
        for schema, name in names:
            query = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, name))
            texts += [f"{schema}.{name}: {row}" for (row,) in connection.execute(query)]
    return "\n".join(texts)


def tokens_in(text: str) -> list[str]:
    """Return the parts of a text that look like an API key."""
    return re.findall(r"fs_[A-Za-z0-9_-]{43}", text)


async def test_no_secret_is_found_anywhere(dsn: str, tmp_path: Path) -> None:
    async with target_server() as target:
        served = start(
            DATABASE_URL=dsn,
            FIELDSTONE_SECRET_KEY=SECRET_KEY,
            FIELDSTONE_METRICS_TOKEN=METRICS_TOKEN,
            FIELDSTONE_JWT=Provider().setting(jwksUrl=None, key=TOKEN_KEY, algorithms=["HS256"]),
            FIELDSTONE_LOG_LEVEL="debug",
            FIELDSTONE_WEBHOOK_ALLOW="127.0.0.0/8",
            FIELDSTONE_WEBHOOK_RETRY_DELAY="0.1",
        )
        try:
            wait_until_ready(served)
            secrets: list[str] = []
            answers = await _use(served, target.url, secrets)
            await target.until_received(1)
            served.stop()
        finally:
            close(served)
        received = "".join(f"{one.headers} {one.body.decode()}" for one in target.received)
    table, log = dump(dsn), "".join(served.errors)
    assert "sealed:" in table
    assert "request" in log
    for place, text in {"tables": table, "log": log, "answers": answers, "deliveries": received}.items():
        found = [text[max(0, at.start() - 80) : at.end() + 80] for at in re.finditer(MARK, text)]
        assert found == [], place
        assert tokens_in(text) == [], place
        assert served.key not in text, place
        assert "whsec_" not in text, place
        assert [one for one in secrets if one in text] == [], place


async def _use(served: Served, url: str, secrets: list[str]) -> str:
    """Do all that has a secret to do, well and badly; return the answers that have no business with one.

    `secrets` gets those of a session and of tokens.
    """
    shown: list[str] = []
    headers = {"Authorization": f"Bearer {served.key}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30) as client:

        async def ask(query: str, path: str = "/metadata", **variables: object) -> httpx.Response:
            return await client.post(
                path,
                json={"query": query, "variables": variables},
                headers={"Idempotency-Key": str(len(shown) + len(variables)) + path[1:]},
            )

        made = (
            await ask(CREATE_WEBHOOK, input={"targetUrl": url, "operations": "*.*", "secret": f"{MARK} of a webhook"})
        ).json()["data"]["createWebhook"]
        assert made["secret"] == f"{MARK} of a webhook"
        (await ask(CREATE_WEBHOOK, input={"targetUrl": url, "operations": "person.created"})).json()
        shown.append((await ask(UPDATE_WEBHOOK, id=made["id"], input={"secret": f"{MARK} again"})).text)
        shown.append((await ask(UPDATE_WEBHOOK, id=made["id"], input={"secret": " "})).text)
        shown.append((await ask(UPDATE_WEBHOOK, id=made["id"], input={"secret": "sealed:x"})).text)
        key = (await ask('mutation { createApiKey(input: { name: "partner" }) { id token } }')).json()["data"]
        token = key["createApiKey"]["token"]
        text = "mutation ($id: UUID!) { rotateApiKey(id: $id, overlapSeconds: 60) { token } }"
        rotated = (await ask(text, id=key["createApiKey"]["id"])).json()["data"]["rotateApiKey"]["token"]
        signed, expired = (sign_with_text(claims(jti=MARK, exp=exp), TOKEN_KEY) for exp in (4_102_444_800, 1))
        secrets += [signed.rpartition(".")[2], expired.rpartition(".")[2]]
        holds = {"Authorization": f"Bearer {signed}"}
        assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=holds)).status_code == 200
        for one in (token, rotated, f"{MARK}-wrong", "fs_" + MARK.ljust(43, "x"), f"a.{MARK}.b", signed, expired):
            answer = await client.post(
                "/graphql", json={"query": "{ __typename }"}, headers={"Authorization": f"Bearer {one}"}
            )
            shown.append(answer.text)
        signed_in = await client.post("/auth/sign-in", json={"key": rotated})
        assert signed_in.status_code == 200
        secrets.append(signed_in.headers["set-cookie"].split(";")[0].split("=", 1)[1])
        shown.append((await client.post("/auth/sign-in", json={"key": f"{MARK}-wrong"})).text)
        client.cookies.clear()
        await ask('mutation { createPerson(data: { email: "a@example.com" }) { id } }', "/graphql")
        shown.append(
            (await ask("mutation ($id: UUID!) { testWebhook(id: $id) { succeeded error } }", id=made["id"])).text
        )
        shown.append((await ask(READ)).text)
        assert "errors" not in json.loads(shown[-1]), shown[-1]
        for authorization in ("Bearer x", f"Bearer {METRICS_TOKEN}"):
            paths, given = ("/metrics", "/readyz", "/healthz", "/", "/nothing"), {"Authorization": authorization}
            shown += [(await client.get(path, headers=given)).text for path in paths]
    return "\n".join(shown)
