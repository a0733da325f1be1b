"""The order in which callers get free connections: they are queued by their share, and shares are kept even.

A share that is alone may use all waiting places and all connections but the last, which is for a share without any. A
share beside others gets at most half of the connections, and its waiting callers make room for theirs. With long
statements even those would keep all processors of the database busy, so beside others the long statements of a share
stand in a line of their own, which one of them leaves at a time. The short ones of the share do not wait behind that
line. While a share is restrained (see `sql/driver/contention.py`), its statements of some milliseconds stand in it as
well; those that are known to keep a processor do so as long as another share has short reads. The share without a limit
goes first: it is that of the server's own statements, which look keys up and answer probes.

Within a share each key has lines of its own. The keys are kept even, too: beside others a key gets half of the
connections of a share that has all, or all but one of a share that has half. The last connection of a share, or one
beyond its half, is for a key without any: statements of one key that stand still do not stop the others. The long
statements of all keys of a share have its places for long statements together: in one more, which would keep another
processor busy, a key without any runs its own only beside one that stands still.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, TypeVar

from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.sharing.share import Group, Share, expect

W = TypeVar("W")

PRESENCE = 60.0
"""Seconds for which a share counts as present after its last call: occasional callers find room at once."""

BURST: Final = 1.5
"""Times the patience: the wait that is granted to a burst, and to the first operation of a key."""

_STANDING: Final = 1.0
"""Seconds after which a queue is no burst any more, and a long statement stands still."""

_RECENT: Final = 5.0
"""Seconds for which a share that has had a short read is taken to have more of them."""

_FOR_EACH_LONG: Final = 8
"""Connections for each long statement of a share that runs beside others."""

_LEAST_LONG: Final = 1 / 16
"""The part of the limit of long statements beyond which those of a restrained share are long."""

_LEAST_LONG_PLACES: Final = 24
"""Long statements of a share, whatever their keys, that may wait beside others at least: each keeps a slot."""

_BRIEF_WAIT: Final = 0.1
"""Seconds for which more may wait: they keep their slots for a moment only."""

_LONGEST_WAIT: Final = 5.0
"""Seconds that the waiting long statements of a share may take, unless some have waited for as long without a pause."""

_STANDING_WAIT: Final = 0.5
"""Seconds that they may take from then on: a burst drains, while those of an overload would all be late."""

_MOST_KEPT = 1_024
"""Shares that are kept although none of their callers is present."""


class Shares(Generic[W]):
    """All shares of one pool.

    Args:
        connections: the number of connections to lend.
        places: the number of callers that may wait in all.
        long: the seconds beyond which a statement is long; 0 is none.
        clock: yields seconds.

    Attributes:
        unlimited: the share without a limit, which may be lent any free connection; nobody asks for its times.
        in_hand: the number of lent connections.
        waiting: the number of waiting callers.
        most_long: the long statements of a share that run beside others at once.
        least_long: the seconds beyond which the statements of a restrained share are long.
    """

    def __init__(
        self, connections: int, places: int, *, long: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.in_hand = 0
        self.waiting = 0
        self._connections = connections
        self._half = max(1, connections // 2)
        self.most_long = max(1, connections // _FOR_EACH_LONG)
        self._long_places = max(_LEAST_LONG_PLACES, 3 * connections)
        self._long = long or math.inf
        self.least_long = self._long * _LEAST_LONG
        self._places = places
        self._clock = clock
        self.unlimited: Share[W] = Share(is_limited=False)
        self._known: dict[Hashable, Share[W]] = {None: self.unlimited}
        self._groups: dict[Hashable, Group] = {}
        self._most_kept = _MOST_KEPT
        self._lined_up: dict[Share[W], None] = {}  # whole ones with waiting callers; a served one goes to the end
        self._latest: Share[W] | None = None
        self._mixed_until = 0.0
        self._reader: Share[W] | None = None
        self._read_at = self._others_read_at = -_RECENT
        self._turns = 0

    def find(self, key: Hashable) -> Share[W]:
        """Return the share of the callers with this key, and note its presence; `None` is the share without a limit."""
        if isinstance(key, ShareKey):
            whole = self.find(key.workspace)
            found = whole.find(key.key)
            if found is not whole.latest:
                if whole.latest is not None:
                    whole.mixed_until = self._clock() + PRESENCE
                whole.latest = found
            return found
        share = self._known.get(key) or self._make(key)
        if share is not self._latest and share.is_limited:
            if self._latest is not None:
                self._mixed_until = self._clock() + PRESENCE
            self._latest = share
        return share

    def find_whole(self, key: Hashable) -> Share[W]:
        """Return the share of all callers of a workspace, whatever their key, and note its presence."""
        return self.find(key.workspace if isinstance(key, ShareKey) else key)

    @property
    def is_shared(self) -> bool:
        """Whether several shares are present."""
        return self._clock() < self._mixed_until

    def line_of(self, share: Share[W], pace: Pace) -> Share[W]:
        """Return the part of a share that has a statement of this pace: beside others that of the long ones, or all."""
        seconds = expect(share, pace)
        if seconds <= self.least_long or not share.is_limited or not self.is_shared:
            return share
        is_restrained = self._clock() < share.whole.restrained_until
        delays_others = pace.keeps_processor and self._is_read_by_others(share.whole)
        if seconds <= self._long and not is_restrained and not delays_others:
            return share
        if share.long is None:
            share.long = Share(is_limited=True, whole=share.whole, key=share)
        return share.long

    def note_short_read(self, whole: Share[W], now: float) -> None:
        """Note that a share has had the answer to a short read."""
        if whole is not self._reader:
            self._reader, self._others_read_at = whole, self._read_at
        self._read_at = now

    def _is_read_by_others(self, whole: Share[W]) -> bool:
        """Return whether another share than this one has had a short read lately."""
        read_at = self._others_read_at if whole is self._reader else self._read_at
        return self._clock() - read_at < _RECENT

    def take_seconds(self) -> dict[Hashable, float]:
        """Return the seconds for which the callers of each share have kept connections since the last call."""
        taken = {key: share.seconds for key, share in self._known.items() if share.seconds}
        for share in self._known.values():
            share.seconds = 0.0
        return taken

    def place(self, key: Hashable, group: Group | None) -> None:
        """Have the callers with this key belong to a group from now on; None is no group."""
        if group is None:
            self._groups.pop(key, None)
        else:
            self._groups[key] = group
        share = self._known.get(key)
        if share is None or share.group is group:
            return
        if share.group is not None:
            share.group.in_hand -= share.in_hand
        share.group = group
        if group is not None:
            group.in_hand += share.in_hand

    def may_take(self, share: Share[W]) -> bool:
        """Return whether the share may be lent a free connection."""
        whole = share.whole
        if whole.group is not None and whole.group.in_hand >= self._half:
            return False
        if not whole.in_hand or not share.is_limited:
            return True
        is_keyed = share.key is not whole
        # One more than the others get is for a key without any.
        more = is_keyed and not share.key.in_hand
        if self.in_hand >= self._connections - 1:
            return False
        if is_keyed and not more and self._clock() < whole.mixed_until and share.key.in_hand >= self._most_of_key():
            return False
        most = self.most_long if whole.drained_at and self._clock() < whole.drained_at else self._half + more
        if whole.in_hand < most and (not share.is_long or self._may_be_long(share)):
            return True
        return not self.is_shared and (more or not is_keyed or self.in_hand < self._connections - 2)

    def _most_of_key(self) -> int:
        """Return the connections of a key beside others: its share has all, or half of them."""
        return max(1, self._half - self.is_shared)

    def _may_be_long(self, share: Share[W]) -> bool:
        whole = share.whole
        if whole.long_in_hand < self.most_long:
            return True
        if share.key is whole or share.in_hand or whole.long_in_hand > self.most_long:
            return False
        stands = self._clock() - _STANDING
        return any(moved_at < stands for moved_at in whole.long_moved_at.values())

    def is_late(self, share: Share[W], ahead: int, patience: float, *, is_first: bool) -> bool:
        """Return whether a caller that came now would wait for longer than `patience` seconds.

        A queue that was empty a moment ago may take longer: a burst drains, while the queue of an overload stands.

        Args:
            share: the caller's, not its part with long statements.
            ahead: how many callers go before it that do not wait here yet; those that do count without.
            patience: in seconds.
            is_first: grant it the longer time in any case.
        """
        now, whole = self._clock(), share.whole
        if share.waiting and now - share.moved_at > patience * BURST:
            return True
        if is_first and share is not whole and self.in_hand < self._connections and self.may_take(share):
            return False
        if is_first or not share.waiting or now - share.lined_up_at < _STANDING:
            patience *= BURST
        most = self._half if now < self._mixed_until else max(1, self._connections - 1)
        rivals = len(self._lined_up) + (whole not in self._lined_up)
        others = len(whole.lines) - whole.long_lines - (share in whole.lines)
        # Keys take turns.
        before = min(whole.queued - whole.long_queued - len(share.waiting), (len(share.waiting) + 1) * others)
        if not others and share is not whole and now < whole.mixed_until:
            most = min(most, self._most_of_key())
        wait = (ahead + before + len(share.waiting) + 1) * share.mean / min(most, self._connections / rivals)
        return wait > patience

    def take(self, share: Share[W]) -> None:
        """Note that the share was lent a connection."""
        self.in_hand += 1
        share.count(1)
        if share.is_long:
            self._note_long(share)

    def give_back(self, share: Share[W]) -> None:
        """Note that a connection of the share came back, or has ended."""
        self.in_hand -= 1
        share.count(-1)
        if share.is_long:
            self._note_long(share)

    def _note_long(self, share: Share[W]) -> None:
        """Note that a long statement of a key, or of those without one, has begun or ended."""
        if share.in_hand:
            share.whole.long_moved_at[share.key] = self._clock()
        else:
            share.whole.long_moved_at.pop(share.key, None)

    def line_up(self, share: Share[W], caller: W) -> W | None:
        """Have a caller wait, and return the caller that loses its place: perhaps the same.

        Where all places are taken, the share with the most callers gives up its latest one.
        """
        whole = share.whole
        # A line without any has room for one: the keys of a share have its connections for long statements together.
        if share.is_long and share.waiting and whole.long_queued >= self._places_of_long(share):
            return caller
        displaced = None
        if self.waiting >= self._places:
            most = max(self._lined_up, key=lambda one: one.queued, default=whole)
            if most.queued <= whole.queued:
                most = whole
            longest = max(most.lines, key=lambda line: len(line.waiting), default=share)
            if most is whole and len(longest.waiting) <= len(share.waiting):
                return caller
            displaced = longest.waiting[-1]
            self.leave(longest, displaced)
        if not share.waiting:
            share.lined_up_at = share.moved_at = self._clock()
            self._lined_up[whole] = whole.lines[share] = None
            whole.long_lines += share.is_long
        share.waiting.append(caller)
        self.waiting += 1
        whole.queued += 1
        whole.long_queued += share.is_long
        return displaced

    def _places_of_long(self, share: Share[W]) -> float:
        """Return how many long statements of all keys of a share may wait, if they take as long as those of this."""
        if not share.mean:
            return self._long_places
        stands = self._clock() - share.lined_up_at > _LONGEST_WAIT
        a_second = self.most_long / share.mean
        most = max(self._long_places, _BRIEF_WAIT * a_second)
        return min(most, (_STANDING_WAIT if stands else _LONGEST_WAIT) * a_second)

    def leave(self, share: Share[W], caller: W) -> None:
        """Forget a caller, if it waits."""
        try:
            share.waiting.remove(caller)
        except ValueError:
            return
        self._note_gone(share)

    def _note_gone(self, share: Share[W]) -> None:
        """Note that a caller of a line waits no more."""
        whole = share.whole
        self.waiting -= 1
        whole.queued -= 1
        whole.long_queued -= share.is_long
        if not share.waiting:
            del whole.lines[share]
            whole.long_lines -= share.is_long
            if not whole.lines:
                del self._lined_up[whole]

    def next(self) -> tuple[Share[W], W] | None:
        """Return the caller that gets the next free connection, out of the queue; None where none may have it.

        It belongs to the share without a limit if one of its callers waits; else to the share with the fewest
        connections, and among several to the one served longest ago. The keys of a share follow the same rule, and its
        long statements by the connections that their keys have for long ones.
        """
        best: Share[W] | None = None
        least = (math.inf, 0)
        for whole in self._lined_up if not self.unlimited.waiting else (self.unlimited,):
            rank = (whole.in_hand, whole.turn)
            if rank < least and (found := self._next_of(whole)):
                best, least = found, rank
        if best is None:
            return None
        caller, whole = best.waiting.popleft(), best.whole
        best.moved_at = self._clock()
        self._turns += 1
        whole.turn = self._turns
        self._note_gone(best)
        if best.waiting:
            whole.lines[best] = whole.lines.pop(best)
        if whole.lines:
            self._lined_up[whole] = self._lined_up.pop(whole)
        return best, caller

    def _next_of(self, whole: Share[W]) -> Share[W] | None:
        """Return the line of a whole share that is served next; None where none may have a connection."""
        best: Share[W] | None = None
        has_long = True
        for line in whole.lines:
            held = line.held
            if (best is not None and held >= best.held) or (line.is_long and not has_long):
                continue
            if self.may_take(line):
                if not held:
                    return line
                best = line
            elif not line.key.in_hand and line.key is not whole:
                # A key without any may have one sooner than all others.
                if not line.is_long:
                    return None
                has_long = False
        return best

    def everybody(self) -> Iterator[tuple[Share[W], W]]:
        """Yield all waiting callers."""
        for whole in list(self._lined_up):
            for line in list(whole.lines):
                for caller in list(line.waiting):
                    yield line, caller

    def _make(self, key: Hashable) -> Share[W]:
        if len(self._known) >= self._most_kept:
            self._known = {kept: share for kept, share in self._known.items() if kept is None or share.is_used}
            self._most_kept = max(_MOST_KEPT, 2 * len(self._known))
        share = self._known[key] = Share(is_limited=True)
        share.group = self._groups.get(key)
        return share
