"""The log's order: gapless, right for every record, and never held up."""

import asyncio
import json
from decimal import Decimal
from itertools import pairwise
from uuid import uuid4

import psycopg
import psycopg.sql
import pytest

from fieldstone.engine.events.log.partitions import Partitions
from fieldstone.engine.events.log.sequencer import _MOVE, Sequencer, gather_time
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.executor import Database
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.pool_settings import PoolSettings
from tests.apis import WORKSPACE_ID, RecordingDatabase
from tests.engine.events.desk import Desk, open_desk
from tests.waiting import until, until_found

STAGE = (
    "INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, before, after)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), %s, %s, %s, %s)"
)


async def stage(connection: psycopg.AsyncConnection, record: object, action: str = "created", **after: object) -> None:
    await connection.execute(STAGE, [record, action, None, json.dumps(after)])


async def test_positions_have_no_gaps_and_follow_the_writes(desk: Desk) -> None:
    ids = [await desk.person(f"{number}@example.com") for number in range(20)]
    await desk.logged(20)
    events = await desk.events.log.read(0, 100)
    assert [event.position for event in events] == list(range(1, 21))
    assert [str(event.record_id) for event in events] == ids
    assert {event.actor for event in events} == {"tester"}


async def test_an_event_tells_what_was_changed(desk: Desk) -> None:
    id_ = await desk.person("a@example.com", city="Rome")
    await desk.update(id_, city="Oslo", email="a@example.com")
    await desk.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=id_)
    await desk.data("mutation ($id: UUID!) { restorePerson(id: $id) { id } }", id=id_)
    await desk.data("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=id_)
    await desk.logged(5)
    events = await desk.events.log.read(0, 10)
    assert [event.action for event in events] == ["created", "updated", "deleted", "restored", "destroyed"]
    created, updated, *_, destroyed = events
    assert (created.before, destroyed.after) == (None, None)
    assert json.loads(updated.changed) == ["city", "updatedAt"]
    assert json.loads(updated.before or b"")["city"] == "Rome"
    assert json.loads(updated.after or b"")["city"] == "Oslo"
    assert updated.at.endswith("Z")


async def test_a_column_has_changed_where_its_value_is_another_or_was_none_before(
    workspace_dsn: str, desk: Desk
) -> None:
    before: dict[str, JsonValue] = {
        "null": None,
        "same": [1, {"a": None}],
        "gone": 1,
        "other": "x",
        "large": "x" * 100_000,
    }
    before |= {"digits": Decimal("1.5"), "below": {"a": [Decimal("1.0")]}, "number": Decimal("2.50")}
    after = {**before, "null": 0, "other": "y", "new": None, "large": "x" * 99_999 + "y"}
    after |= {"digits": Decimal("1.50"), "below": {"a": [Decimal("1.00")]}}
    del after["gone"]
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as other:
        for one in (before, None):
            values = [None if image is None else dumps(image) for image in (one, after)]
            await other.execute(STAGE, [uuid4(), "updated", *values])
        desk.written()
        await desk.logged(2)
    found = [json.loads(event.changed) for event in await desk.events.log.read(0, 2)]
    changed = ["below", "digits", "large", "new", "null", "other"]
    assert found == [changed, sorted([*changed, "number", "same"])]


async def test_the_record_lock_decides_not_the_transaction_id(workspace_dsn: str) -> None:
    """The first transaction by its id is the second to get the row's lock: its event comes second."""
    async with (
        open_desk(workspace_dsn) as desk,
        await psycopg.AsyncConnection.connect(workspace_dsn) as early,
        await psycopg.AsyncConnection.connect(workspace_dsn) as late,
    ):
        id_ = await desk.person("a@example.com")
        table = (await desk.current.get(WORKSPACE_ID)).by_singular["person"].table
        update = psycopg.sql.SQL("UPDATE {} SET city = %s WHERE id = %s").format(
            psycopg.sql.Identifier(table.schema, table.name)
        )
        for connection in (early, late):
            await connection.execute("SELECT pg_current_xact_id()")
        await late.execute(update, ["late", id_])
        waiting = asyncio.create_task(early.execute(update, ["early", id_]))
        blocked = "SELECT FROM pg_locks WHERE pid = %s AND NOT granted"
        await until_found(late, blocked, [early.info.backend_pid])
        assert not waiting.done()
        await stage(late, id_, "updated", city="late")
        await late.commit()
        await waiting
        await stage(early, id_, "updated", city="early")
        await early.commit()
        await desk.logged(3)
        events = await desk.events.log.read(1, 10)
        assert [json.loads(event.after or b"")["city"] for event in events] == ["late", "early"]


async def test_a_transaction_that_stays_open_holds_nobody_up(workspace_dsn: str, desk: Desk) -> None:
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as stuck:
        await stuck.execute("SELECT pg_current_xact_id()")
        held = uuid4()
        await stage(stuck, held)
        for number in range(10):
            await desk.person(f"{number}@example.com")
        await desk.logged(10)
        assert held not in [event.record_id for event in await desk.events.log.read(0, 100)]
        await stuck.commit()
        await desk.logged(11)
        assert [event.record_id for event in await desk.events.log.read(10, 100)] == [held]


async def test_a_write_that_stays_open_stalls_no_tick_and_its_events_come_in_the_order_of_its_records(
    workspace_dsn: str, desk: Desk
) -> None:
    mine, other = await desk.person("a@example.com"), await desk.person("b@example.com")
    table = (await desk.current.get(WORKSPACE_ID)).by_singular["person"].table
    update = psycopg.sql.SQL("UPDATE {} SET city = 'held' WHERE id = %s").format(
        psycopg.sql.Identifier(table.schema, table.name)
    )
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as stuck:
        await stuck.execute(update, [mine])
        await stage(stuck, mine, "updated", city="held")
        waiting = asyncio.create_task(desk.update(mine, city="later"))
        ticks = desk.events.sequencer.counters.ticks
        for number in range(20):
            await desk.update(other, city=str(number))
            await desk.logged(3 + number)
        assert desk.events.sequencer.counters.ticks >= ticks + 20
        assert not waiting.done()
        assert {str(event.record_id) for event in await desk.events.log.read(2, 100)} == {other}
        await stuck.commit()
        await waiting
        await desk.logged(24)
        events = await desk.events.log.read(22, 100)
    assert [event.position for event in events] == [23, 24]
    assert [(str(event.record_id), json.loads(event.after or b"")["city"]) for event in events] == [
        (mine, "held"),
        (mine, "later"),
    ]
    assert json.loads(events[1].before or b"")["city"] == "held"


@pytest.mark.parametrize("lock", AdvisoryLock)
async def test_an_event_comes_whatever_lock_is_held(lock: AdvisoryLock, workspace_dsn: str, desk: Desk) -> None:
    await desk.person("a@example.com")
    await desk.logged(1)
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as other:
        # Held as the builder holds its own: for as long as the session likes.
        cursor = await other.execute(QUERIES["build_alone"], lock.parameters)
        assert await cursor.fetchone() == (True,)
        await desk.person("b@example.com")
        await desk.logged(2)


@pytest.mark.long
async def test_a_bulk_write_is_in_order(desk: Desk) -> None:
    people = [{"email": f"{number}@example.com", "firstName": str(number)} for number in range(10_000)]
    await desk.data("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
    await desk.logged(10_000)
    events = await desk.events.log.read(0, 20_000)
    assert [event.position for event in events] == list(range(1, 10_001))
    assert [json.loads(event.after or b"")["firstName"] for event in events] == [
        person["firstName"] for person in people
    ]


def sequencer_on(database: Database, *, size: int = 1_000, batch: int = 100) -> Sequencer:
    partitions = Partitions(database, size=size)
    return Sequencer(database, partitions, wake=Wake(), moved=lambda _: None, batch=batch)


async def test_only_one_process_moves_and_another_takes_over(workspace_dsn: str, database: Database) -> None:
    sequencer = sequencer_on(database)
    assert await sequencer.tick() is not None
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        await stage(other, new_id())
        await other.commit()
        await other.execute("SELECT FROM fieldstone.log_head FOR UPDATE")
        assert await sequencer.tick() is None
    done = await sequencer.tick()
    assert done is not None
    assert (done.moved, done.last) == (1, 1)


@pytest.mark.parametrize(("batch", "moved"), [(10, 2), (3, 0)])
async def test_a_move_that_began_before_the_end_of_another_goes_on_behind_it(
    batch: int, moved: int, workspace_dsn: str, database: Database
) -> None:
    await Partitions(database, size=100).cover(100)
    # It waits for the head where the sequencer passes by, so that its statement is certainly the older one.
    waiting_move = _MOVE.statement.text.replace("SKIP LOCKED", "")
    assert waiting_move != _MOVE.statement.text
    records = [new_id() for _ in range(5)]
    async with (
        await psycopg.AsyncConnection.connect(workspace_dsn) as first,
        await psycopg.AsyncConnection.connect(workspace_dsn) as second,
        await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as third,
    ):
        for record in records:
            await stage(third, record)
        earlier = await psycopg.AsyncRawCursor(first).execute(_MOVE.statement.text, ["3", "100"])
        assert (await earlier.fetchall())[0][:2] == (3, 3)
        later = asyncio.create_task(psycopg.AsyncRawCursor(second).execute(waiting_move, [str(batch), "100"]))
        await until_found(third, "SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
        await first.commit()
        # It sees all five, of which three are gone by now.
        assert (await (await later).fetchall())[0][:2] == (3 + moved, moved)
        await second.commit()
        cursor = await third.execute("SELECT position FROM fieldstone.log_head")
        assert await cursor.fetchall() == [(3 + moved,)]
        cursor = await third.execute("SELECT position, record_id FROM fieldstone.event_log ORDER BY position")
        assert await cursor.fetchall() == list(enumerate(records[: 3 + moved], 1))


@pytest.mark.long
@pytest.mark.parametrize(
    "lock",
    ["SELECT FROM fieldstone.log_head FOR UPDATE", "LOCK TABLE fieldstone.event_staging IN ACCESS EXCLUSIVE MODE"],
)
async def test_the_log_says_who_keeps_the_events_from_being_moved(
    lock: str, workspace_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    # As soon as may be, instead of at the end of 15 s.
    database = Database.connect(workspace_dsn, settings=PoolSettings(statement_timeout=1))
    sequencer = sequencer_on(database)
    running = asyncio.create_task(sequencer.run())
    async with await psycopg.AsyncConnection.connect(workspace_dsn, application_name="stuck") as other:
        await stage(other, new_id())
        await other.commit()
        await until(lambda: sequencer.counters.moved == 1)
        await stage(other, new_id())
        await other.commit()
        await other.execute(lock)
        async with asyncio.timeout(60):
            while f"s for pid {other.info.backend_pid} (stuck from" not in caplog.text:
                await asyncio.sleep(0.01)
    await until(lambda: sequencer.counters.moved == 2)
    await end_tasks(running)
    await database.close()


async def test_the_longer_another_process_has_the_head_the_less_often_it_is_tried(workspace_dsn: str) -> None:
    database = RecordingDatabase(workspace_dsn, PoolSettings(connections=2))
    sequencer = sequencer_on(database)
    await sequencer.tick()
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as other:
        await stage(other, new_id())
        await other.commit()
        await other.execute("SELECT FROM fieldstone.log_head FOR UPDATE")
        database.log.steps.clear()
        began = asyncio.get_running_loop().time()
        running = asyncio.create_task(sequencer.run())
        await until(lambda: len(database.log.steps) == 7)
        # 10 ms, 20, 40 ..: at one pace all of it would have taken a tenth.
        assert asyncio.get_running_loop().time() - began > 0.6
    await end_tasks(running)
    await database.close()


async def test_batches_and_partitions_are_filled_without_a_gap(workspace_dsn: str, database: Database) -> None:
    sequencer = sequencer_on(database, size=7, batch=5)
    records = [new_id() for _ in range(33)]
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as writer:
        for record in records:
            await stage(writer, record)
    while (done := await sequencer.tick()) is not None and done.more:
        assert done.moved <= 5
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as reader:
        cursor = await reader.execute("SELECT position, record_id FROM fieldstone.event_log ORDER BY position")
        assert await cursor.fetchall() == list(enumerate(records, 1))
        cursor = await reader.execute("SELECT count(*) FROM fieldstone.event_staging")
        assert await cursor.fetchone() == (0,)


@pytest.mark.long
async def test_a_batch_that_takes_longer_than_a_statement_may_is_moved_in_parts(workspace_dsn: str) -> None:
    """Large events take long each, as those of this test do; the batch was tried for ever."""
    database = Database.connect(workspace_dsn, settings=PoolSettings(statement_timeout=1))
    sequencer = sequencer_on(database)
    assert await sequencer.tick() is not None
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as other:
        await other.execute(
            "CREATE FUNCTION public.rest() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_sleep(0.015); RETURN NEW; END'"
        )
        await other.execute(
            "CREATE TRIGGER rest BEFORE INSERT ON fieldstone.event_log FOR EACH ROW EXECUTE FUNCTION public.rest()"
        )
        for _ in range(100):
            await stage(other, new_id())
    running = asyncio.create_task(sequencer.run())
    await until(lambda: sequencer.counters.moved == 100)
    await end_tasks(running)
    await database.close()


@pytest.mark.parametrize(("moved", "seconds"), [(0, 0.004), (4, 0.004), (20, 0.02), (50, 0.05), (5_000, 0.05)])
def test_the_more_there_is_the_more_events_share_a_tick(moved: int, seconds: float) -> None:
    assert gather_time(moved) == pytest.approx(seconds)


@pytest.mark.long
async def test_many_writers_and_two_sequencers_make_one_gapless_log(workspace_dsn: str) -> None:
    async with open_desk(workspace_dsn, partition_size=50) as one, open_desk(workspace_dsn, partition_size=50) as two:
        id_ = await one.person("a@example.com")

        async def write(desk: Desk, number: int) -> None:
            await desk.update(id_, city=str(number))

        await asyncio.gather(*(write(desk, number) for number in range(60) for desk in (one, two)))
        await one.logged(121)
        events = await two.events.log.read(1, 1_000)
        assert [event.position for event in events] == list(range(2, 122))
        # Each update begins where the one before it ended, which only the right order has.
        for before, after in pairwise(events):
            assert after.before == before.after
