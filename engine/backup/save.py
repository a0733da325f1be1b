"""Makes a backup: all of it is read in one snapshot of the database, beside readers and writers."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

import psycopg
from psycopg import sql

from fieldstone.engine.backup.archive import ArchiveWriter
from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.backup.locks import check_lock_room
from fieldstone.engine.backup.manifest import FORMAT, Manifest, SavedSequence, SavedTable, SavedWorkspace
from fieldstone.engine.backup.owned import CATALOG, DEFINITIONS, is_saved, of_workspace, stays_behind
from fieldstone.engine.backup.programs import NEWEST, dump_definitions
from fieldstone.metadata.catalog.migrate import check_applied, read_applied, read_extensions
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG_QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.ddl.names import names_sql, table_sql, tables_sql
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import read_queries

_LOG = logging.getLogger(__name__)

_QUERIES = read_queries(__name__)
_OLDEST: Final = 10
"""The version of the catalog from which on its log has a head, which a restoration moves."""
_TRIES: Final = 5
_LOCK_WAIT: Final = "10s"
_LOCKS_IN_ONE: Final = 500


@frozen
class _Snapshot:
    """The snapshot that a backup reads: its tables are locked against changes of their columns."""

    id: str
    made_at: str
    server: str
    migrations: dict[int, str]
    workspaces: tuple[SavedWorkspace, ...]
    tables: tuple[tuple[Table, tuple[str, ...]], ...]


async def save(
    database: Database,
    dsn: str,
    archive: ArchiveWriter,
    *,
    workspace: str | None,
    report: Callable[[str], None],
) -> Manifest:
    """Write the whole database, or one workspace, to an archive, and return its manifest.

    A change of a table's columns is refused while the backup runs, as during any long read of the table.

    Args:
        database: the database.
        dsn: its address for `pg_dump`, with no pooler between.
        archive: the file.
        workspace: the name of the workspace; None for the whole database.
        report: called with a line for each workspace.

    Raises:
        BackupRefused: there is no such workspace, or `pg_dump` failed.
        MetadataError: the catalog is not for this program.
        SqlError: the database cannot be had.
    """
    async with _open_snapshot(database, workspace) as (connection, snapshot):
        schemas = [one.schema for one in snapshot.workspaces]
        if schemas:
            with archive.member(DEFINITIONS) as member:
                async for chunk in dump_definitions(dsn, snapshot.id, schemas):
                    member.write(chunk)
        only = None if workspace is None else snapshot.workspaces[0]
        saved: list[SavedTable] = []
        for schema in [CATALOG, *schemas]:
            of_schema = [one for one in snapshot.tables if one[0].schema == schema]
            begun = len(saved)
            for table, columns in of_schema:
                if schema == CATALOG and not is_saved(table.name):
                    continue
                if only and schema == CATALOG and stays_behind(table.name, columns):
                    continue
                saved.append(await _copy(connection, archive, table, columns, only))
            rows = sum(one.rows for one in saved[begun:])
            report(f"{schema}: {len(saved) - begun:,} tables, {rows:,} rows")
        manifest = Manifest(
            format=FORMAT,
            program=version("fieldstone"),
            server=snapshot.server,
            made_at=snapshot.made_at,
            is_whole=workspace is None,
            migrations=snapshot.migrations,
            extensions=await read_extensions(connection),
            workspaces=snapshot.workspaces,
            tables=tuple(saved),
            sequences=await _read_sequences(connection, [CATALOG, *schemas]),
            members=archive.members,
        )
    archive.finish(manifest)
    return manifest


@asynccontextmanager
async def _open_snapshot(database: Database, workspace: str | None) -> AsyncIterator[tuple[Session, _Snapshot]]:
    """Hold a snapshot whose tables are as the newest catalog of PostgreSQL has them.

    A snapshot reads a table that was rewritten after it as empty. So the tables are locked, and the snapshot is taken
    once more if they have moved since.
    """
    for _ in range(_TRIES):
        async with database.session() as connection:
            await connection.execute(CATALOG_QUERIES["begin_read"])
            await connection.execute(CATALOG_QUERIES["idle_without_limit"])
            await connection.execute(_QUERIES["statements_without_limit"])
            await connection.execute(CATALOG_QUERIES["wait_for_locks_at_most"], {"milliseconds": _LOCK_WAIT})
            snapshot = await _read_snapshot(connection, workspace)
            schemas = [CATALOG, *(one.schema for one in snapshot.workspaces)]
            ((needed,),) = await (
                await connection.execute(_QUERIES["locked_by_backup"], {"schemas": schemas})
            ).fetchall()
            await check_lock_room(connection, needed, "backup")
            try:
                await _lock(connection, [table for table, _ in snapshot.tables])
            except (psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable):
                await connection.rollback()
                continue
            if await _layout(connection, schemas) == await _newest_layout(database, schemas):
                yield connection, snapshot
                await connection.rollback()
                return
            await connection.rollback()
        _LOG.info("the model changes: the snapshot of the backup is taken once more")
    raise BackupRefused("changes of the model came in between each time: try again")


async def _read_snapshot(connection: Session, workspace: str | None) -> _Snapshot:
    cursor = await connection.execute(_QUERIES["export_snapshot"])
    id_, made_at, server, major = await cursor.fetchone() or ("", "", "", 0)
    if major > NEWEST:
        raise BackupRefused(
            f"the server is PostgreSQL {major}, and this program saves servers up to {NEWEST}: use its own pg_dump"
        )
    applied = await read_applied(connection)
    if applied is None:
        raise BackupRefused("there is nothing to save: the database has no catalog of Fieldstone")
    check_applied(applied)
    if (version := max(applied, default=0)) < _OLDEST:
        raise BackupRefused(
            f"the catalog is at version {version}, and only those from {_OLDEST} on can be restored: save it with"
            " pg_dump, and bring it up to date with fieldstone migrate"
        )
    rows = await (await connection.execute(_QUERIES["workspaces"], {"name": workspace})).fetchall()
    if workspace is not None and not rows:
        raise BackupRefused(f'there is no workspace "{workspace}"')
    workspaces = tuple(
        SavedWorkspace(id=row[0], name=row[1], schema=row[2], version=row[3], relations=row[4]) for row in rows
    )
    schemas = [CATALOG, *(one.schema for one in workspaces)]
    found = await (await connection.execute(_QUERIES["tables"], {"schemas": schemas})).fetchall()
    tables = tuple((Table(schema=schema, name=name), tuple(columns)) for schema, name, columns in found)
    return _Snapshot(id=id_, made_at=made_at, server=server, migrations=applied, workspaces=workspaces, tables=tables)


async def _lock(connection: Session, tables: Sequence[Table]) -> None:
    for start in range(0, len(tables), _LOCKS_IN_ONE):
        names = tables_sql(tables[start : start + _LOCKS_IN_ONE])
        await connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))


async def _layout(connection: Session, schemas: Sequence[str]) -> object:
    return await (await connection.execute(_QUERIES["layout"], {"schemas": list(schemas)})).fetchone()


async def _newest_layout(database: Database, schemas: Sequence[str]) -> object:
    async with database.session() as connection:
        return await _layout(connection, schemas)


async def _copy(
    connection: Session, archive: ArchiveWriter, table: Table, columns: Sequence[str], only: SavedWorkspace | None
) -> SavedTable:
    query = sql.SQL("SELECT {} FROM {}").format(names_sql(columns), table_sql(table))
    if only is not None and table.schema == CATALOG:
        query += sql.SQL(" WHERE ") + of_workspace(table.name, columns, only.id)
    saved = SavedTable(schema=table.schema, name=table.name, columns=tuple(columns), rows=0)
    rows = 0
    with archive.member(saved.member) as member:
        async with connection.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy:
            async for block in copy:
                content = bytes(block)
                # A row ends with a newline, and those within values are escaped.
                rows += content.count(b"\n")
                member.write(content)
    return SavedTable(schema=table.schema, name=table.name, columns=tuple(columns), rows=rows)


async def _read_sequences(connection: Session, schemas: Sequence[str]) -> tuple[SavedSequence, ...]:
    rows = await (await connection.execute(_QUERIES["sequences"], {"schemas": list(schemas)})).fetchall()
    return tuple(SavedSequence(schema=schema, name=name, value=value) for schema, name, value in rows)
