"""An index that is BUILDING: it is made beside readers and writers."""

import logging
from uuid import UUID

import psycopg

from metadata.building.field_builder import ACTOR
from metadata.building.refusals import read_refusal
from metadata.changes import SettleIndex
from metadata.changes.migration import build_index
from metadata.errors import InvalidChange, UnknownObject
from metadata.model import Index, Object, Status
from metadata.sessions import Connection
from metadata.store import read_snapshot
from metadata.writer import ModelWriter
from sql import alter
from sql.ddl import TrigramClass

_LOG = logging.getLogger(__name__)


async def make_index(
    connection: Connection, writer: ModelWriter, workspace_id: UUID, index_id: UUID, *, trigram: TrigramClass | None
) -> bool:
    """Build an index, and have the model say what has become of it; tell whether there was anything to build.

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
    thing = snapshot.objects[index.object_id]
    # What an interrupted build left is there, but not valid.
    leftover = alter.drop_index(snapshot.workspace.schema, index.name, concurrently=True)
    failure = None
    try:
        await connection.execute(leftover, prepare=False)
        await connection.execute(build_index(index, thing, trigram, concurrently=True), prepare=False)
    except InvalidChange as error:
        failure = error.message
    except psycopg.Error as error:
        failure = await read_refusal(connection, snapshot, error, _names(thing, index))
        await connection.execute(leftover, prepare=False)
    if failure is not None:
        _LOG.warning("the index %s cannot be built: %s", index.name, failure)
    # A change of the model, since plans depend on what can be found by an index.
    settle = SettleIndex(index_id=index_id, failure=failure)
    await writer.change(workspace_id, lambda _: [settle], actor=ACTOR)
    return True


def _names(thing: Object, index: Index) -> str:
    return ", ".join(thing.by_id[id_].name for id_ in index.field_ids)
