"""The writer of models: one change of a workspace at a time, each in one transaction, then the swap."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar
from uuid import UUID

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session, SessionSource
from fieldstone.metadata.catalog.store import load_snapshot
from fieldstone.metadata.changes import Change
from fieldstone.metadata.changes.plan import BIG_TABLE, LARGEST_REWRITE, Bounds
from fieldstone.metadata.errors import ChangeBlocked
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.sql_views.definition import read_schema
from fieldstone.metadata.sql_views.renewal import ViewRenewal
from fieldstone.metadata.sql_views.rules import CompileRules
from fieldstone.metadata.writer.transaction import CheckModel, ModelTransaction, RequireNodes, all_answer
from fieldstone.metadata.writer.turns import LIMIT as TURN
from fieldstone.metadata.writer.turns import Turn, Turns
from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.errors import CommitOutcomeUnknown, ConnectionLost, LockTimeout, Serialization

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

# While a statement waits for its lock, every later request for that table waits behind it: short waits, many tries.
# The last ones outlast deadlock_timeout (1 s), at which an autovacuum gives way.
WAITS: Final = (300,) * 12 + (1_200,) * 4
"""The milliseconds that each try waits for a lock at most."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0

PATIENCE = 20.0
"""The seconds that transactions in the way are waited for: more than a request's statement may take."""

_LOOK = 0.02


class ModelWriter:
    """Changes models.

    Args:
        sessions: where connections come from.
        current: gets each new snapshot before `run` returns.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        waits: the milliseconds that each try waits for a lock at most.
        big_table: the bytes of a table from which on work on each of its rows is left for after the commit.
        largest_rewrite: the bytes of a table up to which a change may look at or write each row while others wait.
        patience: the seconds that the transactions which are in the way are waited for, beside these waits.
        turn: the seconds that another change of the same model is waited for.
        check: as `ModelTransaction` takes it.
        compile_rules: as `ViewRenewal` takes it.

    Attributes:
        committed: called with each new model that this writer has committed.
        postponed: called when work has been left for after the commit.
        require_nodes: as `ModelTransaction` takes it.
    """

    def __init__(
        self,
        sessions: SessionSource,
        current: CurrentSnapshots,
        *,
        trigram: TrigramClass | None,
        waits: tuple[int, ...] = WAITS,
        big_table: int = BIG_TABLE,
        largest_rewrite: int = LARGEST_REWRITE,
        patience: float = PATIENCE,
        turn: float = TURN,
        check: CheckModel = lambda _before, _after: None,
        compile_rules: CompileRules | None = None,
    ) -> None:
        self._sessions = sessions
        self._current = current
        self._bounds = Bounds(trigram=trigram, big_table=big_table, largest_rewrite=largest_rewrite)
        self._waits = waits
        self._patience = patience
        self.committed: Signal[[Snapshot]] = Signal()
        self.postponed: Signal[[]] = Signal()
        self._turns = Turns(turn)
        self._check = check
        self._compile_rules = compile_rules
        self.require_nodes: RequireNodes = all_answer

    async def _outwait(self, tables: set[str], waited: float, patience: float) -> bool:
        """Wait until the transactions have ended that were there before we began; return whether there were any.

        Meanwhile nobody waits behind us, as behind a lock that is asked for.
        """
        parameters = {"tables": sorted(tables), "seconds": waited}
        ends = time.monotonic() + patience
        async with self._sessions.session() as connection:
            found = await _holders(connection, parameters)
            left = found
            while left and time.monotonic() < ends:
                await asyncio.sleep(_LOOK)
                left = left & await _holders(connection, parameters)
        return bool(found)

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

        `body` is run again from the start where the transaction was rolled back because others held its locks. An
        exception in it rolls back everything.

        Raises:
            UnknownObject: there is no such workspace, or no subject of a change.
            InvalidChange: a change breaks a rule.
            ChangeBlocked: others held the locks all the time.
            ModelBusy: another change of the model did not end in time.
            ChangeFailed: PostgreSQL refused it.
            CommitOutcomeUnknown: the connection was lost while committing.
        """
        async with self._turns.take(workspace_id) as turn:
            backoff, patience = Backoff(_FIRST_PAUSE, longest=_LONGEST_PAUSE), self._patience
            for number, wait in enumerate(self._waits, start=1):
                try:
                    return await self._attempt(turn, workspace_id, body, actor=actor, wait=wait)
                except _Blocked as blocked:
                    if number == len(self._waits):
                        raise ChangeBlocked(
                            "the tables of this change were locked by others for too long, and nothing was changed;"
                            " try again later"
                        ) from blocked.__cause__
                    _LOG.info("try %d of a change of workspace %s: %s", number, workspace_id, blocked.__cause__)
                    tables = blocked.tables
                began = time.monotonic()
                if tables and patience > 0 and await self._outwait(tables, wait / 1_000, patience):
                    patience -= time.monotonic() - began
                    continue
                await backoff.wait()
            raise ValueError("a writer needs at least one try")

    async def _attempt(
        self,
        turn: Turn,
        workspace_id: UUID,
        body: Callable[[ModelTransaction], Awaitable[T]],
        *,
        actor: str,
        wait: int,
    ) -> T:
        transaction: ModelTransaction | None = None
        try:
            async with self._sessions.session() as connection:
                transaction = await self._begin(turn, connection, workspace_id, wait)
                result = await body(transaction)
                await transaction.commit(actor)
        except BaseException as error:
            if transaction is not None and transaction.is_committing:
                # It may have been kept: the next reader looks.
                self._current.doubt(workspace_id)
                if isinstance(error, ConnectionLost):
                    raise CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}") from error
            if isinstance(error, (LockTimeout, Serialization)):
                raise _Blocked(transaction.locked if transaction else set()) from error
            raise
        if transaction.is_changed:
            self._current.publish(transaction.snapshot)
            self.committed(transaction.snapshot)
        transaction.committed()
        return result

    async def _begin(self, turn: Turn, connection: Session, workspace_id: UUID, wait: int) -> ModelTransaction:
        found = await turn.begin(
            connection,
            [
                ("wait_for_locks_at_most", {"milliseconds": f"{wait}ms"}),
                ("detect_deadlocks_at_once", {}),
                ("model_version", {"workspace_id": workspace_id}),
            ],
        )
        version, schemas = found[0] if found else (None, [])
        snapshot = self._current.peek(workspace_id)
        if snapshot is None or version != snapshot.version:
            snapshot = await load_snapshot(connection, workspace_id, snapshot)
            # Nobody else can change it while we hold the lock: this snapshot is committed.
            self._current.publish(snapshot)
        views = ViewRenewal(tuple(map(read_schema, schemas)), compile_rules=self._compile_rules)
        return ModelTransaction(
            connection,
            snapshot,
            self._bounds,
            postponed=self.postponed,
            check=self._check,
            require_nodes=self.require_nodes,
            views=views,
        )


class _Blocked(Exception):
    """A try that others blocked; its cause is PostgreSQL's error."""

    def __init__(self, tables: set[str]) -> None:
        super().__init__(tables)
        self.tables = tables


async def _holders(connection: Session, parameters: Mapping[str, object]) -> set[tuple[object, ...]]:
    async with connection.transaction():
        return set(await fetch(connection, "old_holders", **parameters))
