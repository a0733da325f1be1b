"""A field that is BUILDING: its records get the value that they lack, in portions; what is promised is validated."""

import logging
from uuid import UUID

import psycopg

from metadata.building.refusals import read_refusal
from metadata.changes import SettleField
from metadata.changes.alteration import required_check
from metadata.changes.migration import foreign_key_name
from metadata.errors import UnknownObject
from metadata.model import Field, Object, Status
from metadata.queries import QUERIES
from metadata.rows.row_worker import fill_values
from metadata.sessions import Connection
from metadata.store import read_snapshot
from metadata.writer import ModelWriter
from sql import alter, column_rows
from sql.identifiers import quote_table

_LOG = logging.getLogger(__name__)

PORTION = 5_000
"""Records that are filled in one transaction: some 50 ms, for which writers of these very records wait."""

ACTOR = "fieldstone"


async def build_field(connection: Connection, writer: ModelWriter, workspace_id: UUID, field_id: UUID) -> bool:
    """Do what is left to be done for a field, and have the model say so; tell whether there was anything.

    Each step can be done again from the start, wherever the one before it ended.

    Args:
        connection: in autocommit mode.
        writer: of the models.
        workspace_id: the workspace.
        field_id: the field.

    Raises:
        DatabaseError: it was interrupted.
        MetadataError: the model cannot be changed now.
    """
    try:
        snapshot = await read_snapshot(connection, workspace_id)
    except UnknownObject:
        return False
    found = next((thing for thing in snapshot.objects.values() if field_id in thing.by_id), None)
    if found is None or found.by_id[field_id].status is not Status.BUILDING:
        return False
    thing, field = found, found.by_id[field_id]
    failure = None
    try:
        if field.backfill is not None:
            await _fill(connection, thing, field)
        await _validate(connection, thing, field)
    except psycopg.Error as error:
        failure = await read_refusal(connection, snapshot, error, field.name)
        _LOG.warning("%s of %s: %s", field.name, thing.name_singular, failure)
    settle = SettleField(field_id=field_id, failure=failure)
    await writer.change(
        workspace_id, lambda now: [settle] if _is_there(now.objects.get(thing.id), field_id) else [], actor=ACTOR
    )
    return True


def _is_there(thing: Object | None, field_id: UUID) -> bool:
    return thing is not None and field_id in thing.by_id


async def _fill(connection: Connection, thing: Object, field: Field) -> None:
    """Fill the records that have no value. New ones have one already, so once through the table is enough."""
    last: UUID | None = None
    while True:
        query = column_rows.fill_portion(
            thing.table, thing.key, field.parts[0].column, fill_values(field, field.backfill), after=last, limit=PORTION
        )
        row = await (await connection.execute(query, prepare=False)).fetchone()
        if row is None or row[0] is None:
            return
        last = row[0]


async def _validate(connection: Connection, thing: Object, field: Field) -> None:
    names = [required_check(field)]
    if field.relation_id is not None:
        names.append(foreign_key_name(thing, field))
    parameters = {"table": quote_table(thing.table), "names": names}
    pending = await (await connection.execute(QUERIES["invalid_constraints"], parameters)).fetchall()
    for (name,) in pending:
        await connection.execute(alter.validate_constraint(thing.table, name), prepare=False)
