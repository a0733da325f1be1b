"""The services with which one process works on a model, and the whole state of a database for comparison."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import Change, CreateField, CreateObject, NewRelation
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import Role
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE, Workspaces
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.citus_cluster import ON_CITUS


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One process's parts."""

    database: Database
    catalog: Catalog
    current: CurrentSnapshots
    workspaces: Workspaces
    writer: ModelWriter
    keys: KeyStore

    async def default(self) -> Snapshot:
        """The current model of the workspace `default`."""
        return await self.current.get((await self.workspaces.find(DEFAULT_WORKSPACE)).id)

    async def change(self, build: Callable[[Snapshot], Iterable[Change]]) -> Snapshot:
        """Change the workspace `default`."""
        workspace = await self.workspaces.find(DEFAULT_WORKSPACE)
        return await self.writer.change(workspace.id, build, actor="test")

    async def reload(self, workspace_id: UUID) -> Snapshot:
        """The model as the catalog has it."""
        async with self.database.session() as connection:
            return await read_snapshot(connection, workspace_id)


def connect_database(dsn: str) -> Database:
    return Database.connect(dsn, settings=PoolSettings(connections=3))


async def open_desk(database: Database) -> Desk:
    catalog = await Catalog.migrate(database)
    current = CurrentSnapshots(database)
    return Desk(
        database=database,
        catalog=catalog,
        current=current,
        workspaces=Workspaces(database, current, trigram=catalog.trigram, distributes=ON_CITUS),
        writer=ModelWriter(database, current, trigram=catalog.trigram, compile_rules=compile_view_rules),
        keys=KeyStore(database),
    )


@asynccontextmanager
async def desk_at(dsn: str) -> AsyncIterator[Desk]:
    """One process's parts, for the length of the block."""
    database = connect_database(dsn)
    await database.open()
    try:
        yield await open_desk(database)
    finally:
        await database.close()


def fill_model(dsn: str) -> None:
    """Make the catalog and the workspace `default` in an empty database."""

    async def fill() -> None:
        async with desk_at(dsn) as desk:
            await desk.workspaces.create(DEFAULT_WORKSPACE, actor="test")

    asyncio.run(fill())


def person(snapshot: Snapshot) -> Object:
    return snapshot.by_singular["person"]


def role_named(snapshot: Snapshot, name: str) -> Role:
    return next(role for role in snapshot.roles.values() if role.name == name)


def new_object(singular: str, plural: str | None = None, **more: Any) -> CreateObject:
    labels = {"label_singular": singular, "label_plural": plural or f"{singular}s"}
    return CreateObject(name_singular=singular, name_plural=plural or f"{singular}s", **{**labels, **more})


def new_field(object_: Object | UUID, name: str, type_: FieldType = FieldType.TEXT, **more: Any) -> CreateField:
    object_id = object_.id if isinstance(object_, Object) else object_
    return CreateField(object_id=object_id, name=name, type=type_, **{"label": name, **more})


def new_relation(object_: Object, name: str, target: Object, label: str, **more: Any) -> CreateField:
    """A relation; arguments for its other end start with `target_`, or are `kind`."""
    kind = {"type": more.pop("kind")} if "kind" in more else {}
    other = {key: more.pop(key) for key in tuple(more) if key.startswith("target_")}
    relation = NewRelation(target_object_id=target.id, target_field_label=label, **kind, **other)
    return new_field(object_, name, FieldType.RELATION, relation=relation, **more)


_CATALOG_TABLES = (
    *("workspace", "object", "field", "relation", "index", "retired_name", "model_change", "api_key", "role"),
    *("event_staging", "migration", "imported"),
)
# Of PostgreSQL's own tables: the views over them take ten times as long.
_SCHEMA_QUERIES = (
    """
    SELECT nspname, relname, attname, attnum, pg_get_expr(adbin, adrelid), attnotnull, format_type(atttypid, atttypmod)
    FROM pg_namespace JOIN pg_class AS t ON relnamespace = pg_namespace.oid JOIN pg_attribute ON attrelid = t.oid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND relkind IN ('r', 'p', 'v', 'm', 'f')
    AND attnum > 0 AND NOT attisdropped
    """,
    """
    SELECT nspname, relname, conname, contype::text
    FROM pg_constraint JOIN pg_class AS t ON t.oid = conrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema')
    """,
    """
    SELECT nspname, t.relname, i.relname, pg_get_indexdef(i.oid)
    FROM pg_index JOIN pg_class AS i ON i.oid = indexrelid JOIN pg_class AS t ON t.oid = indrelid
    JOIN pg_namespace ON pg_namespace.oid = i.relnamespace WHERE nspname NOT IN ('pg_catalog', 'pg_toast')
    """,
    "SELECT nspname FROM pg_namespace WHERE NOT starts_with(nspname, 'pg_')",
)


def whole_state(dsn: str) -> list[list[Any]]:
    """Every row of the catalog and every column, constraint, index and schema of the database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return read_state(connection)


def read_state(connection: psycopg.Connection[Any]) -> list[list[Any]]:
    """The same, read by a connection: one that is kept knows the tables, and takes a fraction of the time."""
    states = [
        connection.execute(
            sql.SQL("SELECT row_to_json(t)::text FROM {} AS t").format(sql.Identifier("fieldstone", table))
        ).fetchall()
        for table in _CATALOG_TABLES
    ]
    return [*(sorted(state) for state in states), *_read_tables(connection)]


def table_state(dsn: str) -> list[list[Any]]:
    """Every column, constraint, index and schema of the database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return _read_tables(connection)


def _read_tables(connection: psycopg.Connection) -> list[list[Any]]:
    return [sorted(connection.execute(query).fetchall()) for query in _SCHEMA_QUERIES]


def columns_of(dsn: str, schema: str, table: str) -> dict[str, tuple[str, bool, str | None]]:
    """A table's columns: type, whether NULL is allowed, and the default."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return read_columns(connection, schema, table)


def read_columns(
    connection: psycopg.Connection[Any], schema: str, table: str
) -> dict[str, tuple[str, bool, str | None]]:
    """The same, read by a connection."""
    rows = connection.execute(
        "SELECT column_name, data_type, is_nullable = 'YES', column_default FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
        [schema, table],
    )
    return {name: (type_, nullable, default) for name, type_, nullable, default in rows}
