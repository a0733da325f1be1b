"""The databases of these tests: one with two workspaces, and the state of a database for comparison."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from fieldstone.engine.backup.archive import read_archive, write_archive
from fieldstone.engine.backup.manifest import Manifest
from fieldstone.engine.backup.restore import restore_database, restore_workspace
from fieldstone.engine.backup.save import save
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.field_types import FieldType
from tests.metadata.desk import connect_database, desk_at, fill_model, new_field, new_object, person, table_state

KEY = "a key of these tests, which nobody else has"

RECORDS = """
INSERT INTO workspace_default.company (id, name)
SELECT gen_random_uuid(), 'Company ' || n FROM generate_series(1, 30) AS n;
INSERT INTO workspace_default.person (id, email, "firstName", "companyId")
SELECT gen_random_uuid(), id || '@example.com', E'tab\\there, line\\nthere, \\\\ and Zoë ' || row_number() OVER (), id
FROM workspace_default.company;
INSERT INTO workspace_second.company (id, name) VALUES (gen_random_uuid(), NULL), (gen_random_uuid(), '');
"""

CATALOG_ROWS = """
UPDATE fieldstone.api_key SET created_by_key = (SELECT id FROM fieldstone.api_key WHERE name = 'parent')
WHERE name = 'child';
INSERT INTO fieldstone.log_consumer (name, position) VALUES ('webhooks', 2);
INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after)
SELECT w.id, o.id, gen_random_uuid(), 'created', '{"a": 1}'
FROM fieldstone.workspace AS w JOIN fieldstone.object AS o ON o.workspace_id = w.id WHERE o.name_singular = 'person';
INSERT INTO fieldstone.webhook (id, workspace_id, target_url, secret, start_position)
SELECT gen_random_uuid(), id, 'https://example.com/hook', %(secret)s, 1 FROM fieldstone.workspace;
INSERT INTO fieldstone.webhook_operation (webhook_id, place) SELECT id, 0 FROM fieldstone.webhook;
INSERT INTO fieldstone.webhook_delivery (id, workspace_id, webhook_id, position, event, record_id, payload)
SELECT gen_random_uuid(), workspace_id, id, 2, 'person.created', gen_random_uuid(), '{}' FROM fieldstone.webhook;
INSERT INTO fieldstone.idempotency (workspace_id, api_key_id, key, operation, body)
SELECT id, gen_random_uuid(), 'k', 0, 'b' FROM fieldstone.workspace;
INSERT INTO fieldstone.audit_log (id, workspace_id, action, actor_kind)
SELECT gen_random_uuid(), id, 'apiKey.created', 'COMMAND' FROM fieldstone.workspace;
INSERT INTO fieldstone.audit_log (id, action, actor_kind) VALUES (gen_random_uuid(), 'signIn.failed', 'VISITOR');
"""

LOG = """
CREATE TABLE fieldstone.event_log_1_50001 PARTITION OF fieldstone.event_log FOR VALUES FROM (1) TO (50001);
INSERT INTO fieldstone.event_log (position, workspace_id, object_id, record_id, action, changed, after, at)
SELECT n, w.id, o.id, gen_random_uuid(), 'created', '{}', '{"a": 1}', now()
FROM fieldstone.workspace AS w JOIN fieldstone.object AS o ON o.workspace_id = w.id, generate_series(1, 5) AS n
WHERE o.name_singular = 'person' AND w.name = 'default';
UPDATE fieldstone.log_head SET position = 5;
"""

MOVED = frozenset({"event_log", "log_head", "log_consumer", "webhook", "webhook_delivery"})
"""Tables with positions of the log, which a restoration moves."""
OWN = frozenset({"cursor_key"})
"""Tables of which each database has rows of its own."""


def fill_two_workspaces(dsn: str) -> None:
    """Make the workspaces `default` and `second` with records, keys, a webhook each, and events."""

    async def fill() -> None:
        async with desk_at(dsn) as desk:
            second = await desk.workspaces.create("second", actor="test")
            await desk.change(lambda _: [new_object("project")])
            await desk.change(lambda snapshot: [new_field(person(snapshot), "shoeSize", FieldType.NUMBER)])
            parent = await desk.keys.create((await desk.default()).workspace.id, "parent")
            await desk.keys.create(parent.key.workspace_id, "child")
            await desk.keys.create(second.workspace.id, "other")

    fill_model(dsn)
    asyncio.run(fill())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(RECORDS)
        connection.execute(LOG)
        values = {"secret": SecretBox([KEY]).seal("whsec_secret")}
        for statement in CATALOG_ROWS.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode(), values)


async def back_up(
    dsn: str, path: Path, workspace: str | None = None, report: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write a backup."""
    database = connect_database(dsn)
    await database.open()
    try:
        with write_archive(path) as archive:
            return await save(database, dsn, archive, workspace=workspace, report=report)
    finally:
        await database.close()


async def restore(dsn: str, path: Path, workspace: str | None = None, name: str | None = None, key: str = KEY) -> None:
    """Restore a backup, or one workspace of it."""
    database = connect_database(dsn)
    await database.open()
    try:
        with read_archive(path) as archive:
            if workspace is None:
                await restore_database(database, archive, report=lambda _: None)
            else:
                saved = archive.manifest.find(workspace)
                await restore_workspace(
                    database, archive, saved, name=name or saved.name, box=SecretBox([key]), report=lambda _: None
                )
    finally:
        await database.close()


async def check_no_drift(dsn: str) -> None:
    """See that the tables of each workspace are as its model says."""
    async with desk_at(dsn) as desk:
        for workspace in await desk.workspaces.list():
            model = await desk.reload(workspace.id)
            async with desk.database.session() as connection:
                assert await find_drift(connection, model, trigram=desk.catalog.trigram) == []


def rows_of(dsn: str, *, but: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Every row of every table but these, as JSON."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND (n.nspname = 'fieldstone' OR starts_with(n.nspname, 'workspace_'))"
        ).fetchall()
        return {
            f"{schema}.{name}": sorted(
                text
                for (text,) in connection.execute(
                    sql.SQL("SELECT to_jsonb(t)::text FROM {} AS t").format(sql.Identifier(schema, name))
                )
            )
            for schema, name in tables
            if name not in but
        }


def definitions_of(dsn: str) -> list[list[Any]]:
    """Every column, constraint, index and schema, but those of the log's partitions."""
    return [[row for row in state if "event_log_" not in str(row)] for state in table_state(dsn)]


def of_workspace(rows: dict[str, list[str]], table: str, workspace_id: UUID) -> list[dict[str, Any]]:
    """The rows of a table of the catalog that belong to a workspace."""
    found = [json.loads(text) for text in rows[f"fieldstone.{table}"]]
    return [row for row in found if str(workspace_id) in (row.get("workspace_id"), row.get("id"))]
