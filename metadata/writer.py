"""The writer of models: one change of a workspace at a time, each in one transaction, then the swap."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from metadata.changes import Change
from metadata.conversion_worker import LARGEST_REWRITE
from metadata.current import CurrentSnapshots
from metadata.errors import ChangeBlocked
from metadata.model import Snapshot
from metadata.queries import QUERIES
from metadata.sessions import Connection, Sessions
from metadata.store import load_snapshot, read_version
from metadata.transaction import BIG_TABLE, ModelTransaction
from sql.ddl import TrigramClass
from sql.errors import CommitOutcomeUnknown, ConnectionLost, LockTimeout, Serialization

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

# While a statement waits for its lock, every later request for that table waits behind it: short waits, many tries.
# The last ones outlast deadlock_timeout (1 s), at which an autovacuum gives way.
WAITS: Final = (300,) * 12 + (1_200,) * 4
"""The milliseconds that each try waits for a lock at most."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class ModelWriter:
    """Changes models.

    Args:
        sessions: where connections come from.
        current: gets each new snapshot before `run` returns.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        waits: the milliseconds that each try waits for a lock at most.
        big_table: the bytes of a table from which on its indexes are built after the commit.
        largest_rewrite: the bytes of a table up to which a change may look at or write each row while others wait.
    """

    def __init__(
        self,
        sessions: Sessions,
        current: CurrentSnapshots,
        *,
        trigram: TrigramClass | None,
        waits: tuple[int, ...] = WAITS,
        big_table: int = BIG_TABLE,
        largest_rewrite: int = LARGEST_REWRITE,
    ) -> None:
        self._sessions = sessions
        self._current = current
        self._trigram = trigram
        self._waits = waits
        self._big_table = big_table
        self._largest_rewrite = largest_rewrite
        self._postponed: list[Callable[[], None]] = []
        # One change of a workspace at a time holds a connection, however many are asked for.
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._listeners: list[Callable[[Snapshot], None]] = []

    def add_listener(self, listener: Callable[[Snapshot], None]) -> None:
        """Have `listener` called with each new model that this writer has committed."""
        self._listeners.append(listener)

    def when_postponed(self, call: Callable[[], None]) -> None:
        """Have `call` called when an index has been left to be built."""
        self._postponed.append(call)

    def _tell_postponed(self) -> None:
        for call in self._postponed:
            call()

    async def _interrupt_builds(self) -> None:
        async with self._sessions.session() as connection:
            await connection.execute(QUERIES["interrupt_builds"])

    async def change(
        self, workspace_id: UUID, build: Callable[[Snapshot], Iterable[Change]], *, actor: str
    ) -> Snapshot:
        """Apply the changes that `build` makes for the fresh model, all or none; return the model after them.

        Raises:
            MetadataError: as `run` does.
        """

        async def body(transaction: ModelTransaction) -> ModelTransaction:
            for change in build(transaction.snapshot):
                await transaction.apply(change)
            return transaction

        return (await self.run(workspace_id, body, actor=actor)).snapshot

    async def run(self, workspace_id: UUID, body: Callable[[ModelTransaction], Awaitable[T]], *, actor: str) -> T:
        """Run `body` in a transaction on the fresh model; commit, swap, and return its result.

        `body` is run again from the start where the transaction was rolled back because others held its locks. What it
        raises rolls back everything.

        Raises:
            UnknownObject: there is no such workspace, or what a change is about.
            InvalidChange: a change breaks a rule.
            ChangeBlocked: others held the locks all the time.
            ChangeFailed: PostgreSQL refused it.
            CommitOutcomeUnknown: the connection was lost while committing.
        """
        lock = self._locks.setdefault(workspace_id, asyncio.Lock())
        async with lock:
            pause = _FIRST_PAUSE
            for number, wait in enumerate(self._waits, start=1):
                try:
                    return await self._attempt(workspace_id, body, actor=actor, wait=wait)
                except (LockTimeout, Serialization) as error:
                    if number == len(self._waits):
                        raise ChangeBlocked(
                            "the tables of this change were locked by others for too long, and nothing was changed;"
                            " try again later"
                        ) from error
                    _LOG.info("try %d of a change of workspace %s: %s", number, workspace_id, error)
                    await self._interrupt_builds()
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
                pause = min(pause * 2, _LONGEST_PAUSE)
            raise ValueError("a writer needs at least one try")

    async def _attempt(
        self, workspace_id: UUID, body: Callable[[ModelTransaction], Awaitable[T]], *, actor: str, wait: int
    ) -> T:
        is_committing = False
        try:
            async with self._sessions.session() as connection, connection.transaction():
                transaction = await self._begin(connection, workspace_id, wait)
                result = await body(transaction)
                await transaction.finish(actor)
                is_committing = True
        except BaseException as error:
            if is_committing:
                # It may have been kept: the next reader looks.
                self._current.doubt(workspace_id)
                if isinstance(error, ConnectionLost):
                    raise CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}") from error
            raise
        if transaction.is_changed:
            self._current.publish(transaction.snapshot)
            for listener in self._listeners:
                listener(transaction.snapshot)
        transaction.committed()
        return result

    async def _begin(self, connection: Connection, workspace_id: UUID, wait: int) -> ModelTransaction:
        parameters = {"workspace_id": workspace_id}
        await connection.execute(QUERIES["begin_change"], prepare=False)
        # Waiting for one's turn is not waiting for a table: it has no limit, so lock_timeout is set after it.
        await connection.execute(QUERIES["lock_workspace"], parameters)
        await connection.execute(QUERIES["wait_for_locks_at_most"], {"milliseconds": f"{wait}ms"})
        await connection.execute(QUERIES["detect_deadlocks_at_once"])
        snapshot = self._current.peek(workspace_id)
        if snapshot is None or snapshot.version != await read_version(connection, workspace_id):
            snapshot = await load_snapshot(connection, workspace_id, snapshot)
            # Nobody else can change it while we hold the lock: this is what is committed.
            self._current.publish(snapshot)
        return ModelTransaction(
            connection,
            snapshot,
            trigram=self._trigram,
            big_table=self._big_table,
            largest_rewrite=self._largest_rewrite,
            postponed=self._tell_postponed,
        )
