"""sql/driver/contention.py: late round trips of short reads, which tell that the processors are contended for."""

from dataclasses import dataclass, field

import pytest

from fieldstone.sql.driver import contention as module
from fieldstone.sql.driver.contention import LONGEST, SHORTEST, Contention
from tests.sql.driver.line import Line, pace_of

USUAL = 0.0002
LATE = 0.002
SOME_LATE = [LATE, USUAL, USUAL] * 4 + [LATE]


@dataclass
class Reads:
    """Short reads beside statements that may contend with them."""

    now: float = 1_000.0
    asked: int = 0
    may_be: bool = True
    contention: Contention = field(init=False)

    def __post_init__(self) -> None:
        self.contention = Contention(lambda: self.now)
        self.note(*[USUAL] * 100)

    def note(self, *trips: float) -> bool:
        """Note round trips, and return whether there is contention by then."""
        for trip in trips:
            self.now += 0.02
            self.contention.note(trip, self._ask)
        return self.contention.is_present

    def _ask(self) -> bool:
        self.asked += 1
        return self.may_be


def test_late_reads_in_quick_succession_tell_of_contention_for_a_minute() -> None:
    reads = Reads()
    assert not reads.note(*SOME_LATE[:-1])
    assert reads.note(LATE)
    assert reads.contention.count == 1
    reads.now += SHORTEST - 0.1
    assert reads.contention.is_present
    reads.now += 0.2
    assert not reads.contention.is_present


def test_late_reads_now_and_then_are_chance() -> None:
    reads = Reads()
    for _ in range(100):
        assert not reads.note(LATE, *[USUAL] * 40)


def test_a_tenth_of_the_reads_is_no_chance() -> None:
    assert Reads().note(*[LATE, *[USUAL] * 9] * 6)


def test_reads_that_are_late_together_count_once() -> None:
    reads = Reads()
    assert not reads.note(*[*[LATE] * 8, USUAL] * 4)
    assert reads.asked == 4
    assert reads.note(LATE)


def test_a_read_without_statements_beside_it_is_late_for_another_reason() -> None:
    reads = Reads(may_be=False)
    assert not reads.note(*[LATE, USUAL] * 20)
    assert reads.asked == 20


def test_statements_are_looked_for_behind_a_late_read_alone() -> None:
    reads = Reads()
    reads.note(*[2 * USUAL] * 100)
    assert reads.asked == 0


def test_round_trips_of_a_distant_database_are_compared_with_each_other() -> None:
    reads = Reads()
    far = [0.004, 0.005, 0.006, 0.0045]
    assert not reads.note(*far * 40)
    asked = reads.asked
    assert not reads.note(*far * 40)
    assert reads.asked == asked


def test_contention_that_comes_back_is_supposed_to_last_longer() -> None:
    reads = Reads()
    lasted = []
    for _ in range(6):
        assert reads.note(*[USUAL] * 50, *SOME_LATE)
        began = reads.now
        while reads.contention.is_present:
            reads.now += 1
        lasted.append(reads.now - began)
    assert lasted == pytest.approx([60, 120, 240, 480, LONGEST, LONGEST], abs=1)
    reads.now += 2 * LONGEST
    assert reads.note(USUAL, *SOME_LATE)
    reads.now += SHORTEST
    assert not reads.contention.is_present


def test_late_reads_do_not_become_the_usual_ones() -> None:
    reads = Reads()
    for _ in range(30):
        reads.note(1.0, *[USUAL] * 5)
    assert reads.contention.is_present
    reads.now += LONGEST
    asked = reads.asked
    reads.note(LATE)
    assert reads.asked == asked + 1


def test_under_contention_statements_of_a_quarter_of_the_limit_run_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = Line()
    middling, short = pace_of(0.02), pace_of(0.012)
    assert line.ask("b") == 1
    assert line.free("b") is None
    assert line.ask("a", pace=middling) == 1
    a, b, unlimited = map(line.shares.find, ("a", "b", None))
    assert line.shares.may_contend([(a, middling), (b, short), (a, middling)])
    assert not line.shares.may_contend([(a, middling), (b, middling), (a, short), (None, None), (a, None)])
    assert not line.shares.may_contend([(unlimited, middling)] * 2)
    monkeypatch.setattr(module, "_TOO_MANY", 1)
    line.shares.contention.note(USUAL, lambda: True)
    line.shares.contention.note(LATE, lambda: True)
    assert line.ask("a", 3, pace=middling) == 1
    assert line.ask("a", 2, pace=short) == 2
    line.now += SHORTEST
    share = line.shares.find("a")
    assert line.shares.line_of(share, middling) is share
