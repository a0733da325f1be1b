"""The beginning of a move: the tables of the workspace in the target, empty, and its rows of the catalog."""

import tempfile
from pathlib import Path

from psycopg import sql

from fieldstone.engine.backup.programs import dump_definitions, write_definitions
from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.catalog_rows import carry_rows, list_owned
from fieldstone.engine.cells.moves.move import MARKERS, QUERIES, Ends, Move, resume_webhooks
from fieldstone.engine.cells.moves.replication import end_replication
from fieldstone.metadata.catalog.migrate import read_extensions
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.workspaces.removal import delete_workspace
from fieldstone.sql.ddl import create
from fieldstone.sql.ddl.names import name_sql, table_sql
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.elements import Table


async def require_room(ends: Ends, move: Move) -> None:
    """Remove the rest of an earlier attempt from the target, and check that the workspace has room there.

    Raises:
        MoveRefused: the target has another workspace's schema of this name, or other extensions.
        SqlError: a database cannot be had.
    """
    await clear_target(ends, move)
    if await _extensions(ends.source) != await _extensions(ends.target):
        raise MoveRefused("the two cells have their extensions in different schemas, or one of them lacks one")
    async with ends.target.session() as connection:
        if await (await connection.execute(QUERIES["has_schema"], {"schema": move.schema})).fetchone() == (True,):
            raise MoveRefused(f"the cell {move.target} has a schema {move.schema} of another workspace")


async def make_tables(ends: Ends, move: Move) -> None:
    """Make the workspace's tables in the target as the source has them.

    Its row is in the target already, which tells a later attempt that the schema is its own.

    Raises:
        BackupRefused: `pg_dump` failed.
        SqlError: a database cannot be had.
    """
    markers = table_sql(Table(schema=move.schema, name=MARKERS))
    async with ends.source.session() as connection:
        await connection.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} (id uuid PRIMARY KEY)").format(markers))
    with tempfile.NamedTemporaryFile(prefix="fieldstone-") as definitions:
        async with ends.source.session() as source:
            await source.execute(CATALOG["begin_read"])
            await source.execute(CATALOG["idle_without_limit"])
            (snapshot,) = await (await source.execute("SELECT pg_export_snapshot()")).fetchone() or ("",)
            async for chunk in dump_definitions(ends.source_url, snapshot, [move.schema]):
                definitions.write(chunk)
        definitions.flush()
        sections = ("pre-data", "post-data")
        scripts = [await write_definitions(Path(definitions.name), [move.schema], section) for section in sections]
    # Not before: a session that waits for the programs may be ended as idle.
    async with ends.target.session() as target:
        await target.execute(create.create_schema(move.schema))
        for script in scripts:
            await target.execute(script, prepare=False)
        await target.execute("RESET ALL")


async def carry_first(ends: Ends, move: Move) -> int:
    """Carry the workspace's rows of the catalog to the target, and return the transaction to go on from."""
    async with ends.source.session() as source, ends.target.session() as target:
        await source.execute(CATALOG["begin_read"])
        for session in (source, target):
            await session.execute(CATALOG["idle_without_limit"])
        (since,) = await (await source.execute(QUERIES["oldest_transaction"])).fetchone() or (0,)
        await carry_rows(source, target, move, await list_owned(target), since=None)
        await target.execute(QUERIES["mute_webhooks"], {"workspace_id": move.workspace_id})
        await target.execute(CATALOG["indexes_made_here"], {"workspace_ids": [move.workspace_id]})
        return int(since)


async def clear_target(ends: Ends, move: Move) -> None:
    """Remove all that an attempt, or an earlier stay of the workspace, has left in the target; raises SqlError."""
    await end_replication(ends, move)
    of_workspace = {"workspace_id": move.workspace_id}
    async with ends.target.session() as connection:
        row = await (await connection.execute(QUERIES["presence"], of_workspace)).fetchone()
    if row == ("HERE",):
        raise MoveRefused(f"the cell {move.target} has the workspace already")
    if row == ("GONE",):
        left = Workspace(id=move.workspace_id, name=move.name, schema=move.left_schema)
        await delete_workspace(ends.target, left, left=True)
    elif row == ("COMING",):
        async with ends.target.session() as connection:
            # First its row: one that has arrived meanwhile keeps its tables.
            deleted = await connection.execute(QUERIES["delete_workspace"], {**of_workspace, "presence": "COMING"})
            if deleted.rowcount:
                await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name_sql(move.schema)))
    async with ends.target.session() as connection:
        await connection.execute(QUERIES["delete_idempotency"], of_workspace)


async def clear_source(ends: Ends, move: Move) -> None:
    """Remove the markers of a move from the source, which keeps the workspace; raises SqlError."""
    markers = table_sql(Table(schema=move.schema, name=MARKERS))
    async with ends.source.session() as connection:
        await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(markers))
    await resume_webhooks(ends.source, move)


async def _extensions(database: Database) -> object:
    async with database.session() as connection:
        return await read_extensions(connection)
