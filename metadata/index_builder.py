"""Indexes of big tables: built after the change that makes them, beside readers and writers, one at a time."""

import asyncio
import contextlib
import logging
from uuid import UUID

import psycopg

from metadata.changes.migration import build_index
from metadata.errors import MetadataError
from metadata.queries import QUERIES
from metadata.sessions import Connection, Sessions
from metadata.store import read_snapshot
from sql import alter
from sql.ddl import TrigramClass
from sql.errors import LockTimeout, Serialization, SqlError, StatementTimeout, UniqueViolation
from sql.sqlstate import translate_error

_LOG = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds after which a builder looks again: for what another process left, or what was interrupted."""


class IndexBuilder:
    """Builds what the catalog has as BUILDING; of several processes, one does.

    Args:
        sessions: where connections come from.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        pause: seconds between two looks.
    """

    def __init__(self, sessions: Sessions, *, trigram: TrigramClass | None, pause: float = PAUSE) -> None:
        self._sessions = sessions
        self._trigram = trigram
        self._pause = pause
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Have it look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Build for as long as the task lives; what is interrupted is begun again by whoever looks next."""
        while True:
            self._wake.clear()
            try:
                await self.build_all()
            except (SqlError, MetadataError, psycopg.Error) as error:
                _LOG.warning("an index is not built yet: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause)

    async def build_all(self) -> int:
        """Build what is to be built, unless another process is at it; return how many were settled.

        Raises:
            SqlError: it was interrupted, or the database cannot be had.
        """
        async with self._sessions.session() as connection:
            # CREATE INDEX CONCURRENTLY is a transaction, and more, by itself.
            await connection.set_autocommit(True)
            pending = await (await connection.execute(QUERIES["postponed_indexes"])).fetchall()
            if not pending or await (await connection.execute(QUERIES["build_alone"])).fetchone() != (True,):
                await connection.set_autocommit(False)
                return 0
            try:
                await connection.execute(QUERIES["begin_build"])
                return sum([await self._build(connection, *one) for one in pending])
            except psycopg.Error as error:
                raise translate_error(error) from error
            finally:
                if not connection.closed:
                    await connection.execute(QUERIES["end_build"], prepare=False)
                    await connection.execute(QUERIES["build_no_longer"])
                    await connection.set_autocommit(False)

    async def _build(self, connection: Connection, workspace_id: UUID, index_id: UUID) -> bool:
        snapshot = await read_snapshot(connection, workspace_id)
        index = snapshot.indexes.get(index_id)
        if index is None:
            return False
        thing = snapshot.objects[index.object_id]
        # What an interrupted build left is there, but not valid.
        leftover = alter.drop_index(snapshot.workspace.schema, index.name, concurrently=True)
        status = "READY"
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
                    status = "FAILED"
                case other:
                    raise other from error
        await connection.execute(QUERIES["settle_index"], {"id": index_id, "status": status})
        return True
