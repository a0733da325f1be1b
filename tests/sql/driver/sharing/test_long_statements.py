"""sql/driver/sharing/shares.py: the long statements of a share, which stand in a line of their own beside others."""

import pytest

from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.sharing.share import Share
from fieldstone.sql.driver.sharing.shares import PRESENCE
from tests.sql.driver.sharing.line import LONG, Line, pace_of

SHORT = pace_of(0.04)


def beside_another(**settings: int) -> Line:
    """Return a line in which another share was present a moment ago."""
    line = Line(**settings)
    assert line.ask("b") == 1
    assert line.free("b") is None
    line.shares.find("a")
    return line


def test_one_long_statement_of_a_share_runs_beside_others_and_its_short_ones_go_on() -> None:
    line = beside_another()
    assert line.ask("a", 5, pace=LONG) == 1
    assert line.ask("a", 5, pace=SHORT) == 3
    assert line.held("a") == [4]
    # A short one goes before the long ones.
    assert line.free("a", pace=SHORT) == "a0"
    # The next long one goes when the one before has ended.
    assert line.free("a", pace=LONG) == "a long0"
    assert [line.free("a", pace=SHORT) for _ in range(4)] == ["a1", None, None, None]
    assert [line.free("a", pace=LONG) for _ in range(5)] == ["a long1", "a long2", "a long3", None, None]


@pytest.mark.parametrize(("seconds", "is_long"), [(0.04, True), (0.002, False)])
def test_statements_of_milliseconds_that_keep_a_processor_run_one_at_a_time_beside_others(
    seconds: float, is_long: bool
) -> None:
    line = beside_another()
    busy = pace_of(seconds)
    busy.note_processor(seconds, seconds)
    line.shares.note_short_read(line.shares.find("b"), line.now)
    assert line.ask("a", 5, pace=busy) == (1 if is_long else 4)
    # Most of the time of this run went by without a processor: it waited for a lock or a disk.
    busy.note_processor(seconds / 4, seconds)
    assert not line.shares.line_of(line.shares.find("a"), busy).is_long


def test_statements_that_keep_a_processor_run_together_while_no_other_share_has_short_reads() -> None:
    line = beside_another()
    busy = pace_of(0.04)
    busy.note_processor(0.04, 0.04)
    mine, other = line.shares.find("a"), line.shares.find("b")

    def is_long() -> bool:
        return line.shares.line_of(mine, busy).is_long

    assert not is_long()
    line.shares.note_short_read(mine, line.now)
    assert not is_long()
    line.shares.note_short_read(other, line.now)
    line.now += 4
    line.shares.note_short_read(mine, line.now)
    assert is_long()
    line.now += 2
    assert not is_long()
    line.shares.note_short_read(other, line.now)
    assert is_long()


def test_another_share_has_its_own_long_statement() -> None:
    line = beside_another()
    assert [line.ask(key, 3, pace=LONG) for key in "abc"] == [1, 1, 1]
    assert [line.free(key, pace=LONG) for key in "abc"] == ["a long0", "b long0", "c long0"]


def test_the_last_connection_is_not_for_a_second_statement_of_a_share() -> None:
    line = beside_another()
    for key in "bc":
        assert line.ask(key, 3) == 3
    assert line.ask("a") == 1
    assert line.ask("a", pace=LONG) == 0
    assert line.ask("d", pace=LONG) == 1


def test_a_big_pool_runs_several_long_statements_of_a_share() -> None:
    line = beside_another(connections=32)
    assert line.ask("a", 20, pace=LONG) == 4


def test_alone_a_share_may_use_all_for_long_statements() -> None:
    line = beside_another()
    assert line.ask("a", 10, pace=LONG) == 1
    line.now += PRESENCE
    while (found := line.shares.next()) is not None:
        line.shares.take(found[0])
    assert line.held("a") == [7]
    assert line.shares.line_of(share := line.shares.find("a"), LONG) is share


def test_a_pace_falls_faster_than_it_rises() -> None:
    pace = pace_of(0.01)
    pace.note_kept(0.17)
    assert pace.seconds == pytest.approx(0.02, rel=0.01)
    pace.note_kept(0.01)
    assert pace.seconds == pytest.approx(0.0175, rel=0.01)


def test_a_first_run_is_taken_for_what_first_runs_of_its_share_were() -> None:
    line = beside_another()
    share = line.shares.find("a")
    assert line.shares.line_of(share, Pace()) is share
    share.unknown.note_kept(1)
    assert line.shares.line_of(share, Pace()) is share.long
    assert line.shares.line_of(share, SHORT) is share


def test_the_share_without_a_limit_has_no_long_statements() -> None:
    line = beside_another()
    assert line.ask(None, 8, pace=LONG) == 8


def line_of_long(seconds: float = 0.0) -> tuple[Line, Share[str]]:
    """A long statement runs beside another share; return also the line of the others, which take so many seconds."""
    line = beside_another()
    line.ask("a", pace=LONG)
    a = line.shares.line_of(line.shares.find("a"), LONG)
    for _ in range(200):
        a.note(seconds)
    return line, a


def test_so_many_long_statements_wait_as_leave_slots_to_the_short_ones() -> None:
    line, a = line_of_long()
    assert [line.shares.line_up(a, f"a{number}") for number in range(25)] == [None] * 24 + ["a24"]
    assert not line.shares.is_late(line.shares.find("a"), 0, 0.4, is_first=False)


def test_long_statements_that_would_wait_for_too_long_are_refused() -> None:
    line, a = line_of_long(1.3)
    assert [line.shares.line_up(a, f"a{number}") for number in range(5)] == [None] * 4 + ["a4"]


def test_a_line_that_stands_takes_those_alone_that_are_served_soon() -> None:
    line, a = line_of_long(0.2)
    assert {line.shares.line_up(a, f"a{number}") for number in range(9)} == {None}
    line.now += 5.1
    for _ in range(7):
        assert line.shares.line_up(a, "late") == "late"
        line.shares.leave(a, a.waiting[0])
    assert [line.shares.line_up(a, one) for one in ("soon", "late")] == [None, "late"]
    for _ in range(3):
        line.shares.leave(a, a.waiting[0])
    assert {line.shares.line_up(a, f"a burst {number}") for number in range(9)} == {None}


def test_long_statements_that_leave_are_forgotten() -> None:
    line = beside_another()
    line.ask("a", 4, pace=LONG)
    a = line.shares.line_of(line.shares.find("a"), LONG)
    assert [caller for _, caller in line.shares.everybody()] == ["a long0", "a long1", "a long2"]
    line.shares.leave(a, "a long0")
    assert (line.shares.waiting, line.free("a", pace=LONG)) == (2, "a long1")
    for key in range(5_000):
        line.shares.find(key)
    # Its last one waits still.
    assert line.shares.find("a").long is a


def test_the_seconds_of_a_share_are_those_of_all_its_statements() -> None:
    line = beside_another()
    share = line.shares.find("a")
    share.note(1)
    line.shares.line_of(share, LONG).note(2)
    assert line.shares.take_seconds() == {"a": 3}
    assert line.shares.take_seconds() == {}
