"""An index that is BUILDING: it is made beside readers and writers."""

import logging
from uuid import UUID

import psycopg

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import SettleIndex
from fieldstone.metadata.changes.tables.migration import build_index
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Index, Object, Status
from fieldstone.metadata.online_ddl.field_builder import ACTOR
from fieldstone.metadata.online_ddl.refusals import read_refusal
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.ddl import alter
from fieldstone.sql.ddl.create import TrigramClass

_LOG = logging.getLogger(__name__)


async def make_index(
    connection: Session, writer: ModelWriter, workspace_id: UUID, index_id: UUID, *, trigram: TrigramClass | None
) -> bool:
    """Build an index, and settle it in the model; return whether there was anything to build.

    Args:
        connection: in autocommit mode.
        writer: of the models.
        workspace_id: the workspace.
        index_id: the index.
        trigram: the operator class for trigram indexes, None where the server has not got it.

    Raises:
        DatabaseError: it was interrupted.
        MetadataError: the model cannot be changed now.
    """
    try:
        snapshot = await read_snapshot(connection, workspace_id)
    except UnknownObject:
        return False
    index = snapshot.indexes.get(index_id)
    if index is None or index.status is not Status.BUILDING:
        return False
    object_ = snapshot.objects[index.object_id]
    # The index of an interrupted build is there, but not valid.
    leftover = alter.drop_index(snapshot.workspace.schema, index.name, concurrently=True)
    failure = None
    try:
        await connection.execute(leftover, prepare=False)
        await connection.execute(build_index(index, object_, trigram, concurrently=True), prepare=False)
    except InvalidChange as error:
        failure = error.message
    except psycopg.Error as error:
        failure = await read_refusal(connection, snapshot, error, _names(object_, index))
        await connection.execute(leftover, prepare=False)
    if failure is not None:
        _LOG.warning("the index %s cannot be built: %s", index.name, failure)
    # A change of the model, since plans depend on the indexes that are READY.
    settle = SettleIndex(index_id=index_id, failure=failure)
    await writer.change(workspace_id, lambda _: [settle], actor=ACTOR)
    return True


def _names(object_: Object, index: Index) -> str:
    return ", ".join(object_.by_id[id_].name for id_ in index.field_ids)
