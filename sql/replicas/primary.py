"""The position of the primary, which is asked for once for all writes that have been committed meanwhile."""

import asyncio
from collections.abc import Callable

from fieldstone.sql.concurrency.tasks import end_tasks, start_reported
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.statement import Statement

# The commit of a session that does not wait for the disk may lie behind the position that the disk has.
_NEWEST = Statement(
    text="""
    SELECT ('x' || substr(pg_walfile_name(lsn), 1, 8))::bit(32)::int::text || ':' || lsn::text
    FROM (
        SELECT CASE current_setting('synchronous_commit')
            WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn()
        END AS lsn
    ) AS newest
    """
)

Tell = Callable[[Position | None], None]
"""Takes a position, or None if the primary did not say it."""


class PrimaryPosition:
    """Tells how far the primary has written.

    A position inside a write's own transaction would lie before its commit. So it is asked for behind the commit, by
    one statement for all that ask at the same time.

    Args:
        database: the primary.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: list[Tell] = []
        self._task: asyncio.Task[object] | None = None

    def ask(self, tell: Tell) -> None:
        """Have `tell` called with a position that covers all that is committed by now."""
        self._asking.append(tell)
        if self._task is None:
            self._task = start_reported(self._run())

    async def close(self) -> None:
        """Stop; those that ask are told None."""
        if self._task is not None:
            await end_tasks(self._task)
        self._tell(None)

    async def _run(self) -> None:
        try:
            while self._asking:
                asking, self._asking = self._asking, []
                position = await self._find()
                for tell in asking:
                    tell(position)
        finally:
            self._task = None

    async def _find(self) -> Position | None:
        try:
            ((text,),) = await self._database.read(_NEWEST, (), share=None)
        except DatabaseError:
            # The server is away, or is a standby by now.
            return None
        return Position.read((text or b"").decode())

    def _tell(self, position: Position | None) -> None:
        asking, self._asking = self._asking, []
        for tell in asking:
            tell(position)
