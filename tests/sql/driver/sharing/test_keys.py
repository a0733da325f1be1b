"""sql/driver/sharing/shares.py: the keys of one share, of which none keeps all connections from the others."""

import random
from typing import NoReturn

import pytest

from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.driver.sharing.share import Share
from fieldstone.sql.driver.sharing.shares import PRESENCE
from tests.sql.driver.sharing.line import LONG, Line

HARM, ADMIN, OTHER = (ShareKey("a", name) for name in ("harm", "admin", "other"))
NEIGHBOUR = "b"
PATIENCE = 0.4


def test_a_key_leaves_one_connection_to_the_other_keys_and_one_to_other_shares() -> None:
    line = Line()
    assert line.ask(HARM, 30) == 6
    assert [line.ask(ADMIN), line.ask(OTHER), line.ask(NEIGHBOUR)] == [1, 0, 1]


def test_beside_others_a_key_gets_half_and_a_key_without_any_one_more() -> None:
    line = Line()
    line.ask(NEIGHBOUR)
    assert [line.ask(HARM, 30), line.ask(ADMIN, 2), line.ask(OTHER)] == [4, 1, 0]
    assert line.held("a", HARM, ADMIN) == [5, 4, 1]
    line.now += PRESENCE
    assert [line.free(ADMIN), line.free(ADMIN), line.held("a")] == ["a.admin0", "a.other0", [5]]


@pytest.mark.parametrize(("is_shared", "served"), [(False, [4, 2, 1]), (True, [3, 1, 1])])
def test_while_another_key_of_its_share_is_there_a_key_gets_half(is_shared: bool, served: list[int]) -> None:
    """The reads of a key waited for its only write, which took the one connection that was left."""
    line = Line()
    if is_shared:
        line.ask(NEIGHBOUR)
        line.free(NEIGHBOUR)
    line.ask(ADMIN)
    line.free(ADMIN)
    assert [line.ask(HARM, 30), line.ask(ADMIN, 3), line.ask(OTHER)] == served


def test_the_estimate_of_a_key_that_gets_half_counts_half() -> None:
    """Its operations waited for twice as long as was estimated, and most were late."""
    line = Line()
    line.ask(ADMIN)
    line.free(ADMIN)
    line.ask(HARM, 19)
    harm = line.shares.find(HARM)
    for _ in range(100):
        harm.note(0.1)
    line.now += 2
    harm.moved_at = line.now
    # Sixteen go in fours, of 0.1 s each.
    assert [line.shares.is_late(harm, 0, patience, is_first=False) for patience in (0.39, 0.41)] == [True, False]
    line.now += PRESENCE
    harm.moved_at = line.now
    assert not line.shares.is_late(harm, 0, 0.25, is_first=False)


@pytest.mark.parametrize("connections", [3, 4, 5, 8, 20])
@pytest.mark.parametrize("is_shared", [False, True])
def test_whatever_a_key_has_a_connection_is_left_for_another_and_one_for_another_share(
    connections: int, is_shared: bool
) -> None:
    line = Line(connections=connections)
    if is_shared:
        line.ask(NEIGHBOUR)
        line.free(NEIGHBOUR)
    assert line.ask(HARM, 50) >= 1
    assert [line.ask(ADMIN), line.ask(NEIGHBOUR)] == [1, 1]


def test_long_statements_of_several_keys_that_go_on_run_one_at_a_time() -> None:
    """Each key had one of its own, so an overload by several kept all processors of the database busy."""
    line = Line()
    line.ask(NEIGHBOUR)
    served = [line.ask(key, 9, pace=LONG) for key in (HARM, ADMIN, OTHER)]
    assert served == [1, 0, 0]
    key: ShareKey | None = HARM
    for _ in range(20):
        line.now += 0.9
        assert key is not None
        name = line.free(key, pace=LONG)
        assert line.shares.find("a").long_in_hand == 1
        key = next((one for one in (HARM, ADMIN, OTHER) if name and str(one.key) in name), None)


def test_beside_a_long_statement_that_stands_still_a_key_without_any_runs_its_own() -> None:
    line = Line()
    line.ask(NEIGHBOUR, 2)
    assert [line.ask(key, 2, pace=LONG) for key in (HARM, ADMIN, OTHER)] == [1, 0, 0]
    line.now += 1.1
    assert line.free(NEIGHBOUR) == "a.admin long0"
    # One at a time still, and each key in its turn.
    assert line.free(NEIGHBOUR) is None
    assert line.free(ADMIN, pace=LONG) == "a.other long0"
    # One that ends stands still no more.
    assert line.free(HARM, pace=LONG) is None
    assert line.free(OTHER, pace=LONG) == "a.harm long0"
    assert line.shares.find("a").long_moved_at.keys() == {line.shares.find(HARM)}


@pytest.mark.parametrize("others", [(ADMIN,), (ADMIN, OTHER)])
def test_a_key_with_short_statements_gets_its_turn_among_long_ones(others: tuple[ShareKey, ...]) -> None:
    """Its long statement waited for as long as another key, which had none in hand at its turn, asked for long ones."""
    line = Line()
    line.ask(NEIGHBOUR)
    line.ask(HARM)
    for key in others:
        line.ask(key, 5, pace=LONG)
    line.ask(HARM, 2, pace=LONG)
    assert line.held(HARM, ADMIN) == [1, 1]
    runs, order = ADMIN, []
    for _ in range(6):
        line.now += 0.1
        name = line.free(runs, pace=LONG)
        assert name is not None
        runs = next(key for key in (HARM, *others) if name.startswith(f"a.{key.key}"))
        order.append(runs)
        line.ask(runs, pace=LONG)
    assert [order.count(key) for key in (HARM, *others)] == [6 // (1 + len(others))] * (1 + len(others))


def test_a_long_statement_without_a_key_that_has_ended_stands_still_no_more() -> None:
    """It was remembered until the next one, and each key ran a long statement of its own meanwhile."""
    line = Line(connections=16)
    line.ask(NEIGHBOUR)
    assert line.ask("a", pace=LONG) + line.ask(HARM, pace=LONG) == 2
    assert line.free("a", pace=LONG) is None
    assert line.shares.find("a").long_moved_at.keys() == {line.shares.find(HARM)}
    assert line.ask(ADMIN, pace=LONG) == 1
    for _ in range(20):
        line.now += 0.9
        line.free(HARM, pace=LONG)
        assert line.ask(HARM, pace=LONG) == 1
        line.free(ADMIN, pace=LONG)
        assert [line.ask(ADMIN, pace=LONG), line.ask(OTHER, pace=LONG)] == [1, 0]
        other = line.shares.find(OTHER).long
        assert other is not None
        line.shares.leave(other, other.waiting[0])
    line.free(HARM, pace=LONG)
    line.free(ADMIN, pace=LONG)
    assert (line.shares.find("a").long_in_hand, line.shares.find("a").long_moved_at) == (0, {})


def test_the_key_with_the_fewest_connections_is_served_first() -> None:
    line = Line()
    line.ask(HARM, 30)
    line.ask(ADMIN, 3)
    assert line.held(HARM, ADMIN) == [6, 1]
    # The first that comes back is kept for a key that has none.
    assert [line.free(HARM) for _ in range(4)] == [None, "a.admin0", "a.admin1", "a.harm0"]
    assert line.held("a", HARM, ADMIN) == [6, 3, 3]


def test_keys_of_one_share_get_no_more_turns_than_one_of_another() -> None:
    line = Line(connections=1)
    line.ask(None)
    for key in (HARM, ADMIN, OTHER, NEIGHBOUR):
        line.ask(key, 2)
    order = [line.free(key) for key in (None, HARM, NEIGHBOUR, ADMIN, NEIGHBOUR, OTHER)]
    assert order == ["a.harm0", "b0", "a.admin0", "b1", "a.other0", "a.harm1"]


def test_a_key_whose_callers_stand_still_has_no_other_key_refused() -> None:
    line = Line()
    line.ask(HARM, 30)
    harm, admin = line.shares.find(HARM), line.shares.find(ADMIN)
    line.now += 10
    assert line.shares.is_late(harm, 0, PATIENCE, is_first=False)
    assert not line.shares.is_late(admin, 0, PATIENCE, is_first=True)
    assert line.ask(ADMIN) == 1
    for _ in range(20):
        harm.note(15.0)
    # The times of others count for a key without any of its own: the next one of the newcomer would wait for these.
    assert line.shares.is_late(line.shares.find(OTHER), 0, PATIENCE, is_first=True)
    admin.note(0.001)
    assert [line.shares.is_late(admin, 0, PATIENCE, is_first=False), line.ask(ADMIN)] == [False, 0]


def test_a_key_with_many_waiting_callers_makes_room_for_the_others_of_its_share() -> None:
    line = Line(places=10)
    line.ask(HARM, 16)
    harm, admin = line.shares.find(HARM), line.shares.find(ADMIN)
    assert line.shares.waiting == 10
    assert line.shares.line_up(harm, "more") == "more"
    displaced = [line.shares.line_up(admin, f"admin{number}") for number in range(6)]
    assert displaced == ["a.harm9", "a.harm8", "a.harm7", "a.harm6", "a.harm5", "admin5"]
    # A neighbour displaces those of the share with the most, however many keys they are of.
    assert line.shares.line_up(line.shares.find(NEIGHBOUR), "neighbour") == "a.harm4"
    assert (line.shares.waiting, harm.whole.queued) == (10, 9)


def test_any_number_of_keys_is_kept_only_while_they_are_there() -> None:
    line = Line()
    line.ask(HARM)
    kept = line.shares.find(HARM)
    for number in range(1_000):
        line.shares.find(ShareKey("a", number))
    assert line.shares.find(HARM) is kept
    assert len(kept.whole.keys) <= 65
    # A queue that does not tell keys apart makes none.
    assert line.shares.find_whole(ShareKey("b", 1)) is line.shares.find("b")
    assert not line.shares.find("b").keys


def test_keys_with_callers_are_not_looked_through_for_each_new_key() -> None:
    """Each new key beyond the 64th looked through all that had callers: 2,000 of them took 0.14 ms of the process."""
    line = Line(places=1_000)
    line.ask(HARM)
    whole, times = line.shares.find("a"), 0
    for number in range(1_000):
        before = whole.keys
        line.ask(ShareKey("a", number))
        times += whole.keys is not before
    assert times < 10
    assert len(whole.keys) == 1_001


def test_the_long_statements_of_all_keys_of_a_share_wait_in_as_many_places_as_those_of_one() -> None:
    """Each of 40 keys had 24 places, although they have the connections for long statements together."""
    line = Line(places=2_000)
    line.ask(NEIGHBOUR)
    keys = [ShareKey("a", number) for number in range(40)]
    line.ask(HARM, 2, pace=LONG)
    for key in keys:
        line.ask(key, 30, pace=LONG)
    shares = [line.shares.find(key) for key in keys]
    waiting = [len(share.long.waiting) for share in shares if share.long is not None]
    # The first key runs one, since it has none, and 23 wait beside that of `HARM`.
    assert (waiting[0], set(waiting[1:]), shares[0].whole.long_queued) == (23, {1}, 63)


def test_the_order_of_2_000_keys_is_found_without_a_look_at_each() -> None:
    """Each free connection and each caller that came looked at the lines of all keys: 0.2 ms each time."""
    line = Line(places=5_000)
    line.ask(HARM, 7)
    for number in range(2_000):
        line.ask(ShareKey("a", number))
    looks = 0
    may_take = line.shares.may_take

    def note(share: Share[str]) -> bool:
        nonlocal looks
        looks += 1
        return may_take(share)

    line.shares.may_take = note  # type: ignore[method-assign]  # counts
    assert line.shares.next() is None
    assert looks == 2
    assert [line.free(HARM), line.free(HARM)] == ["a.10", "a.20"]
    assert looks < 10
    whole = line.shares.find("a")
    whole.lines = Unread(whole.lines)
    newcomer = line.shares.find(ShareKey("a", 5_000))
    newcomer.mean = 0.1
    assert line.shares.is_late(newcomer, 0, PATIENCE, is_first=True)


class Unread(dict[Share[str], None]):
    """Lines that nobody looks through."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("the lines are looked through")


@pytest.mark.parametrize("seed", range(40))
def test_the_next_caller_is_the_best_of_all_that_wait(seed: int) -> None:
    """Most lines are not looked at: none of them may be better than the one that is found."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    line = Line(connections=chance.choice([2, 4, 8, 16]))
    shares = line.shares
    lent: list[Share[str]] = []
    served = 0
    for _ in range(300):
        line.now += chance.choice([0, 0, 0.1, chance.choice([1, PRESENCE])])
        workspace, key = chance.choice("abc"), chance.choice([None, *range(6)])
        asked = shares.find(workspace if key is None else ShareKey(workspace, key))
        asked = shares.line_of(asked, LONG) if chance.random() < 0.3 else asked
        if chance.random() < 0.6:
            if asked.waiting or shares.in_hand == line.connections or not shares.may_take(asked):
                shares.line_up(asked, "caller")
            else:
                shares.take(asked)
                lent.append(asked)
            continue
        if lent:
            shares.give_back(lent.pop(chance.randrange(len(lent))))
        possible = [one for one, _ in shares.everybody() if shares.may_take(one)]
        # The first of several with the same rank.
        best = min(possible, key=lambda one: (one.whole.in_hand, one.whole.turn), default=None)
        own = [one for one in possible if best is not None and one.whole is best.whole]
        expected = min(own, key=lambda one: one.held, default=None)
        found = shares.next() if shares.in_hand < line.connections else None
        if found is not None:
            assert found[0] is expected
            shares.take(found[0])
            lent.append(found[0])
            served += 1
        else:
            assert expected is None or shares.in_hand == line.connections
    assert served > 10


def test_the_lines_of_a_share_are_those_with_waiting_callers() -> None:
    line = Line()
    line.ask(NEIGHBOUR)
    line.ask(HARM, 30)
    line.ask(ADMIN, 3, pace=LONG)
    whole = line.shares.find("a")

    def counts() -> tuple[int, int, int, int]:
        return len(whole.lines), whole.long_lines, whole.queued, whole.long_queued

    before = counts()
    assert before == (2, 1, 28, 2)
    long = line.shares.find(ADMIN).long
    assert long is not None
    line.shares.leave(long, "nobody")
    assert counts() == before
    for caller in list(long.waiting):
        line.shares.leave(long, caller)
    assert counts() == (1, 0, 26, 0)
    while whole.lines:
        line.shares.give_back(line.shares.find(HARM))
        found = line.shares.next()
        if found is not None:
            line.shares.take(found[0])
    assert (counts(), line.shares.waiting, list(line.shares.everybody())) == ((0, 0, 0, 0), 0, [])


def test_statements_that_the_server_runs_for_a_share_have_none_of_its_keys_refused() -> None:
    """A new subscription was refused because events were read for those that lagged."""
    line = Line()
    line.ask("a", 40)
    for _ in range(20):
        line.shares.find("a").note(0.1)
    line.now += 10
    assert line.shares.is_late(line.shares.find("a"), 0, PATIENCE, is_first=True)
    assert [line.shares.is_late(line.shares.find(ADMIN), 0, PATIENCE, is_first=one) for one in (True, False)] == [
        False
    ] * 2
