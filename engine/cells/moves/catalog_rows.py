"""The rows of a workspace in the catalog, carried from one database to another as often as they have changed."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from psycopg import sql

from fieldstone.engine.backup.owned import CATALOG, is_saved, of_workspace, stays_behind
from fieldstone.engine.backup.rows import create_aside, insert_order
from fieldstone.engine.cells.moves.move import QUERIES, Move
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.ddl.names import name_sql, names_sql, table_sql
from fieldstone.sql.plan.elements import Table

CAME: Final = Table(schema="pg_temp", name="came")

_DELIVERIES: Final = "webhook_delivery"
_OF_THE_MODEL: Final = frozenset(
    {"object", "relation", "field", "index", "retired_name", "model_change", "role", "imported"}
)
"""Tables that only changes of the model write, which wait for the end of a move."""
_OF_DELIVERIES: Final = frozenset({_DELIVERIES, "webhook_try"})
_FILES: Final = frozenset({"import_chunk", "import_error", "import_batch", "import_record"})
_OF_IMPORTS: Final = _FILES | {"import_job"}
_THINNED: Final = frozenset({"import_chunk", "import_error"})
"""Tables from which rows are deleted beside the move: the file of an import that is done, the errors of its check."""
_LONG: Final = frozenset({*_OF_DELIVERIES, *_FILES, "audit_log", "idempotency", "slow_operation", "persisted_query"})
"""Tables of which only the rows are carried that have changed; rows that retention has deleted go later."""

_WITHOUT_KEY: Final = ("job_id", "first_row", "record_id")
"""The columns that tell the rows of `import_record` apart, which has no key."""


class Owned(NamedTuple):
    """A table of the catalog: its columns, those of its key, and those that are numbered."""

    name: str
    columns: Sequence[str]
    key: Sequence[str] | None
    identities: Collection[str]


async def list_owned(target: Session) -> list[Owned]:
    """Return the tables of the catalog whose rows move, each behind those that its rows refer to."""
    rows = await (await target.execute(QUERIES["columns"])).fetchall()
    owned = {one[0]: Owned(*one) for one in rows if _moves(one[0], one[1])}
    return [owned[name] for name in await insert_order(target, owned)]


async def carry_rows(
    source: Session, target: Session, move: Move, tables: Iterable[Owned], *, since: int | None
) -> None:
    """Carry the workspace's rows in the transaction of the target.

    Args:
        source: in a transaction.
        target: in a transaction.
        move: the move.
        tables: those whose rows move, in the order of their references.
        since: the oldest transaction that ran when the rows were carried before; None: they were not.

    Raises:
        psycopg.Error: a row cannot be in the target.
    """
    if since is not None:
        tables = [one for one in tables if one.name not in _OF_THE_MODEL]
        # Each table takes several messages, and most have not changed.
        here, there = await asyncio.gather(_count(source, move, tables, since), _count(target, move, tables, since))
        tables = [
            one
            for one in tables
            if here[one.name][1] or (one.name not in _LONG - _THINNED and here[one.name][0] != there[one.name][0])
        ]
    for one in tables:
        await _carry(source, target, move, one, since)


async def _count(connection: Session, move: Move, tables: Iterable[Owned], since: int) -> dict[str, tuple[int, int]]:
    """Return the number of the workspace's rows in each table, and of those among them that have changed."""
    parts = [
        sql.SQL("SELECT {}, count(*), count(*) FILTER (WHERE {}) FROM {} WHERE {}").format(
            sql.Literal(one.name),
            _changed(since),
            table_sql(Table(schema=CATALOG, name=one.name)),
            of_workspace(one.name, one.columns, move.workspace_id),
        )
        for one in tables
    ]
    rows = await (await connection.execute(sql.SQL(" UNION ALL ").join(parts))).fetchall()
    return {name: (count, changed) for name, count, changed in rows}


def _changed(since: int) -> sql.Composed:
    """Return the condition on rows that transactions have written which had not ended at `since`."""
    number = sql.Literal(str(since % (1 << 32)))
    return sql.SQL("pg_catalog.age(xmin) <= pg_catalog.age({}::text::xid)").format(number)


def _moves(name: str, columns: Sequence[str]) -> bool:
    return is_saved(name) and (name in _OF_DELIVERIES | _OF_IMPORTS or not stays_behind(name, columns))


async def _carry(source: Session, target: Session, move: Move, owned: Owned, since: int | None) -> None:
    table = Table(schema=CATALOG, name=owned.name)
    condition: sql.Composable = of_workspace(owned.name, owned.columns, move.workspace_id)
    is_part = since is not None and owned.name in _LONG
    wanted = condition
    if since is not None and is_part:
        wanted = sql.SQL("{} AND {}").format(condition, _changed(since))
        if owned.name in _THINNED:
            await _delete_removed(source, target, table, owned, condition)
    listed = names_sql(owned.columns)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(listed, table_sql(table), wanted)
    await copy_aside(source, target, query, table, owned.columns)
    if owned.name == "workspace":
        await target.execute(
            "UPDATE pg_temp.came SET presence = 'COMING', epoch = %(epoch)s, moved_in = NULL", {"epoch": move.epoch + 1}
        )
    if owned.name == _DELIVERIES:
        await target.execute(QUERIES["place_deliveries"], {"epoch": move.epoch})
    effect: sql.Composable = sql.SQL("")
    if not owned.key:
        came = _came(table, _WITHOUT_KEY) if is_part else condition
        await target.execute(sql.SQL("DELETE FROM {} WHERE {}").format(table_sql(table), came))
    else:
        effect = _merge(owned)
        if not is_part and since is not None:
            await target.execute(_delete_others(table, owned, condition))
    await target.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM pg_temp.came {}").format(
            table_sql(table), listed, listed, effect
        )
    )
    for column in owned.identities:
        # Rows that are made here come behind these: their numbers are the order of fields, and of an import's batches.
        row = await (
            await target.execute(sql.SQL("SELECT max({}) FROM pg_temp.came").format(name_sql(column)))
        ).fetchone()
        if row and row[0] is not None:
            await pass_number(target, table, column, row[0])
    await target.execute("DROP TABLE pg_temp.came")


async def pass_number(target: Session, table: Table, column: str, last: int) -> None:
    """Have the next rows of a table get numbers behind `last` in an identity column.

    The sequence never goes back. Rows of other workspaces take numbers from it meanwhile, without a lock that could be
    waited for, so `setval` over a short way may undo some of theirs, which would then be given once more. A short way
    is gone number by number, and a long one is set: so many numbers are not taken in the moment of one statement.
    """
    await target.execute(
        QUERIES["pass_number"], {"table": table_sql(table).as_string(), "column": column, "last": last}
    )


async def _delete_removed(
    source: Session, target: Session, table: Table, owned: Owned, condition: sql.Composable
) -> None:
    """Delete the rows that the source does not have any more, by the ranges of their numbers in each import.

    The writes are held meanwhile: the keys of a million rows, one by one, take half a minute.
    """
    job, number = map(name_sql, owned.key or ())
    query = sql.SQL("SELECT {}, range_agg(int4range({}, {}, '[]'))::text FROM {} WHERE {} GROUP BY 1")
    rows = await (await source.execute(query.format(job, number, number, table_sql(table), condition))).fetchall()
    left = sql.SQL("DELETE FROM {} WHERE {} AND NOT {} = ANY (%s)").format(table_sql(table), condition, job)
    removed = sql.SQL("DELETE FROM {} WHERE {} = %s AND NOT {} <@ %s::int4multirange").format(
        table_sql(table), job, number
    )
    async with target.pipeline():
        await target.execute(left, [[job_id for job_id, _ in rows]])
        for job_id, kept in rows:
            await target.execute(removed, [job_id, kept])


def _merge(owned: Owned) -> sql.Composed:
    """Return the clause by which rows that are there already become as they came."""
    key = owned.key or ()
    changing = [one for one in owned.columns if one not in key and one not in owned.identities]
    assigned = sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(name_sql(one), name_sql(one)) for one in changing)
    effect = sql.SQL("DO UPDATE SET {}").format(assigned) if changing else sql.SQL("DO NOTHING")
    return sql.SQL("ON CONFLICT ({}) {}").format(names_sql(key), effect)


def _delete_others(table: Table, owned: Owned, condition: sql.Composable) -> sql.Composed:
    """Return the statement that deletes the rows which the source does not have any more."""
    return sql.SQL("DELETE FROM {} WHERE {} AND NOT {}").format(
        table_sql(table), condition, _came(table, owned.key or ())
    )


def _came(table: Table, key: Iterable[str]) -> sql.Composed:
    """Return the condition on the rows of which those that came have the key."""
    same = sql.SQL(" AND ").join(
        sql.SQL("came.{} = {}.{}").format(name_sql(one), table_sql(table), name_sql(one)) for one in key
    )
    return sql.SQL("EXISTS (SELECT FROM pg_temp.came WHERE {})").format(same)


async def copy_aside(
    source: Session, target: Session, query: sql.Composable, like: Table, columns: Sequence[str], name: str = CAME.name
) -> None:
    """Copy the rows of a query in the source into a temporary table of the target, which goes with its transaction."""
    aside = await create_aside(target, name, columns, like)
    read, write = sql.SQL("COPY ({}) TO STDOUT").format(query), sql.SQL("COPY {} FROM STDIN").format(table_sql(aside))
    async with source.cursor().copy(read) as out, target.cursor().copy(write) as into:
        async for block in out:
            await into.write(block)
