"""The parts of the log that are kept, and the consumers that they are kept for."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from fieldstone.engine.events.log import history, partitions
from fieldstone.engine.events.log.history import end_slow_partition, index_partitions, trim_history
from fieldstone.engine.events.log.partitions import (
    LARGEST,
    REGISTER_CONSUMER,
    SIZE,
    Partition,
    Partitions,
    Retention,
    add_partition,
    list_partitions,
)
from fieldstone.engine.events.log.reader import EventLog
from fieldstone.engine.events.log.sequencer import Sequencer, keep_trimmed
from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import LockTimeout
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement
from tests.waiting import until, until_true

ALL = Retention(window=timedelta(days=1), count=1_000)
FEW = Retention(window=timedelta(days=1), count=15)
STAGE = (
    "INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, at)"
    " SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'created', now() - %s"
    " FROM generate_series(1, %s)"
)


async def fill(dsn: str, database: Database, partitions: Partitions, count: int, *, age: timedelta) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as writer:
        await writer.execute(STAGE, [age, count])
    sequencer = Sequencer(database, partitions, wake=Wake(), moved=lambda _: None, batch=10)
    while (done := await sequencer.tick()) is not None and done.more:
        pass


async def test_what_is_young_and_few_stays(workspace_dsn: str, database: Database) -> None:
    partitions = Partitions(database, size=10)
    await fill(workspace_dsn, database, partitions, 35, age=timedelta())
    assert await partitions.trim(ALL) == []


async def test_what_is_beyond_the_count_goes(workspace_dsn: str, database: Database) -> None:
    partitions = Partitions(database, size=10)
    await fill(workspace_dsn, database, partitions, 35, age=timedelta())
    assert await partitions.trim(FEW) == [Partition(start=1, end=11), Partition(start=11, end=21)]
    bounds = await EventLog(database).bounds()
    assert (bounds.first, bounds.last) == (21, 35)
    assert (bounds.holds_all_after(20), bounds.holds_all_after(19), bounds.holds_all_after(36)) == (True, False, False)


async def test_what_is_old_goes_but_never_the_newest_event(workspace_dsn: str, database: Database) -> None:
    partitions = Partitions(database, size=10)
    await fill(workspace_dsn, database, partitions, 30, age=timedelta(days=2))
    assert await partitions.trim(ALL) == [Partition(start=1, end=11), Partition(start=11, end=21)]
    await fill(workspace_dsn, database, partitions, 1, age=timedelta())
    assert await partitions.trim(ALL) == [Partition(start=21, end=31)]
    assert [event.position for event in await EventLog(database).read(0, 10)] == [31]


async def test_what_a_consumer_needs_stays(workspace_dsn: str, database: Database) -> None:
    partitions = Partitions(database, size=10)
    assert await database.write(*REGISTER_CONSUMER.bind(name="webhook"), share=None) == [(b"0",)]
    await fill(workspace_dsn, database, partitions, 35, age=timedelta(days=2))
    assert await partitions.trim(FEW) == []
    await database.write(Statement(text="UPDATE fieldstone.log_consumer SET position = 12"), (), share=None)
    assert await database.write(*REGISTER_CONSUMER.bind(name="webhook"), share=None) == [(b"12",)]
    assert await partitions.trim(FEW) == [Partition(start=1, end=11)]
    await database.write(Statement(text="DELETE FROM fieldstone.log_consumer"), (), share=None)
    assert await partitions.trim(FEW) == [Partition(start=11, end=21), Partition(start=21, end=31)]


async def test_a_reader_in_the_way_is_not_waited_for_long(workspace_dsn: str, database: Database) -> None:
    partitions = Partitions(database, size=10)
    await fill(workspace_dsn, database, partitions, 35, age=timedelta())
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as reader:
        await reader.execute("SELECT count(*) FROM fieldstone.event_log")
        with pytest.raises(LockTimeout):
            await partitions.trim(FEW)
    assert len(await partitions.trim(FEW)) == 2


async def test_a_log_that_cannot_be_trimmed_keeps_the_history_from_nothing_and_is_warned_of(
    workspace_dsn: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    partitions = Partitions(database, size=10)
    await fill(workspace_dsn, database, partitions, 35, age=timedelta(days=2))
    dropped = await partitions.trim(Retention(window=timedelta(days=1), count=15, history=timedelta(days=9)))
    assert dropped
    await fill(workspace_dsn, database, partitions, 35, age=timedelta())
    for_ever = Retention(window=timedelta(days=365 * 7_000), count=1, history=timedelta())
    task = asyncio.create_task(keep_trimmed(partitions, for_ever, interval=0.01))
    await until(lambda: any(record.levelno == logging.WARNING for record in caplog.records))
    await end_tasks(task)
    told = [record.getMessage() for record in caplog.records]
    assert [line for line in told if line.startswith("dropped")] != []
    assert "the event log is trimmed later: timestamp out of range" in told


async def log_one(connection: psycopg.AsyncConnection, position: int, age: timedelta) -> None:
    """Write one event into the log, past the sequencer."""
    await connection.execute(
        "INSERT INTO fieldstone.event_log (position, workspace_id, object_id, record_id, action, changed, at)"
        " VALUES (%s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'created', '{}', now() - %s)",
        [position, age],
    )


async def test_a_busy_log_has_larger_partitions_so_that_its_history_has_few(
    workspace_dsn: str, database: Database
) -> None:
    partitions, sizes = Partitions(database), list[int]()
    ages = [timedelta(hours=1)] * 6 + [timedelta(hours=12)] + [timedelta(days=2)] * 5
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        end = await partitions.cover(1)
        for age in ages:
            (*_, newest) = await list_partitions(connection)
            sizes.append(newest.end - newest.start)
            await log_one(connection, newest.start, age)
            end = await partitions.cover(end + 1)
    assert sizes == [SIZE * times for times in (1, 2, 4, 8, 16, 16, 16, 16, 8, 4, 2, 1)]
    assert max(sizes) == LARGEST


async def test_a_look_at_the_newest_partition_waits_for_no_lock_for_long_and_leaves_none(
    workspace_dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for as long as another session locked the log, and kept its own lock up to the next message."""
    new = Partitions(database)
    await new.cover(1)
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        lock = "LOCK TABLE fieldstone.event_log IN ACCESS EXCLUSIVE MODE NOWAIT"
        await other.execute(lock)
        with pytest.raises(LockTimeout):
            async with asyncio.timeout(60):
                await new.cover(SIZE + 1)
        await other.rollback()

        async def send(*given: Any, **options: Any) -> Any:
            await other.execute(lock)
            await other.rollback()
            return await send_as_one(*given, **options)

        monkeypatch.setattr(partitions, "send_as_one", send)
        assert await new.cover(SIZE + 1) > SIZE


async def test_two_processes_that_disagree_about_the_size_make_one_partition(
    workspace_dsn: str, database: Database
) -> None:
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as connection:
        for end in (SIZE + 1, 2 * SIZE + 1):
            await send_as_one(connection, [add_partition(Partition(start=1, end=end))], commit=True)
        assert await list_partitions(connection) == [Partition(start=1, end=SIZE + 1)]


async def test_many_partitions_go_in_portions_whose_locks_the_server_has_room_for(
    workspace_dsn: str, database: Database
) -> None:
    """A process that was away for months, or whose retention was shortened, finds hundreds of them."""
    partitions = Partitions(database, size=10)
    await fill(workspace_dsn, database, partitions, 515, age=timedelta(days=2))
    kept = Retention(window=timedelta(days=1), count=1_000, history=timedelta(days=9))
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as reader:
        await reader.execute("SELECT count(*) FROM fieldstone.event_log_251_261")
        with pytest.raises(LockTimeout):
            await partitions.trim(kept)
    assert len(await partitions.trim(kept)) == 51 - 20
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as reader:
        await reader.execute("SELECT count(*) FROM fieldstone.record_history_451_461")
        with pytest.raises(LockTimeout):
            await trim_history(database, timedelta(days=1))
        left = await reader.execute("SELECT min(position) FROM fieldstone.record_history")
        assert await left.fetchone() == (401,)
    assert len(await trim_history(database, timedelta(days=1))) == 51 - 40


@pytest.mark.parametrize(("age", "is_indexed"), [(timedelta(hours=23), False), (timedelta(hours=25), True)])
async def test_the_newest_partition_of_a_log_that_has_become_quiet_is_indexed(
    workspace_dsn: str, database: Database, age: timedelta, is_indexed: bool
) -> None:
    """A burst may have left it so large that it is not full for months: each read of a record read all of it."""
    await Partitions(database).cover(SIZE + 1)
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        assert await index_partitions(database) == []
        for position, ago in ((1, age), (2, timedelta())):
            await log_one(connection, position, ago)
        newest = [Partition(start=1, end=SIZE + 1)] if is_indexed else []
        assert await index_partitions(database) == newest
        assert await index_partitions(database) == []
        found = await connection.execute("SELECT FROM pg_indexes WHERE tablename = %s", [f"event_log_1_{SIZE + 1}"])
        assert found.rowcount == 2 + is_indexed


async def listed(dsn: str) -> list[Partition]:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        return await list_partitions(connection)


@pytest.mark.parametrize("is_indexed", [False, True])
async def test_the_events_of_a_quiet_log_leave_with_their_retention(
    workspace_dsn: str, database: Database, is_indexed: bool
) -> None:
    """They stayed until their partition was full, which a burst had left so large that it took years."""
    log = Partitions(database)
    kept = Retention(window=timedelta(days=3), count=1_000, history=timedelta(days=9))
    await fill(workspace_dsn, database, log, 7, age=timedelta(days=4))
    if is_indexed:
        assert await index_partitions(database) == [Partition(start=1, end=SIZE + 1)]
    ended = [Partition(start=1, end=8), Partition(start=8, end=SIZE + 1)]
    for _ in range(2):
        await end_slow_partition(database, kept)
        assert await listed(workspace_dsn) == ended
    assert await index_partitions(database) == ([] if is_indexed else ended[:1])
    assert await log.cover(1) == SIZE
    assert await log.trim(kept) == []
    await fill(workspace_dsn, database, log, 3, age=timedelta())
    await end_slow_partition(database, kept)
    assert await listed(workspace_dsn) == ended
    assert [event.position for event in await EventLog(database).read(0, 20)] == list(range(1, 11))
    assert await log.trim(kept) == ended[:1]
    assert [event.position for event in await EventLog(database).read(0, 20)] == [8, 9, 10]
    assert await trim_history(database, timedelta(days=5)) == []
    assert await trim_history(database, timedelta(days=3)) == ["record_history_1_8"]


@pytest.mark.parametrize(
    ("age", "history", "is_ended"),
    [
        (timedelta(hours=23), timedelta(), False),
        (timedelta(hours=25), timedelta(), True),
        (timedelta(days=36), timedelta(days=3650), False),
        (timedelta(days=37), timedelta(days=3650), True),
    ],
)
async def test_a_long_retention_has_few_partitions_all_the_same(
    workspace_dsn: str, database: Database, age: timedelta, history: timedelta, is_ended: bool
) -> None:
    await fill(workspace_dsn, database, Partitions(database), 1, age=age)
    await end_slow_partition(database, Retention(window=timedelta(days=3), history=history))
    assert len(await listed(workspace_dsn)) == 1 + is_ended


@pytest.mark.parametrize("come", [1, SIZE - 1])
async def test_a_partition_that_gets_events_before_its_end_has_these_too(
    workspace_dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch, come: int
) -> None:
    await fill(workspace_dsn, database, Partitions(database), 1, age=timedelta(days=4))

    async def send(*given: Any, **options: Any) -> Any:
        async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
            await log_one(other, 1 + come, timedelta())
        return await send_as_one(*given, **options)

    monkeypatch.setattr(history, "send_as_one", send)
    await end_slow_partition(database, ALL)
    found = await listed(workspace_dsn)
    assert found[0] == Partition(start=1, end=2 + come)
    assert found[1:] == ([Partition(start=2 + come, end=SIZE + 1)] if come == 1 else [])


async def test_events_that_came_with_moves_leave_few_partitions(
    workspace_dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are old when they come: a partition was ended each minute, and a read of the history locks all of them."""
    monkeypatch.setattr(history, "_MOST_ENDED", 4)
    log, kept = Partitions(database), Retention(window=timedelta(days=3), history=timedelta(days=90))
    for _ in range(7):
        await fill(workspace_dsn, database, log, 1, age=timedelta(days=9))
        await end_slow_partition(database, kept)
        await log.trim(kept)
    assert await listed(workspace_dsn) == [Partition(start=5, end=SIZE + 1)]
    assert len(await trim_history(database, timedelta(days=8))) == 4
    await end_slow_partition(database, kept)
    assert await listed(workspace_dsn) == [Partition(start=5, end=8), Partition(start=8, end=SIZE + 1)]


async def test_a_partition_is_ended_beside_the_retention(workspace_dsn: str, database: Database) -> None:
    log = Partitions(database)
    await fill(workspace_dsn, database, log, 2, age=timedelta(days=2))
    task = asyncio.create_task(keep_trimmed(log, ALL, interval=0.01))
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:

        async def begins_with(ended: Partition) -> bool:
            return (await list_partitions(connection))[0] == ended

        await until_true(lambda: begins_with(Partition(start=1, end=3)))
        await fill(workspace_dsn, database, log, 1, age=timedelta())
        await until_true(lambda: begins_with(Partition(start=3, end=SIZE + 1)))
    await end_tasks(task)
    assert [event.position for event in await EventLog(database).read(0, 10)] == [3]
