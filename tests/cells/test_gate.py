"""Writes of the catalog within the moment in which a move holds them: each is found in the target."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.cells.moves import switch
from fieldstone.engine.cells.moves.events import note_epochs as note_epochs_of
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cli import api_keys, documents
from fieldstone.engine.settings import Settings
from fieldstone.engine.slow_operations.seen import SlowOperation
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, Author
from fieldstone.metadata.workspaces.api_keys import hash_token
from fieldstone.metadata.workspaces.sign_in_codes import create_code
from tests.cells.clusters import cell_services, client_of, make_workspace, open_app, run, send, settings_with
from tests.engine.rest.asking import ask
from tests.engine.rest.import_jobs.jobs import new_job

pytestmark = pytest.mark.long

ADDRESS = "192.0.2.7"
QUERY = "{ companies { totalCount } }"
KEPT = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(QUERY.encode()).hexdigest()}}}
CREATE = 'mutation { createCompany(data: { name: "held" }) { id } }'
VIEW = 'mutation { createView(input: { object: "company", name: "held" }) { id } }'
PREFER = "mutation ($patch: JSON!) { setPreferences(patch: $patch) }"
DENY = 'mutation { denyTokens(input: { issuer: "https://a", subject: "held" }) { subject } }'
HOOK = 'mutation { createWebhook(input: { targetUrl: "https://a.example/", operations: ["*.*"] }) { id } }'

BEHIND_THE_GATE = {
    *("api_key", "session", "sign_in_code", "denied_token", "saved_view", "preference", "trusted_document"),
    *("persisted_query", "webhook", "webhook_delivery", "import_job", "audit_log", "slow_operation"),
}
WITH_THE_MODEL = {
    *("object", "field", "relation", "index", "role", "retired_name", "model_change", "imported", "sql_role"),
}
"""Tables that a change of the model writes: it has its turn, for which it waits to the end of a move."""
WITH_RECORDS = {"idempotency", "event_staging"}
"""Tables that are written by the transaction of a record, which the locks of the workspace's tables hold."""
WITH_ANOTHER = {
    "webhook_operation": "webhook",
    "webhook_try": "webhook_delivery",
    **dict.fromkeys(("import_batch", "import_chunk", "import_error", "import_record"), "import_job"),
}
"""Tables whose rows are written by a statement or a transaction that writes one of these, too."""
OF_THE_CELL = {
    *("event_log", "record_history", "log_epoch", "moved_event"),
    *("placed_credential", "placement", "workspace_load", "workspace_move"),
}
"""Tables of the log, whose end is waited for, and of the place of workspaces."""


class Held:
    """Writers that begin while the writes are held, each of which waits for the end of that.

    Attributes:
        writers: those that wait in the database.
        queued: those that wait in the queue of the process for the turn of the model.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.writers: dict[str, Callable[[], Awaitable[Any]]] = {}
        self.queued: dict[str, Callable[[], Awaitable[Any]]] = {}
        self.results: dict[str, Any] = {}

    async def begin(self) -> list[asyncio.Task[None]]:
        tasks = []
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            for number, (name, write) in enumerate(self.writers.items(), start=1):
                tasks.append(asyncio.create_task(self._write(name, write)))
                await waiting(connection, number, name)
        return [*tasks, *(asyncio.create_task(self._write(name, write)) for name, write in self.queued.items())]

    async def _write(self, name: str, write: Callable[[], Awaitable[Any]]) -> None:
        self.results[name] = await write()


async def waiting(connection: psycopg.AsyncConnection[Any], number: int, name: str) -> None:
    """Return when so many statements wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(4_000):
        row = await (await connection.execute(query)).fetchone()
        if row is not None and row[0] >= number:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{name} does not wait")


async def move_with(held: Held, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the workspace; the writers begin when all rows have been carried."""
    tasks: list[asyncio.Task[None]] = []

    async def note_epochs(*given: Any) -> None:
        await note_epochs_of(*given)
        if not tasks:
            tasks.extend(await held.begin())

    monkeypatch.setattr(switch, "note_epochs", note_epochs)
    await move(settings, "first", "east", lambda _: None)
    async with asyncio.timeout(60):
        await asyncio.gather(*tasks)


def slow(workspace_id: Any) -> SlowOperation:
    return SlowOperation(
        workspace_id=workspace_id,
        api="CORE",
        type="QUERY",
        name="Held",
        roots="companies",
        hash="a",
        role=None,
        variables="{}",
        statement=None,
    )


async def test_what_is_written_while_writes_are_held_is_in_the_target(
    cells: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    settings = settings_with(cells)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"held": QUERY}), encoding="utf-8")
    async with open_app(cells, session_pool_size=30, pool_size=12, slow_operation=60_000) as app:
        model, token = await make_workspace(app, "home", "first")
        id_, home = model.workspace.id, cell_services(app, "home")
        keys = home.foundation.keys
        rotated, revoked, failing, coded = [
            await keys.create(id_, name) for name in ("rotated", "revoked", "failing", "coded")
        ]
        await keys.revoke(id_, failing.key.id)
        code = await create_code(home.foundation.database, workspace_id=id_, key_id=coded.key.id)
        other = await signed_in(app, token)
        async with client_of(app, token) as client:
            gone = await new_job(client, "email\na@example.com\n")
            await send(client, QUERY)

            async def act() -> None:
                author = Author(kind="API_KEY", name="held")
                home.audit.add(AuditEntry(workspace_id=id_, action=AuditAction.IMPERSONATED, author=author))
                home.audit.fail(hash_token(failing.token), ADDRESS)
                await home.audit.flush()
                await cell_services(app, "east").audit.flush()

            async def be_slow() -> None:
                assert home.slow is not None
                home.slow.note(slow(id_), 3.0)
                await home.slow.flush()
                await cell_services(app, "east").slow.flush()

            given: dict[str, Any] = {"workspace": "first", "expires_at": None}
            held = Held(cells["home"])
            held.writers = {
                "record": lambda: client.post("/graphql", json={"query": CREATE}, headers={"idempotency-key": "held"}),
                "sign-in": lambda: signed_in(app, token),
                "code": lambda: visitor_of(app).post("/auth/sign-in", json={"code": code}),
                "sign-out": lambda: other.delete("/auth/session"),
                "key": lambda: api_keys.create(settings, name="held", **given),
                "rotation": lambda: keys_rotate(settings, rotated.key.id),
                "revocation": lambda: api_keys.revoke(
                    settings, workspace="first", key_id=revoked.key.id, with_made=False
                ),
                "documents": lambda: documents.import_manifest(
                    settings, workspace="first", client="web", path=manifest, role=None, replaces=False
                ),
                "persisted query": lambda: client.post("/graphql", json={"query": QUERY, **KEPT}),
                "audit log": act,
                "slow operations": be_slow,
                "import": lambda: new_job(client, "email\nb@example.com\n"),
                "removal": lambda: client.delete(f"/rest/imports/{gone['id']}"),
            }
            held.queued = {
                "view": lambda: run(client, VIEW),
                "preference": lambda: run(client, PREFER, patch={"held": True}),
                "denial": lambda: run(client, DENY),
                "webhook": lambda: run(client, HOOK),
            }
            await move_with(held, settings, monkeypatch)
            results = held.results
            assert "errors" not in results["record"].json()
            again = await client.post("/graphql", json={"query": CREATE}, headers={"idempotency-key": "held"})
            assert again.json() == results["record"].json()
            assert (await send(client, QUERY))["data"]["companies"]["totalCount"] == 1
            assert (await results["sign-in"].get("/auth/session")).status_code == 200
            assert results["code"].status_code == 200, results["code"].text
            assert results["sign-out"].status_code == 200
            assert (await other.get("/auth/session")).status_code == 401
            made, changed = capsys.readouterr().out.split("fs_")[1:]
            for text, status in ((made, 200), (changed, 200)):
                async with client_of(app, "fs_" + text.split()[0]) as one:
                    assert (await one.post("/graphql", json={"query": QUERY})).status_code == status
            async with client_of(app, revoked.token) as one:
                assert (await one.post("/graphql", json={"query": QUERY})).status_code == 401
            assert results["persisted query"].status_code == 200
            assert (await client.post("/graphql", json=KEPT)).json() == await send(client, QUERY)
            listed = {one["id"] for one in (await ask(client, "GET", "imports"))["data"]["imports"]}
            assert listed == {results["import"]["id"]}
            assert results["removal"].status_code in {200, 204}, results["removal"].text
        assert await rows_of(cells["east"], id_) == {
            "trusted_document": 1,
            "saved_view": 1,
            "preference": 1,
            "denied_token": 1,
            "webhook": 1,
            "slow_operation": 1,
            "session": 3,
            "api_key": 6,
        }
        acts = await fetch(
            cells["east"], "SELECT action, actor_name FROM fieldstone.audit_log WHERE workspace_id = %s", id_
        )
        assert {
            ("IMPERSONATED", "held"),
            ("SIGN_IN_FAILED", "failing"),
            ("SIGN_IN", "test"),
            ("SIGN_IN", "coded"),
            ("API_KEY_REVOKED", "fieldstone"),
        } <= set(acts)
        assert ("API_KEY_CREATED", "held") in await fetch(
            cells["east"], "SELECT action, subject_name FROM fieldstone.audit_log WHERE workspace_id = %s", id_
        )


async def rows_of(url: str, id_: Any) -> dict[str, int]:
    names = (
        "trusted_document",
        "saved_view",
        "preference",
        "denied_token",
        "webhook",
        "slow_operation",
        "session",
        "api_key",
    )
    return {
        name: (await fetch(url, f"SELECT count(*) FROM fieldstone.{name} WHERE workspace_id = %s", id_))[0][0]  # noqa: S608 - a name of this test
        for name in names
    }


async def fetch(url: str, query: str, *values: Any) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await (await connection.execute(query.encode(), values)).fetchall()


def visitor_of(app: Fieldstone) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fieldstone.test")


async def signed_in(app: Fieldstone, key: str) -> httpx.AsyncClient:
    browser = visitor_of(app)
    answer = await browser.post("/auth/sign-in", json={"key": key})
    assert answer.status_code == 200, answer.text
    return browser


async def keys_rotate(settings: Settings, key_id: Any) -> None:
    await api_keys.rotate(settings, workspace="first", key_id=key_id, overlap_seconds=0)


async def test_each_table_with_rows_of_a_workspace_is_behind_the_gate(cells: dict[str, str]) -> None:
    async with open_app(cells):
        owned = await fetch(
            cells["home"],
            "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'fieldstone'::regnamespace AND c.relkind IN"
            " ('r', 'p') AND NOT c.relispartition AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid"
            " AND a.attname IN ('workspace_id', 'webhook_id', 'job_id') AND NOT a.attisdropped)",
        )
        held = await fetch(
            cells["home"],
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'fieldstone.require_here'::regproc",
        )
    assert {name.removeprefix("fieldstone.") for (name,) in held} == BEHIND_THE_GATE
    assert set(WITH_ANOTHER.values()) <= BEHIND_THE_GATE
    known = BEHIND_THE_GATE | WITH_THE_MODEL | WITH_RECORDS | set(WITH_ANOTHER) | OF_THE_CELL
    assert {name for (name,) in owned} == known
