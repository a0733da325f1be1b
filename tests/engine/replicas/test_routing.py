"""engine/replicas/routing.py: the writes that a read of their principal has to see, as their positions become known."""

import asyncio
from collections.abc import Callable

from fieldstone.engine.replicas.routing import ReplicaReads
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.replicas.replica import Replica
from tests.apis import PRINCIPAL, SCHEMA, WORKSPACE_ID
from tests.waiting import until

DSN = "host=/nowhere"
SNAPSHOT = Snapshot(
    workspace=Workspace(id=WORKSPACE_ID, name="default", schema=SCHEMA), version=1, objects={}, relations={}, indexes={}
)
EARLY, LATE, LATER = (Position(1, lsn) for lsn in (10, 20, 30))


class Primary:
    """A primary that tells a position when the test lets it: each question waits for its answer."""

    def __init__(self) -> None:
        self.asked: list[Callable[[Position | None], None]] = []

    def ask(self, tell: Callable[[Position | None], None]) -> None:
        """Take a question."""
        self.asked.append(tell)


def routing() -> tuple[ReplicaReads, Primary, Replica]:
    """The choice between a primary and a replica that has replayed up to `LATE`; the model is older than both."""
    primary, replica = Primary(), Replica("one", DSN, PoolSettings())
    replica.position = LATE
    reads = ReplicaReads(Database.connect(DSN, settings=PoolSettings()), primary, [replica])  # type: ignore[arg-type]
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is reads.database
    primary.asked.pop()(EARLY)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is replica.database
    return reads, primary, replica


def write(reads: ReplicaReads) -> None:
    """Note a write of the principal."""
    reads.tell_write(PRINCIPAL, lambda _: None)


async def test_a_write_is_read_on_the_replica_once_its_position_is_there() -> None:
    reads, primary, replica = routing()
    write(reads)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is reads.database
    primary.asked.pop()(LATE)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is replica.database


async def test_a_write_without_a_position_is_not_hidden_by_that_of_an_earlier_write() -> None:
    """The primary told the position of the first write after the second one, and then none of the second."""
    reads, primary, _ = routing()
    write(reads)
    write(reads)
    first, second = primary.asked
    first(LATE)
    second(None)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is reads.database


async def test_a_write_that_the_replica_has_not_replayed_is_read_on_the_primary() -> None:
    reads, primary, replica = routing()
    write(reads)
    primary.asked.pop()(LATER)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is not replica.database


async def test_reads_after_a_write_of_unknown_outcome_are_answered_by_the_primary() -> None:
    reads, primary, replica = routing()
    write(reads)
    primary.asked.pop()(LATE)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is replica.database
    reads.note_unknown_write(PRINCIPAL)
    assert reads.find(PRINCIPAL, SNAPSHOT, None) is reads.database
    # The position of a later moment may lie before that of its commit.
    assert not primary.asked


async def test_a_read_that_is_cancelled_waits_no_more() -> None:
    replica = Replica("one", DSN, PoolSettings())
    replica.position = EARLY
    waiting = asyncio.create_task(replica.reach(LATER, 60.0))
    await until(lambda: bool(replica._waiting))
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not replica._waiting
    assert not await replica.reach(LATER, 0.001)
    assert not replica._waiting
