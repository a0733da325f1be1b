"""Workspaces whose models are large, or many: the first by the engine itself, the others as copies of its rows."""

import asyncio
import secrets
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql

from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.changes import Change, CreateField, CreateObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.workspaces.api_keys import TOKEN_PREFIX, hash_token
from fieldstone.metadata.writer.model_writer import ModelWriter

FIELDS = 20
"""Fields of each object, those of the system among them."""
_SYSTEM_FIELDS = 7
_AT_ONCE = 200
"""Tables made in one transaction: each takes locks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A workspace with its key.

    Attributes:
        object_id: of `thing0`, the first object.
    """

    name: str
    schema: str
    token: str
    object_id: UUID


def make_workspace(dsn: str, name: str, objects: int) -> Made:
    """Make a workspace of `objects` objects, `thing0` and so on, each with `FIELDS` fields; `default` gets them too."""
    made = asyncio.run(_make_first(dsn, name))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in _COPIES:
            connection.execute(statement, {"schema": made.schema, "most": objects - 1})
        for first in range(1, objects, _AT_ONCE):
            with connection.pipeline(), connection.transaction():
                for number in range(first, min(first + _AT_ONCE, objects)):
                    connection.execute(
                        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(
                            sql.Identifier(made.schema, f"thing{number}"), sql.Identifier(made.schema, "thing0")
                        )
                    )
        connection.execute("ANALYZE fieldstone.object, fieldstone.field, fieldstone.index")
    return made


def make_many(dsn: str, count: int) -> list[str]:
    """Make copies of the workspace `default`, and return a token for each.

    Each has the whole standard model in the catalog; of its tables there are `person` and `company`, with their keys.
    """
    asyncio.run(_make_default(dsn))
    tokens = [TOKEN_PREFIX + secrets.token_urlsafe(32) for _ in range(count)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute("SELECT schema_name FROM fieldstone.workspace WHERE name = 'default'").fetchone()
        assert found is not None
        for first in range(0, count, _AT_ONCE):
            most = min(first + _AT_ONCE, count) - 1
            with connection.pipeline(), connection.transaction():
                for statement in COPIED_WORKSPACE:
                    connection.execute(statement, {"origin": "default", "first": first, "most": most})
                for number in range(first, most + 1):
                    connection.execute(
                        "INSERT INTO fieldstone.api_key (id, workspace_id, name, token_hash, role_id) SELECT"
                        " gen_random_uuid(), workspace.id, 'benchmark', %s, role.id"
                        " FROM fieldstone.workspace JOIN fieldstone.role ON role.workspace_id = workspace.id"
                        " WHERE workspace.name = %s AND role.name = 'admin'",
                        [hash_token(tokens[number]), f"copy{number}"],
                    )
                    schema = f"copy{number}"
                    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
                    for table in ("company", "person"):
                        connection.execute(
                            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS, PRIMARY KEY (id))").format(
                                sql.Identifier(schema, table), sql.Identifier(found[0], table)
                            )
                        )
        connection.execute("ANALYZE")
    return tokens


async def _make_default(dsn: str) -> None:
    async with open_foundation(Settings(database_url=dsn)):
        pass


async def _make_first(dsn: str, name: str) -> Made:
    async with open_foundation(Settings(database_url=dsn)) as foundation:
        if name == foundation.default.workspace.name:
            snapshot = foundation.default
        else:
            snapshot = await foundation.workspaces.create(name, actor="benchmark", standard=False)
        object_ = CreateObject(
            name_singular="thing0", name_plural="thing0s", label_singular="Thing 0", label_plural="Things 0"
        )
        texts = [
            CreateField(object_id=object_.id, name=f"text{number}", label=f"Text {number}", type=FieldType.TEXT)
            for number in range(FIELDS - _SYSTEM_FIELDS)
        ]
        changes: list[Change] = [object_, *texts]
        writer = ModelWriter(foundation.database, foundation.current, trigram=foundation.catalog.trigram)
        await writer.change(snapshot.workspace.id, lambda _: changes, actor="benchmark")
        key = await foundation.keys.create(snapshot.workspace.id, "benchmark")
        return Made(name=name, schema=snapshot.workspace.schema, token=key.token, object_id=object_.id)


_COPIES = (
    """
    INSERT INTO fieldstone.object (id, workspace_id, name_singular, name_plural, label_singular, label_plural,
        table_name, is_custom, is_system, is_active, version)
    SELECT md5(object.id::text || number)::uuid, workspace_id, 'thing' || number, 'thing' || number || 's',
        'Thing ' || number, 'Things ' || number, 'thing' || number, is_custom, is_system, is_active, object.version
    FROM fieldstone.object JOIN fieldstone.workspace ON workspace.id = workspace_id
        CROSS JOIN generate_series(1, %(most)s::int) AS number
    WHERE schema_name = %(schema)s AND name_singular = 'thing0'
    """,
    """
    INSERT INTO fieldstone.field (id, workspace_id, object_id, name, type, label, description, icon, column_name,
        is_nullable, is_unique, is_active, is_custom, is_system, default_value, options, settings, access)
    SELECT md5(field.id::text || number)::uuid, field.workspace_id, md5(object.id::text || number)::uuid, field.name,
        type, label, field.description, field.icon, column_name, is_nullable, is_unique, field.is_active,
        field.is_custom, field.is_system, default_value, options, settings, access
    FROM fieldstone.field JOIN fieldstone.object ON object.id = object_id
        JOIN fieldstone.workspace ON workspace.id = field.workspace_id
        CROSS JOIN generate_series(1, %(most)s::int) AS number
    WHERE schema_name = %(schema)s AND name_singular = 'thing0'
    ORDER BY number, field.seq
    """,
    """
    INSERT INTO fieldstone.index (id, workspace_id, object_id, name, field_ids, is_unique, method, is_partial, status)
    SELECT md5(index.id::text || number)::uuid, index.workspace_id, md5(object.id::text || number)::uuid,
        index.name || '_' || number,
        (SELECT jsonb_agg(md5(id || number)::uuid ORDER BY place)
            FROM jsonb_array_elements_text(field_ids) WITH ORDINALITY AS listed (id, place)),
        index.is_unique, index.method, index.is_partial, index.status
    FROM fieldstone.index JOIN fieldstone.object ON object.id = object_id
        JOIN fieldstone.workspace ON workspace.id = index.workspace_id
        CROSS JOIN generate_series(1, %(most)s::int) AS number
    WHERE schema_name = %(schema)s AND name_singular = 'thing0'
    """,
)

COPIED_WORKSPACE = (
    """
    INSERT INTO fieldstone.workspace (id, name, schema_name, version)
    SELECT md5(id::text || number)::uuid, 'copy' || number, 'copy' || number, version
    FROM fieldstone.workspace CROSS JOIN generate_series(%(first)s::int, %(most)s::int) AS number
    WHERE name = %(origin)s
    """,
    """
    INSERT INTO fieldstone.role (id, workspace_id, name, label, description, grants, settings, shown, is_system)
    SELECT md5(role.id::text || number)::uuid, md5(workspace_id::text || number)::uuid, role.name, label, description,
        grants, settings, shown, is_system
    FROM fieldstone.role JOIN fieldstone.workspace ON workspace.id = workspace_id
        CROSS JOIN generate_series(%(first)s::int, %(most)s::int) AS number
    WHERE workspace.name = %(origin)s ORDER BY number, role.seq
    """,
    """
    INSERT INTO fieldstone.object (id, workspace_id, name_singular, name_plural, label_singular, label_plural,
        description, icon, table_name, is_custom, is_system, is_active, version)
    SELECT md5(object.id::text || number)::uuid, md5(workspace_id::text || number)::uuid, name_singular, name_plural,
        label_singular, label_plural, description, icon, table_name, is_custom, is_system, is_active, object.version
    FROM fieldstone.object JOIN fieldstone.workspace ON workspace.id = workspace_id
        CROSS JOIN generate_series(%(first)s::int, %(most)s::int) AS number
    WHERE workspace.name = %(origin)s ORDER BY number, object.seq
    """,
    """
    INSERT INTO fieldstone.relation (id, workspace_id, source_object_id, source_field_id, target_object_id,
        target_field_id, on_delete)
    SELECT md5(relation.id::text || number)::uuid, md5(workspace_id::text || number)::uuid,
        md5(source_object_id::text || number)::uuid, md5(source_field_id::text || number)::uuid,
        md5(target_object_id::text || number)::uuid, md5(target_field_id::text || number)::uuid, on_delete
    FROM fieldstone.relation JOIN fieldstone.workspace ON workspace.id = workspace_id
        CROSS JOIN generate_series(%(first)s::int, %(most)s::int) AS number
    WHERE workspace.name = %(origin)s
    """,
    """
    INSERT INTO fieldstone.field (id, workspace_id, object_id, name, type, label, description, icon, column_name,
        is_nullable, is_unique, is_active, is_custom, is_system, default_value, options, settings, relation_id, access)
    SELECT md5(field.id::text || number)::uuid, md5(workspace_id::text || number)::uuid,
        md5(object_id::text || number)::uuid, field.name, type, label, description, icon, column_name, is_nullable,
        is_unique, is_active, is_custom, is_system, default_value, options, settings,
        md5(relation_id::text || number)::uuid, access
    FROM fieldstone.field JOIN fieldstone.workspace ON workspace.id = workspace_id
        CROSS JOIN generate_series(%(first)s::int, %(most)s::int) AS number
    WHERE workspace.name = %(origin)s ORDER BY number, field.seq
    """,
    """
    INSERT INTO fieldstone.index (id, workspace_id, object_id, name, field_ids, is_unique, method, is_partial, status)
    SELECT md5(index.id::text || number)::uuid, md5(workspace_id::text || number)::uuid,
        md5(object_id::text || number)::uuid, index.name,
        (SELECT jsonb_agg(md5(id || number)::uuid ORDER BY place)
            FROM jsonb_array_elements_text(field_ids) WITH ORDINALITY AS listed (id, place)),
        index.is_unique, index.method, index.is_partial, index.status
    FROM fieldstone.index JOIN fieldstone.workspace ON workspace.id = workspace_id
        CROSS JOIN generate_series(%(first)s::int, %(most)s::int) AS number
    WHERE workspace.name = %(origin)s
    """,
)
"""Statements that copy the rows of the workspace `origin` for the numbers from `first` to `most`: `copy0` and so on."""
