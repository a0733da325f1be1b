"""One build beside readers and writers: an index is made, or a field's records get the value that they lack."""

import logging
from uuid import UUID

import psycopg

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import SettleField, SettleIndex
from fieldstone.metadata.changes.kinds.retry_build import find_owner
from fieldstone.metadata.changes.tables.alteration import add_required_check, required_check
from fieldstone.metadata.changes.tables.migration import build_index, foreign_key_name
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Field, Object, Snapshot, Status
from fieldstone.metadata.online_ddl.refusals import read_refusal
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.record_checks import fill_values
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.ddl import alter, column_rows
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.sqlstate import translate_error

_LOG = logging.getLogger(__name__)

PORTION = 5_000
"""Records that are filled in one transaction: some 50 ms, for which writers of these very records wait."""

ACTOR = "fieldstone"


async def build(
    connection: Session, writer: ModelWriter, workspace_id: UUID, id_: UUID, *, trigram: TrigramClass | None
) -> bool:
    """Build an index or a field, and settle it in the model; return whether there was anything to build.

    Each step can be done again from the start, wherever the one before it ended.

    Args:
        connection: in autocommit mode.
        writer: of the models.
        workspace_id: the workspace.
        id_: the index, or the field.
        trigram: the operator class for trigram indexes, None where the server has not got it.

    Raises:
        DatabaseError: it was interrupted.
        MetadataError: the model cannot be changed now.
    """
    try:
        snapshot = await read_snapshot(connection, workspace_id)
        object_ = find_owner(snapshot, id_)
    except UnknownObject:
        return False
    index = snapshot.indexes.get(id_)
    building = object_.by_id[id_] if index is None else index
    if building.status is not Status.BUILDING:
        return False
    fields = [object_.by_id[one] for one in (index.field_ids if index else (id_,))]
    # The index of an interrupted build is there, but not valid.
    leftover = alter.drop_index(snapshot.workspace.schema, index.name, concurrently=True) if index else None
    failure = None
    try:
        if index is None or leftover is None:
            if fields[0].backfill is not None and not await _fill_all(connection, writer, snapshot, fields[0]):
                # The model asks for something else by now, which the next look finds.
                return True
            await _validate(connection, object_, fields[0])
        else:
            await connection.execute(leftover, prepare=False)
            await connection.execute(build_index(index, object_, trigram, concurrently=True), prepare=False)
    except InvalidChange as error:
        failure = error.message
    except psycopg.Error as error:
        failure = await read_refusal(connection, snapshot, error, ", ".join(field.name for field in fields))
        if leftover is not None:
            await connection.execute(leftover, prepare=False)
    if failure is not None:
        _LOG.warning("%s of %s cannot be built: %s", building.name, object_.name_singular, failure)
    # A change of the model, since plans depend on the indexes that are READY.
    settle = SettleField(field_id=id_, failure=failure) if index is None else SettleIndex(index_id=id_, failure=failure)
    await writer.change(workspace_id, lambda _: [settle], actor=ACTOR)
    return True


async def _fill_all(connection: Session, writer: ModelWriter, snapshot: Snapshot, field: Field) -> bool:
    """Fill the records, and have PostgreSQL refuse others without a value; return whether that is still asked for."""
    workspace, object_ = snapshot.workspace, snapshot.objects[field.object_id]
    # A check that an interrupted build has left is made again.
    statements = (
        alter.drop_constraint_if_there(object_.table, required_check(field)),
        add_required_check(object_, field),
    )

    async def guard(transaction: ModelTransaction) -> bool:
        owner = transaction.snapshot.objects.get(object_.id)
        if owner is None or owner.by_id.get(field.id) != field:
            return False
        transaction.locked.add(quote_table(object_.table))
        try:
            await send_as_one(transaction.connection, statements, apart=workspace.is_distributed)
        except psycopg.Error as error:
            raise translate_error(error) from error
        return True

    await _fill(connection, object_, field)
    if not await writer.run(workspace.id, guard, actor=ACTOR):
        return False
    # A process that had not heard of the change could leave records without a value up to now.
    await _fill(connection, object_, field)
    return True


async def _fill(connection: Session, object_: Object, field: Field) -> None:
    """Fill the records that have no value, in portions."""
    last: UUID | None = None
    values = fill_values(field, field.backfill)
    while True:
        query = column_rows.fill_portion(
            object_.table, object_.key, field.parts[0].column, values, after=last, limit=PORTION
        )
        row = await (await connection.execute(query, prepare=False)).fetchone()
        if row is None or row[0] is None:
            return
        last = row[0]


async def _validate(connection: Session, object_: Object, field: Field) -> None:
    """Look through the records for those that a constraint of the field forbids."""
    names = [required_check(field)]
    if field.relation_id is not None:
        names.append(foreign_key_name(object_, field))
    for (name,) in await fetch(connection, "invalid_constraints", table=quote_table(object_.table), names=names):
        await connection.execute(alter.validate_constraint(object_.table, name), prepare=False)
