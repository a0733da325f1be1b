"""The choice between the primary and its replicas."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.engine.replicas.consistency import FRESHNESS, Consistency, Freshness
from fieldstone.engine.replicas.reads import Read, Reads
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.newest import keep
from fieldstone.sql.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseUnavailable,
    Serialization,
    StaleSchema,
    StatementTimeout,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.replicas.primary import PrimaryPosition
from fieldstone.sql.replicas.replica import Replica
from fieldstone.sql.statement import Row

_MOST_SESSIONS: Final = 50_000
_MOST_VERSIONS: Final = 100_000
_WITHOUT_POSITION: Final = 5.0
"""Seconds for which the primary answers a key whose write has no position, as the primary did not tell it."""
_PATIENCE: Final = 0.05
"""Seconds that a read waits for a replica."""

_PASSED_ON: Final = (StaleSchema, Serialization, StatementTimeout, DatabaseUnavailable)
"""Errors of a replica that the primary need not have: it lags, ends readers that hold up its replay, or is away."""


class _Written(NamedTuple):
    """The latest write of a principal in this process: its position, as soon as it is known, and its time."""

    position: Position | None
    at: float


class _Version(NamedTuple):
    """The version of a model, and a position that has it, as soon as that is known."""

    version: int
    position: Position | None


class ReplicaReads(Reads):
    """Answers reads from replicas that have all writes which they have to see, and else from the primary.

    A read has to see the change of the model that it was planned on, and besides, as its request asks, the writes of
    its principal in this process and all up to the bookmark of the request.

    Args:
        database: the primary.
        primary: tells the positions of writes.
        replicas: those that answer.
    """

    def __init__(self, database: Database, primary: PrimaryPosition, replicas: Sequence[Replica]) -> None:
        super().__init__(database)
        self.replicas = replicas
        self._primary = primary
        self._written: OrderedDict[int, _Written] = OrderedDict()
        self._versions: dict[int, _Version] = {}
        self._turn = 0

    async def read(self, read: Read) -> list[Row]:
        """Return the rows of a read; raises DatabaseError."""
        replica = await self._choose(read)
        if replica is None:
            return await super().read(read)
        share = read.principal.share
        try:
            rows = await replica.database.read_once(read.statement, read.parameters, timeout=read.limit, share=share)
        except DatabaseError as error:
            if not self.passes_on(replica.database, read.snapshot, error):
                raise
            return await super().read(read)
        replica.counters.answered += 1
        return rows

    def find(self, principal: Principal, snapshot: Snapshot, bookmark: Position | None) -> Database | None:
        """Return the database that answers a read at once; None where a wait for a replica is worth its time."""
        needed = self._needed(principal, snapshot, Freshness(bookmark=bookmark))
        if needed is None:
            return self.database
        if (replica := self._pick(needed)) is not None:
            replica.counters.answered += 1
            return replica.database
        return None if self._find_near(needed) is not None else self.database

    def passes_on(self, database: Database, snapshot: Snapshot, error: DatabaseError) -> bool:
        """Return whether the primary is to answer a read which this database has failed to answer, and note it."""
        replica = next((one for one in self.replicas if one.database is database), None)
        if replica is None or isinstance(error, DatabaseBusy) or not isinstance(error, _PASSED_ON):
            return False
        replica.counters.passed_on += 1
        if isinstance(error, DatabaseUnavailable):
            replica.doubt()
        elif isinstance(error, StaleSchema):
            # The next reads of the workspace wait until the replica has come to the present position of the primary.
            self._versions.pop(snapshot.workspace.id.int, None)
        return True

    def forget(self, workspace_id: UUID) -> None:
        """Forget the position of a workspace's model."""
        self._versions.pop(workspace_id.int, None)

    async def note_write(self, principal: Principal) -> None:
        """Note that a principal has written, so that its reads see that, and tell the request's response."""
        told: asyncio.Future[Position | None] = asyncio.get_running_loop().create_future()
        self.tell_write(principal, lambda position: None if told.done() else told.set_result(position))
        position = await told
        if position is not None and (freshness := FRESHNESS.get()) is not None:
            freshness.written = position

    def note_unknown_write(self, principal: Principal) -> None:
        """Note that a principal may have written: for a while the primary answers its reads."""
        self._note(principal, None)

    def tell_write(self, principal: Principal, tell: Callable[[Position | None], None]) -> None:
        """Note that a principal has written, and have `tell` called with the write's position; None: there is none."""
        self._note(principal, None)

        def note(position: Position | None) -> None:
            self._note(principal, position)
            tell(position)

        self._primary.ask(note)

    def _note(self, principal: Principal, position: Position | None) -> None:
        written = _Written(position, asyncio.get_running_loop().time())
        keep(self._written, principal.subject_id.int, written, _MOST_SESSIONS)

    async def _choose(self, read: Read) -> Replica | None:
        freshness = FRESHNESS.get() or Freshness()
        if freshness.level is Consistency.STRONG:
            return None
        needed = self._needed(read.principal, read.snapshot, freshness)
        if needed is None:
            return None
        if (replica := self._pick(needed)) is not None:
            return replica
        near = self._find_near(needed) if freshness.level is Consistency.SESSION else None
        return near if near is not None and await near.reach(needed, _PATIENCE) else None

    def _needed(self, principal: Principal, snapshot: Snapshot, freshness: Freshness) -> Position | None:
        """Return the position that a read has to see; None where only the primary is known to have it."""
        needed = self._find_version(snapshot)
        if needed is None or freshness.level is Consistency.EVENTUAL:
            return needed
        if freshness.bookmark is not None:
            needed = max(needed, freshness.bookmark)
        written = self._written.get(principal.subject_id.int)
        if written is None:
            return needed
        if written.position is not None:
            return max(needed, written.position)
        return None if asyncio.get_running_loop().time() - written.at < _WITHOUT_POSITION else needed

    def _find_version(self, snapshot: Snapshot) -> Position | None:
        """Return a position that has the model's version; None while it is not known, and it is asked for."""
        key = snapshot.workspace.id.int
        known = self._versions.get(key)
        if known is not None and known.version == snapshot.version:
            return known.position
        if len(self._versions) >= _MOST_VERSIONS:
            self._versions.clear()
        asked = self._versions[key] = _Version(snapshot.version, None)

        def note(position: Position | None) -> None:
            if self._versions.get(key) is asked:
                if position is None:
                    del self._versions[key]
                else:
                    self._versions[key] = asked._replace(position=position)

        self._primary.ask(note)
        return None

    def _pick(self, needed: Position) -> Replica | None:
        """Return a replica that has this position, each in its turn."""
        count = len(self.replicas)
        for step in range(count):
            replica = self.replicas[(self._turn + step) % count]
            if replica.covers(needed):
                self._turn = (self._turn + step + 1) % count
                return replica
        return None

    def _find_near(self, needed: Position) -> Replica | None:
        return next((replica for replica in self.replicas if replica.is_worth_waiting(needed)), None)
