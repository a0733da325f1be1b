"""Says in the log who keeps the events from being moved, where that takes long."""

import logging
import time

from metadata.holders import build_holder
from metadata.queries import build_statement
from sql.errors import DatabaseError
from sql.executor import Database

_LOG = logging.getLogger(__name__)
_HOLDERS = build_statement("log_holders")

NOTICE = 3.0
"""Seconds without a move after which it is said who has had the locks for as long."""
_AGAIN = 10.0


class Standstill:
    """The time in which this process could not move events.

    Args:
        database: where the log is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since: float | None = None
        self._told = float("-inf")

    def end(self) -> None:
        """Note that the sequencer could do its work."""
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
            rows = await self._database.read(_HOLDERS, [b"%f" % NOTICE])
        except DatabaseError as error:
            _LOG.info("what the events wait for cannot be asked: %s", error)
            return
        for row in rows:
            _LOG.warning("events have waited %.1f s for %s", now - self._since, build_holder(row))
