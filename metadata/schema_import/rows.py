"""The rows of the tables that were imported, copied into those of the objects in the transaction that makes them."""

import psycopg

from metadata.errors import ChangeFailed
from metadata.model import Object, Snapshot
from metadata.schema_import.plan import ImportPlan, RowCopy
from metadata.sessions import Connection
from sql import import_rows
from sql.sqlstate import translate_error


async def copy_rows(connection: Connection, snapshot: Snapshot, plan: ImportPlan, *, source: Connection) -> int:
    """Copy all rows, and return how many there were.

    Where both connections are the same, the server copies by itself; else the rows pass through this process, a few at
    a time. References are checked once all of them are there.

    Args:
        connection: the one that has changed the model, in its transaction.
        snapshot: the model as it is there.
        plan: the import.
        source: a connection to the database that the rows are in.

    Raises:
        ChangeFailed: a row is not what the model allows.
    """
    count = 0
    await connection.execute("SET CONSTRAINTS ALL DEFERRED")
    for copy in plan.copies:
        thing = next(one for one in snapshot.objects.values() if one.name_singular == copy.object_name)
        try:
            count += await _copy(connection, thing, copy, source)
        except psycopg.Error as error:
            raise _refusal(copy.source.name, error) from error
    try:
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        raise _refusal(plan.copies[0].source.schema, error) from error
    return count


async def _copy(connection: Connection, thing: Object, copy: RowCopy, source: Connection) -> int:
    select = import_rows.select_rows(copy.source, list(copy.values.values()), only=copy.only)
    columns = list(copy.values)
    if source is connection:
        cursor = await connection.execute(import_rows.insert_rows(thing.table, columns, select), prepare=False)
        return cursor.rowcount
    into = connection.cursor()
    async with (
        source.cursor().copy(import_rows.copy_out(select)) as read,
        into.copy(import_rows.copy_in(thing.table, columns)) as written,
    ):
        async for block in read:
            await written.write(block)
    return into.rowcount


def _refusal(name: str, error: psycopg.Error) -> ChangeFailed:
    detail = error.diag.message_detail
    message = translate_error(error).message + (f" ({detail})" if detail else "")
    return ChangeFailed(f"the rows of {name} cannot be copied, and nothing was changed: {message}")
