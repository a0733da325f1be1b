"""The pulse of a cell: a cell that hangs is found by a look, and not by each of its requests."""

import logging
from dataclasses import replace
from typing import Final

from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.probe import Probe, is_in_time

_LOG = logging.getLogger(__name__)

_PATIENCE: Final = 5.0
"""Seconds that a cell may take to answer: one under load is slow, and serves."""
_AGAIN: Final = 1.0
"""Seconds that one may take which did not answer the last look."""


class Pulse:
    """Looks at one cell.

    Args:
        name: that of the cell.
        dsn: its address.
        settings: those of its connections.
        database: its connections, which end when it does not answer.

    Attributes:
        answers: whether it has answered the last look.
    """

    def __init__(self, name: str, dsn: str, settings: PoolSettings, database: Database) -> None:
        self.answers = True
        self._name = name
        own = replace(settings, sessions=1, acquire_timeout=_PATIENCE, open_timeout=_PATIENCE)
        self._probe = Probe(dsn, own)
        self._database = database

    async def look(self) -> None:
        """Find out whether the cell answers; where it does not, refuse its requests in progress and in the queue."""
        if await is_in_time(self._probe.look, _PATIENCE if self.answers else _AGAIN):
            if not self.answers:
                _LOG.warning("the cell %s answers again", self._name)
            self.answers = True
            return
        if self.answers:
            _LOG.warning("the cell %s does not answer: the requests of its workspaces are refused", self._name)
        self.answers = False
        # Each time, as a read whose connection has ended waits for another one.
        reason = f"the cell {self._name} does not answer"
        self._probe.drop(reason)
        self._database.drop(reason)

    async def close(self) -> None:
        """End its connection."""
        await self._probe.close()
