"""The events of a workspace, appended to the log of the target with positions of their own, in their order.

The old positions are kept beside the new ones, by the epoch of the workspace: so a client goes on after a position that
it has seen before the move. The positions of moves before this one come along with their events.
"""

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from fieldstone.engine.cells.moves.catalog_rows import copy_aside
from fieldstone.engine.cells.moves.move import QUERIES, Ends, Move
from fieldstone.engine.events.log.partitions import Partitions
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.ddl.names import names_sql, table_sql
from fieldstone.sql.plan.elements import Table

_BATCH: Final = 5_000
_LOG: Final = Table(schema="fieldstone", name="event_log")
_HISTORY: Final = Table(schema="fieldstone", name="event_history")
_MOVED: Final = Table(schema="fieldstone", name="moved_event")
_MOVED_COLUMNS: Final = ("workspace_id", "epoch", "earlier", "position")
_COLUMNS: Final = (
    *("position", "workspace_id", "object_id", "record_id", "action", "changed", "before", "after", "actor", "at"),
    *("actor_kind", "actor_id"),
)


class EventAppender:
    """Appends the events of a workspace to the log of the target.

    Args:
        ends: the databases.
        move: the move.
    """

    def __init__(self, ends: Ends, move: Move) -> None:
        self._ends = ends
        self._move = move
        self._partitions = Partitions(ends.target)
        self._covered = 0
        self._last: int | None = None

    @property
    def last(self) -> int:
        """The position in the source of the last event that the target has."""
        return -1 if self._last is None else self._last

    async def append_all(self) -> int:
        """Append the events that the target does not have yet, and return their number; raises SqlError."""
        async with self._ends.source.session() as source, self._ends.target.session() as target:
            await source.execute(CATALOG["idle_without_limit"])
            return await self.append(source, target)

    async def append(self, source: Session, target: Session) -> int:
        """Append them by these sessions, of which the target's is committed.

        Raises:
            SqlError: no partition could be made for them.
            psycopg.Error: a database cannot be had.
        """
        appended, count = 0, _BATCH
        while count == _BATCH:
            count = await self._append(source, target)
            appended += count
        return appended

    async def _append(self, source: Session, target: Session) -> int:
        move = self._move
        if self._last is None:
            of_move = {"workspace_id": move.workspace_id, "epoch": move.epoch}
            (self._last,) = await (await target.execute(QUERIES["last_moved"], of_move)).fetchone() or (-1,)
        values = {"workspace_id": move.workspace_id, "after": self._last, "limit": _BATCH}
        found = await (await source.execute(QUERIES["events_after"], values)).fetchone()
        count, after, upto = found or (0, 0, 0)
        if not count and self._covered:
            return 0
        (head,) = await (await target.execute(QUERIES["hold_head"])).fetchone() or (0,)
        if head + 2 * _BATCH > self._covered:
            # A partition is made by another session, for which the head must be free.
            await target.rollback()
            self._covered = await self._partitions.cover(head + 4 * _BATCH)
            (head,) = await (await target.execute(QUERIES["hold_head"])).fetchone() or (0,)
        if count:
            await copy_aside(source, target, _of_events(_HISTORY, _COLUMNS, move, after, upto), _LOG, _COLUMNS)
            await target.execute(QUERIES["append_events"], {"head": head, "epoch": move.epoch})
            if move.epoch:
                older = _of_events(_MOVED, _MOVED_COLUMNS, move, after, upto)
                await copy_aside(source, target, older, _MOVED, _MOVED_COLUMNS, "came_positions")
                await target.execute(QUERIES["carry_positions"], {"epoch": move.epoch})
        await target.commit()
        self._last = upto if count else self._last
        return int(count)


def _of_events(table: Table, columns: Sequence[str], move: Move, after: int, upto: int) -> sql.Composed:
    """Return the query of the workspace's rows in a table of the source that belong to some positions of its log."""
    return sql.SQL("SELECT {} FROM {} WHERE workspace_id = {} AND position > {} AND position <= {}").format(
        names_sql(columns), table_sql(table), sql.Literal(move.workspace_id), sql.Literal(after), sql.Literal(upto)
    )


async def note_epochs(source: Session, target: Session, move: Move) -> None:
    """Note the bounds of the source's log, and those of epochs before it, in the target's transaction."""
    first, last = await (await source.execute(QUERIES["log_bounds"])).fetchone() or (0, 0)
    of_move = {"workspace_id": move.workspace_id, "epoch": move.epoch}
    await target.execute(QUERIES["note_log_epoch"], {**of_move, "first": first, "last": last})
    if move.epoch == 0:
        return
    epochs = Table(schema="fieldstone", name="log_epoch")
    columns = ("workspace_id", "epoch", "first", "last", "start")
    rows = sql.SQL("SELECT {} FROM {} WHERE workspace_id = {}").format(
        names_sql(columns), table_sql(epochs), sql.Literal(move.workspace_id)
    )
    await copy_aside(source, target, rows, epochs, columns, "came_epochs")
    await target.execute(QUERIES["carry_epochs"], {"epoch": move.epoch})
