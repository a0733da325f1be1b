"""sql/driver/late_reads.py: late round trips of short reads, which tell that the processors are contended for."""

import asyncio
from itertools import repeat

import pytest

from fieldstone.sql.driver import late_reads, pace
from fieldstone.sql.driver.late_reads import LateReads
from fieldstone.sql.driver.shares import LONGEST_RESTRAINT, RESTRAINT
from tests.sql.driver.lanes.asking import lanes, watch_messages
from tests.sql.driver.line import Line, pace_of
from tests.sql.driving import ECHO, SLEEP
from tests.waiting import until

USUAL = 0.0002
LATE = 0.002
MIDDLING = pace_of(0.02)
SHORT = pace_of(0.012)


class Reads:
    """Short reads, and how many of them could be late because of statements beside them."""

    def __init__(self) -> None:
        self.late = 0
        self._late_reads = LateReads()
        self.note(*repeat(USUAL, 100))

    def note(self, *trips: float) -> bool:
        """Note round trips, and return whether too many were late."""
        found = False
        for trip in trips:
            if self._late_reads.note(trip):
                self.late += 1
                found |= self._late_reads.add()
        return found


def test_late_reads_in_quick_succession_are_too_many() -> None:
    reads = Reads()
    assert not reads.note(*[LATE, USUAL, USUAL] * 4)
    assert reads.note(LATE)
    assert not reads.note(USUAL, LATE, USUAL, LATE)


def test_late_reads_now_and_then_are_chance() -> None:
    assert not Reads().note(*[LATE, *repeat(USUAL, 40)] * 100)


def test_a_tenth_of_the_reads_is_no_chance() -> None:
    assert Reads().note(*[LATE, *repeat(USUAL, 9)] * 6)


def test_reads_that_are_late_together_count_once() -> None:
    reads = Reads()
    assert not reads.note(*[*repeat(LATE, 8), USUAL] * 4)
    assert reads.late == 4
    assert reads.note(LATE)


def test_round_trips_of_a_distant_database_are_compared_with_each_other() -> None:
    reads = Reads()
    far = [0.004, 0.005, 0.006, 0.0045] * 40
    assert not reads.note(*far)
    late = reads.late
    assert not reads.note(*far)
    assert reads.late == late


def test_late_reads_do_not_become_the_usual_ones() -> None:
    reads = Reads()
    for _ in range(30):
        reads.note(1.0, *repeat(USUAL, 5))
    assert reads.late == 30
    reads.note(LATE)
    assert reads.late == 31


def beside_another() -> Line:
    """Return a line in which another share was present a moment ago."""
    line = Line()
    assert line.ask("b") == 1
    assert line.free("b") is None
    return line


def test_a_share_with_several_statements_of_some_milliseconds_is_a_crowd_for_others() -> None:
    line = beside_another()
    a, b, unlimited = map(line.shares.find, ("a", "b", None))
    running = [(a, MIDDLING), (b, MIDDLING), (b, SHORT), (a, MIDDLING), (None, None), (a, None)]
    assert line.shares.find_crowd(b, running) == [a]
    assert line.shares.find_crowd(a, running) == []
    assert line.shares.find_crowd(a, [(unlimited, MIDDLING)] * 2) == []
    line.shares.restrain(a)
    # Its statements that run still began before that.
    assert line.shares.find_crowd(b, running) == []


def test_a_restrained_share_runs_its_statements_of_some_milliseconds_one_at_a_time() -> None:
    line = beside_another()
    line.shares.restrain(line.shares.find("a"))
    assert line.ask("a", 3, pace=MIDDLING) == 1
    assert line.ask("a", 2, pace=SHORT) == 2
    assert line.ask("b", 3, pace=MIDDLING) == 3
    line.now += RESTRAINT
    share = line.shares.find("a")
    assert line.shares.line_of(share, MIDDLING) is share


def test_a_share_that_is_restrained_again_at_once_is_so_for_longer() -> None:
    line = beside_another()
    share = line.shares.find("a")
    lasted = []
    for pause in (0, 1, 1, 1, 1, 1, LONGEST_RESTRAINT):
        line.now += pause
        line.shares.restrain(share)
        lasted.append(share.restrained_until - line.now)
        line.now = share.restrained_until
    assert lasted == [60, 120, 240, 480, LONGEST_RESTRAINT, LONGEST_RESTRAINT, RESTRAINT]


@pytest.mark.parametrize("together", [0, 1, 3], ids=["by the pool", "a message each", "several in a message"])
async def test_a_share_that_makes_the_short_reads_of_others_late_runs_one_statement_at_a_time(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(pace, "SHORT", 10**9)
    monkeypatch.setattr(pace, "LONGEST", 10**9)
    messages = watch_messages(monkeypatch)
    settings = {"connections": 8, "lanes": 1, "long_statement": 2}
    async with lanes(empty_database, messages, **settings) as asking:
        database = asking.database
        shares, kept = database._pool._shares, database._lanes.paces.find(SLEEP)

        async def read(share: int, *, are_late: bool) -> None:
            for late in (are_late, False) * 5:
                monkeypatch.setattr(late_reads, "_MARGIN", -60.0 if late else 60.0)
                reads = [asking.ask(ECHO, b"x", share=share).outcome for _ in range(together or 1)]
                assert await asyncio.gather(*reads) == [[(b"x",)]] * len(reads)

        if not together:
            # Contention has made a run slow, so that none of the next ones goes in a lane.
            database._lanes.paces.find(ECHO)._pause = 1_000
            database._lanes.paces.find(ECHO).note_slow()
        await read(1, are_late=False)
        await read(2, are_late=False)
        assert asking.is_short(ECHO) == bool(together)
        assert (together > 1) == bool(messages)
        kept.note_kept(16)
        assert 0.5 < kept.seconds < 2
        running = [asyncio.create_task(database.read(SLEEP, (b"60",), share=1)) for _ in range(2)]
        await until(lambda: shares.in_hand == 2)
        # They are its own, and no reason to restrain it.
        await read(1, are_late=True)
        assert database.stats().contended == 0
        await read(2, are_late=True)
        assert database.stats().contended == 1
        # Those that run already are not taken back.
        assert not database.is_held_up(SLEEP, 1)
        running += [asyncio.create_task(database.read(SLEEP, (b"60",), share=1)) for _ in range(2)]
        await until(lambda: (shares.in_hand, shares.waiting) == (3, 1))
        assert (database.is_held_up(SLEEP, 1), database.is_held_up(ECHO, 1)) == (True, False)
        assert not database.is_held_up(SLEEP, 2)
        for task, left in zip(running[:3], ((2, 1), (1, 1), (1, 0)), strict=True):
            task.cancel()
            await until(lambda left=left: (shares.in_hand, shares.waiting) == left)  # type: ignore[misc]  # mypy: no default
        running[3].cancel()
        await asyncio.gather(*running, return_exceptions=True)
