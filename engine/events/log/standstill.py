"""Says in the log who keeps the events from being moved, or from becoming deliveries, where that takes long."""

import logging
import time

from fieldstone.metadata.writer.holders import build_holder
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)
_HOLDERS = named_statement(__name__, "log_holders")

NOTICE = 3.0
"""Seconds without progress after which the log says who has had the locks for as long."""
_AGAIN = 10.0


class Standstill:
    """The time in which a task of this process could not do its work on the log.

    Args:
        database: where the log is.
        work: what waits, in the plural.
        consumer: the consumer of the log whose task it is; empty for the sequencer.
    """

    def __init__(self, database: Database, work: str, *, consumer: str = "") -> None:
        self._database = database
        self._work = work
        self._consumer = consumer
        self._since: float | None = None
        self._told = float("-inf")

    def end(self) -> None:
        """Note that it could."""
        self._since = None

    async def go_on(self) -> None:
        """Note that it could not; look who is in its way where that is no news, and not all the time."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since < NOTICE or now - self._told < _AGAIN:
            return
        self._told = now
        try:
            rows = await self._database.read(*_HOLDERS.bind(seconds=NOTICE, consumer=self._consumer))
        except DatabaseError as error:
            _LOG.info("whom %s wait for cannot be asked: %s", self._work, error)
            return
        for row in rows:
            _LOG.warning("%s have waited %.1f s for %s", self._work, now - self._since, build_holder(row))
