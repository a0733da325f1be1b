"""Transactions, over either driver."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    ConnectionLost,
    DatabaseError,
    Serialization,
    StatementTimeout,
    UniqueViolation,
    ValueOutOfRange,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Row, Statement, Step
from fieldstone.sql.transaction import Transaction, run_transaction
from tests.sql.driving import SLEEP, Observer, observing, opened

ADD = Statement(text="INSERT INTO public.kept (id, amount) VALUES ($1::int, $2::int) RETURNING id")
SET = Statement(text="UPDATE public.kept SET amount = amount + $2::int WHERE id = $1::int")
ALL = Statement(text="SELECT id, amount FROM public.kept ORDER BY id")
FAIL = Statement(text="SELECT 1 / $1::int")


@pytest.fixture
async def observer(empty_database: str) -> AsyncIterator[Observer]:
    async with observing(empty_database) as made:
        yield made


@pytest.fixture
async def database(empty_database: str) -> AsyncIterator[Database]:
    async with opened(empty_database) as made:
        async with made.session() as session:
            await session.execute(
                "CREATE TABLE public.kept (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, amount int)"
            )
        yield made


async def test_what_ends_well_is_kept(database: Database, observer: Observer) -> None:
    async with database.transaction(share=None) as transaction:
        assert await transaction.run(ADD, (b"1", b"10")) == [(b"1",)]
        assert await transaction.pipeline([(ADD, (b"2", b"20")), (SET, (b"1", b"5")), (ALL, ())]) == [
            [(b"2",)],
            [],
            [(b"1", b"15"), (b"2", b"20")],
        ]
        assert await database.read(ALL, (), share=None) == []
    assert await database.read(ALL, (), share=None) == [(b"1", b"15"), (b"2", b"20")]
    assert await observer.active() == 0


@pytest.mark.parametrize(
    ("before", "step", "answers"), [((ADD, (b"1", b"10")), 1, [[(b"2",)]]), ((FAIL, (b"0",)), None, [])]
)
async def test_an_error_counts_the_statements_without_the_one_that_precedes(
    database: Database, before: Step, step: int | None, answers: list[list[Row]]
) -> None:
    async def work(transaction: Transaction) -> None:
        transaction.precede(before)
        await transaction.pipeline([(ADD, (b"2", b"20")), (FAIL, (b"0",)), (ALL, ())])

    with pytest.raises(ValueOutOfRange) as failed:
        await run_transaction(database, work, share=None)
    assert (failed.value.step, failed.value.answers) == (step, answers)


async def test_one_that_does_nothing(database: Database) -> None:
    async with database.transaction(share=None):
        pass
    assert await database.read(ALL, (), share=None) == []


async def fail_in_the_middle(transaction: Transaction) -> None:
    await transaction.run(ADD, (b"1", b"10"))
    await transaction.run(FAIL, (b"0",))


async def test_what_fails_leaves_nothing(database: Database, observer: Observer) -> None:
    with pytest.raises(ValueOutOfRange):
        await run_transaction(database, fail_in_the_middle, share=None)
    # Its locks are gone by the time its caller learns of the failure.
    cursor = await observer.connection.execute("SELECT count(*) FROM pg_locks WHERE relation = 'public.kept'::regclass")
    assert await cursor.fetchone() == (0,)
    assert await database.read(ALL, (), share=None) == []


async def test_an_exception_of_the_caller_rolls_back(database: Database) -> None:
    async def refuse(transaction: Transaction) -> None:
        await transaction.run(ADD, (b"1", b"10"))
        raise LookupError

    with pytest.raises(LookupError):
        await run_transaction(database, refuse, share=None)
    assert await database.read(ALL, (), share=None) == []


async def test_a_swallowed_failure_is_not_taken_for_a_commit(database: Database) -> None:
    async def swallow(transaction: Transaction) -> None:
        with pytest.raises(ValueOutOfRange):
            await fail_in_the_middle(transaction)

    with pytest.raises(DatabaseError, match="rolled back"):
        await run_transaction(database, swallow, share=None)
    assert await database.read(ALL, (), share=None) == []


async def test_a_constraint_that_is_checked_at_the_commit(database: Database) -> None:
    async def add_twice(transaction: Transaction) -> None:
        await transaction.pipeline([(ADD, (b"1", b"10")), (ADD, (b"1", b"20"))])

    with pytest.raises(UniqueViolation) as raised:
        await run_transaction(database, add_twice, share=None)
    assert raised.value.constraint == "kept_pkey"
    assert await database.read(ALL, (), share=None) == []


async def test_its_time_is_for_all_of_it(database: Database, observer: Observer) -> None:
    async def sleep_twice(transaction: Transaction) -> None:
        await transaction.run(SLEEP, (b"0.05",))
        await transaction.run(SLEEP, (b"60",))

    with pytest.raises(StatementTimeout):
        await run_transaction(database, sleep_twice, timeout=0.2, share=None)
    assert await observer.active() == 0


async def test_a_caller_who_leaves_rolls_back(database: Database, observer: Observer) -> None:
    async def stay(transaction: Transaction) -> None:
        await transaction.run(ADD, (b"1", b"10"))
        await transaction.run(SLEEP, (b"60",))

    caller = asyncio.create_task(run_transaction(database, stay, share=None))
    await observer.until_asleep()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await observer.active() == 0
    assert await database.write(ADD, (b"1", b"20"), share=None) == [(b"1",)]


async def test_a_connection_lost_on_the_way_keeps_nothing(database: Database, observer: Observer) -> None:
    async def lose(transaction: Transaction) -> None:
        await transaction.run(ADD, (b"1", b"10"))
        await observer.terminate()
        await transaction.run(ADD, (b"2", b"20"))

    with pytest.raises(ConnectionLost):
        await run_transaction(database, lose, share=None)
    assert await database.read(ALL, (), share=None) == []


async def _make_table(database: Database) -> None:
    """Make the table with a record, without a transaction that could be idle for too long."""
    await database.write(Statement(text="CREATE TABLE public.kept (id int PRIMARY KEY, amount int)"), (), share=None)
    await database.write(ADD, (b"1", b"10"), share=None)


async def test_a_transaction_that_stops_is_ended_with_its_locks(empty_database: str) -> None:
    """As that of a process that is paused, or whose host has vanished; it had kept its locks without end."""
    async with opened(empty_database, idle_in_transaction_timeout=0.5) as database:
        await _make_table(database)

        async def stop() -> None:
            async with database.transaction(share=None) as transaction:
                await transaction.run(SET, (b"1", b"1"))
                # It gets the row's lock only once PostgreSQL has ended the transaction.
                await database.write(SET, (b"1", b"2"), share=None)

        with pytest.raises(CommitOutcomeUnknown):
            await stop()
        assert await database.read(ALL, (), share=None) == [(b"1", b"12")]


async def test_a_session_that_stops_in_a_transaction_is_ended_with_its_locks(empty_database: str) -> None:
    async with opened(empty_database, idle_in_transaction_timeout=0.5) as database:
        await _make_table(database)

        async def stop() -> None:
            async with database.session() as session:
                await session.execute("UPDATE public.kept SET amount = 11")
                await database.write(SET, (b"1", b"2"), share=None)

        with pytest.raises(ConnectionLost):
            await stop()
        assert await database.read(ALL, (), share=None) == [(b"1", b"12")]


async def test_a_connection_lost_while_committing_leaves_it_open(database: Database, observer: Observer) -> None:
    async with database.session() as session:
        await session.execute(
            "CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN PERFORM pg_catalog.pg_sleep(60); RETURN NULL; END $$"
        )
        await session.execute(
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON public.kept DEFERRABLE"
            " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.dawdle()"
        )
    runs = 0

    async def add(transaction: Transaction) -> None:
        nonlocal runs
        runs += 1
        await transaction.run(ADD, (b"1", b"10"))

    caller = asyncio.create_task(run_transaction(database, add, share=None))
    await observer.until_asleep()
    await observer.terminate()
    with pytest.raises(CommitOutcomeUnknown):
        await caller
    assert runs == 1


async def test_deadlocks_are_resolved_by_running_again(database: Database) -> None:
    await database.pipeline([(ADD, (b"1", b"0")), (ADD, (b"2", b"0"))], share=None)
    both_hold = asyncio.Barrier(2)
    runs = 0

    def move(first: bytes, second: bytes) -> "asyncio.Task[None]":
        met = False

        async def work(transaction: Transaction) -> None:
            nonlocal met, runs
            runs += 1
            await transaction.run(Statement(text="SET LOCAL deadlock_timeout = 10"), ())
            await transaction.run(SET, (first, b"1"))
            if not met:
                met = True
                await both_hold.wait()
            await transaction.run(SET, (second, b"1"))

        return asyncio.create_task(run_transaction(database, work, timeout=10, share=None))

    await asyncio.gather(move(b"1", b"2"), move(b"2", b"1"))
    assert await database.read(ALL, (), share=None) == [(b"1", b"2"), (b"2", b"2")]
    # The loser may meet the other once more before that one has woken.
    assert runs >= 3


async def test_attempts_are_limited(database: Database) -> None:
    runs = 0

    async def lose(transaction: Transaction) -> None:
        nonlocal runs
        runs += 1
        await transaction.run(Statement(text="DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"), ())

    with pytest.raises(Serialization):
        await run_transaction(database, lose, attempts=3, share=None)
    assert runs == 3


async def test_a_stale_plan_is_run_again(database: Database) -> None:
    reading = Statement(text="SELECT * FROM public.kept")
    await database.write(ADD, (b"1", b"10"), share=None)
    assert await database.read(reading, (), share=None) == [(b"1", b"10")]
    async with database.session() as session:
        await session.execute("ALTER TABLE public.kept ADD COLUMN note text")

    async def read(transaction: Transaction) -> list[tuple[bytes | None, ...]]:
        return await transaction.run(reading, ())

    assert await run_transaction(database, read, share=None) == [(b"1", b"10", None)]
