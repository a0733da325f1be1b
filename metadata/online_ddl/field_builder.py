"""A field that is BUILDING: its records get the value that they lack, in portions; its constraints are validated."""

import logging
from uuid import UUID

import psycopg

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import SettleField
from fieldstone.metadata.changes.tables.alteration import required_check
from fieldstone.metadata.changes.tables.migration import foreign_key_name
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.model import Field, Object, Status
from fieldstone.metadata.online_ddl.refusals import read_refusal
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.record_checks import fill_values
from fieldstone.sql.ddl import alter, column_rows
from fieldstone.sql.identifiers import quote_table

_LOG = logging.getLogger(__name__)

PORTION = 5_000
"""Records that are filled in one transaction: some 50 ms, for which writers of these very records wait."""

ACTOR = "fieldstone"


async def build_field(connection: Session, writer: ModelWriter, workspace_id: UUID, field_id: UUID) -> bool:
    """Finish the build of a field, and settle it in the model; return whether there was anything to build.

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
    found = next((object_ for object_ in snapshot.objects.values() if field_id in object_.by_id), None)
    if found is None or found.by_id[field_id].status is not Status.BUILDING:
        return False
    object_, field = found, found.by_id[field_id]
    failure = None
    try:
        if field.backfill is not None:
            await _fill(connection, object_, field)
        await _validate(connection, object_, field)
    except psycopg.Error as error:
        failure = await read_refusal(connection, snapshot, error, field.name)
        _LOG.warning("%s of %s: %s", field.name, object_.name_singular, failure)
    settle = SettleField(field_id=field_id, failure=failure)
    await writer.change(
        workspace_id, lambda now: [settle] if _is_there(now.objects.get(object_.id), field_id) else [], actor=ACTOR
    )
    return True


def _is_there(object_: Object | None, field_id: UUID) -> bool:
    return object_ is not None and field_id in object_.by_id


async def _fill(connection: Session, object_: Object, field: Field) -> None:
    """Fill the records that have no value. New ones have one already, so once through the table is enough."""
    last: UUID | None = None
    while True:
        query = column_rows.fill_portion(
            object_.table,
            object_.key,
            field.parts[0].column,
            fill_values(field, field.backfill),
            after=last,
            limit=PORTION,
        )
        row = await (await connection.execute(query, prepare=False)).fetchone()
        if row is None or row[0] is None:
            return
        last = row[0]


async def _validate(connection: Session, object_: Object, field: Field) -> None:
    names = [required_check(field)]
    if field.relation_id is not None:
        names.append(foreign_key_name(object_, field))
    parameters = {"table": quote_table(object_.table), "names": names}
    pending = await (await connection.execute(QUERIES["invalid_constraints"], parameters)).fetchall()
    for (name,) in pending:
        await connection.execute(alter.validate_constraint(object_.table, name), prepare=False)
