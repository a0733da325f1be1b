"""Positions that clients have seen before their workspace moved between cells.

Each log counts by itself. A position of a later epoch is a larger number, and one of an earlier epoch is looked up
among the events that came with the move. A workspace that never moved has the epoch 0, and the positions of its log.
"""

from dataclasses import replace
from uuid import UUID

from fieldstone.engine.events.log.reader import Bounds, expired, refuse_resuming
from fieldstone.engine.positions import EPOCH, Positions
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_FIND = named_statement(__name__, "find_position")


async def find_position(database: Database, workspace_id: UUID, positions: Positions, shown: int) -> int:
    """Return the position in this log of one that a client has seen.

    Raises:
        BadUserInput: it is of an epoch that the workspace has not come to, or of events that are not kept.
        DatabaseError: the log cannot be read.
    """
    epoch, position = divmod(shown, EPOCH)
    if epoch == positions.epoch:
        return position
    if epoch > positions.epoch:
        raise refuse_resuming(shown, Bounds(first=1, last=0), positions)
    step = _FIND.bind(workspace_id=workspace_id, epoch=epoch, position=position)
    rows = await database.read(*step, share=workspace_id.int)
    if not rows:
        raise expired()
    first, last, found = (int(value or 0) for value in rows[0])
    kept = Bounds(first=first + 1, last=last)
    if not kept.holds_all_after(position):
        raise refuse_resuming(position, kept, replace(positions, epoch=epoch))
    return found
