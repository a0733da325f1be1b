"""The services of the pool of driven connections beyond serving one caller."""

import asyncio
from collections.abc import Hashable
from functools import partial

import psycopg
import pytest

from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.driver.connection_pool import ConnectionPool
from fieldstone.sql.driver.sharing.share import Group
from fieldstone.sql.errors import ConnectionLost, DatabaseBusy, DatabaseError, DatabaseUnavailable
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolCounters
from fieldstone.sql.statement import Row, Statement
from tests.sql.driving import BACKEND, ECHO, HELD, QUICK, SLEEP, Called, holding, impatient, observing, opened
from tests.waiting import until

PREPARED = Statement(text="SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'fs\\_%'")


async def test_callers_are_served_in_the_order_in_which_they_came(empty_database: str) -> None:
    pool = ConnectionPool(empty_database, QUICK, PoolCounters())
    await pool.open()
    served: list[int] = []

    async def call(number: int) -> None:
        link = await pool.acquire()
        served.append(number)
        assert await link.execute(ECHO, (b"%d" % number,)) == [(b"%d" % number,)]
        link.release()

    await asyncio.gather(*(call(number) for number in range(200)))
    assert served == list(range(200))
    # All may have been served before the last connection was there.
    await until(lambda: pool.stats().idle == QUICK.connections)
    stats = pool.stats()
    assert (stats.opened, stats.idle, stats.in_use, stats.waiting) == (4, 4, 0, 0)
    await pool.close()


async def test_a_caller_who_comes_again_and_again_overtakes_nobody(empty_database: str) -> None:
    async with opened(empty_database, connections=1) as database:
        served: list[str] = []

        async def call(name: str, times: int) -> None:
            for _ in range(times):
                await database.read(ECHO, (b"x",), share=None)
                served.append(name)

        await asyncio.gather(call("greedy", 20), call("modest", 1))
        assert served.index("modest") <= 1


async def test_a_share_whose_statements_stand_still_keeps_no_other_from_being_served(empty_database: str) -> None:
    async with opened(empty_database) as database:
        slow = [asyncio.create_task(database.read(SLEEP, (b"60",), share=1)) for _ in range(20)]
        async with observing(empty_database) as seen:
            await seen.until_active(QUICK.connections - 1)
        for _ in range(50):
            assert await database.read(ECHO, (b"x",), share=2) == [(b"x",)]
            assert await database.write(ECHO, (b"x",), share=3) == [(b"x",)]
            assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]
            async with database.transaction(share=2) as transaction:
                assert await transaction.run(ECHO, (b"x",)) == [(b"x",)]
        assert database.stats().waiting == 20 - (QUICK.connections - 1)
        # One that leaves makes room for the others, only half of which are served now.
        for task in slow[:2]:
            task.cancel()
        await until(lambda: database.stats().in_use == QUICK.connections // 2)
        assert await database.read(ECHO, (b"x",), share=2) == [(b"x",)]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await until(lambda: database.stats().idle == QUICK.connections)
        assert database.stats().waiting == 0


@pytest.mark.parametrize("quickly", [False, True], ids=["in a task", "quickly"])
async def test_the_waiting_of_a_share_make_room_for_others(empty_database: str, quickly: bool) -> None:
    async with opened(empty_database, connections=1, max_waiting=10) as database:
        for _ in range(3):
            await database.read(ECHO, (b"x",), share=None)
        holder = asyncio.create_task(database.read(SLEEP, (b"60",), share=None))
        await until(lambda: database.stats().in_use == 1)
        answers: dict[int, list[asyncio.Future[object]]] = {1: [], 2: []}

        def ask(share: int) -> None:
            told = asyncio.get_running_loop().create_future()
            answers[share].append(told)
            if quickly:
                finish, give_up = lambda rows, error: told.set_result(error or rows), lambda: told.set_result(None)
                database.begin(Called(ECHO, (b"x",), share=share, finish=finish, give_up=give_up))
            else:
                task = asyncio.create_task(database.read(ECHO, (b"x",), share=share))
                task.add_done_callback(lambda done: told.set_result(done.exception() or done.result()))

        for share, times in ((1, 30), (2, 5)):
            for _ in range(times):
                ask(share)
            await asyncio.sleep(0)
        await until(lambda: sum(told.done() for told in answers[1]) == 25)
        assert database.stats().refused == 25
        assert all(isinstance(told.result(), DatabaseBusy) for told in answers[1] if told.done())
        holder.cancel()
        await asyncio.gather(*answers[1], *answers[2])
        assert [told.result() for told in answers[2]] == [[(b"x",)]] * 5
        assert [told.result() for told in answers[1]].count([(b"x",)]) == 5


@pytest.mark.parametrize("share", [7, ShareKey(7, 1)], ids=["of no key", "of a key"])
async def test_the_callers_of_a_group_whose_node_is_down_are_refused(empty_database: str, share: Hashable) -> None:
    """Those with a key waited for the node until their time was up."""
    async with opened(empty_database) as database:
        database.place(7, Group(refusal="the node is down"))
        with pytest.raises(DatabaseUnavailable, match="the node is down"):
            await database._pool.acquire(share=share)
        refused: list[DatabaseError | None] = []
        quick = Called(ECHO, (b"x",), share=share, finish=lambda _, error: refused.append(error), give_up=lambda: None)
        database._pool.lend(quick)
        assert [str(error) for error in refused] == ["the node is down"]
        assert database.stats().in_use == 0


async def test_a_statement_of_a_key_without_a_pace_is_as_long_as_those_of_its_workspace(empty_database: str) -> None:
    async with opened(empty_database, long_statement=2) as database:
        whole = database._pool._shares.find(7)
        whole.unknown.note_kept(60)
        await database.read(ECHO, (b"x",), share=8)
        link = await database._pool.acquire(share=ShareKey(7, 1))
        assert link.pace is whole.unknown
        assert link.share is not None
        assert link.share.is_long
        link.release()


async def test_one_long_statement_of_a_share_runs_beside_others_in_whatever_way_it_is_asked_for(
    empty_database: str,
) -> None:
    async with opened(empty_database, long_statement=2) as database, observing(empty_database) as seen:
        for share in (1, 2):
            assert await database.read(ECHO, (b"x",), share=share) == [(b"x",)]
        assert not database.is_held_up(SLEEP, 1)
        database._lanes.paces.find(SLEEP).note_kept(60)
        assert not database.is_held_up(SLEEP, 1)
        long = [asyncio.create_task(database.read(SLEEP, (b"60",), share=1))]
        await seen.until_active(1)
        assert (database.is_held_up(SLEEP, 1), database.is_held_up(ECHO, 1)) == (True, False)
        quick = Called(SLEEP, (b"60",), share=1, finish=lambda *_: None, give_up=lambda: None)
        database.begin(quick)
        long += [
            asyncio.create_task(database.write(SLEEP, (b"60",), share=1)),
            asyncio.create_task(_hold(database, SLEEP, share=1)),
        ]
        await until(lambda: database.stats().waiting == 3)
        for _ in range(20):
            assert await database.read(ECHO, (b"x",), share=1) == [(b"x",)]
            assert await database.read(ECHO, (b"x",), share=2) == [(b"x",)]
        assert await seen.active() == 1
        quick.cancel()
        assert database.stats().waiting == 2
        # The next one runs when the one before has ended, and those that wait can leave.
        for task, left in zip(long, (1, 0, 0), strict=True):
            task.cancel()
            await until(lambda left=left: database.stats().waiting == left)  # type: ignore[misc]  # mypy: no default
        await asyncio.gather(*long, return_exceptions=True)
        await until(lambda: database.stats().in_use == 0)
        assert database._pool._shares.in_hand == 0


async def _hold(database: Database, statement: Statement, *, share: int) -> list[Row]:
    async with database.transaction(share=share, statement=statement) as transaction:
        return await transaction.run(statement, (b"60",))


async def test_first_runs_are_long_where_those_before_were(empty_database: str) -> None:
    async with opened(empty_database, long_statement=0.001) as database:
        await database.read(ECHO, (b"x",), share=2)
        await database.read(SLEEP, (b"0.1",), share=1)
        assert database.is_held_up(BACKEND, 1) is False
        held = asyncio.create_task(database.read(SLEEP, (b"60",), share=1))
        await until(lambda: database.is_held_up(BACKEND, 1))
        assert not database.is_held_up(BACKEND, 2)
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)


async def test_a_run_without_a_statement_of_its_own_counts_once_among_the_unknown(empty_database: str) -> None:
    async with opened(empty_database) as database:
        seconds = iter(range(1, 100))
        database._pool._clock = lambda: float(next(seconds))
        await database.pipeline([(ECHO, (b"x",)), (ECHO, (b"y",))], share=1)
        assert database._pool._shares.find(1).unknown.seconds == 1 / 16


@pytest.mark.parametrize("is_kept", [False, True], ids=["a free connection", "a connection that is waited for"])
async def test_a_statement_that_is_not_prepared_there_tells_nothing_of_its_pace(
    empty_database: str, is_kept: bool
) -> None:
    async with opened(empty_database, connections=1) as database:
        pace = database._lanes.paces.find(ECHO)
        pace.note_kept(1)
        share = database._pool._shares.find("a")
        share.note(1)
        expected = (pace.seconds, share.mean)
        kept = await database._pool.acquire()
        left: list[bool] = []
        if not is_kept:
            kept.release()
        database.begin(Called(ECHO, (b"x",), share="a", finish=lambda *_: None, give_up=lambda: left.append(True)))
        assert left == [True] * (not is_kept)
        if is_kept:
            kept.release()
        assert (left, pace.seconds, share.mean) == ([True], *expected)


@pytest.mark.long
async def test_a_connection_that_is_lost_is_not_counted_for_its_share(empty_database: str) -> None:
    async with opened(empty_database) as database, observing(empty_database) as seen:
        for _ in range(3):
            slow = [asyncio.create_task(database.read(SLEEP, (b"60",), share=1)) for _ in range(3)]
            await seen.until_active(3)
            await seen.terminate()
            # Each is tried once more.
            await seen.until_active(3)
            await seen.terminate()
            assert all(isinstance(one, ConnectionLost) for one in await asyncio.gather(*slow, return_exceptions=True))
        assert database._pool._shares.in_hand == 0


async def test_any_number_may_wait_for_a_connection_that_has_not_prepared_their_statement(empty_database: str) -> None:
    """Each passes it on to the next one; when that was done from within, some hundred were too deep for Python."""
    async with opened(empty_database, connections=1) as database:
        left: list[int] = []
        for number in range(QUICK.max_waiting):
            database.begin(Called(ECHO, (b"x",), finish=lambda *_: None, give_up=partial(left.append, number)))
        assert database.stats().waiting == QUICK.max_waiting
        await until(lambda: database.stats().idle == 1)
        assert left == list(range(QUICK.max_waiting))
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]


async def test_waiting_is_bounded_in_time(empty_database: str) -> None:
    async with opened(empty_database, connections=1) as database, observing(empty_database) as seen:
        async with holding(empty_database):
            holder = asyncio.create_task(database.read(HELD, (b"7",), share=None))
            await seen.until_active(1)
            with impatient(database), pytest.raises(DatabaseBusy, match="in time"):
                await database.read(ECHO, (b"x",), share=None)
            assert (database.stats().waiting, database.stats().refused) == (0, 1)
        await holder
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]


async def test_waiting_is_bounded_in_number(empty_database: str) -> None:
    async with opened(empty_database, connections=1, max_waiting=2) as database:
        answers = await asyncio.gather(
            *(database.read(ECHO, (b"x",), share=None) for _ in range(5)), return_exceptions=True
        )
        assert sum(isinstance(answer, DatabaseBusy) for answer in answers) == 3
        assert sum(answer == [(b"x",)] for answer in answers) == 2


async def test_those_who_leave_while_they_wait_leave_nothing_behind(empty_database: str) -> None:
    async with opened(empty_database, connections=1) as database:
        callers = [asyncio.create_task(database.read(ECHO, (b"x",), share=None)) for _ in range(50)]
        for turn, caller in enumerate(callers):
            if turn % 2:
                await asyncio.sleep(0.001)
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]
        assert (database.stats().waiting, database.stats().in_use) == (0, 0)


async def test_cancelling_at_any_moment_never_hits_the_next_statement(empty_database: str) -> None:
    async with opened(empty_database, connections=2) as database:
        for turn in range(150):
            caller = asyncio.create_task(database.read(ECHO, (b"left",), share=None))
            for _ in range(turn % 6):
                await asyncio.sleep(0)
            caller.cancel()
            number = b"%d" % turn
            assert await database.read(ECHO, (number,), share=None) == [(number,)]
        assert database.stats().lost == 0


async def test_prepared_statements_are_closed_beyond_the_limit(empty_database: str) -> None:
    async with opened(empty_database, connections=1, prepared_statements=5) as database:
        for number in range(12):
            for _ in range(2):
                assert await database.read(Statement(text=f"SELECT {number:d}"), (), share=None) == [(b"%d" % number,)]
        assert await database.read(PREPARED, (), share=None) == [(b"5",)]
        assert (database.stats().prepared, database.stats().evicted) == (13, 8)
        # The least recently used went, the others stayed.
        await database.read(Statement(text="SELECT 11"), (), share=None)
        assert database.stats().prepared == 13
        await database.read(Statement(text="SELECT 0"), (), share=None)
        assert database.stats().prepared == 14


async def test_a_pipeline_may_need_more_than_the_limit_for_a_while(empty_database: str) -> None:
    async with opened(empty_database, connections=1, prepared_statements=2) as database:
        steps = [(Statement(text=f"SELECT {number:d}"), ()) for number in range(4)]
        for _ in range(2):
            assert await database.pipeline(steps + steps[:1], share=None) == [[(b"%d" % n,)] for n in (0, 1, 2, 3, 0)]
        assert await database.read(PREPARED, (), share=None) == [(b"2",)]


async def test_a_failed_pipeline_keeps_the_books_right(empty_database: str) -> None:
    async with opened(empty_database, connections=1, prepared_statements=2) as database:
        fine, broken = Statement(text="SELECT 1"), Statement(text="SELECT nothing")
        for _ in range(3):
            answers = await asyncio.gather(
                database.pipeline([(broken, ()), (fine, ())], share=None), return_exceptions=True
            )
            assert isinstance(answers[0], Exception)
            assert await database.read(fine, (), share=None) == [(b"1",)]
            assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]
        assert await database.read(PREPARED, (), share=None) == [(b"2",)]


async def test_a_connection_is_replaced_after_so_many_statements(empty_database: str) -> None:
    async with opened(empty_database, connections=1, max_statements=10) as database, observing(empty_database) as seen:
        backends = [(await database.read(BACKEND, (), share=None))[0][0] for _ in range(35)]
        assert len(set(backends)) == 4
        assert (database.stats().recycled, database.stats().lost) == (3, 0)
        await seen.until_connected(2)  # with the session that opening has kept


async def test_an_old_connection_is_replaced(empty_database: str) -> None:
    async with opened(empty_database, connections=1, max_age=0.0) as database:
        backends = [(await database.read(BACKEND, (), share=None))[0][0] for _ in range(3)]
        assert len(set(backends)) == 3


async def test_a_database_that_goes_is_reported_at_once(empty_database: str) -> None:
    database_name = psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
    async with opened(empty_database) as database:
        await database.read(ECHO, (b"x",), share=None)
        maintenance = psycopg.conninfo.make_conninfo(empty_database, dbname="postgres")
        async with await psycopg.AsyncConnection.connect(maintenance, autocommit=True) as other:
            name = psycopg.sql.Identifier(str(database_name))
            await other.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
            await other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
                " AND application_name = 'driven'",
                (database_name,),
            )
            with pytest.raises(DatabaseUnavailable):
                await database.read(ECHO, (b"x",), share=None)
            await other.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
        assert await database.read(ECHO, (b"back",), share=None) == [(b"back",)]


async def test_copy_does_not_hang_a_connection(empty_database: str) -> None:
    async with opened(empty_database) as database:
        with pytest.raises(DatabaseUnavailable, match="COPY"):
            await database.read(Statement(text="COPY (SELECT 1) TO STDOUT"), (), share=None)
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]


async def test_a_caller_with_wrong_parameters_harms_nobody_else(empty_database: str) -> None:
    async with opened(empty_database, connections=1) as database:
        for parameters in ((b"1", b"2"), ()):
            with pytest.raises(Exception, match="parameter"):
                await database.read(ECHO, parameters, share=None)
        with pytest.raises(TypeError):
            await database.pipeline([(ECHO, (b"x",)), (ECHO, ("text",))], share=None)  # type: ignore[list-item] # on purpose
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]


async def test_closing_twice_and_unopened(empty_database: str) -> None:
    async with opened(empty_database) as database:
        await database.close()
    await Database.connect(empty_database, settings=QUICK).close()
