"""One read replica: its connections, and how far it has replayed the primary's WAL."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError, SqlError
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.probe import Probe, impatient
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.statement import Statement

_LOG = logging.getLogger(__name__)

# A standby tells the timeline that it receives only to those that may read statistics; its last checkpoint is older.
_STATE = Statement(
    text="""
    SELECT CASE WHEN pg_is_in_recovery() THEN
        coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
            ::text || ':' || pg_last_wal_replay_lsn()::text
    END
    """
)

_INTERVAL = 0.25
"""Seconds between two looks at a replica, while no read waits for it."""
_SHORT_INTERVAL = 0.005
_PATIENCE = 1.0
"""Seconds that a replica may take to tell its position; then its reads go elsewhere."""
_LONGEST_STATEMENT = 5.0
"""Seconds; a reader of a standby holds up the replay of a change of its table."""
_LAGGING = 1.0
"""Seconds in which a replica that was waited for in vain is not waited for again."""


def replica_settings(settings: PoolSettings) -> PoolSettings:
    """Return the settings of the connections to a replica, in whose place the primary can answer."""
    return replace(impatient(settings), statement_timeout=min(settings.statement_timeout, _LONGEST_STATEMENT))


@dataclass(slots=True, kw_only=True)
class ReplicaCounters:
    """The reads that a replica has answered, and those that the primary answered in its place after it had failed."""

    answered: int = 0
    passed_on: int = 0


class Replica:
    """One replica, whose state is known before a read asks for it.

    Args:
        name: names it in messages, without its password.
        dsn: its address.
        settings: those of the primary's connections.
        connect: makes the database of its reads.

    Attributes:
        database: its connections, which may be used while it has a position.
        position: how far it has replayed; None while it does not answer or is no standby.
        counters: counts its reads.
        reason: tells why it is not used; empty while it is, or was not asked yet.
    """

    def __init__(
        self, name: str, dsn: str, settings: PoolSettings, *, connect: Callable[..., Database] = Database.connect
    ) -> None:
        own = replica_settings(settings)
        self.name = name
        self.database = connect(dsn, settings=own)
        self._probe = Probe(dsn, own, beside=self.database)
        self.position: Position | None = None
        self.counters = ReplicaCounters()
        self._waiting: deque[tuple[Position, asyncio.Future[bool]]] = deque()
        self._wake = Wake()
        self._lags_until = 0.0
        self.reason = ""

    async def run(self) -> None:
        """Look at the replica again and again, for ever."""
        backoff = Backoff(_INTERVAL, longest=1.0)
        while True:
            try:
                async with asyncio.timeout(_PATIENCE if self._probe.is_open else None):
                    await self._look()
            except (SqlError, TimeoutError) as error:
                self._lose(str(error) or "it does not answer")
                await backoff.wait()
                continue
            backoff.reset()
            await self._wake.wait(_SHORT_INTERVAL if self._waiting else _INTERVAL)
            self._wake.forget()

    async def close(self) -> None:
        """End its connections."""
        await asyncio.gather(self.database.close(), self._probe.close())

    def covers(self, needed: Position) -> bool:
        """Return whether it has replayed up to this position."""
        return self.position is not None and self.position.covers(needed)

    def is_worth_waiting(self, needed: Position) -> bool:
        """Return whether it may be expected to come to this position within some milliseconds."""
        position = self.position
        if position is None or position.timeline < needed.timeline:
            return False
        return asyncio.get_running_loop().time() >= self._lags_until

    async def reach(self, needed: Position, limit: float) -> bool:
        """Wait for at most `limit` seconds until it has replayed up to this position, and return whether it has."""
        reached: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        entry = (needed, reached)
        self._waiting.append(entry)
        self._wake()
        try:
            await asyncio.wait([reached], timeout=limit)
        finally:
            if not reached.done():
                self._waiting.remove(entry)
        if reached.done():
            return reached.result()
        self._lags_until = asyncio.get_running_loop().time() + _LAGGING
        return False

    def doubt(self) -> None:
        """Use the replica no more until it has told its position again."""
        self.position = None
        self._wake()

    async def _look(self) -> None:
        ((text,),) = await self._probe.look(_STATE)
        position = Position.read((text or b"").decode())
        if position is None:
            raise DatabaseError("it is no standby")
        if self.reason or self.position is None:
            _LOG.info("the replica %s is in use, at %s", self.name, position)
        self.reason, self.position = "", position
        self._tell()

    def _tell(self) -> None:
        """Tell the reads that wait whether their position is reached."""
        left: deque[tuple[Position, asyncio.Future[bool]]] = deque()
        for needed, reached in self._waiting:
            if reached.done():
                continue
            if self.position is None or self.position.covers(needed):
                reached.set_result(self.position is not None)
            else:
                left.append((needed, reached))
        self._waiting = left

    def _lose(self, reason: str) -> None:
        """Use the replica no more, and have the reads that wait for its answers go elsewhere."""
        self.position = None
        self._tell()
        self.database.drop(f"the replica {self.name} does not answer")
        self._probe.drop(f"the replica {self.name} does not answer")
        if reason != self.reason:
            _LOG.warning("the replica %s is not used, its reads go to the primary: %s", self.name, reason)
        self.reason = reason
