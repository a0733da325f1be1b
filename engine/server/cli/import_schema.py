"""`fieldstone schema import`: tables of a PostgreSQL schema become objects, and their rows records."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
import typer

from fieldstone.engine.server.cells.workspaces import open_foundation_of
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.confirm import change_model
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes import always
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_file import Build, export_model
from fieldstone.metadata.schema_file.text import write_document
from fieldstone.metadata.schema_import.choice import choose
from fieldstone.metadata.schema_import.draft import ImportDraft
from fieldstone.metadata.schema_import.memory import read_made, remember
from fieldstone.metadata.schema_import.odd_values import find_odd_values
from fieldstone.metadata.schema_import.plan import plan_import
from fieldstone.metadata.schema_import.rows import copy_rows
from fieldstone.metadata.schema_import.source import read_source
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.writer.transaction import ModelTransaction

_ACTOR = "fieldstone schema import"
# Servers before PostgreSQL 17 have no transaction_timeout.
_WITHOUT_LIMITS = """
SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings
WHERE name IN ('transaction_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout')
"""


async def import_schema(
    settings: Settings,
    *,
    schema: str,
    dsn: str | None = None,
    workspace: str,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    with_keys: bool = False,
    with_rows: bool = False,
    as_file: bool = False,
    check: bool = False,
    yes: bool = False,
) -> None:
    """Show the objects that a schema becomes, and create them once that is confirmed.

    Args:
        settings: the environment's.
        schema: the schema's name.
        dsn: the address of its database; None for the one of the workspace.
        workspace: the workspace that gets the objects.
        only: the tables, and columns as `table.column`; all of them if there are none.
        skip: the tables and columns that are left out.
        with_keys: make fields of keys that only count rows.
        with_rows: copy the rows too.
        as_file: print the objects as a model file, and change nothing.
        check: change nothing.
        yes: do not ask.

    Raises:
        CommandError: the database cannot be reached or read, or the import was not confirmed.
        MetadataError: there is no such workspace or schema, or the model does not allow a row.
        SqlError: the workspace's database cannot be reached.
        typer.Exit: with `check`.
    """
    async with (
        open_foundation_of(settings, workspace, only_reads=check or as_file) as foundation,
        _open_source(foundation, dsn) as there,
    ):
        source = choose(await read_source(there, schema), only=only, skip=skip)
        source = await find_odd_values(there, source, with_rows=with_rows)
        if dsn is None:
            # PostgreSQL would end the idle transaction before a person confirms; the change's session reads the rows.
            await there.commit()
        found = await foundation.workspaces.find(workspace)
        snapshot = await foundation.current.get(found.id)
        async with foundation.database.session() as connection:
            made = await read_made(connection, found, source)
        first = plan_import(snapshot, source, made, with_keys=with_keys)
        for note in first.notes:
            typer.echo(escape(f"note  {note}"), err=as_file)
        if as_file:
            document = export_model(
                first.snapshot, objects=lambda object_: snapshot.objects.get(object_.id) is not object_
            )
            typer.echo(write_document(document), nl=False)
            return
        rows = 0
        plans: list[ImportDraft] = []

        def plan(latest: Snapshot) -> list[Build]:
            # Others wait for the transaction that asks; the plan for an unchanged model is there already.
            is_known = latest.version == snapshot.version
            plans.append(first if is_known else plan_import(latest, source, made, with_keys=with_keys))
            return list(map(always, plans[-1].changes))

        async def copy(transaction: ModelTransaction) -> None:
            nonlocal rows
            if await read_made(transaction.connection, found, source) != made:
                raise CommandError("another import ended meanwhile, so nothing was changed: look again")
            await remember(transaction.connection, found, source, plans[-1].made)
            if with_rows:
                await transaction.write_tables()
                rows = await copy_rows(
                    transaction.connection,
                    transaction.snapshot,
                    plans[-1],
                    source=transaction.connection if dsn is None else there,
                )

        count = await change_model(
            foundation, found, plan, actor=_ACTOR, check=check, yes=yes, then=copy, always=with_rows
        )
    typer.echo(f"Changes made: {count}. Rows copied: {rows}." if with_rows else f"Changes made: {count}.")


@asynccontextmanager
async def _open_source(foundation: Foundation, dsn: str | None) -> AsyncIterator[Session]:
    """Lend a connection to the database that is imported from; it reads one state of it."""
    if dsn is None:
        async with foundation.database.session() as connection:
            yield connection
        return
    try:
        connection = await psycopg.AsyncConnection.connect(dsn)
    except psycopg.Error as error:
        raise CommandError(f"the database to import from cannot be reached: {error}") from None
    try:
        async with connection:
            await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            # The scan of a large table and a question at the terminal take longer than a login's limits may allow.
            await connection.execute(_WITHOUT_LIMITS)
            await connection.execute(
                "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'", prepare=False
            )
            await connection.execute("SET LOCAL search_path = pg_catalog")
            yield connection
    except psycopg.Error as error:
        raise CommandError(f"the database to import from cannot be read: {error}") from None
