"""sql/driver/contention.py: late round trips of short reads, and the restraint of shares that cause them."""

import asyncio
from itertools import repeat
from types import SimpleNamespace
from typing import Any

import pytest

from fieldstone.sql.driver import contention, pace
from fieldstone.sql.driver.contention import LONGEST_RESTRAINT, RESTRAINT, Contention, LateReads
from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.sharing.share import Share
from tests.sql.driver.lanes.asking import lanes, watch_messages
from tests.sql.driver.sharing.line import Line, pace_of
from tests.sql.driving import ECHO, SLEEP
from tests.waiting import until

USUAL = 0.0002
LATE = 0.002
OFTEN = [LATE, USUAL] * 20
MIDDLING = pace_of(0.02)
SHORT = pace_of(0.003)


class Reads:
    """Short reads, 20 ms apart, and how many of them could be late because of statements beside them."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.late = 0
        self.late_reads = LateReads()
        self.note(*repeat(USUAL, 100))

    def note(self, *trips: float, apart: float = 0.02) -> bool:
        """Note round trips, and return whether too many were late."""
        found = False
        for trip in trips:
            self.now += apart
            if self.late_reads.note(trip, self.now):
                self.late += 1
                found |= self.late_reads.add()
        return found


def test_late_reads_in_quick_succession_are_too_many() -> None:
    reads = Reads()
    assert not reads.note(*[LATE, USUAL, USUAL] * 3)
    assert reads.note(LATE)
    assert reads.late_reads.seen == 10
    assert reads.late_reads.mean == pytest.approx((4 * LATE + 6 * USUAL) / 10)
    assert not reads.note(LATE, LATE)
    assert reads.note(LATE)
    assert reads.late_reads.mean == pytest.approx(LATE)


def test_late_reads_now_and_then_are_chance() -> None:
    assert not Reads().note(*[LATE, *repeat(USUAL, 40)] * 100)


def test_a_tenth_of_the_reads_is_no_chance() -> None:
    assert Reads().note(*[LATE, *repeat(USUAL, 9)] * 6)


def test_reads_that_end_late_together_count_once() -> None:
    reads = Reads()
    for turn in range(1, 4):
        assert not reads.note(*repeat(LATE, 8), apart=0.001)
        assert not reads.note(USUAL)
        assert reads.late == turn
    assert reads.note(LATE)


def test_round_trips_of_a_distant_database_are_compared_with_each_other() -> None:
    reads = Reads()
    far = [0.004, 0.005, 0.006, 0.0045] * 40
    reads.note(*far)
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


@pytest.mark.parametrize(
    ("times", "is_brief"),
    [([], False), ([8_000] * 300, False), ([60], True), ([8_000] * 300 + [60], True), ([60, 8_000] * 300, False)],
)
def test_a_statement_is_brief_by_the_last_times_that_postgresql_told(times: list[int], is_brief: bool) -> None:
    statement = Pace()
    for time in times:
        statement.note(time)
    assert statement.is_brief == is_brief
    for time in (60, 80, 40, 900, 8_000, 8_000, 70):
        statement.note(time)
    assert statement.is_brief


class Scene(Line):
    """Shares `a` and `b` that are both present, and connections that are lent for statements of theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.lent: list[Any] = []
        self.contention = Contention(self.shares, self.lent, clock=lambda: self.now)
        assert self.ask("b") == 1
        assert self.free("b") is None
        self.read("b", *repeat(USUAL, 100))

    def lend(self, *lent: tuple[str | None, Pace | None]) -> None:
        """Have these statements run, and no others."""
        self.lent[:] = [
            SimpleNamespace(share=None if key is None else self.shares.find(key), pace=pace) for key, pace in lent
        ]
        self.lent.append(SimpleNamespace(share=self.shares.unlimited, pace=MIDDLING))
        self.lent.append(SimpleNamespace(share=self.shares.unlimited, pace=MIDDLING))

    def read(self, key: str, *trips: float) -> bool:
        """Have short reads of a share come back, and return whether others are restrained for them."""
        found = False
        for trip in trips:
            self.now += 0.02
            found |= self.contention.note(trip, self.shares.find(key))
        return found

    def is_restrained(self, key: str) -> bool:
        """Whether statements of some milliseconds of a share stand in the line of its long ones."""
        share: Share[str] = self.shares.find(key)
        return self.shares.line_of(share, MIDDLING) is not share


def test_several_statements_of_some_milliseconds_are_the_reason() -> None:
    scene = Scene()
    for lent in (
        [("a", MIDDLING), ("b", MIDDLING), ("b", MIDDLING), ("a", SHORT), (None, None), ("a", None)],
        [("a", SHORT), ("a", SHORT)],
        [],
    ):
        scene.lend(*lent)
        assert not scene.read("b", *OFTEN)
    scene.lend(("a", MIDDLING), ("b", MIDDLING), ("a", MIDDLING))
    # No share's reads restrain itself, nor the server's own statements.
    assert not scene.read("a", *OFTEN)
    assert scene.read("b", *repeat(LATE, 3))
    assert scene.is_restrained("a")
    # Those that run still began before that.
    assert not scene.read("b", *OFTEN)


def test_a_restrained_share_runs_its_statements_of_some_milliseconds_one_at_a_time() -> None:
    scene = Scene()
    scene.lend(*[("a", MIDDLING)] * 2)
    assert scene.read("b", *repeat(LATE, 3))
    assert scene.ask("a", 3, pace=MIDDLING) == 1
    assert scene.ask("a", 2, pace=SHORT) == 2
    assert scene.ask("b", 3, pace=MIDDLING) == 3
    scene.now += RESTRAINT
    assert not scene.is_restrained("a")


def test_as_many_may_wait_as_are_served_in_a_moment() -> None:
    scene = Scene()
    scene.lend(*[("a", MIDDLING)] * 2)
    assert scene.read("b", *repeat(LATE, 3))
    assert scene.ask("a", pace=MIDDLING) == 1
    long = scene.shares.find("a").long
    assert long is not None
    for mean, places in ((0.0, 24), (0.02, 24), (0.002, 50), (0.1, 24), (0.5, 10)):
        long.mean = mean
        scene.ask("a", 100, pace=MIDDLING)
        assert len(long.waiting) == places
        for caller in list(long.waiting):
            scene.shares.leave(long, caller)


@pytest.mark.parametrize(("mean", "drain"), [(0.02, 16 * 0.02), (0.5, 1.0)])
def test_those_that_wait_when_a_restraint_begins_run_one_at_a_time_too(mean: float, drain: float) -> None:
    scene = Scene()
    scene.shares.find("a").mean = mean
    assert scene.ask("a", 20) == 4
    scene.lend(*[("a", MIDDLING)] * 4)
    assert scene.read("b", *repeat(LATE, 3))
    assert [scene.free("a") for _ in range(4)] == [None, None, None, "a0"]
    assert scene.ask("a", 2, pace=MIDDLING) == 0
    assert scene.held("a") == [1]
    scene.now += drain - 0.01
    assert scene.shares.next() is None
    scene.now += 0.02
    assert scene.shares.next() is not None
    assert scene.ask("b", 1) == 1


def lasting(scene: Scene, pauses: list[float]) -> list[int]:
    """Return how long the restraints of `a` last, each so long behind the end of the one before."""
    share, lasted = scene.shares.find("a"), []
    for pause in pauses:
        scene.now += pause
        scene.lend(*[("a", MIDDLING)] * 2)
        scene.read("b", *repeat(USUAL, 100))
        assert scene.read("b", *repeat(LATE, 3))
        lasted.append(round(share.restrained_until - scene.now))
        scene.lend()
        scene.read("b", *repeat(USUAL, 200))
        scene.now = share.restrained_until
    return lasted


def test_a_share_that_is_restrained_again_at_once_is_so_for_longer() -> None:
    assert lasting(Scene(), [0, 1, 1, 1, 1, 1, LONGEST_RESTRAINT]) == [60, 120, 240, 480, 600, 600, 60]


@pytest.mark.parametrize(("behind", "is_of_use"), [(7, True), (4, True), (2, False)])
def test_a_restraint_behind_which_reads_take_as_long_as_before_ends(behind: int, is_of_use: bool) -> None:
    """Before it four of ten reads are late, behind it one of so many."""
    scene = Scene()
    scene.lend(*[("a", MIDDLING)] * 2)
    assert scene.read("b", *[LATE, USUAL, USUAL] * 3, LATE)
    scene.lend()
    # A single pause counts little.
    scene.read("b", *[*repeat(USUAL, behind - 1), LATE] * 10, 1.0, *[*repeat(USUAL, behind - 1), LATE] * 60)
    assert scene.is_restrained("a") == is_of_use
    scene.lend(*[("a", MIDDLING)] * 2)
    if not is_of_use:
        assert not scene.read("b", *OFTEN)
        scene.now += LONGEST_RESTRAINT
        scene.read("b", *repeat(USUAL, 100))
        assert scene.read("b", *repeat(LATE, 3))


def test_reads_behind_the_end_of_a_restraint_tell_nothing_about_it() -> None:
    scene = Scene()
    scene.lend(*[("a", MIDDLING)] * 2)
    assert scene.read("b", *[LATE, USUAL, USUAL] * 3, LATE)
    scene.lend()
    scene.now += RESTRAINT
    scene.read("b", *[USUAL, LATE] * 100)
    scene.read("b", *repeat(USUAL, 100))
    scene.lend(*[("a", MIDDLING)] * 2)
    assert scene.read("b", *repeat(LATE, 3))
    assert scene.is_restrained("a")


@pytest.mark.parametrize("together", [0, 1, 3], ids=["by the pool", "a message each", "several in a message"])
async def test_a_share_that_makes_the_short_reads_of_others_late_runs_one_statement_at_a_time(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(pace, "SHORT", 10**9)
    monkeypatch.setattr(pace, "LONGEST", 10**9)
    monkeypatch.setattr(contention, "_APART", 0)
    messages = watch_messages(monkeypatch)
    settings = {"connections": 8, "lanes": 1, "long_statement": 2}
    async with lanes(empty_database, messages, **settings) as asking:
        database = asking.database
        shares, kept = database._pool._shares, database._lanes.paces.find(SLEEP)

        async def read(share: int, *, are_late: bool) -> None:
            for late in (are_late, False) * 5:
                monkeypatch.setattr(contention, "_MARGIN", -60.0 if late else 60.0)
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
