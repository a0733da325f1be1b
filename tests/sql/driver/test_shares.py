"""sql/driver/shares.py: whose turn it is, without a connection or a clock."""

import pytest

from fieldstone.sql.driver.shares import PRESENCE, Share, Shares


class Line:
    """Eight connections and some places, whose callers are named after their share."""

    def __init__(self, connections: int = 8, places: int = 100) -> None:
        self.now = 1_000.0
        self.shares: Shares[str] = Shares(connections, places, clock=lambda: self.now)

    def ask(self, key: str | None, times: int = 1) -> int:
        """Have callers ask one after the other, and return how many were served at once."""
        served = 0
        for _ in range(times):
            share = self.shares.find(key)
            if not share.waiting and self.shares.in_hand < 8 and self.shares.may_take(share):
                self.shares.take(share)
                served += 1
            else:
                self.shares.line_up(share, f"{key}{len(share.waiting)}")
        return served

    def free(self, key: str | None) -> str | None:
        """Have a connection of a share come back, and return the caller that gets it."""
        self.shares.give_back(self.shares.find(key))
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
