"""The load of each workspace: the seconds of its statements, which each process adds to the minute in its cell."""

from typing import Final
from uuid import UUID

from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

NOTE_EVERY: Final = 60.0
"""Seconds between two notes of a process."""

_NOTE = named_statement(__name__, "note_load")


async def note_load(database: Database) -> None:
    """Add the seconds since the last call to those of this minute, and forget those of yesterday; raises DatabaseError.

    A restart, or a database that does not answer, loses the last minute: the load is an estimate.
    """
    taken = {UUID(int=key): seconds for key, seconds in database.take_seconds().items() if isinstance(key, int)}
    if taken:
        await database.write(*_NOTE.bind(ids=list(taken), seconds=[str(one) for one in taken.values()]), share=None)
