"""Rows of a backup on their way into tables."""

from collections.abc import Collection
from graphlib import TopologicalSorter

from psycopg import sql

from fieldstone.engine.backup.archive import ArchiveReader
from fieldstone.engine.backup.manifest import SavedTable
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.ddl.names import names_sql, table_sql
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import read_queries

_QUERIES = read_queries(__name__)


async def insert_order(connection: Session, tables: Collection[str]) -> list[str]:
    """Return tables of the catalog, each behind those that its rows refer to."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(sorted(tables), ()))
    for child, parent in await (await connection.execute(_QUERIES["references"])).fetchall():
        if child in tables and parent in tables:
            sorter.add(child, parent)
    return list(sorter.static_order())


async def copy_in(connection: Session, archive: ArchiveReader, saved: SavedTable, target: Table) -> None:
    """Copy the rows of a table of the backup into a table with its columns.

    Raises:
        BackupRefused: the member with the rows is damaged.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table_sql(target), names_sql(saved.columns))
    async with connection.cursor().copy(statement) as copy:
        for chunk in archive.read(saved.member):
            await copy.write(chunk)


async def create_aside(connection: Session, name: str, columns: Collection[str], like: Table) -> Table:
    """Create an empty temporary table with columns of another one, which goes with the transaction; return it."""
    aside = Table(schema="pg_temp", name=name)
    await connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
            table_sql(aside), names_sql(columns), table_sql(like)
        )
    )
    return aside


async def load_aside(connection: Session, archive: ArchiveReader, saved: SavedTable) -> Table:
    """Copy the rows of a table of the catalog into a temporary one, which goes with the transaction; return that."""
    like = Table(schema=saved.schema, name=saved.name)
    aside = await create_aside(connection, f"restored_{saved.name}", saved.columns, like)
    await copy_in(connection, archive, saved, aside)
    return aside
