"""Turns: one change of a workspace's model at a time, of all processes, and how long the next one waits for its own."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import psycopg

from fieldstone.metadata.catalog.queries import fetch_one
from fieldstone.metadata.catalog.round_trip import QueryStep, send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import ModelBusy
from fieldstone.metadata.writer.holders import MOVES, describe_holder

_LOG = logging.getLogger(__name__)

LIMIT = 30.0
"""The seconds that a change waits for its turn: PostgreSQL has ended a holder that stands still long before."""

_NOTICE = 3.0
"""The seconds after which the log names the session that is waited for."""


class Turn:
    """The place in the queue of one workspace's changes.

    Args:
        workspace_id: the workspace.
        limit: the seconds that may be waited for the turn, in all transactions together.
    """

    def __init__(self, workspace_id: UUID, limit: float = LIMIT) -> None:
        self._workspace_id = workspace_id
        self._limit = limit
        self._left = limit

    async def begin(self, connection: Session, then: Sequence[QueryStep] = ()) -> list[tuple[Any, ...]]:
        """Begin a transaction up to whose end nobody else changes the model; return the rows of `then`.

        That goes in the same message. It and the statements after it wait for other locks as `lock_timeout` says there.

        Raises:
            ModelBusy: another change did not end in time.
            psycopg.Error: PostgreSQL refused it.
        """
        parameters = {"workspace_id": self._workspace_id}
        began, holder = time.monotonic(), None
        for seconds in _portions(self._left):
            sent = time.monotonic()
            try:
                rows = await send_as_one(
                    connection,
                    [
                        ("begin_change", {}),
                        ("wait_for_locks_at_most", {"milliseconds": f"{max(1, round(seconds * 1_000))}ms"}),
                        ("lock_workspace", parameters),
                        ("wait_for_locks_at_most", {"milliseconds": "0"}),
                        *then,
                    ],
                )
            except psycopg.errors.LockNotAvailable:
                if time.monotonic() - sent < seconds:
                    # A statement of `then` has waited in vain for a lock that an operator's command holds. If the turn
                    # itself took nearly all of these seconds, the failure is taken for the turn's, which is tried again
                    # for the seconds that are left. A message of its own for the turn would tell the two apart, at one
                    # more round trip for each change.
                    self._left -= time.monotonic() - began
                    raise
                await connection.rollback()
                holder = await self._find_holder(connection) or holder
                _LOG.warning(
                    "a change of workspace %s has waited %.1f s for that of %s",
                    self._workspace_id,
                    time.monotonic() - began,
                    holder[0] if holder else "a session that has ended",
                )
            else:
                self._left -= time.monotonic() - began
                return rows
        raise _busy(self._limit, *(holder[1:] if holder else ()))

    async def _find_holder(self, connection: Session) -> tuple[str, str, str] | None:
        row = await fetch_one(connection, "turn_holder", workspace_id=self._workspace_id)
        await connection.rollback()
        return describe_holder(row) if row else None


class Turns:
    """The turns of one process's changes: of those of a workspace one at a time holds a connection.

    Args:
        limit: the seconds that each change is waited for, in this process and then in others.
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self._limit = limit
        self._queues: WeakValueDictionary[UUID, _Queue] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, workspace_id: UUID) -> AsyncIterator[Turn]:
        """Hold this process's turn for the block, however many are before it, as long as the queue moves.

        Raises:
            ModelBusy: the change before it in this process did not end in time.
        """
        queue = self._queues.setdefault(workspace_id, _Queue())
        await queue.enter(self._limit)
        try:
            yield Turn(workspace_id, self._limit)
        finally:
            queue.leave()


class _Queue:
    """The changes of one workspace in this process."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting: set[asyncio.Timeout] = set()
        self._since: str | None = None

    async def enter(self, limit: float) -> None:
        """Return when it is the caller's turn, from which on all waiting callers begin to count again."""
        try:
            async with asyncio.timeout(limit) as timeout:
                self._waiting.add(timeout)
                try:
                    await self._lock.acquire()
                finally:
                    self._waiting.discard(timeout)
        except TimeoutError:
            raise _busy(limit, self._since) from None
        self._since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        for other in self._waiting:
            if not other.expired():
                other.reschedule(asyncio.get_running_loop().time() + limit)

    def leave(self) -> None:
        """End the turn."""
        self._lock.release()


def _portions(seconds: float) -> list[float]:
    """Return the parts that so many seconds are waited in: one up to the notice in the log, and the rest."""
    return [_NOTICE, seconds - _NOTICE] if seconds > _NOTICE else [seconds]


def _busy(limit: float, since: str | None = None, application: str = "") -> ModelBusy:
    if application == MOVES:
        return ModelBusy(
            f"the workspace is being moved to another database, and its model can be changed again when the move has"
            f" ended, which it did not within {limit:g} seconds; nothing was changed: try again later"
        )
    begun = f"has been under way since {since}" if since else "was under way"
    return ModelBusy(
        f"another change of this model {begun} and did not end within {limit:g} seconds; nothing was changed: try again"
        " later"
    )
