"""Restores a backup in one transaction: an interrupted restoration leaves nothing behind."""

import tempfile
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from psycopg import sql

from fieldstone.engine.backup.archive import ArchiveReader
from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.backup.event_log import restore_log
from fieldstone.engine.backup.locks import check_lock_room
from fieldstone.engine.backup.manifest import Manifest, SavedTable, SavedWorkspace
from fieldstone.engine.backup.owned import CATALOG, DEFINITIONS, of_workspace, stays_behind
from fieldstone.engine.backup.programs import write_definitions
from fieldstone.engine.backup.rows import copy_in, insert_order, load_aside
from fieldstone.metadata.catalog.migrate import MIGRATIONS, check_applied, lay_out, read_applied, read_extensions
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG_QUERIES
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.secret_box import SEALED, SecretBox, missing_key
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.workspaces.registry import check_name, find_free_schema
from fieldstone.metadata.writer.lock_waits import wait_for_lock
from fieldstone.sql.ddl import create, rewrite
from fieldstone.sql.ddl.names import name_sql, names_sql, table_sql, tables_sql
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import read_queries

_GATES: Final = 49
"""The version of the catalog from which on its tables have gates."""
_SERVERS: Final = 13
"""The version of the catalog from which on its indexes have the version of the server that made them."""
_QUERIES = read_queries(__name__)
_AT_ONCE: Final = 2_000
"""The relations of workspaces whose definitions are written at once, unless one workspace has more."""
_ASIDE: Final = "fieldstone_aside"
"""The name of another workspace's schema while one of the same name is restored; nobody else sees it."""


@frozen
class Place:
    """The place of a workspace in the database that it is restored into."""

    name: str
    schema: str


async def _nothing(_connection: Session) -> None:
    """Do nothing."""


async def restore_database(
    database: Database,
    archive: ArchiveReader,
    *,
    report: Callable[[str], None],
    then: Callable[[Session], Awaitable[None]] = _nothing,
) -> None:
    """Restore a backup of a whole database into an empty one.

    Its events get positions behind all that the log has ever given: a client that resumes is told to read again.

    Args:
        database: the database.
        archive: the backup.
        report: called with a line for each workspace.
        then: runs in the same transaction, behind all else.

    Raises:
        BackupRefused: the database is not empty, or the backup cannot be restored there.
        MetadataError: the backup is of a newer program.
        SqlError: the database cannot be had.
    """
    manifest = archive.manifest
    check_applied(manifest.migrations)
    async with database.session() as connection:
        await _begin(connection)
        schemas = [CATALOG, *(one.schema for one in manifest.workspaces)]
        taken = await (await connection.execute(_QUERIES["taken_schemas"], {"schemas": schemas})).fetchall()
        if taken:
            raise BackupRefused(
                f"the database is not empty: it has the schema {taken[0][0]}. A backup of a whole database is restored"
                " into an empty one; --workspace restores one of its workspaces beside others"
            )
        await check_lock_room(connection, sum(one.relations for one in manifest.workspaces), "restoration")
        await _make_catalog(connection, manifest)
        tables = {one.name: one for one in manifest.tables if one.schema == CATALOG}
        await _empty(connection, tables)
        gone: list[Any] = []
        for name in await insert_order(connection, tables):
            if name == "event_log":
                continue
            await copy_in(connection, archive, tables[name], Table(schema=CATALOG, name=name))
            if name == "workspace" and manifest.catalog >= _GATES:
                # These refuse the rows of workspaces that had left for another cell.
                gone = await (await connection.execute(_QUERIES["open_gates"])).fetchall()
        if gone:
            await connection.execute(_QUERIES["close_gates"], {"ids": [id_ for (id_,) in gone]})
        await restore_log(connection, archive, tables["event_log"])
        await _restore_tables(connection, archive, manifest.workspaces, report)
        await _advance_sequences(connection, manifest, schemas)
        await then(connection)
        await connection.execute(_QUERIES["forget_settings"])


async def restore_workspace(
    database: Database,
    archive: ArchiveReader,
    saved: SavedWorkspace,
    *,
    name: str,
    box: SecretBox,
    report: Callable[[str], None],
) -> None:
    """Restore one workspace of a backup, into an empty database or beside other workspaces.

    Its events and the deliveries of its webhooks stay behind: they have positions of another log.

    Args:
        database: the database.
        archive: the backup.
        saved: the workspace.
        name: its name there.
        box: opens the secrets of its webhooks.
        report: called with a line for each workspace.

    Raises:
        BackupRefused: something would be overwritten, or the backup cannot be restored there.
        MetadataError: the backup is of a newer program, the name is not allowed, or the key of a secret is not here.
        SqlError: the database cannot be had.
    """
    manifest = archive.manifest
    check_applied(manifest.migrations)
    check_name(name)
    async with database.session() as connection:
        await _begin(connection)
        if await read_applied(connection) is None:
            await _make_catalog(connection, manifest)
        await _check_room(connection, manifest, saved, name)
        place = await _find_place(connection, saved, name)
        await _insert_owned(connection, archive, saved, place)
        names = {found for (found,) in await fetch(connection, "secret_keys", sealed=f"{SEALED}%")}
        if missing := names.difference(box.names):
            raise BackupRefused(f"{missing_key(sorted(missing))}; nothing was restored")
        await _restore_beside(connection, archive, saved, place, report)
        await _advance_sequences(connection, manifest, [CATALOG], [(saved.schema, place.schema)])
        await connection.execute(_QUERIES["forget_settings"])


async def _begin(connection: Session) -> None:
    await connection.execute(CATALOG_QUERIES["begin_change"], prepare=False)
    await connection.execute(CATALOG_QUERIES["idle_without_limit"])
    await wait_for_lock(connection, AdvisoryLock.CATALOG)


async def _make_catalog(connection: Session, manifest: Manifest) -> None:
    _check_extensions(manifest, await lay_out(connection, manifest.catalog, manifest.extensions))


def _check_extensions(manifest: Manifest, here: Mapping[str, str]) -> None:
    """Refuse a database in which the indexes of trigrams would not find their operator class."""
    saved, found = manifest.extensions.get("pg_trgm"), here.get("pg_trgm")
    if saved is None or saved == found:
        return
    if found is None:
        raise BackupRefused("the backup has indexes of trigrams, and the extension pg_trgm cannot be created here")
    raise BackupRefused(
        f"the extension pg_trgm is in the schema {found} here, and in {saved} in the backup:"
        f' CREATE SCHEMA IF NOT EXISTS "{saved}"; ALTER EXTENSION pg_trgm SET SCHEMA "{saved}"'
    )


async def _empty(connection: Session, tables: Iterable[str]) -> None:
    """Remove the rows with which the migrations begin."""
    names = tables_sql(Table(schema=CATALOG, name=name) for name in tables)
    await connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


async def _check_room(connection: Session, manifest: Manifest, saved: SavedWorkspace, name: str) -> None:
    applied = await read_applied(connection) or {}
    if applied.keys() != manifest.migrations.keys():
        raise BackupRefused(
            f"the backup is of the catalog's version {manifest.catalog}, and the database is at {max(applied)}: restore"
            f" the workspace into an empty database, which is then brought to version {MIGRATIONS[-1].version}, and"
            " back it up there"
        )
    found = await (
        await connection.execute(_QUERIES["find_workspace"], {"workspace_id": saved.id, "name": name})
    ).fetchone()
    if found is not None and found[0] == saved.id:
        raise BackupRefused(
            f'the workspace is there already, as "{found[1]}", and a restoration overwrites nothing: restore it into'
            " another database, or delete it first"
        )
    if found is not None:
        raise BackupRefused(f'there is another workspace "{name}" already: --as NAME restores it under another name')
    _check_extensions(manifest, await read_extensions(connection))
    await check_lock_room(connection, saved.relations, "restoration")


async def _find_place(connection: Session, saved: SavedWorkspace, name: str) -> Place:
    """Return the place of a workspace: the schema keeps its name where that is free."""
    taken = await (await connection.execute(_QUERIES["taken_schemas"], {"schemas": [saved.schema]})).fetchall()
    return Place(name=name, schema=await find_free_schema(connection, name) if taken else saved.schema)


async def _insert_owned(connection: Session, archive: ArchiveReader, saved: SavedWorkspace, place: Place) -> None:
    """Insert the workspace's rows of the catalog."""
    tables = {
        one.name: one
        for one in archive.manifest.tables
        if one.schema == CATALOG and not stays_behind(one.name, one.columns)
    }
    for name in await insert_order(connection, tables):
        columns, target = tables[name].columns, Table(schema=CATALOG, name=name)
        condition = of_workspace(name, columns, saved.id)
        # A workspace that was deleted leaves rows in tables without a reference to it.
        await connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(table_sql(target), condition))
        aside = await load_aside(connection, archive, tables[name])
        if name == "workspace":
            values = {"workspace_id": saved.id, "name": place.name, "schema": place.schema}
            await connection.execute(_QUERIES["name_workspace"], values)
        listed = names_sql(columns)
        await connection.execute(
            sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} WHERE {}").format(
                table_sql(target), listed, listed, table_sql(aside), condition
            )
        )
    await connection.execute(_QUERIES["begin_webhooks"], {"workspace_id": saved.id})
    await connection.execute(CATALOG_QUERIES["note_denied_tokens"])


async def _restore_beside(
    connection: Session,
    archive: ArchiveReader,
    saved: SavedWorkspace,
    place: Place,
    report: Callable[[str], None],
) -> None:
    """Restore the tables, whose definitions name the schema of the backup, into that of the place."""
    is_elsewhere = place.schema != saved.schema
    if is_elsewhere:
        await _rename(connection, saved.schema, _ASIDE)
    await _restore_tables(connection, archive, [saved], report)
    if is_elsewhere:
        await _rename(connection, saved.schema, place.schema)
        await _rename(connection, _ASIDE, saved.schema)


async def _rename(connection: Session, schema: str, name: str) -> None:
    await connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(name_sql(schema), name_sql(name)))


async def _restore_tables(
    connection: Session, archive: ArchiveReader, workspaces: Collection[SavedWorkspace], report: Callable[[str], None]
) -> None:
    if not workspaces:
        return
    with tempfile.NamedTemporaryFile(prefix="fieldstone-") as definitions:
        for chunk in archive.read(DEFINITIONS):
            definitions.write(chunk)
        definitions.flush()
        path, was_distributed = Path(definitions.name), False
        if any(one.name == "workspace" and "is_distributed" in one.columns for one in archive.manifest.tables):
            ids = [saved.id for saved in workspaces]
            was_distributed = (await connection.execute(_QUERIES["lie_together"], {"workspace_ids": ids})).rowcount > 0
        tables: dict[str, list[SavedTable]] = {}
        for one in archive.manifest.tables:
            tables.setdefault(one.schema, []).append(one)
        for batch in _batches(workspaces):
            schemas = [saved.schema for saved in batch]
            for schema in schemas:
                await connection.execute(create.create_schema(schema))
            await connection.execute(await write_definitions(path, schemas, "pre-data"), prepare=False)
            for saved in batch:
                own = tables.get(saved.schema, [])
                report(f"{saved.name}: {len(own):,} tables, {sum(one.rows for one in own):,} rows")
                for table in own:
                    await copy_in(connection, archive, table, Table(schema=table.schema, name=table.name))
            await connection.execute(await write_definitions(path, schemas, "post-data"), prepare=False)
            for schema in schemas if was_distributed else ():
                cursor = await connection.execute(_QUERIES["undistribute"], {"schema": schema})
                for (statement,) in await cursor.fetchall():
                    await connection.execute(statement.encode())
        if archive.manifest.catalog >= _SERVERS:
            ids = [saved.id for saved in workspaces]
            await connection.execute(CATALOG_QUERIES["indexes_made_here"], {"workspace_ids": ids})


def _batches(workspaces: Iterable[SavedWorkspace]) -> Iterator[list[SavedWorkspace]]:
    """Yield workspaces in batches: `pg_restore` reads the definitions of all of them for each batch."""
    batch: list[SavedWorkspace] = []
    weight = 0
    for saved in workspaces:
        own = saved.relations + 1  # a workspace without objects counts too: each is an argument of `pg_restore`
        if batch and weight + own > _AT_ONCE:
            yield batch
            batch, weight = [], 0
        batch.append(saved)
        weight += own
    if batch:
        yield batch


async def _advance_sequences(
    connection: Session, manifest: Manifest, schemas: Collection[str], renamed: Collection[tuple[str, str]] = ()
) -> None:
    """Let the sequences go on behind the values of the backup, and behind those that they have given here."""
    names = {**{schema: schema for schema in schemas}, **dict(renamed)}
    for one in manifest.sequences:
        if one.schema in names:
            sequence = quote_table(Table(schema=names[one.schema], name=one.name))
            await connection.execute(_QUERIES["advance_sequence"], {"sequence": sequence, "value": one.value})


async def analyze(database: Database, tables: Iterable[SavedTable]) -> None:
    """Let PostgreSQL count the values of restored tables, without which its plans are bad ones."""
    async with database.session() as connection:
        for one in tables:
            if one.rows:
                table = Table(schema=one.schema, name=one.name)
                await connection.execute(rewrite.analyze(table))
                await connection.commit()
