"""Copies rows of imported tables into the tables of the objects, in the transaction that creates these."""

import psycopg
from psycopg.sql import Composed

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.schema_import.draft import ImportDraft, RowCopy
from fieldstone.metadata.schema_import.refusals import refuse_rows
from fieldstone.sql.ddl import alter, import_rows


async def copy_rows(connection: Session, snapshot: Snapshot, plan: ImportDraft, *, source: Session) -> int:
    """Copy all rows that were not copied before, and return the number written.

    A row is there if its id is, and gets no more than the values of fields that are new; rows of a table without a key,
    whose ids are made up, are copied where the object has no records at all.

    Where both connections are the same, the server copies by itself; else the rows pass through this process, a few at
    a time. References are checked once all of them are there.

    Args:
        connection: the one that has changed the model, in its transaction.
        snapshot: the model as it is there.
        plan: the import.
        source: a connection to the database that the rows are in.

    Raises:
        ChangeFailed: the model does not allow a row, or the source does not give all of them.
    """
    count = 0
    if source is not connection:
        await connection.execute(QUERIES["idle_without_limit"])
    await fetch(source, "read_rows_whole")
    await connection.execute("SET CONSTRAINTS ALL DEFERRED")
    for copy in plan.copies:
        try:
            count += await _copy(connection, snapshot.objects[copy.object_id], copy, source)
        except psycopg.Error as error:
            raise refuse_rows("copied", copy.source.name, error) from error
    for copy in plan.copies:
        await _require_targets(connection, snapshot, copy, source)
    return count


async def _require_targets(connection: Session, snapshot: Snapshot, copy: RowCopy, source: Session) -> None:
    """Return if each record that was made of the rows leads to records that are there.

    A foreign key of the source that is NOT VALID, or was filled while triggers were off, leaves rows that lead to none.
    PostgreSQL would name the record alone, and Citus checks its own foreign keys no earlier than at the commit.

    Raises:
        ChangeFailed: one does not; it names the row.
    """
    object_ = snapshot.objects[copy.object_id]
    for field in object_.fields:
        column = field.parts[0].column.name if field.parts else ""
        if field.relation_id is None or column not in copy.origins:
            continue
        place, target = f"{copy.source.name}.{copy.origins[column]}", snapshot.relations[field.relation_id]
        try:
            other = snapshot.objects[target.target_object_id]
            orphans = import_rows.find_orphan(object_.table, column, other.table, other.key.name)
            if (orphan := await (await connection.execute(orphans, prepare=False)).fetchone()) is None:
                continue
            origins = import_rows.find_origin(
                copy.source, copy.key, copy.origins[column], copy.values[column], orphan[0], only=copy.only
            )
            key, value = await (await source.execute(origins, prepare=False)).fetchone() or (None, orphan[0])
        except psycopg.Error as error:
            raise refuse_rows("copied", place, error) from error
        row = f"the row with the key {key}" if key else "the row"
        raise refuse_rows("copied", place, f"{row} leads to {value}, and no such row is imported")


async def _copy(connection: Session, object_: Object, copy: RowCopy, source: Session) -> int:
    select = import_rows.select_rows(copy.source, list(copy.values.values()), only=copy.only)
    columns = list(copy.values)
    if source is connection:
        return await _insert(connection, object_, copy, select)
    if copy.is_new:
        return await _pass_on(select, source, import_rows.copy_in(object_.table, columns), connection)
    await connection.execute(import_rows.create_waiting(object_.table, columns), prepare=False)
    await _pass_on(select, source, import_rows.copy_in(import_rows.WAITING, columns), connection)
    waiting = import_rows.select_rows(import_rows.WAITING, [import_rows.column(name) for name in columns], only=False)
    count = await _insert(connection, object_, copy, waiting)
    await connection.execute(alter.drop_table(import_rows.WAITING), prepare=False)
    return count


async def _insert(connection: Session, object_: Object, copy: RowCopy, select: Composed) -> int:
    """Insert rows, all of them into a new table, else those that are not there; return the number written."""
    columns = list(copy.values)
    if copy.is_new:
        cursor = await connection.execute(import_rows.insert_rows(object_.table, columns, select), prepare=False)
        return cursor.rowcount
    if copy.key:
        insert = import_rows.insert_more_rows(object_.table, columns, select, key=object_.key.name, filled=copy.filled)
    else:
        insert = import_rows.insert_first_rows(object_.table, columns, select)
    ((count,),) = await (await connection.execute(import_rows.count_written(insert), prepare=False)).fetchall()
    return int(count)


async def _pass_on(select: Composed, source: Session, copy_in: Composed, connection: Session) -> int:
    into = connection.cursor()
    async with source.cursor().copy(import_rows.copy_out(select)) as read, into.copy(copy_in) as written:
        async for block in read:
            await written.write(block)
    return into.rowcount
