"""The task that writes the uses of keys and sessions to the database, all of them every few seconds."""

import asyncio
import logging
from typing import Final, Protocol

from fieldstone.sql.errors import DatabaseError

_LOG = logging.getLogger(__name__)

NOTED_AFTER: Final = 2.0
"""Seconds after which uses are noted."""


class Noting(Protocol):
    """A store of keys or sessions that remembers their uses until they are written."""

    async def note_uses(self) -> None:
        """Write the uses since the last call to the database."""
        ...


async def keep_noted(*stores: Noting) -> None:
    """Write the uses of stores until cancelled."""
    while True:
        await asyncio.sleep(NOTED_AFTER)
        try:
            for store in stores:
                await store.note_uses()
        except DatabaseError as error:
            _LOG.info("the uses of keys and sessions are noted later: %s", error)
