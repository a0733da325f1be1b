"""Logs the sessions that keep events from being moved, or from becoming deliveries, for long."""

import logging
import time

from fieldstone.metadata.writer.holders import describe_holder
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)
_HOLDERS = named_statement(__name__, "log_holders")

NOTICE = 3.0
"""Seconds without progress after which the server's log names the sessions that have held the locks for as long."""


class Standstill:
    """The time for which a task of this process has made no progress on the log.

    Args:
        database: where the log is.
        work: the waiting events, as the log line names them.
        consumer: the consumer of the log whose task it is; empty for the sequencer.
    """

    def __init__(self, database: Database, work: str, *, consumer: str = "") -> None:
        self._database = database
        self._work = work
        self._consumer = consumer
        self._since: float | None = None
        self._pause = LogPause()

    def end(self) -> None:
        """Note progress."""
        self._since = None

    async def go_on(self) -> None:
        """Note a try without progress; after a while log the sessions that hold the locks, now and then."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since < NOTICE or not self._pause.begin():
            return
        try:
            rows = await self._database.read(*_HOLDERS.bind(seconds=NOTICE, consumer=self._consumer), share=None)
        except DatabaseError as error:
            _LOG.info("the sessions that %s wait for cannot be read: %s", self._work, error)
            return
        for row in rows:
            _LOG.warning("%s have waited %.1f s for %s", self._work, now - self._since, describe_holder(row)[0])
