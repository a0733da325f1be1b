"""Watches the keys of open connections: one statement a second for all; a revoked key ends its connections."""

import asyncio
import logging
from uuid import UUID
from weakref import WeakValueDictionary

from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds after which a revoked or expired key has ended its connections, on every process."""

_VALID = named_statement(__name__, "valid_keys")


class KeyWatch:
    """The connections that are open, by their keys.

    Args:
        database: where the keys are.
        interval: seconds between two checks.
    """

    def __init__(self, database: Database, *, interval: float = INTERVAL) -> None:
        self._database = database
        self._interval = interval
        # A signal is there as long as a connection holds the function that disconnects it.
        self._revoked: WeakValueDictionary[UUID, Signal[[]]] = WeakValueDictionary()

    def revoked(self, key: UUID) -> Signal[[]]:
        """Return the signal that is called, once, when the key is not valid any more."""
        return self._revoked.setdefault(key, Signal())

    async def run(self) -> None:
        """Check the keys until cancelled."""
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.look()
            except DatabaseError as error:
                _LOG.info("keys are checked later: %s", error)

    async def look(self) -> None:
        """Call the holders of keys that are not valid any more."""
        asked = list(self._revoked)
        if not asked:
            return
        rows = await self._database.read(*_VALID.bind(keys=asked))
        valid = {UUID(id_.decode()) for (id_,) in rows if id_ is not None}
        for key in asked:
            if key not in valid and (revoked := self._revoked.pop(key, None)) is not None:
                revoked()
