"""Work on big tables that is done after a change's commit, beside readers and writers, one build at a time."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import psycopg

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import LastingSessions, Session
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.online_ddl.one_build import build
from fieldstone.metadata.online_ddl.text_renewal import find_former_searches, renew_texts, renew_words
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.errors import SqlError
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.sqlstate import translate_error
from fieldstone.sql.text_order import VERSION

_LOG = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds after which a builder looks again: for builds that another process left, or that were interrupted."""


LONGEST_REST = 300.0
"""The most seconds that something rests after it was interrupted, again and again; others are built meanwhile."""


_WORKSPACES_AT_ONCE = 100
"""Workspaces whose texts get their order before the builder looks for builds again, however many there are."""


class _Left(NamedTuple):
    """An index or a field that is to be built; by its own id a workspace whose texts are to get their order.

    An index that `is_former` is for searches, and of other words than the present ones.
    """

    workspace_id: UUID
    id: UUID
    is_former: bool = False


_FIRST = (-1, UUID(int=0))


class _Rest(NamedTuple):
    """How long something that was interrupted is left alone: for `pause` seconds, to this time of the clock."""

    pause: float
    until: float


@dataclass(slots=True, kw_only=True)
class BuildCounters:
    """The builds that wait in the database as last seen, and those that this process did.

    Attributes:
        settled: the builds that became READY or FAILED by this process.
        interrupted: how often a change of the same table, or the end of a connection, stopped it.
    """

    building_indexes: int = 0
    building_fields: int = 0
    failed_indexes: int = 0
    failed_fields: int = 0
    settled: int = 0
    interrupted: int = 0


class Builder:
    """Builds the fields and indexes that are BUILDING; of several processes, one does.

    Args:
        sessions: where connections come from.
        writer: settles the builds in the model.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        pause: seconds between two looks.
    """

    def __init__(
        self, sessions: LastingSessions, writer: ModelWriter, *, trigram: TrigramClass | None, pause: float = PAUSE
    ) -> None:
        self._sessions = sessions
        self._writer = writer
        self._trigram = trigram
        self._pause = pause
        self._wake = Wake()
        self._rests: dict[UUID, _Rest] = {}
        # The order and the id of the workspace of which the last look asked for the next ones.
        self._after = _FIRST
        self.counters = BuildCounters()

    def wake(self) -> None:
        """Have it look at once."""
        self._wake()

    async def run(self) -> None:
        """Build for as long as the task lives; the next builder that looks begins an interrupted build again."""
        while True:
            self._wake.forget()
            try:
                if await self.build_all():
                    continue
            except (SqlError, MetadataError, psycopg.Error) as error:
                self.counters.interrupted += 1
                _LOG.warning("the work that a change left is not done yet: %s", error)
            await self._wake.wait(self._pause)

    async def build_all(self) -> int:
        """Build all that waits, unless another process is at it; return how many builds were settled.

        Raises:
            SqlError: it was interrupted, or the database cannot be had.
        """
        async with self._sessions.lasting_session() as connection:
            # CREATE INDEX CONCURRENTLY is a transaction, and more, by itself.
            await connection.set_autocommit(True)
            try:
                return await self._build(connection)
            except psycopg.Error as error:
                raise translate_error(error) from error
            finally:
                if not connection.closed:
                    await connection.set_autocommit(False)

    async def _build(self, connection: Session) -> int:
        due = self._due(await self._look(connection))
        if not due:
            return 0
        taken = await connection.execute(QUERIES["build_alone"], AdvisoryLock.BUILD.parameters)
        if await taken.fetchone() != (True,):
            return 0
        try:
            await connection.execute(QUERIES["begin_build"])
            # A builder of an older version does not come between: it would build them with its own words.
            renewed = [one._replace(is_former=False) for one in due if one.is_former]
            settled = sum([await self._try(connection, one) for one in (*due, *renewed)])
        finally:
            if not connection.closed:
                await connection.execute(QUERIES["end_build"], prepare=False)
                await connection.execute(QUERIES["build_no_longer"], AdvisoryLock.BUILD.parameters)
        self.counters.settled += settled
        await self._count(connection)
        return settled

    def _due(self, left: Sequence[_Left]) -> list[_Left]:
        """Return the builds that do not rest, and forget the rests of builds that are done."""
        now, ids = time.monotonic(), {one.id for one in left}
        self._rests = {id_: rest for id_, rest in self._rests.items() if rest.until > now or id_ in ids}
        return [one for one in left if one.id not in self._rests or self._rests[one.id].until <= now]

    async def _try(self, connection: Session, left: _Left) -> bool:
        """Do one build, and return whether it is settled; an interrupted one rests for longer each time.

        Raises:
            DatabaseError: the connection is lost.
        """
        try:
            if left.is_former:
                await renew_words(connection, self._writer, left.workspace_id)
                return False
            if left.id == left.workspace_id:
                with_trigram = self._trigram is not None
                return await renew_texts(connection, self._writer, left.workspace_id, with_trigram=with_trigram)
            return await build(connection, self._writer, left.workspace_id, left.id, trigram=self._trigram)
        except (SqlError, MetadataError, psycopg.Error) as error:
            known = self._rests.get(left.id)
            pause = self._pause if known is None else min(known.pause * 2, LONGEST_REST)
            self._rests[left.id] = _Rest(pause=pause, until=time.monotonic() + pause)
            self.counters.interrupted += 1
            _LOG.warning("the work that a change left of %s is not done yet, and is tried again: %s", left.id, error)
            if connection.closed:
                raise
            return False

    async def _look(self, connection: Session) -> list[_Left]:
        """Return the indexes and fields that are to be built, and then the workspaces whose texts need an order."""
        left = [_Left(*row, is_former=True) for row in await find_former_searches(connection)]
        for query in ("postponed_indexes", "postponed_fields"):
            left += [_Left(*row) for row in await fetch(connection, query)]
        left += [_Left(id_, id_) for id_ in await self._next_workspaces(connection)]
        await self._count(connection)
        return left

    async def _next_workspaces(self, connection: Session) -> list[UUID]:
        """Return some of the workspaces whose texts need an order; each look goes on behind those of the last one."""
        order, id_ = self._after
        rows = await fetch(
            connection,
            "unordered_workspaces",
            text_order=VERSION,
            after_order=order,
            after_id=id_,
            most=_WORKSPACES_AT_ONCE,
        )
        self._after = (rows[-1][1], rows[-1][0]) if len(rows) == _WORKSPACES_AT_ONCE else _FIRST
        return [id_ for id_, _ in rows]

    async def _count(self, connection: Session) -> None:
        ((*counts,),) = await fetch(connection, "count_builds")
        known = self.counters
        known.building_indexes, known.building_fields, known.failed_indexes, known.failed_fields = counts
