"""sql/driver/sharing/shares.py: whose turn it is, without a connection or a clock."""

import pytest

from fieldstone.sql.driver.sharing.share import Group, Share
from fieldstone.sql.driver.sharing.shares import PRESENCE
from tests.sql.driver.sharing.line import LONG, Line


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
