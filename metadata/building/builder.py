"""What changes of big tables leave to be done: after the commit, beside readers and writers, one thing at a time."""

import logging
from dataclasses import dataclass
from uuid import UUID

import psycopg

from metadata.building.field_builder import ACTOR, build_field
from metadata.changes import SettleIndex
from metadata.changes.migration import build_index
from metadata.errors import MetadataError, UnknownObject
from metadata.model import Status
from metadata.queries import QUERIES
from metadata.sessions import Connection, Sessions
from metadata.store import read_snapshot
from metadata.wake import Wake
from metadata.writer import ModelWriter
from sql import alter
from sql.ddl import TrigramClass
from sql.errors import LockTimeout, Serialization, SqlError, StatementTimeout, UniqueViolation
from sql.locks import AdvisoryLock
from sql.sqlstate import translate_error

_LOG = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds after which a builder looks again: for what another process left, or what was interrupted."""


@dataclass(slots=True, kw_only=True)
class BuildCounters:
    """What there is to build in the database as last seen, and what this process did of it.

    Attributes:
        settled: what became READY or FAILED by this process.
        interrupted: how often a change of the same table, or the end of a connection, stopped it.
    """

    building_indexes: int = 0
    building_fields: int = 0
    failed_indexes: int = 0
    failed_fields: int = 0
    settled: int = 0
    interrupted: int = 0


class Builder:
    """Builds what the catalog has as BUILDING; of several processes, one does.

    Args:
        sessions: where connections come from.
        writer: makes the model say what has become of a field.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        pause: seconds between two looks.
    """

    def __init__(
        self, sessions: Sessions, writer: ModelWriter, *, trigram: TrigramClass | None, pause: float = PAUSE
    ) -> None:
        self._sessions = sessions
        self._writer = writer
        self._trigram = trigram
        self._pause = pause
        self._wake = Wake()
        self.counters = BuildCounters()

    def wake(self) -> None:
        """Have it look at once."""
        self._wake()

    async def run(self) -> None:
        """Build for as long as the task lives; what is interrupted is begun again by whoever looks next."""
        while True:
            self._wake.forget()
            try:
                await self.build_all()
            except (SqlError, MetadataError, psycopg.Error) as error:
                self.counters.interrupted += 1
                _LOG.warning("what a change left is not done yet: %s", error)
            await self._wake.wait(self._pause)

    async def build_all(self) -> int:
        """Build what is to be built, unless another process is at it; return how many things were settled.

        Raises:
            SqlError: it was interrupted, or the database cannot be had.
        """
        async with self._sessions.session() as connection:
            # CREATE INDEX CONCURRENTLY is a transaction, and more, by itself.
            await connection.set_autocommit(True)
            try:
                return await self._build(connection)
            except psycopg.Error as error:
                raise translate_error(error) from error
            finally:
                if not connection.closed:
                    await connection.set_autocommit(False)

    async def _build(self, connection: Connection) -> int:
        indexes, fields = await self._look(connection)
        if not (indexes or fields):
            return 0
        taken = await connection.execute(QUERIES["build_alone"], AdvisoryLock.BUILD.parameters)
        if await taken.fetchone() != (True,):
            return 0
        try:
            await connection.execute(QUERIES["begin_build"])
            settled = sum([await self._build_index(connection, *one) for one in indexes])
            settled += sum([await build_field(connection, self._writer, *one) for one in fields])
        finally:
            if not connection.closed:
                await connection.execute(QUERIES["end_build"], prepare=False)
                await connection.execute(QUERIES["build_no_longer"], AdvisoryLock.BUILD.parameters)
        self.counters.settled += settled
        await self._look(connection)
        return settled

    async def _look(self, connection: Connection) -> tuple[list[tuple[UUID, UUID]], list[tuple[UUID, UUID]]]:
        """Return the indexes and fields that are to be built, each with its workspace."""
        indexes = await (await connection.execute(QUERIES["postponed_indexes"])).fetchall()
        fields = await (await connection.execute(QUERIES["postponed_fields"])).fetchall()
        counts = await (await connection.execute(QUERIES["count_builds"])).fetchone()
        if counts:
            known = self.counters
            known.building_indexes, known.building_fields, known.failed_indexes, known.failed_fields = counts
        return indexes, fields

    async def _build_index(self, connection: Connection, workspace_id: UUID, index_id: UUID) -> bool:
        try:
            snapshot = await read_snapshot(connection, workspace_id)
        except UnknownObject:
            return False
        index = snapshot.indexes.get(index_id)
        if index is None:
            return False
        thing = snapshot.objects[index.object_id]
        # What an interrupted build left is there, but not valid.
        leftover = alter.drop_index(snapshot.workspace.schema, index.name, concurrently=True)
        status = Status.READY
        try:
            await connection.execute(leftover, prepare=False)
            await connection.execute(build_index(index, thing, self._trigram, concurrently=True), prepare=False)
        except psycopg.Error as error:
            match translate_error(error):
                case LockTimeout() | Serialization() | StatementTimeout() as interrupted:
                    raise interrupted from error
                case UniqueViolation() as found:
                    _LOG.warning("the index %s cannot be built: %s", index.name, found.message)
                    await connection.execute(leftover, prepare=False)
                    status = Status.FAILED
                case other:
                    raise other from error
        # A change of the model, since plans depend on what can be found by an index.
        settle = SettleIndex(index_id=index_id, status=status)
        await self._writer.change(workspace_id, lambda _: [settle], actor=ACTOR)
        return True
