"""sql/driver/shares.py: whose turn it is, without a connection or a clock."""

import pytest

from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.shares import PRESENCE, Group, Share, Shares


def pace_of(seconds: float) -> Pace:
    """Return the pace of a statement that takes so long."""
    pace = Pace()
    for _ in range(200):
        pace.note_kept(seconds)
    return pace


class Line:
    """Eight connections and some places, whose callers are named after their share."""

    def __init__(self, connections: int = 8, places: int = 100) -> None:
        self.now = 1_000.0
        self.shares: Shares[str] = Shares(connections, places, long=0.05, clock=lambda: self.now)

    def ask(self, key: str | None, times: int = 1, *, pace: Pace | None = None) -> int:
        """Have callers ask one after the other, and return how many were served at once."""
        served = 0
        for _ in range(times):
            share = self._line(key, pace)
            if not share.waiting and self.shares.in_hand < 8 and self.shares.may_take(share):
                self.shares.take(share)
                served += 1
            else:
                self.shares.line_up(share, f"{key}{' long' * (share.whole is not share)}{len(share.waiting)}")
        return served

    def _line(self, key: str | None, pace: Pace | None) -> Share[str]:
        share = self.shares.find(key)
        return share if pace is None else self.shares.line_of(share, pace)

    def free(self, key: str | None, *, pace: Pace | None = None) -> str | None:
        """Have a connection of a share come back, and return the caller that gets it."""
        self.shares.give_back(self._line(key, pace))
        found = self.shares.next()
        if found is None:
            return None
        self.shares.take(found[0])
        return found[1]

    def held(self, *keys: str | None) -> list[int]:
        return [self.shares.find(key).in_hand for key in keys]


def test_one_share_alone_gets_all_but_the_last() -> None:
    line = Line()
    assert line.ask("a", 20) == 7
    assert line.ask("b") == 1


def test_our_own_statements_have_no_limit() -> None:
    line = Line()
    assert line.ask(None, 20) == 8


def test_where_others_are_there_a_share_gets_half() -> None:
    line = Line()
    assert line.ask("b") == 1
    assert line.free("b") is None
    assert line.ask("a", 20) == 4
    # They have not asked for so long that nobody waits in vain for them.
    line.now += PRESENCE
    line.shares.find("a")
    assert line.free("a") == "a0"
    while (found := line.shares.next()) is not None:
        line.shares.take(found[0])
    assert line.held("a") == [7]


def test_those_who_come_are_served_first_until_the_shares_are_even() -> None:
    line = Line()
    line.ask("a", 50)
    line.ask("b", 50)
    assert line.held("a", "b") == [7, 1]
    # The first that comes back is kept for a share that has none.
    assert [line.free("a") for _ in range(3)] == [None, "b0", "b1"]
    assert line.held("a", "b") == [4, 3]
    assert [line.free("a"), line.free("b"), line.free("b")] == ["a0", "b2", "b3"]
    assert line.held("a", "b") == [4, 3]


def test_who_has_nothing_yet_gets_the_last_one() -> None:
    line = Line()
    line.ask("a", 50)
    line.ask("b", 50)
    line.free("a")
    assert line.ask("c") == 1
    # A caller that comes when all are in use is the next.
    assert line.ask("d") == 0
    assert line.free("a") == "d0"


def test_shares_with_as_many_in_hand_take_turns() -> None:
    line = Line(connections=1)
    line.ask(None)
    for key in ("a", "b", "c"):
        line.shares.line_up(line.shares.find(key), f"{key}0")
        line.shares.line_up(line.shares.find(key), f"{key}1")
    order = [line.free(None)]
    order += [line.free(key) for key in ("a", "b", "c", "a", "b")]
    assert order == ["a0", "b0", "c0", "a1", "b1", "c1"]


def test_within_a_share_nobody_overtakes() -> None:
    line = Line(connections=2)
    line.ask("a", 30)
    assert [line.free("a") for _ in range(29)] == [f"a{number}" for number in range(29)]


def test_the_longest_queue_makes_room() -> None:
    line = Line(places=10)
    line.ask("a", 17)
    assert line.shares.waiting == 10
    a, b = line.shares.find("a"), line.shares.find("b")
    # One share alone may have all places; the next of its own is refused.
    assert line.shares.line_up(a, "a10") == "a10"
    displaced = [line.shares.line_up(b, f"b{number}") for number in range(6)]
    # The last callers of the other shares go, until both have as many; then each refuses its own.
    assert displaced == ["a9", "a8", "a7", "a6", "a5", "b5"]
    assert line.shares.waiting == 10


def test_those_who_leave_are_forgotten() -> None:
    line = Line()
    line.ask("a", 9)
    share = line.shares.find("a")
    line.shares.leave(share, "a0")
    line.shares.leave(share, "a0")
    assert (line.shares.waiting, line.free("a")) == (1, "a1")
    assert (line.shares.waiting, line.free("a")) == (0, None)
    assert list(line.shares.everybody()) == []


@pytest.mark.parametrize("connections", [1, 2, 3])
def test_a_small_pool_serves_everybody(connections: int) -> None:
    line = Line(connections=connections)
    shares = line.shares
    for key in range(20):
        share: Share[str] = shares.find(key)
        shares.line_up(share, str(key))
        shares.line_up(share, str(key))
    served = []
    while (found := shares.next()) is not None:
        shares.take(found[0])
        shares.give_back(found[0])
        served.append(found[1])
    assert sorted(served, key=int) == [str(key) for key in range(20) for _ in range(2)]


def test_any_number_of_shares_is_kept_only_while_they_are_there() -> None:
    line = Line()
    line.shares.take(kept := line.shares.find("kept"))
    for key in range(5_000):
        line.shares.find(key)
    assert line.shares.find("kept") is kept
    assert len(line.shares._known) <= 1_025


def test_our_own_statements_go_first() -> None:
    line = Line()
    line.ask("a", 20)
    line.ask("b")
    for number in range(2):
        line.shares.line_up(line.shares.find(None), f"own{number}")
    # A share that has no connection at all comes behind them.
    line.shares.line_up(line.shares.find("c"), "c0")
    assert [line.free("a") for _ in range(3)] == ["own0", "own1", "c0"]


class Crowd:
    """A share whose callers keep a connection for some time, and the number of those that may come."""

    def __init__(self, line: Line, key: str, *, mean: float) -> None:
        self.line = line
        self.share = line.shares.find(key)
        for _ in range(200):
            self.share.note(mean)

    def admit(self, most: int, *, ahead: int = 0, is_first: bool = False, patience: float = 0.4) -> int:
        """Line up to `most` callers up as long as they are not late, and return their number."""
        for number in range(most):
            if self.line.shares.is_late(self.share, ahead, patience, is_first=is_first):
                return number
            self.line.shares.line_up(self.share, f"x{number}")
        return most


def test_a_queue_that_stands_is_bounded_by_the_time_it_takes() -> None:
    line = Line()
    crowd = Crowd(line, "a", mean=0.07)
    # Seven connections serve a hundred a second.
    assert crowd.admit(1_000) == 60
    line.now += 1.1
    for _ in range(20):
        line.shares.next()
    assert len(crowd.share.waiting) == 40
    assert crowd.admit(10) == 0
    line.shares.next()
    assert crowd.admit(10) == 1
    # A key that has nothing in progress is not shut out by the others of its workspace.
    assert crowd.admit(100, is_first=True) == 20
    # Those that wait for a slot go before, and count.
    assert crowd.admit(100, is_first=True, ahead=1) == 0


def test_a_queue_that_was_empty_a_moment_ago_is_a_burst() -> None:
    line = Line()
    crowd = Crowd(line, "a", mean=0.07)
    assert crowd.admit(50) == 50
    line.now += 0.5
    while line.shares.next() is not None:
        pass
    line.now += 0.6
    assert crowd.admit(1_000) == 60


def test_shares_that_wait_make_the_wait_of_each_longer() -> None:
    line = Line()
    for number in range(15):
        line.shares.line_up(line.shares.find(f"other {number}"), "waits")
    crowd = Crowd(line, "a", mean=0.07)
    # Sixteen shares have eight connections, where one alone has seven.
    assert crowd.admit(1_000) == 4


def test_a_share_that_is_not_served_takes_nobody_more() -> None:
    line = Line()
    crowd = Crowd(line, "a", mean=0.000_001)
    assert crowd.admit(10) == 10
    line.now += 0.61
    assert crowd.admit(10, is_first=True) == 0
    line.shares.next()
    assert crowd.admit(10) == 10


def test_the_first_times_of_a_share_weigh_little() -> None:
    line = Line()
    share = line.shares.find("a")
    share.note(1.6)
    assert share.mean == pytest.approx(0.1)
    for _ in range(200):
        share.note(0.01)
    assert share.mean == pytest.approx(0.01, rel=0.01)


LONG = pace_of(0.06)
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


def test_so_many_long_statements_wait_as_leave_slots_to_the_short_ones() -> None:
    line = beside_another()
    line.ask("a", pace=LONG)
    a = line.shares.line_of(line.shares.find("a"), LONG)
    assert [line.shares.line_up(a, f"a{number}") for number in range(17)] == [None] * 16 + ["a16"]
    assert not line.shares.is_late(line.shares.find("a"), 0, 0.4, is_first=False)


def test_long_statements_that_would_wait_for_too_long_are_refused() -> None:
    line = beside_another()
    line.ask("a", pace=LONG)
    a = line.shares.line_of(line.shares.find("a"), LONG)
    for _ in range(200):
        a.note(1.3)
    assert [line.shares.line_up(a, f"a{number}") for number in range(5)] == [None] * 4 + ["a4"]


def test_a_line_of_long_statements_that_stands_takes_those_alone_that_are_served_soon() -> None:
    line = beside_another()
    line.ask("a", pace=LONG)
    a = line.shares.line_of(line.shares.find("a"), LONG)
    for _ in range(200):
        a.note(0.2)
    assert [line.shares.line_up(a, f"a{number}") for number in range(9)] == [None] * 9
    line.now += 5.1
    assert line.shares.line_up(a, "late") == "late"
    for _ in range(7):
        line.shares.leave(a, a.waiting[0])
    assert [line.shares.line_up(a, one) for one in ("soon", "late")] == [None, "late"]
    # A line that was empty takes a burst again.
    for _ in range(3):
        line.shares.leave(a, a.waiting[0])
    assert [line.shares.line_up(a, f"b{number}") for number in range(9)] == [None] * 9


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


def test_the_shares_of_one_group_get_half_together() -> None:
    line, node = Line(), Group()
    for key in ("a", "b"):
        line.shares.place(key, node)
    assert line.ask("a", 2) + line.ask("a", pace=LONG) == 3
    assert line.ask("b", 3) == 1
    assert line.ask("c", 3) == 3
    assert node.in_hand == 4
    assert line.free("a") == "b0"
    line.shares.place("a", None)
    assert (node.in_hand, line.shares.find("a").group) == (2, None)
    line.shares.place("a", node)
    assert node.in_hand == 4


def test_a_share_that_comes_later_belongs_to_its_group() -> None:
    line, node = Line(), Group()
    line.shares.place("a", node)
    assert line.shares.find("a").group is node
    assert line.shares.find("b").group is None
