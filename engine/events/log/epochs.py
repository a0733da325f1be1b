"""Positions as clients see them: those of a workspace that has moved between cells tell its epoch.

Each log counts by itself. A position of a later epoch is a larger number, and one of an earlier epoch is looked up
among the events that came with the move. A workspace that never moved has the epoch 0, and the positions of its log.
"""

from typing import Final
from uuid import UUID

from fieldstone.engine.events.log.reader import Bounds, expired
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

EPOCH: Final = 10**17
"""The positions of an epoch; a restored log counts on from the microseconds since 1970, which are 1.8 * 10**15."""

_FIND = named_statement(__name__, "find_position")


def show_position(position: int, epoch: int) -> int:
    """Return a position as clients see it."""
    return position + epoch * EPOCH


async def find_position(database: Database, workspace_id: UUID, epoch: int, shown: int) -> int:
    """Return the position in this log of one that a client has seen.

    Raises:
        BadUserInput: it is of an epoch that the workspace has not come to, or of events that are not kept.
        DatabaseError: the log cannot be read.
    """
    given, position = divmod(shown, EPOCH)
    if given == epoch:
        return position
    if given > epoch:
        raise expired(shown, Bounds(first=1, last=0))
    rows = await database.read(*_FIND.bind(workspace_id=workspace_id, epoch=given, position=position))
    if not rows:
        raise expired(shown, Bounds(first=shown + 2, last=shown + 2))
    first, last, found = (int(value or 0) for value in rows[0])
    kept = Bounds(first=first + 1, last=last)
    if not kept.holds_all_after(position):
        raise expired(position, kept)
    return found
