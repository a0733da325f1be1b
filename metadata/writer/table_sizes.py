"""The sizes of tables, which decide whether a change works on their rows at once or after its commit."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.plan import TableSize
from fieldstone.metadata.model import Object
from fieldstone.sql.ddl import column_rows
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.plan.elements import Table

NO_TABLE: Final = TableSize(None, 0, 0)
"""The size of a table that is not there yet."""


async def read_bytes(connection: Session, table: Table) -> int:
    """Return the bytes of a table's rows, 0 where there is no such table; it waits for the table's lock."""
    if table.is_distributed:
        cursor = await connection.execute(column_rows.measure(table), prepare=False)
    else:
        cursor = await connection.execute(QUERIES["table_bytes"], {"table": quote_table(table)})
    row = await cursor.fetchone()
    return (row[0] or 0) if row else 0


async def read_sizes(
    connection: Session, objects: Collection[Object], weighed: Collection[UUID]
) -> Mapping[UUID, TableSize]:
    """Return the size of each object's table, with the bytes of those that are `weighed`."""
    names = {quote_table(object_.table): object_ for object_ in objects}
    if not names:
        return {}
    # The size of a distributed table is its shard's.
    here = [name for name, object_ in names.items() if object_.id in weighed and not object_.table.is_distributed]
    rows = await fetch(connection, "table_sizes", tables=list(names), weighed=here)
    sizes = {names[name].id: TableSize(*size) for name, *size in rows}
    for object_ in objects:
        is_there = sizes[object_.id].columns > 0
        if is_there and object_.id in weighed and object_.table.is_distributed:
            sizes[object_.id] = sizes[object_.id]._replace(bytes=await read_bytes(connection, object_.table))
    return sizes
