"""Short reads on shared connections: each is answered as if it were alone."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import pytest
import uvloop

from fieldstone.sql.driver import pace
from fieldstone.sql.driver.lanes import lane
from fieldstone.sql.driver.lanes import lanes as lanes_module
from fieldstone.sql.errors import (
    DatabaseBusy,
    DatabaseError,
    ResponseTooLarge,
    StaleSchema,
    StatementTimeout,
    ValueOutOfRange,
)
from fieldstone.sql.statement import Statement
from tests.sql.driver.lanes.asking import (
    INTEGER,
    OVER,
    REPEAT,
    SHOP,
    STOCK,
    gather,
    lanes,
    watch_messages,
)
from tests.sql.driving import ECHO, HELD, Observer, holding, observing
from tests.waiting import until, until_found

Messages = list[int]


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """Return the numbers of statements of the shared messages; no statement is taken for slow by the clock."""
    monkeypatch.setattr(pace, "SHORT", 10**9)
    monkeypatch.setattr(pace, "LONGEST", 10**9)
    monkeypatch.setattr(lane, "SLOW", 3600.0)
    monkeypatch.setattr(lanes_module, "_PATIENCE", 3600.0)
    monkeypatch.setattr(lanes_module, "_LATE", 3600.0)
    return watch_messages(monkeypatch)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_reads_of_one_turn_are_one_message(
    empty_database: str, messages: Messages, run: Callable[[Awaitable[None]], None]
) -> None:
    async def use() -> None:
        async with lanes(empty_database, messages) as asking:
            names = [b"%d" % number for number in range(10)]
            assert await asking.outcomes(*((ECHO, name) for name in names)) == [[(name,)] for name in names]
            assert messages == [10]
            assert asking.database.stats().joined == 10
            # One alone is sent as it always was; then one goes at once, and others wait for its answer.
            assert await asking.outcomes((ECHO, b"x")) == [[(b"x",)]]
            assert messages == [10]
            assert await asking.outcomes(*((ECHO, name) for name in names)) == [[(name,)] for name in names]
            assert messages == [10, 9]
            assert await asking.outcomes(*((ECHO, name) for name in names)) == [[(name,)] for name in names]
            assert messages == [10, 9, 10]

    run(use())


async def test_an_error_is_that_of_its_own_statement(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages, response_limit=1000) as asking:
        first, large, second, long, third = await asking.outcomes(
            (ECHO, b"a"), (INTEGER, b"99999999999"), (INTEGER, b"7"), (REPEAT, b"1001"), (STOCK, b"!")
        )
        assert messages == [5]
        assert (first, second, third) == ([(b"a",)], [(b"7",)], [(b"1!",)])
        assert isinstance(large, ValueOutOfRange)
        assert isinstance(long, ResponseTooLarge)
        assert asking.database.stats().lost == 0


async def test_each_sees_the_records_as_they_are_when_it_begins(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages) as asking, observing(empty_database) as observer:
        async with holding(empty_database) as other:
            reads = [asking.ask(STOCK, b""), asking.ask(HELD, b"7"), asking.ask(STOCK, b"")]
            await observer.until_active(1)
            await until(reads[0].outcome.done)
            await other.execute("INSERT INTO stock VALUES (2)")
        assert await gather(*reads) == [[(b"1",)], [(b"7",)], [(b"2",)]]
        assert messages == [3]


async def test_a_slow_one_holds_up_no_other_and_shares_no_message_again(
    empty_database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes(empty_database, messages) as asking, observing(empty_database) as observer:
        async with holding(empty_database):
            reads = [asking.ask(ECHO, b"a"), asking.ask(HELD, b"7"), asking.ask(ECHO, b"b"), asking.ask(ECHO, b"c")]
            await observer.until_active(1)
            assert await gather(reads[0]) == [[(b"a",)]]
            monkeypatch.setattr(lanes_module, "_PATIENCE", 0.0)
            asking.database._lanes._watch()
            monkeypatch.setattr(lanes_module, "_PATIENCE", 3600.0)
            assert await gather(*reads[2:]) == [[(b"b",)], [(b"c",)]]
            assert not reads[1].outcome.done()
            assert (asking.database.stats().joined, asking.database.stats().moved) == (4, 2)
            assert not asking.is_short(HELD)
            # Others have the lane at once, on another connection.
            assert await asking.outcomes((ECHO, b"d"), (ECHO, b"e")) == [[(b"d",)], [(b"e",)]]
            assert messages == [4, 2]
        assert await gather(reads[1]) == [[(b"7",)]]
        assert await asking.outcomes((HELD, b"1"), (HELD, b"1"), (ECHO, b"f")) == [[(b"1",)], [(b"1",)], [(b"f",)]]
        assert messages == [4, 2]
        await until(lambda: asking.database.stats().in_use == 0)


async def test_a_lane_that_stands_still_is_noticed_by_itself(
    empty_database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes(empty_database, messages) as asking:
        monkeypatch.setattr(lanes_module, "_PATIENCE", 0.01)
        monkeypatch.setattr(lanes_module, "_LATE", 0.01)
        async with holding(empty_database):
            reads = [asking.ask(HELD, b"7"), asking.ask(ECHO, b"b"), asking.ask(ECHO, b"c")]
            assert await gather(*reads[1:]) == [[(b"b",)], [(b"c",)]]
            # A lone one too: those that wait for its lane pass it.
            alone = asking.ask(HELD, b"7")
            assert await asking.outcomes((ECHO, b"d"), (ECHO, b"e")) == [[(b"d",)], [(b"e",)]]
            assert not reads[0].outcome.done()
        assert await gather(reads[0], alone) == [[(b"7",)], [(b"7",)]]


async def test_a_slow_answer_is_the_last_of_its_statement_in_a_lane(
    empty_database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes(empty_database, messages) as asking, observing(empty_database) as observer:
        assert asking.is_short(HELD)
        async with holding(empty_database):
            reads = [asking.ask(HELD, b"7"), asking.ask(ECHO, b"b")]
            await observer.until_active(1)
            await asyncio.sleep(0.1)
            monkeypatch.setattr(lane, "SLOW", 0.1)
        assert await gather(*reads) == [[(b"7",)], [(b"b",)]]
        assert not asking.is_short(HELD)


async def test_the_server_tells_the_time_of_some_runs(
    empty_database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes(empty_database, messages) as asking:
        runs = [(HELD, b"1"), *((ECHO, b"x") for _ in range(3))]
        monkeypatch.setattr(pace, "SHORT", 0)
        # The statements were timed last when the lanes found them short; ECHO comes three times in each message.
        for round_ in range(64):
            assert await asking.outcomes(*runs) == [[(b"1",)], *([(b"x",)] for _ in range(3))]
            assert asking.is_short(ECHO) == (round_ < 21)
        assert asking.is_short(HELD)
        assert await asking.outcomes(*runs) == [[(b"1",)], *([(b"x",)] for _ in range(3))]
        assert not asking.is_short(HELD)


async def test_a_run_that_starts_over_is_not_the_one_that_is_timed(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages) as asking:
        new = Statement(text="SELECT 'new ' || $1")
        assert await asking.outcomes((new, b"1")) == [OVER]
        await asking.run_everywhere({new: b"1"})
        for _ in range(pace._NEEDED):
            assert not asking.is_short(new)
            assert await asking.outcomes((new, b"1")) == [[(b"new 1",)]]
        assert asking.is_short(new)


@pytest.mark.long
async def test_each_has_the_whole_time_for_itself(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages, statement_timeout=1) as asking, holding(empty_database):
        given = [(ECHO, b"a"), (HELD, b"7"), (HELD, b"7"), (ECHO, b"b")]
        first, held, again, last = await asking.outcomes(*given)
        assert (first, last) == ([(b"a",)], [(b"b",)])
        assert isinstance(held, StatementTimeout)
        assert isinstance(again, StatementTimeout)
        assert messages == [4]


async def test_after_the_end_of_a_backend_each_unanswered_read_starts_over(
    empty_database: str, messages: Messages
) -> None:
    async with lanes(empty_database, messages) as asking, observing(empty_database) as observer:
        async with holding(empty_database):
            reads = [asking.ask(ECHO, b"a"), asking.ask(HELD, b"7"), asking.ask(ECHO, b"b")]
            gone = asking.ask(ECHO, b"c")
            await observer.until_active(1)
            gone.run.cancel()
            await _end_the_held(observer)
            assert await gather(*reads) == [[(b"a",)], OVER, OVER]
        assert not gone.outcome.done()
        assert messages == [4]
        assert await asking.outcomes((ECHO, b"d"), (ECHO, b"e")) == [[(b"d",)], [(b"e",)]]


async def test_a_client_that_leaves_is_forgotten_and_nothing_is_cancelled(
    empty_database: str, messages: Messages
) -> None:
    async with lanes(empty_database, messages) as asking, observing(empty_database) as observer:
        async with holding(empty_database):
            reads = [asking.ask(HELD, b"7"), asking.ask(ECHO, b"a"), asking.ask(ECHO, b"b")]
            await observer.until_active(1)
            reads[0].run.cancel()
            reads[2].run.cancel()
        assert await gather(reads[1]) == [[(b"a",)]]
        await until(lambda: asking.database.stats().in_use == 0)
        assert not reads[0].outcome.done()
        assert not reads[2].outcome.done()
        assert (asking.database.stats().cancelled, asking.database.stats().lost) == (0, 0)


async def test_one_that_leaves_before_the_message_is_not_in_it(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages) as asking:
        reads = [asking.ask(ECHO, b"a"), asking.ask(ECHO, b"b"), asking.ask(ECHO, b"c")]
        reads[1].run.cancel()
        assert await gather(reads[0], reads[2]) == [[(b"a",)], [(b"c",)]]
        assert messages == [2]
        assert asking.database._lanes.waiting == 0


async def test_a_changed_table_is_seen_by_its_readers_alone(empty_database: str, messages: Messages) -> None:
    async with (
        lanes(empty_database, messages) as asking,
        await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as other,
    ):
        given = [(SHOP, b"1"), (ECHO, b"a"), (SHOP, b"1"), (STOCK, b"")]
        await other.execute("ALTER TABLE shop ALTER name TYPE varchar(50)")
        # PostgreSQL refuses a prepared statement whose result has changed: 0A000.
        assert await asking.outcomes(*given) == [OVER, [(b"a",)], OVER, [(b"1",)]]
        await other.execute("ALTER TABLE shop DROP name")
        first, second, third, fourth = await asking.outcomes(*given)
        assert isinstance(first, StaleSchema)
        assert isinstance(third, StaleSchema)
        assert (second, fourth) == ([(b"a",)], [(b"1",)])
        assert messages == [4, 4]


async def test_a_statement_that_is_no_longer_prepared_starts_over_alone(
    empty_database: str, messages: Messages
) -> None:
    async with lanes(empty_database, messages) as asking:
        for connection in asking.database._pool._all:
            await connection.command(b'DEALLOCATE "%s"' % INTEGER.name)
        # The server says 26000.
        assert await asking.outcomes((ECHO, b"a"), (INTEGER, b"1"), (ECHO, b"b")) == [[(b"a",)], OVER, [(b"b",)]]
        # Known before it is sent.
        for connection in asking.database._pool._all:
            connection.forget([INTEGER])
        assert await asking.outcomes((ECHO, b"a"), (INTEGER, b"1"), (ECHO, b"b")) == [[(b"a",)], OVER, [(b"b",)]]
        assert messages == [3, 2]


async def test_writes_and_statements_of_unknown_time_go_alone(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages) as asking:
        unknown = Statement(text="SELECT 'new' || $1")
        for _ in range(4):
            await asking.database.read(unknown, (b"",), share=None)
        reads = [asking.ask(unknown, b"1"), asking.ask(ECHO, b"w", writes=True), asking.ask(ECHO, b"r")]
        assert await gather(*reads) == [[(b"new1",)], [(b"w",)], [(b"r",)]]
        assert messages == []


async def test_a_message_is_bounded_and_lanes_beside_the_first_take_full_ones(
    empty_database: str, messages: Messages
) -> None:
    async with lanes(empty_database, messages) as asking:
        names = [b"%d" % number for number in range(40)]
        assert await asking.outcomes(*((ECHO, name) for name in names)) == [[(name,)] for name in names]
        # Two lanes, and the rest when one of them has come back.
        assert messages == [16, 16, 8]


async def test_a_share_with_many_reads_lets_others_pass(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages, lanes=1) as asking:
        answered: list[bytes] = []

        def ask(name: bytes, share: int) -> None:
            read = asking.ask(ECHO, name, share=share)
            read.outcome.add_done_callback(lambda _: answered.append(name))

        for _ in range(60):
            ask(b"noisy", 1)
        for _ in range(3):
            ask(b"quiet", 2)
        await until(lambda: len(answered) == 63)
        assert answered[:8].count(b"quiet") == 3
        assert max(messages) == 8


async def test_too_many_that_wait_for_a_lane_ask_the_pool_and_are_refused_there(
    empty_database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lanes(empty_database, messages, connections=1, lanes=1, max_waiting=20, acquire_timeout=60) as asking:
        async with holding(empty_database), observing(empty_database) as observer:
            held = asking.ask(HELD, b"7")
            await observer.until_active(1)
            reads = [asking.ask(ECHO, b"%d" % number) for number in range(50)]
            # 20 wait for the lane and 20 for a connection; when the lane is broken up, all wait for a connection.
            assert (asking.database.stats().waiting, asking.database.stats().refused) == (40, 10)
            monkeypatch.setattr(lanes_module, "_PATIENCE", 0.0)
            asking.database._lanes._watch()
            await until(lambda: asking.database.stats().waiting == 20)
            assert asking.database.stats().refused == 30
        outcomes = await gather(held, *reads)
        assert sum(isinstance(one, DatabaseBusy) for one in outcomes) == 30
        assert sum(isinstance(one, list) for one in outcomes) == 21


async def test_connections_of_lanes_are_renewed_as_others_are(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages, connections=1) as asking:
        connection = next(iter(asking.database._pool._all))
        connection._settings = asking.database._pool._settings = connection._settings.__class__(
            connections=1, max_statements=connection._statements + 10
        )
        assert await asking.outcomes(*((ECHO, b"x") for _ in range(10))) == [[(b"x",)]] * 10
        await until(lambda: asking.database.stats().recycled == 1)
        assert messages == [10]


@pytest.mark.parametrize(
    "settings", [{"lanes": 0}, {"prepare": False}, {"is_wrapped": False}], ids=["off", "pooler", "older libpq"]
)
async def test_where_there_are_no_lanes_reads_go_alone(
    empty_database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch, settings: dict[str, int]
) -> None:
    if "is_wrapped" in settings:
        monkeypatch.setattr(lanes_module, "can_send_sync", lambda: False)
        settings = {}
    async with lanes(empty_database, messages, **settings) as asking:
        names = [b"%d" % number for number in range(10)]
        if asking.database._settings.prepare:
            assert await asking.outcomes(*((ECHO, name) for name in names)) == [[(name,)] for name in names]
        assert messages == []
        assert not asking.database._lanes.paces.find(ECHO).is_next_timed()


async def test_reads_in_lanes_end_with_the_database(empty_database: str, messages: Messages) -> None:
    async with lanes(empty_database, messages, close_timeout=0.1) as asking:
        reads = [asking.ask(ECHO, b"%d" % number) for number in range(40)]
        await asking.database.close()
        outcomes = await gather(*reads)
        assert all(isinstance(one, list | DatabaseError) or one == OVER for one in outcomes)


class Timed:
    """A pace whose runs are timed as they come."""

    def __init__(self) -> None:
        self.pace = pace.Pace()

    def run(self, time: int) -> int:
        """Note the time of the next run that is timed; return the number of those before it."""
        untimed = 0
        while not self.pace.is_next_timed():
            untimed += 1
        self.pace.note(time)
        return untimed

    def are_short(self, *times: int) -> list[bool]:
        """Return after each of these times whether the statement is short."""
        return [self.pace.is_short for time in times if self.run(time) >= 0]


def test_a_statement_is_short_after_several_short_runs_and_not_after_a_slow_one() -> None:
    timed = Timed()
    short, slow = pace.SHORT - 1, pace.LONGEST
    assert timed.are_short(short, short, short, short, short) == [False, False, False, True, True]
    assert timed.run(short) == 64
    assert timed.are_short(slow, short, short, short, short) == [False, False, False, False, True]
    # One that is often slow is asked about ever more seldom.
    assert [timed.run(slow) for _ in range(9)] == [64, 16, 32, 64, 128, 256, 512, 1024, 1024]
    assert [timed.run(short) for _ in range(4)] == [1024, 0, 0, 0]
    assert timed.pace.is_short
    timed.pace.note_slow()
    assert not timed.pace.is_short


def test_a_busy_machine_makes_no_statement_slow() -> None:
    short, late = pace.SHORT // 2, pace.SHORT * 2
    every_other = [short, late] * 50
    timed = Timed()
    assert timed.are_short(*every_other) == [False] * 6 + [True] * 94
    timed = Timed()
    assert not any(timed.are_short(*[pace.SHORT] * 50))
    # Half of its runs are long by themselves.
    timed = Timed()
    assert not any(timed.are_short(*[short, pace.LONGEST - 1] * 50))


async def _end_the_held(observer: Observer) -> None:
    """Have the backend ended that waits for the lock, as soon as it does."""
    await until_found(
        observer.connection,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND application_name = 'driven' AND datname = current_database()",
    )
